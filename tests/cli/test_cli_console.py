from __future__ import annotations

import io
import json
import logging
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypecut.cli.console import BarProgress, JsonProgress, progress_on_stderr, say_json, table
from hypecut.logs import WAITS


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_tell_speed_and_time_left() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = JsonProgress(stream, clock)
    progress.start("cutting", 600.0)
    clock.now_s += 2.0
    progress.update(100.0)
    clock.now_s += 10.0
    progress.finish()
    first, second, last = lines(stream)
    assert first == {
        "step": "cutting",
        "done": 0.0,
        "total": 600.0,
        "unit": "s",
        "speed": None,
        "eta_s": None,
    }
    assert second == {
        "step": "cutting",
        "done": 100.0,
        "total": 600.0,
        "unit": "s",
        "speed": 50.0,
        "eta_s": 10.0,
    }
    assert last == {
        "step": "cutting",
        "done": 600.0,
        "total": 600.0,
        "unit": "s",
        "speed": 50.0,
        "eta_s": 0.0,
    }


def test_json_lines_come_at_most_once_a_second() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = JsonProgress(stream, clock)
    progress.start("reading", 1000, "messages")
    for i in range(1000):
        clock.now_s += 0.01
        progress.update(i)
    progress.finish()
    assert 10 <= len(lines(stream)) <= 12


@pytest.mark.parametrize("total", [0.0, math.inf, math.nan])
def test_json_lines_stay_json_whatever_the_numbers(total: float) -> None:
    stream, clock = io.StringIO(), Clock()
    progress = JsonProgress(stream, clock)
    progress.start("odd", total)
    clock.now_s += 2
    progress.update(math.nan)
    progress.finish()
    assert "NaN" not in stream.getvalue()
    assert len(lines(stream)) == 3


def test_the_bar_shows_step_and_percent(capsys: pytest.CaptureFixture[str]) -> None:
    bar = BarProgress()
    bar.start("reading", 1000, "messages")
    bar.update(10)
    bar.finish()
    bar.start("cutting", 60.0)
    bar.update(30.0)
    bar.close()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "reading" in captured.err
    assert "100%" in captured.err
    assert "cutting" in captured.err
    assert "50%" in captured.err


def test_a_terminal_gets_the_bar_and_a_pipe_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    with progress_on_stderr() as progress:
        assert isinstance(progress, JsonProgress)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_on_stderr() as progress:
        assert isinstance(progress, BarProgress)


def test_machine_output_is_valid_json_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    say_json(
        {"nan": math.nan, "inf": [np.float64("inf")], "array": np.array([1.5, np.nan]), "path": Path("a")}
    )
    assert json.loads(capsys.readouterr().out) == {
        "nan": None,
        "inf": [None],
        "array": [1.5, None],
        "path": "a",
    }


def test_a_table_lines_up() -> None:
    text = table(("#", "why"), [("1", "a"), ("10", "b")], numbers=1)
    assert text == " #  why\n 1  a\n10  b"


@pytest.mark.parametrize("terminal", [False, True])
def test_long_waits_are_told_but_not_each_of_many(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setattr("hypecut.cli.console.time.monotonic", lambda: 100.0)
    waits = logging.getLogger(WAITS)
    with progress_on_stderr() as progress:
        progress.start("fetch", 60.0)
        for number in range(1, 9):
            waits.warning("%s has trouble; asked again in %d s", "gql.twitch.tv", number)
        progress.finish()
    waits.warning("nobody watches any more")
    told = capsys.readouterr().err
    assert told.count("hypecut: gql.twitch.tv has trouble; asked again in 1 s") == 1
    assert "in 2 s" not in told
    assert "nobody watches" not in told
