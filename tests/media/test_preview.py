"""Previews: small, and otherwise what the montage is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from hypecut.media.preview import PREVIEW
from hypecut.media.render import render
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import encoded
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

NEAR_JOINS_S = 0.4
CROSSFADED = {
    "transition": Transition(kind=TransitionKind.CROSSFADE, duration_s=0.3),
    "titles": Titles(),
    "loudness": Loudness(),
}


def times(path: Path) -> list[float]:
    """When each frame is shown."""
    with av.open(str(path)) as container:
        base = float(container.streams.video[0].time_base or 0)
        return sorted((packet.pts or 0) * base for packet in container.demux(video=0) if packet.size)


def plan_of(spans: tuple[tuple[Recording, float, float], ...], **dress: object) -> Plan:
    cuts = tuple(Cut(source=str(r.path), start_s=start, end_s=end, title="alpha") for r, start, end in spans)
    return Plan(version=1, cuts=cuts, **dress)  # type: ignore[arg-type]


@pytest.mark.parametrize("dress", [{}, CROSSFADED], ids=["plain", "dressed"])
def test_a_preview_has_the_frames_of_the_montage_at_their_times(
    tiny_recording: Recordings, tmp_path: Path, dress: dict[str, object]
) -> None:
    large = tiny_recording(width=960, height=540, crf=16)
    slower = tiny_recording(".ts", fps=Fraction(24), duration_s=6.0)
    plan = plan_of(((large, 1.4, 3.9), (slower, 0.5, 2.5), (large, 7.1, 9.9)), **dress)
    montage, preview = tmp_path / "montage.mp4", tmp_path / "preview.mp4"
    whole = render(plan, tmp_path, montage, SilentProgress())
    small = render(plan, tmp_path, preview, SilentProgress(), PREVIEW)
    assert small.duration_s == whole.duration_s
    assert [cut.frames for cut in small.cuts] == [cut.frames for cut in whole.cuts]
    assert times(preview) == pytest.approx(times(montage), abs=1e-5)
    truths = {str(r.path): r.truth for r in (large, slower)}
    report = check_montage(preview, plan, tmp_path, truths, window_s=NEAR_JOINS_S)
    assert [p for p in report.problems() if "unproven" not in p] == []
    assert report.frames_checked > 60
    with av.open(str(preview)) as container:
        context = container.streams.video[0].codec_context
        assert (context.width, context.height) == (640, 360)
    assert preview.stat().st_size < montage.stat().st_size


def test_no_frame_between_joins_is_far_from_its_place(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(bframes=3)
    plan = plan_of(((recording, 1.4, 9.4),))
    preview = tmp_path / "preview.mp4"
    render(plan, tmp_path, preview, SilentProgress(), PREVIEW)
    report = check_montage(preview, plan, tmp_path, {str(recording.path): recording.truth})
    assert report.wrong  # some are shown again in place of others
    assert all(
        wrong.found is not None and wrong.expected is not None and 0 < wrong.expected - wrong.found <= 3
        for wrong in report.wrong
    )


def test_irregular_frames_keep_their_times(tmp_path: Path) -> None:
    stamps = [0]
    while len(stamps) < 150:
        stamps.append(stamps[-1] + (17, 33, 50)[len(stamps) % 3])
    source = encoded(tmp_path / "source.mkv", stamps, Fraction(1, 1000))
    plan = Plan(version=1, cuts=(Cut(source=source.name, start_s=0.5, end_s=4.0),))
    montage, preview = tmp_path / "montage.mp4", tmp_path / "preview.mp4"
    render(plan, tmp_path, montage, SilentProgress())
    render(plan, tmp_path, preview, SilentProgress(), PREVIEW)
    assert times(preview) == pytest.approx(times(montage), abs=1e-5)


def test_upright_pictures_keep_their_shape(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(width=540, height=960, duration_s=2.0)
    preview = tmp_path / "preview.mp4"
    render(plan_of(((recording, 0.0, 1.0),)), tmp_path, preview, SilentProgress(), PREVIEW)
    with av.open(str(preview)) as container:
        context = container.streams.video[0].codec_context
        assert (context.width, context.height) == (360, 640)
