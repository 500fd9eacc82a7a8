"""Running one step of a job, whatever engine it belongs to: told, measured, retried where that can help."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import hypecut.errors
from hypecut.errors import (
    DiskFullError,
    HypecutError,
    JobCancelledError,
    JobFailedError,
    SourceGoneError,
    SourceUnavailableError,
)
from hypecut.jobs.engine.journal import Journal, Meter, recorded
from hypecut.jobs.pipeline import CheckedJob, Pipeline, RunCache, Step, StepContext, StepResult
from hypecut.logs import WAITS
from hypecut.progress import Progress, SilentProgress
from hypecut.settings import Settings

log = logging.getLogger(__name__)
waits = logging.getLogger(WAITS)

_TICK_S = 0.2
_MIB = 1 << 20


@dataclass(frozen=True)
class Patience:
    """How long a run waits for what may mend itself.

    Attributes:
        source_waits_s: the pauses between attempts when a source is unavailable.
        disk_wait_s: how long to wait for room on a full disk in all; 0 fails at once.
        disk_check_s: how often to look for room.
        disk_room: how many bytes more than when it was full make another attempt worth while.
    """

    source_waits_s: tuple[float, ...] = (5.0, 30.0, 120.0)
    disk_wait_s: float = 86_400.0
    disk_check_s: float = 10.0
    disk_room: int = 64 * _MIB


WORKER_PATIENCE = Patience()


class StepRunner(Protocol):
    """Runs a step, in this process or in another one."""

    def __call__(self, pipeline: Pipeline, step: Step, context: StepContext) -> StepResult:
        """What the step gives; raises what it raises."""


def run_here(pipeline: Pipeline, step: Step, context: StepContext) -> StepResult:
    """Run a step in this process."""
    del pipeline
    return step.run(context)


class StepFaultError(Exception):
    """A fault of the program in a step that ran in another process.

    Args:
        kind: its class.
        text: what it says.
        trace: where it happened.
    """

    def __init__(self, kind: str, text: str, trace: str) -> None:
        super().__init__(text)
        self.kind, self.text, self.trace = kind, text, trace


class Failure(NamedTuple):
    """Why a job failed: the kind of error (its class), and what it says."""

    kind: str
    text: str


@dataclass
class JobRun:
    """One run of a job in this process.

    Attributes:
        job_id: the job.
        pipeline: its kind.
        job: its arguments.
        settings: the settings in force.
        journal: told of all that happens.
        stopped: raises `JobCancelledError` when the job is to stop.
        runner: runs the steps.
        patience: how long to wait for what may mend itself.
        progress: told as well.
        done: the data of finished steps, by step.
        cache: what the steps of this run share.
    """

    job_id: str
    pipeline: Pipeline
    job: CheckedJob
    settings: Settings
    journal: Journal
    stopped: Callable[[], None]
    runner: StepRunner = run_here
    patience: Patience = WORKER_PATIENCE
    progress: Progress = field(default_factory=SilentProgress)
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    cache: RunCache = field(default_factory=RunCache)

    def step(self, step: Step) -> Mapping[str, Any]:
        """Run a step, again where its failure may have mended itself; its data.

        Raises:
            JobCancelledError: the job is to stop.
            HypecutError: it can't be done.
        """
        self.stopped()
        self.journal.begin(step.name)
        started_s = time.monotonic()
        result = self._patiently(step)
        self.stopped()
        self.journal.finish(step.name, recorded(step.name, result))
        log.info("step %s done in %.1f s", step.name, time.monotonic() - started_s)
        return result.data

    def context(self, step: str = "") -> StepContext:
        """What the step of that name may use."""
        meter = Meter(lambda measure: self.journal.measure(step, measure), self.stopped, self.progress)
        return StepContext(
            params=self.job.params,
            settings=self.settings,
            folder=Path(self.job.folder),
            done=dict(self.done),
            progress=meter,
            cache=self.cache,
            check=self.stopped,
        )

    def _patiently(self, step: Step) -> StepResult:
        waits_s = iter(self.patience.source_waits_s)
        waited_s = 0.0
        while True:
            try:
                return self.runner(self.pipeline, step, self.context(step.name))
            except SourceUnavailableError as error:
                pause_s = None if isinstance(error, SourceGoneError) else next(waits_s, None)
                if pause_s is None:
                    raise
                with self._waiting(f"{error} Trying again in {pause_s:.0f} s."):
                    self._pause(pause_s)
            except DiskFullError as error:
                if waited_s >= self.patience.disk_wait_s:
                    raise
                waited_s += self._wait_for_room(error, self.patience.disk_wait_s - waited_s)

    def _wait_for_room(self, error: DiskFullError, longest_s: float) -> float:
        """Wait until there is more room than now, at most `longest_s`; the seconds waited."""
        free = _free_bytes(Path(self.job.folder))
        waited_s = 0.0
        with self._waiting(f"{error} The job waits for room."):
            while True:
                self._pause(self.patience.disk_check_s)
                waited_s += self.patience.disk_check_s
                room = _free_bytes(Path(self.job.folder)) - free >= self.patience.disk_room
                if room or waited_s >= longest_s:
                    return waited_s

    @contextlib.contextmanager
    def _waiting(self, why: str) -> Iterator[None]:
        """Tell what the job waits for, as long as it does."""
        waits.warning("%s", why)
        self.journal.note(why)
        yield
        self.journal.note("")

    def _pause(self, pause_s: float) -> None:
        until_s = time.monotonic() + pause_s
        while (left_s := until_s - time.monotonic()) > 0:
            self.stopped()
            time.sleep(min(_TICK_S, left_s))


def failure_of(error: Exception) -> Failure:
    """What to tell of an error that ended a job; a fault of the program is logged with its trace."""
    if isinstance(error, JobCancelledError):
        return Failure(type(error).__name__, "")
    if isinstance(error, HypecutError):
        return Failure(type(error).__name__, " ".join(str(error).split()))
    fault = error
    if not isinstance(fault, StepFaultError):
        fault = StepFaultError(type(error).__name__, str(error), "".join(traceback.format_exception(error)))
    for line in fault.trace.splitlines():
        log.error("%s", line)
    what = " ".join(f"{fault.kind}: {fault.text}".split())
    return Failure(fault.kind, f"hypecut failed by a fault of its own ({what}); the job's log has the trace.")


def error_of(kind: str, text: str) -> HypecutError:
    """The error of a kind that was told as text, or a `JobFailedError` where it is none of hypecut's."""
    found = getattr(hypecut.errors, kind, None)
    if isinstance(found, type) and issubclass(found, HypecutError):
        return found(text)
    return JobFailedError(text)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
