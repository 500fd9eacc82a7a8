"""Which moments a request can ask for: how busy chat must be, and how they spread over the recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hypecut.chat.builder import ChatLogBuilder
from hypecut.errors import NothingFoundError, UsageError
from hypecut.jobs.detection import busy_segments
from hypecut.jobs.highlights import check, run_highlights
from hypecut.jobs.requests import HighlightsRequest
from hypecut.models import ChatLog, Segment
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import Stream

LAG_S = 10.0


@pytest.fixture
def log() -> ChatLog:
    """Five messages about what happened at 90 s, two about what happened at 190 s, said `LAG_S` later."""
    builder = ChatLogBuilder()
    for time_s in (98.0, 99.0, 100.0, 101.0, 102.0, 199.0, 201.0):
        builder.append(time_s, "u", "wow")
    return builder.build()


def at(peak_s: float) -> Segment:
    return Segment(start_s=peak_s - 5, end_s=peak_s + 5, peak_s=peak_s)


@pytest.mark.parametrize(
    ("messages", "window_s", "kept"),
    [(0, 30.0, [90.0, 190.0]), (2, 30.0, [90.0, 190.0]), (3, 30.0, [90.0]), (3, 2.5, [90.0]), (2, 1.0, [])],
)
def test_a_moment_needs_so_many_messages_around_its_spike(
    log: ChatLog, messages: int, window_s: float, kept: list[float]
) -> None:
    segments = [at(90.0), at(190.0)]
    if not kept:
        with pytest.raises(NothingFoundError, match="ask for fewer"):
            busy_segments(segments, log, LAG_S, messages, window_s)
        return
    assert [s.peak_s for s in busy_segments(segments, log, LAG_S, messages, window_s)] == kept


def test_without_any_moment_nothing_is_said_of_messages(log: ChatLog) -> None:
    assert busy_segments([], log, LAG_S, 5, 30.0) == ()


def candidates(stream: Stream, out: Path, settings: Settings, **changes: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"min_duration_s": 60.0, "max_duration_s": 90.0, "plan_only": True}
    request = HighlightsRequest(vod=str(stream.vod), chat=str(stream.chat), out=str(out), **(asked | changes))
    run_highlights(request, settings, SilentProgress())
    found: list[dict[str, Any]] = json.loads((out / "highlights.json").read_text())["candidates"]
    return found


def test_the_job_passes_over_moments_that_are_not_busy_enough(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    every = candidates(stream, tmp_path / "all", settings)
    lines = (tmp_path / "all" / "chat.jsonl").read_text().splitlines()
    times_s = [json.loads(line)["time_s"] for line in lines]

    def messages(peak_s: float) -> int:
        return sum(-5.0 <= time_s - peak_s - settings.lag_s < 5.0 for time_s in times_s)

    counts = {moment["peak_s"]: messages(moment["peak_s"]) for moment in every}
    most = max(counts.values())
    assert most > min(counts.values())
    busy = candidates(stream, tmp_path / "busy", settings, spike_messages=most, spike_window_s=10.0)
    assert {moment["peak_s"] for moment in busy} == {peak_s for peak_s, n in counts.items() if n == most}


def test_the_job_spreads_the_montage_over_so_many_parts(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    candidates(stream, tmp_path / "one", settings, sections=1)
    candidates(stream, tmp_path / "three", settings, sections=3)

    def cap_s(name: str) -> float | None:
        told = json.loads((tmp_path / name / "highlights.json").read_text())
        cap: float | None = told["window"]["section_cap_s"]
        return cap

    assert cap_s("one") is None
    assert cap_s("three") is not None


@pytest.mark.parametrize(
    "wrong",
    [{"spike_messages": -1}, {"spike_window_s": 0.0}, {"spike_window_s": float("nan")}, {"sections": 0}],
)
def test_impossible_wishes_are_refused(stream: Stream, settings: Settings, wrong: dict[str, Any]) -> None:
    params = {"vod": str(stream.vod), "chat": str(stream.chat), **wrong}
    with pytest.raises(UsageError):
        check(params, settings)
