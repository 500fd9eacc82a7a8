"""What a job's run tells of itself while it runs, and where an engine keeps that."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol

import msgspec

from hypecut.errors import HypecutError
from hypecut.jobs.engine.protocol import AssetRecord, OutputRecord
from hypecut.jobs.pipeline import Asset, Output, SeenClip, StepResult
from hypecut.logs import DATABASE_WAITS
from hypecut.progress import Progress

EVERY_S = 1.0
_BLOCK = 1 << 20
_FORMAT = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
_run: ContextVar[Journal | None] = ContextVar("hypecut_run", default=None)


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """How far a step is; `speed` in units a second, `eta_s` in seconds, None when not known."""

    task: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    speed: float | None = None
    eta_s: float | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded of a finished step: its files, the files it used and, if it looked at any, clips."""

    outputs: Sequence[OutputRecord] = ()
    assets: Sequence[AssetRecord] = ()
    clips: Sequence[SeenClip] | None = None


class Journal(Protocol):
    """Keeps what a run tells."""

    def begin(self, step: str) -> None:
        """A step begins, for the first time or again."""

    def measure(self, step: str, measure: Measure) -> None:
        """A step is so far; told at most once a second."""

    def finish(self, step: str, made: Made) -> None:
        """A step is done, and this is what it made and used, in place of what it had before."""

    def note(self, text: str) -> None:
        """What the job waits for, in words; '' when it waits no more."""

    def log(self, line: str) -> None:
        """A line for the job's log."""


class Meter:
    """The progress of one step, passed on to a journal at most once a second, with speed and time left.

    Args:
        tell: gets each measure.
        check: called with every progress; raises when the job is to stop.
        also: another one to be told.
        clock: seconds since any fixed moment.
    """

    def __init__(
        self,
        tell: Callable[[Measure], None],
        check: Callable[[], None],
        also: Progress,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._check, self._also, self._clock = tell, check, also, clock
        self._now = Measure()
        self._started_s, self._told_s = 0.0, -EVERY_S

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A part of the step begins."""
        self._check()
        self._now = Measure(task=step, total=total, unit=unit)
        self._started_s = self._clock()
        self._also.start(step, total, unit)
        self._pass_on()

    def update(self, done: float) -> None:
        """So much of it is done."""
        self._check()
        elapsed_s = self._clock() - self._started_s
        speed = done / elapsed_s if elapsed_s > 0 and done > 0 else None
        eta_s = max(0.0, self._now.total - done) / speed if speed else None
        self._now = msgspec.structs.replace(self._now, done=done, speed=speed, eta_s=eta_s)
        self._also.update(done)
        self._pass_on()

    def finish(self) -> None:
        """It is done."""
        self.update(self._now.total)
        self._also.finish()

    def _pass_on(self) -> None:
        now_s = self._clock()
        if now_s - self._told_s >= EVERY_S:
            self._told_s = now_s
            self._tell(self._now)


def recorded(step: str, result: StepResult) -> Made:
    """What a step made and used, with the sizes and checksums of its files as they stand on the disk.

    Raises:
        HypecutError: one that it made isn't there.
    """
    outputs = [_output(step, output) for output in result.outputs]
    hashed = {output.path: output for output in outputs}
    assets = [_asset(step, asset, hashed.get(asset.path)) for asset in result.assets]
    return Made(outputs=outputs, assets=assets, clips=result.clips)


def _asset(step: str, asset: Asset, output: OutputRecord | None) -> AssetRecord:
    """A file that was used; what the job did not make itself is not read for its checksum."""
    size = asset.size
    if size is None:
        with contextlib.suppress(OSError):
            size = Path(asset.path).stat().st_size
    return AssetRecord(
        step=step,
        kind=asset.kind,
        path=asset.path,
        url=asset.url,
        duration_s=asset.duration_s,
        size=size,
        sha256=output.sha256 if output is not None else "",
        meta=dict(asset.meta),
    )


def _output(step: str, output: Output) -> OutputRecord:
    """An output with its size and checksum.

    Raises:
        HypecutError: it isn't there.
    """
    path = Path(output.path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            size = 0
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise HypecutError(f"{path}, which the step {step} made, can't be read; retry the job.") from error
    return OutputRecord(
        step=step,
        kind=output.kind,
        path=str(path),
        size=size,
        sha256=digest.hexdigest(),
        meta=dict(output.meta),
    )


@contextlib.contextmanager
def logged_to(journal: Journal) -> Iterator[None]:
    """Let what hypecut logs in this thread go to the job's log, too."""
    token, handler = _run.set(journal), _JournalHandler(journal)
    logger = logging.getLogger("hypecut")
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        _run.reset(token)


class _JournalHandler(logging.Handler):
    """Writes records of its run's own thread to the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.INFO)
        self._journal = journal
        self.setFormatter(_FORMAT)

    def emit(self, record: logging.LogRecord) -> None:
        if _run.get() is not self._journal or record.name == DATABASE_WAITS:
            return
        try:
            self._journal.log(self.format(record))
        except Exception:
            self.handleError(record)
