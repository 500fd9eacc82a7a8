"""What a job does: a fixed list of steps, each safe to run twice, that pass small JSON on to one another.

A step leaves its large results in files of the output folder, written aside and renamed; what it returns
is small JSON that an engine stores. So a job that was cut off goes on at the step that was not finished, in
another process or on another day: a step must take all it needs from its context, never from memory. What is
merely costly to open again (a recording's index) may be kept in `StepContext.cache` for the steps that follow
in the same process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from hypecut.models import JobKind
from hypecut.progress import Progress
from hypecut.settings import Settings

T = TypeVar("T")

# The first step that goes by the plan alone.
REDONE_FROM = "cut"


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a step made.

    Attributes:
        kind: what it is: montage, plan, explanation, clip, chat, activity, timeline, chapters, credits.
        path: where it is, absolute.
        meta: what is known of it, e.g. `duration_s`; small JSON.
    """

    kind: str
    path: str
    meta: Mapping[str, Any] = {}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file of video or chat that a step used, whether it was there or was fetched.

    Attributes:
        kind: what it is: recording, vod, chat, clip, intro, outro.
        path: where it is, absolute.
        url: where it came from; '' for a file that was there.
        duration_s: its length in seconds; None when not known.
        size: in bytes; None takes the file's.
        meta: what else is known of it; small JSON.
    """

    kind: str
    path: str
    url: str = ""
    duration_s: float | None = None
    size: int | None = None
    meta: Mapping[str, Any] = {}


class SeenClip(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that a job looked at.

    Attributes:
        id, streamer, title, url, views, created_at, game, vod_id, vod_offset_s: as in `Clip`.
        duration_s: its length in seconds: as told, until it is here, then as it is.
        chosen: whether it is shown.
        why_not: why it is not; '' when it is.
    """

    id: str
    streamer: str = ""
    title: str = ""
    url: str = ""
    views: int = 0
    created_at: datetime | None = None
    duration_s: float = 0.0
    game: str = ""
    vod_id: str = ""
    vod_offset_s: float | None = None
    chosen: bool = False
    why_not: str = ""


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished step hands on.

    Attributes:
        data: small JSON for later steps.
        outputs: the files it made.
        assets: the files it used.
        clips: all the clips the job looked at, the best first, in place of those told before; None for a step
            that looks at none.
    """

    data: Mapping[str, Any] = {}
    outputs: tuple[Output, ...] = ()
    assets: tuple[Asset, ...] = ()
    clips: tuple[SeenClip, ...] | None = None


class RunCache:
    """What the steps of one run in one process share: made once, closed with the run."""

    def __init__(self) -> None:
        self._made: dict[str, object] = {}
        self._stack = contextlib.ExitStack()

    def get(self, name: str, make: Callable[[], contextlib.AbstractContextManager[T]]) -> T:
        """What goes by `name`; the first call makes and enters it."""
        if name not in self._made:
            self._made[name] = self._stack.enter_context(make())
        return cast(T, self._made[name])

    def close(self) -> None:
        """Close all that was made, the last first."""
        self._made.clear()
        self._stack.close()


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """All that a step may use.

    Attributes:
        params: the job's arguments, as `Pipeline.check` returned them.
        settings: the settings in force.
        folder: the job's output folder, there and claimed.
        done: the data of the finished steps, by step.
        progress: told how far the step is; it may raise when the job is cancelled.
        cache: what steps of this run share in this process.
        check: to be called now and then by a step that tells no progress for long; raises when the job is
            cancelled.
    """

    params: Mapping[str, Any]
    settings: Settings
    folder: Path
    done: Mapping[str, Mapping[str, Any]]
    progress: Progress
    cache: RunCache = field(default_factory=RunCache)
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Step:
    """One part of a job.

    Attributes:
        name: one of resolve, chat, detect, choose, fetch, plan, cut, montage, export.
        run: does it; raises a `HypecutError` when it can't be done.
        weight: its usual share of the job's time, for the progress of the whole.
        apart: it renders: a worker runs it in a child process.
    """

    name: str
    run: Callable[[StepContext], StepResult]
    weight: float = 1.0
    apart: bool = False


class CheckedJob(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments found fit to run.

    Attributes:
        params: the arguments with every default filled in and every path absolute; JSON.
        folder: the output folder, absolute.
        name: says by kind, arguments, input files (size, time) and folder which job this is: the same job
            asked for twice has the same name.
        title: the job in a few words, for lists, e.g. the recording's name.
    """

    params: Mapping[str, Any]
    folder: str
    name: str
    title: str


@dataclass(frozen=True)
class Pipeline:
    """A kind of job.

    Attributes:
        kind: its kind.
        steps: what it does, in this order.
        check: validates arguments (JSON) without side effects; raises `UsageError` or `BadInputError`.
        look: sees, before a job is submitted, that its folder may become its own, and changes nothing; raises
            `UsageError`, `BadInputError` or `FolderInUseError`.
        claim: makes the output folder and sees that it may be written to: before the first step of each run,
            also one that goes on, which the flag tells: some of its steps are finished, so nothing is cleared
            away; raises `FolderInUseError`. Gives the finished result if the job is done already, else None.
        result: the job's result from the data of its steps, JSON; runs when all are finished.
        redo: takes the plan in the job's folder, as a person changed it, for the job's own, and gives the job
            that makes its montage by it, from the step `REDONE_FROM` on; raises `PlanError`. None if a job of
            this kind has no such step.
    """

    kind: JobKind
    steps: tuple[Step, ...]
    check: Callable[[Mapping[str, Any], Settings], CheckedJob]
    claim: Callable[[CheckedJob, bool], Mapping[str, Any] | None]
    result: Callable[[StepContext], Mapping[str, Any]]
    redo: Callable[[CheckedJob], CheckedJob] | None = None
    look: Callable[[CheckedJob], None] = lambda _job: None

    @property
    def redone_from(self) -> int:
        """The place of the step `REDONE_FROM`; all before it stay as they are when a montage is made anew."""
        return [step.name for step in self.steps].index(REDONE_FROM)


def progress_of(pipeline: Pipeline, finished: Iterable[str], current: str = "", share: float = 0.0) -> float:
    """How far a job is, 0..1: its finished steps and a share (0..1) of the current one, by weight."""
    finished = set(finished)
    total = sum(step.weight for step in pipeline.steps)
    done = sum(step.weight for step in pipeline.steps if step.name in finished)
    done += sum(step.weight * share for step in pipeline.steps if step.name == current)
    return min(1.0, done / total)
