"""Ranges that must not be shown, recordings in parts, chats by the clock, runs that write nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.chat import read_chat, write_chat
from hypecut.chat.sample import sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.errors import BadInputError, FolderInUseError, NothingFoundError, UsageError
from hypecut.jobs.detection import shifted
from hypecut.jobs.highlights import forecast_highlights, run_highlights
from hypecut.jobs.parts import Part, allowed_spans, located
from hypecut.jobs.requests import HighlightsRequest, HighlightsResult
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import DURATION_S, SEED, Stream
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

WINDOW = {"min_duration_s": 60.0, "max_duration_s": 120.0}
SPLIT_S = 180.0


def run(stream: Stream, out: Path, settings: Settings, **changes: Any) -> HighlightsResult:
    return run_highlights(asked(stream, out, **changes), settings, SilentProgress())


def forecast(stream: Stream, out: Path, settings: Settings, **changes: Any) -> HighlightsResult:
    return forecast_highlights(asked(stream, out, **changes), settings, SilentProgress())


def asked(stream: Stream, out: Path, **changes: Any) -> HighlightsRequest:
    given = {"vod": stream.vod, "chat": stream.chat, "out": out, **WINDOW, **changes}
    return HighlightsRequest(**{name: _plain(value) for name, value in given.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return str(value) if isinstance(value, Path) else value


@pytest.fixture(scope="session")
def parts(tiny_recording: Recordings) -> tuple[Recording, Recording]:
    """The stream's seven minutes as two files."""

    def part(duration_s: float, seed: int) -> Recording:
        return tiny_recording(
            ".mp4", duration_s=duration_s, fps=Fraction(15), gop_frames=30, preset="ultrafast", seed=seed
        )

    return part(SPLIT_S, 11), part(DURATION_S - SPLIT_S, 12)


@pytest.mark.parametrize("exact", [False, True])
def test_nothing_of_an_excluded_range_is_shown(
    stream: Stream, tmp_path: Path, settings: Settings, exact: bool
) -> None:
    first, second, *_ = stream.moments
    excluded = ((first.at_s - 8, first.at_s + 4), (second.at_s + 10, second.at_s + 300))
    result = run(
        stream, tmp_path / "out", settings, exclude=excluded, exact=exact, plan_only=True, min_duration_s=20.0
    )
    frame_s = 1 / 15
    for pick in result.picks:
        for start_s, end_s in excluded:
            assert pick.end_s <= start_s + frame_s or pick.start_s > end_s - frame_s
    assert any(pick.start_s <= second.at_s < pick.end_s for pick in result.picks)
    assert json.loads((tmp_path / "out" / "highlights.json").read_text())["options"]["exclude"]


def test_what_leaves_nothing_is_said(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="leave nothing"):
        run(stream, tmp_path / "out", settings, exclude=((0.0, 1e6),))
    with pytest.raises(UsageError, match="swap the two"):
        run(stream, tmp_path / "out", settings, exclude=((5.0, 5.0),))
    with pytest.raises(NothingFoundError, match="--exclude allow"):
        run(stream, tmp_path / "out", settings, exclude=((0.0, 410.0),))


def test_parts_make_one_montage_of_the_right_frames(
    parts: tuple[Recording, Recording], stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    one, two = (part.path for part in parts)
    out = tmp_path / "out"
    result = run(stream, out, settings, vod=one, more_parts=(two,), titles=True)
    plan = read_plan(out / "plan.json")
    sources = {(out / cut.source).resolve() for cut in plan.cuts}
    assert sources == {one.resolve(), two.resolve()}
    truths = {
        cut.source: (parts[0] if (out / cut.source).resolve() == one.resolve() else parts[1]).truth
        for cut in plan.cuts
    }
    assert check_montage(out / "montage.mp4", plan, out, truths).problems() == []
    for cut, pick in zip(plan.cuts, result.picks, strict=True):
        shift_s = 0.0 if (out / cut.source).resolve() == one.resolve() else SPLIT_S
        assert cut.start_s + shift_s == pytest.approx(pick.start_s, abs=1e-5)
        assert pick.end_s <= SPLIT_S or pick.start_s >= SPLIT_S
    shown = [m for m in stream.moments if any(p.start_s <= m.at_s < p.end_s for p in result.picks)]
    assert len(shown) == len(stream.moments)
    vod = json.loads((out / "highlights.json").read_text(encoding="utf-8"))["vod"]
    assert [part["start_s"] for part in vod["parts"]] == [0.0, pytest.approx(SPLIT_S, abs=0.1)]


def test_a_part_given_twice_is_a_mistake(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match="given twice"):
        run(stream, tmp_path / "out", settings, more_parts=(stream.vod,))
    with pytest.raises(BadInputError, match=r"none\.mp4 is not a file"):
        run(stream, tmp_path / "out", settings, more_parts=(tmp_path / "none.mp4",))


def test_a_chat_by_the_clock_finds_the_same_moments(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    start = datetime(2026, 11, 19, 23, 57, tzinfo=UTC)
    lines = [
        f"[{start + timedelta(seconds=m.time_s):%Y-%m-%d %H:%M:%S} UTC] {m.user}: {m.text}"
        for m in read_chat(stream.chat).log
        if m.user
    ]
    chat = tmp_path / "chat.txt"
    chat.write_text("\n".join(lines), encoding="utf-8")
    result = run(stream, tmp_path / "out", settings, chat=chat, vod_start=start, plan_only=True)
    for moment in stream.moments:
        assert any(pick.start_s <= moment.at_s < pick.end_s for pick in result.picks)


def test_the_chat_of_another_recording_is_refused_unless_shifted_or_allowed(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    late = tmp_path / "late.jsonl"
    write_chat(shifted(read_chat(stream.chat).log, 10_000.0), late)
    with pytest.raises(BadInputError, match=r"another recording's chat.*--chat-offset.*--allow-partial-chat"):
        run(stream, tmp_path / "out", settings, chat=late)
    result = run(stream, tmp_path / "out", settings, chat=late, chat_offset_s=-10_000.0, plan_only=True)
    assert len(result.picks) == len(stream.moments)


def test_a_chat_of_less_than_half_is_refused_unless_allowed(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    half = tmp_path / "half.json"
    moments = tuple(moment for moment in stream.moments if moment.at_s < 150)
    write_twitchdownloader(sample_chat(180.0, moments, SEED), half, "a stream", "alpha", DURATION_S)
    with pytest.raises(BadInputError, match=r"covers .* of 7:00, less than half.*--allow-partial-chat"):
        run(stream, tmp_path / "out", settings, chat=half)
    allowed = run(
        stream,
        tmp_path / "out",
        settings,
        chat=half,
        allow_partial_chat=True,
        plan_only=True,
        min_duration_s=1.0,
    )
    assert allowed.picks


def test_a_dry_run_tells_what_the_run_makes_and_writes_nothing(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    out = tmp_path / "out"
    told = forecast(stream, out, settings)
    assert not out.exists()
    made = run(stream, out, settings)
    assert (told.status, told.montage_path) == ("dry run", None)
    assert told.picks == made.picks
    assert told.durations_s.montage_total == pytest.approx(made.durations_s.montage_total, abs=0.01)
    assert told.forecast is not None
    assert (told.forecast.copied_cuts, told.forecast.encoded_cuts) == (len(made.picks), 0)
    written = sum(p.stat().st_size for p in [out / "montage.mp4", *(out / "clips").iterdir()])
    assert 0.5 * written < told.forecast.output_bytes < 2 * written
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    with pytest.raises(FolderInUseError):
        forecast(stream, out, settings, keywords=("other",))
    forecast(stream, out, settings, keywords=("other",), overwrite=True)
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


seconds = st.floats(0, 100, allow_nan=False)


@given(
    lengths=st.lists(st.floats(1, 40), min_size=1, max_size=4),
    from_s=st.none() | seconds,
    to_s=st.none() | seconds,
    excluded=st.lists(st.tuples(seconds, seconds).map(sorted).map(tuple), max_size=4),
    probes=st.lists(seconds, max_size=20),
)
def test_spans_are_what_is_left_part_by_part(
    lengths: list[float],
    from_s: float | None,
    to_s: float | None,
    excluded: list[tuple[float, float]],
    probes: list[float],
) -> None:
    parts: list[Part] = []
    for number, length_s in enumerate(lengths):
        start_s = parts[-1].end_s if parts else 0.0
        parts.append(Part(Path(f"{number}.mp4"), start_s, length_s))
    try:
        spans = allowed_spans(parts, from_s, to_s, excluded)
    except UsageError:
        spans = ()
    end_s = parts[-1].end_s
    for time_s in probes:
        free = (from_s or 0.0) <= time_s < min(end_s, end_s if to_s is None else to_s)
        free = free and not any(start <= time_s < end for start, end in excluded)
        holding = [span for span in spans if span.start_s <= time_s < span.end_s]
        assert len(holding) == free
        for span in holding:
            assert span.part.start_s <= time_s < span.part.end_s
            names = [(str(part.path), part.start_s) for part in parts]
            assert located(names, time_s) == (str(span.part.path), span.part.start_s)
