"""What is encoded of a dressed montage, and how far ahead of the writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from hypecut.media import runs
from hypecut.media.render import render
from hypecut.media.runs import EncodedRun, Runs, RunTask
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import cut_of, numbers, plan_of
from tests.support.recordings import Recordings
from tests.support.verify import check_montage


@pytest.mark.parametrize("kind", [TransitionKind.FADE, TransitionKind.CROSSFADE])
def test_only_what_is_dressed_and_the_joins_are_encoded(
    tiny_recording: Recordings, tmp_path: Path, kind: TransitionKind
) -> None:
    recording = tiny_recording(gop_frames=15)
    windows = [(0.3, 4.2), (6.1, 11.0), (2.6, 7.5)]
    plan = Plan(
        version=1,
        cuts=tuple(Cut(source=recording.path.name, start_s=a, end_s=b, title="alpha") for a, b in windows),
        transition=Transition(kind=kind, duration_s=0.4),
        titles=Titles(duration_s=0.6),
        loudness=Loudness(target_lufs=-20.0),
    )
    out, folder = tmp_path / "montage.mp4", recording.path.parent
    result = render(plan, folder, out, SilentProgress(), strict=True)
    report = check_montage(out, plan, folder, {recording.path.name: recording.truth})
    assert report.problems(max_offset_ms=1.0) == []
    assert report.frames_copied == sum(cut.copied_frames for cut in result.cuts)
    # Under a title, then up to the next keyframe; under a transition, and a few before it.
    dressed = 18 + 15 + (12 if kind is TransitionKind.CROSSFADE else 6) + 4
    for cut in result.cuts:
        assert cut.mode == "joined"
        assert cut.frames - cut.copied_frames <= dressed


def test_parts_are_read_only_a_little_ahead(
    tiny_recording: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[RunTask] = []
    furthest: list[int] = []
    whole_begin, whole_next = Runs._begin, Runs.next

    def begin(self: Runs, *args: object, **options: object) -> None:
        begun.append(self)  # type: ignore[arg-type]
        whole_begin(self, *args, **options)  # type: ignore[arg-type]

    def next_(self: Runs, *args: object, **options: object) -> EncodedRun:
        furthest.append(len(begun) - len(furthest))
        return whole_next(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Runs, "_begin", begin)
    monkeypatch.setattr(Runs, "next", next_)
    recording = tiny_recording()
    cuts = [cut_of(recording.path, 0.4 + n / 10, 2.4 + n / 10) for n in range(30)]
    out = tmp_path / "montage.mp4"
    render(plan_of(cuts), recording.path.parent, out, SilentProgress(), strict=True)
    assert len(begun) == len(furthest) >= 30
    assert max(furthest) <= runs.at_once(0) + runs._WAITING
    assert len(numbers(out)) == 30 * 60
