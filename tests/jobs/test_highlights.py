"""The whole highlights job on a small recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from hypecut.chat import read_chat
from hypecut.errors import (
    BadInputError,
    FolderInUseError,
    MediaError,
    NothingFoundError,
    ThinChatError,
    UsageError,
)
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import HighlightsRequest, HighlightsResult
from hypecut.media.inspect import InspectedCut, inspect_cut
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Plan
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from hypecut.times import format_time
from tests.jobs.conftest import Stream
from tests.support.verify import check_montage

WINDOW = {"min_duration_s": 60.0, "max_duration_s": 120.0}


def run(stream: Stream, out: Path, settings: Settings, **changes: Any) -> HighlightsResult:
    return run_highlights(asked(stream, out, **changes), settings, SilentProgress())


def asked(stream: Stream, out: Path, **changes: Any) -> HighlightsRequest:
    given = {"vod": stream.vod, "chat": stream.chat, "out": out, **WINDOW, **changes}
    return HighlightsRequest(**{name: _plain(value) for name, value in given.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return str(value) if isinstance(value, Path) else value


@pytest.fixture(scope="module")
def finished(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HighlightsResult]:
    out = tmp_path_factory.mktemp("job") / "out"
    return out, run(stream, out, Settings())


def test_the_folder_holds_every_output(finished: tuple[Path, HighlightsResult]) -> None:
    out, result = finished
    names = {p.name for p in out.iterdir() if not p.name.startswith(".")}
    assert names == {
        "montage.mp4",
        "plan.json",
        "highlights.json",
        "clips",
        "chat.jsonl",
        "activity.png",
        "montage.otio",
        "chapters.txt",
    }
    assert result.status == "done"
    assert len(list((out / "clips").glob("*.mp4"))) == result.clips_count == len(result.picks)
    assert all(Path(p or "").exists() for p in (result.montage_path, result.plan_path, result.activity_path))


def test_every_frame_is_the_one_the_plan_names_and_all_is_copied(
    finished: tuple[Path, HighlightsResult], stream: Stream
) -> None:
    out, result = finished
    plan = read_plan(out / "plan.json")
    report = check_montage(
        out / "montage.mp4", plan, out, {cut.source: stream.recording.truth for cut in plan.cuts}
    )
    assert report.problems() == []
    assert report.frames_copied == report.frames_expected
    assert result.durations_s.montage_total == pytest.approx(plan.duration_s, abs=1e-3)


def test_each_clip_is_its_cut(finished: tuple[Path, HighlightsResult], stream: Stream) -> None:
    out, _ = finished
    plan = read_plan(out / "plan.json")
    for cut, clip in zip(plan.cuts, sorted((out / "clips").glob("*.mp4")), strict=True):
        report = check_montage(clip, Plan(version=1, cuts=(cut,)), out, {cut.source: stream.recording.truth})
        assert report.problems() == []


def test_the_window_is_kept_and_the_planted_moments_are_shown(
    finished: tuple[Path, HighlightsResult], stream: Stream
) -> None:
    _, result = finished
    assert 60.0 <= result.durations_s.montage_total <= 120.0
    shown = [m for m in stream.moments if any(p.start_s <= m.at_s < p.end_s for p in result.picks)]
    assert len(shown) == len(stream.moments)


def test_the_explanation_gives_every_candidate_a_reason(finished: tuple[Path, HighlightsResult]) -> None:
    out, result = finished
    explanation = json.loads((out / "highlights.json").read_text(encoding="utf-8"))
    candidates = explanation["candidates"]
    assert len(candidates) == result.segments_count
    assert sum(c["picked"] for c in candidates) == result.clips_count
    assert all(c["reasons"] for c in candidates if c["picked"])
    assert all(c["why_not"] for c in candidates if not c["picked"])


def test_the_chat_is_kept_normalised(finished: tuple[Path, HighlightsResult], stream: Stream) -> None:
    out, _ = finished
    assert list(read_chat(out / "chat.jsonl").log) == list(read_chat(stream.chat).log)


def test_started_again_it_says_that_it_is_done(
    finished: tuple[Path, HighlightsResult], stream: Stream
) -> None:
    out, result = finished
    before = (out / "montage.mp4").stat().st_mtime_ns
    again = run(stream, out, Settings())
    assert again == msgspec.structs.replace(result, status="already done")
    assert (out / "montage.mp4").stat().st_mtime_ns == before


def test_other_arguments_are_another_job(finished: tuple[Path, HighlightsResult], stream: Stream) -> None:
    out, _ = finished
    with pytest.raises(FolderInUseError):
        run(stream, out, Settings(), keywords=("gg",))


def test_plan_only_writes_no_video_and_the_full_job_goes_on_from_it(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    out = tmp_path / "out"
    planned = run(stream, out, settings, plan_only=True)
    assert planned.montage_path is None
    assert not (out / "montage.mp4").exists()
    plan = (out / "plan.json").read_bytes()
    done = run(stream, out, settings)
    assert (out / "montage.mp4").exists()
    assert (out / "plan.json").read_bytes() == plan
    assert done.picks == planned.picks


def test_a_range_limits_what_is_shown(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    result = run(
        stream, tmp_path / "out", settings, from_s=60.0, to_s=200.0, plan_only=True, min_duration_s=1.0
    )
    assert all(p.start_s >= 60.0 and p.end_s <= 200.0 for p in result.picks)


def test_exact_keeps_the_detected_boundaries(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    snapped = run(stream, tmp_path / "a", settings, plan_only=True)
    exact = run(stream, tmp_path / "b", settings, plan_only=True, exact=True)
    starts = [p.start_s % 2.0 for p in snapped.picks]
    assert starts == pytest.approx([0.0] * len(starts), abs=1e-4)
    assert any(p.start_s % 2.0 > 1e-3 for p in exact.picks)


def test_titles_tell_where_in_the_recording_a_cut_is(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    run(stream, tmp_path / "out", settings, plan_only=True, titles=True)
    plan = read_plan(tmp_path / "out" / "plan.json")
    assert plan.titles is not None
    assert [cut.title for cut in plan.cuts] == [format_time(cut.start_s) for cut in plan.cuts]


def test_too_little_material_makes_a_shorter_montage_and_says_so(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    result = run(
        stream, tmp_path / "out", settings, plan_only=True, min_duration_s=480.0, max_duration_s=600.0
    )
    assert "shorter" in result.note
    assert result.picks


def test_a_moved_chat_moves_the_picks(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    usual = run(stream, tmp_path / "a", settings, plan_only=True, exact=True)
    later = run(stream, tmp_path / "b", settings, plan_only=True, exact=True, chat_offset_s=10.0)
    assert abs(later.picks[0].start_s - usual.picks[0].start_s - 10.0) <= 3.0


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"chat": None}, UsageError, "--chat"),
        ({"chat": Path("absent.json")}, BadInputError, "absent.json"),
        ({"vod": Path("absent.mp4")}, BadInputError, "absent.mp4"),
        ({"min_duration_s": 700.0}, UsageError, "--min-duration"),
        ({"from_s": 20.0, "to_s": 10.0}, UsageError, "--from"),
        ({"from_s": 4000.0}, UsageError, "beyond the end"),
        ({"to_s": 0.0}, UsageError, "later --to"),
        ({"from_s": 410.0}, NothingFoundError, "widen the range"),
        ({"max_duration_s": 2.0, "min_duration_s": 1.0}, NothingFoundError, "--max-duration"),
    ],
)
def test_wrong_requests_are_told_in_one_sentence(
    stream: Stream,
    tmp_path: Path,
    settings: Settings,
    changes: dict[str, Any],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words) as caught:
        run(stream, tmp_path / "out", settings, **changes)
    assert "\n" not in str(caught.value)


def test_a_picture_is_no_recording(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    picture = tmp_path / "a.png"
    Image.new("RGB", (64, 64)).save(picture)
    with pytest.raises(MediaError, match=r"a\.png"):
        run(stream, tmp_path / "out", settings, vod=picture)


def test_a_cut_that_cannot_be_made_is_missing_from_the_picks_and_told(
    stream: Stream, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = run(stream, tmp_path / "out", settings, plan_only=True)

    def damaged(source: SourceReader, number: int, cut: Cut) -> InspectedCut:
        if cut.start_s == planned.picks[1].start_s:
            raise MediaError(f"{source.path} is damaged there.")
        return inspect_cut(source, number, cut)

    monkeypatch.setattr("hypecut.media.render.inspect_cut", damaged)
    result = run(stream, tmp_path / "out", settings)
    assert "1 of 4 cuts could not be made" in result.note
    assert [report.cut for report in result.incomplete] == [2]
    assert len(result.picks) == result.clips_count == len(list((tmp_path / "out" / "clips").iterdir())) == 3


def test_a_thin_chat_is_refused(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    chat = tmp_path / "chat.jsonl"
    lines = (json.dumps({"time_s": i * 5.0, "user": f"u{i}", "text": "hello"}) for i in range(40))
    chat.write_text("\n".join(lines))
    with pytest.raises(ThinChatError):
        run(stream, tmp_path / "out", settings, chat=chat)
    assert not (tmp_path / "out" / "montage.mp4").exists()
