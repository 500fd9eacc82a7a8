"""How commands talk: results on stdout, everything else on stderr, progress as a bar or as JSON lines."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

import typer

from hypecut.errors import HypecutError
from hypecut.logs import WAITS

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from hypecut.progress import Progress

_LINE_EVERY_S = 1.0


def say(text: str) -> None:
    """Print a result for people on stdout."""
    _print(text)


def say_json(value: object) -> None:
    """Print machine output on stdout: `value` as one line of JSON; numbers that aren't finite become null."""
    import msgspec

    _print(msgspec.json.encode(value, enc_hook=_plain) + b"\n")


def say_document(text: str) -> None:
    """Print the text of a file on stdout, in UTF-8 whatever the terminal's language is."""
    _print(text.encode() + b"\n")


def _print(what: str | bytes) -> None:
    """Print on stdout; a reader that has seen enough (`| head`) is no failure.

    Raises:
        HypecutError: stdout takes no more.
    """
    try:
        typer.echo(what, nl=isinstance(what, str))
    except OSError as error:
        _silence_stdout()
        if not isinstance(error, BrokenPipeError):
            raise HypecutError(
                f"the result can't be printed ({error.strerror}); send stdout elsewhere."
            ) from error


def _silence_stdout() -> None:
    """Let what stdout still holds go nowhere, so that leaving the program doesn't fail on it."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def tell(text: str) -> None:
    """Print a remark on stderr, if anybody listens there."""
    with contextlib.suppress(OSError):
        typer.echo(f"hypecut: {text}", err=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Head and rows as text in columns, the first `numbers` of them aligned to the right; nothing is cut."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i < numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


@contextlib.contextmanager
def progress_on_stderr() -> Iterator[Progress]:
    """Progress for people (a bar) when stderr is a terminal, for programs (JSON lines) otherwise."""
    if not sys.stderr.isatty():
        with waits_told():
            yield JsonProgress(sys.stderr)
        return
    bar = BarProgress()
    try:
        with waits_told(bar.tell):
            yield bar
    finally:
        bar.close()


@contextlib.contextmanager
def waits_told(tell: Callable[[str], None] = tell) -> Iterator[None]:
    """Tell of long waits, which otherwise only the log knows; at most one a second, and none twice.

    Args:
        tell: says so; inside of this one, outer ones say nothing.
    """

    class Teller(logging.Handler):
        told_s = -math.inf

        def emit(self, record: logging.LogRecord) -> None:
            if time.monotonic() - self.told_s >= _LINE_EVERY_S:
                self.told_s = time.monotonic()
                tell(record.getMessage())

    teller, waits = Teller(), logging.getLogger(WAITS)
    # However little is to stand in the log.
    waits.setLevel(logging.WARNING)
    outer, waits.handlers = waits.handlers, [teller]
    try:
        yield
    finally:
        waits.handlers = outer


class JsonProgress:
    """Writes one JSON object a line: at the start and end of each step, and at most one a second between.

    Args:
        stream: where the lines go.
        clock: seconds since any fixed moment.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._step, self._total, self._unit = "", 0.0, "s"
        self._done = self._started_s = self._written_s = 0.0

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A step begins."""
        self._step, self._total, self._unit = step, total, unit
        self._done = 0.0
        self._started_s = self._clock()
        self._write()

    def update(self, done: float) -> None:
        """So much of the step is done."""
        self._done = done
        if self._clock() - self._written_s >= _LINE_EVERY_S:
            self._write()

    def finish(self) -> None:
        """The step is done."""
        self._done = self._total
        self._write()

    def _write(self) -> None:
        self._written_s = self._clock()
        elapsed_s = self._written_s - self._started_s
        speed = self._done / elapsed_s if elapsed_s > 0 and self._done > 0 else None
        line = {
            "step": self._step,
            "done": _rounded(self._done),
            "total": _rounded(self._total),
            "unit": self._unit,
            "speed": _rounded(speed),
            "eta_s": _rounded((self._total - self._done) / speed if speed else None),
        }
        with contextlib.suppress(OSError):  # nobody listens any more; the work goes on
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()


class BarProgress:
    """A bar on the terminal with percent, speed (times real time for video) and the time left."""

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A step begins: the bar of the last one stays, a new one is drawn below it."""
        if self._bar is None:
            self._bar = _rich_bar()
            self._bar.start()
        self._task = self._bar.add_task(step, total=total, unit=unit)

    def update(self, done: float) -> None:
        """So much of the step is done."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)

    def finish(self) -> None:
        """The step is done."""
        if self._bar is not None and self._task is not None:
            total = self._bar.tasks[-1].total or 0.0
            self._bar.update(self._task, completed=total)

    def tell(self, text: str) -> None:
        """Print a remark above the bar."""
        if self._bar is None:
            tell(text)
        else:
            self._bar.console.print(f"hypecut: {text}", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it should be; called however the work ends."""
        if self._bar is not None:
            self._bar.stop()


def _rich_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class SpeedColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(_speed_text(task.finished_speed or task.speed, str(task.fields["unit"])))

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        SpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _speed_text(speed: float | None, unit: str) -> str:
    if not speed or not unit:
        return ""
    return f"{speed:.1f}x" if unit == "s" else f"{speed:,.0f} {unit}/s"


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 3)


def _plain(value: object) -> object:
    """What msgspec doesn't know: numpy's arrays and numbers; anything else as its text."""
    tolist = getattr(value, "tolist", None)
    return tolist() if callable(tolist) else str(value)
