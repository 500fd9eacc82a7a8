"""What every job engine can do: take a job, tell of it, stop it, run it again.

Two engines implement it, one in memory and one on a database; a client of a remote server implements `Jobs`
alone. One contract suite holds for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from hypecut.jobs.pipeline import CheckedJob, SeenClip
from hypecut.models import Job, JobKind, JobStatus

DEFAULT_PRIORITY = 10
FINAL = frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED})


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How far one step of a job is.

    Attributes:
        name: the step.
        status: queued (not begun), running, done, failed or cancelled.
        done, total, unit: how far, as told by `hypecut.progress.Progress`; `task` is what it calls itself.
        speed: units a second; None when not known.
        eta_s: seconds left; None when not known.
        attempts: how many times it was begun.
    """

    name: str
    status: JobStatus = JobStatus.QUEUED
    task: str = ""
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    speed: float | None = None
    eta_s: float | None = None
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None


class OutputRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a job made: `path` is absolute, `size` in bytes; stored once, with its step."""

    step: str
    kind: str
    path: str
    size: int
    sha256: str
    meta: dict[str, Any] = {}


class AssetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a job used, as `hypecut.jobs.pipeline.Asset`; `sha256` is '' when it was not looked for."""

    step: str
    kind: str
    path: str
    url: str = ""
    duration_s: float | None = None
    size: int | None = None
    sha256: str = ""
    meta: dict[str, Any] = {}


class JobInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a job looked at and used: clips, the best first, and files, in the order of its steps."""

    clips: tuple[SeenClip, ...] = ()
    assets: tuple[AssetRecord, ...] = ()


class JobDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A job and all that is known of its run."""

    job: Job
    title: str
    folder: str
    steps: tuple[StepRecord, ...]
    outputs: tuple[OutputRecord, ...]
    priority: int = DEFAULT_PRIORITY
    attempts: int = 0
    error_kind: str = ""
    note: str = ""


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """The job that a request led to; `created` is False when it is one that was there already."""

    id: str
    created: bool


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs to list, the newest first; `search` looks in id, title, folder and arguments."""

    status: frozenset[JobStatus] = frozenset()
    type: JobKind | None = None
    search: str = ""
    limit: int = 100
    offset: int = 0


class JobPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the jobs that a filter lets through, and how many there are in all."""

    jobs: tuple[Job, ...]
    total: int


class Jobs(Protocol):
    """The jobs of a database or a server, for whoever submits and follows them."""

    def get(self, job_id: str) -> JobDetails:
        """One job.

        Raises:
            UnknownJobError: there is none of this id.
        """

    def list(self, wanted: JobFilter) -> JobPage:
        """The jobs that the filter lets through; their steps and outputs are left to `get`."""

    def inputs(self, job_id: str) -> JobInputs:
        """What a job has looked at and used so far.

        Raises:
            UnknownJobError: there is none of this id.
        """

    def cancel(self, job_id: str) -> JobDetails:
        """Stop a queued or running job.

        Raises:
            UnknownJobError: there is none of this id.
            JobStateError: it is finished.
        """

    def retry(self, job_id: str) -> JobDetails:
        """Let a failed or cancelled job go on at the step it did not finish.

        Raises:
            UnknownJobError: there is none of this id.
            JobStateError: it is neither failed nor cancelled.
        """

    def remove(self, job_id: str) -> None:
        """Forget a finished job; its files stay.

        Raises:
            UnknownJobError: there is none of this id.
            JobStateError: it is not finished.
        """

    def logs(self, job_id: str) -> Sequence[str]:
        """What the job's run logged, a line each.

        Raises:
            UnknownJobError: there is none of this id.
        """


class JobEngine(Jobs, Protocol):
    """Jobs that this process can also submit and run."""

    def submit(
        self, kind: JobKind, job: CheckedJob, priority: int = DEFAULT_PRIORITY, *, again: bool = False
    ) -> Submission:
        """Queue a job.

        One of the same name that is queued or running is not queued a second time. Nor, unless `again`, is
        one that is done (its submission is given back) or that failed or was cancelled (it is retried).
        Lower priorities run first.
        """

    def render(self, job_id: str) -> JobDetails:
        """Let a finished job make its clips and its montage anew, from its plan as it is now.

        Raises:
            UnknownJobError: there is none of this id.
            JobStateError: it is at work, or has no plan.
            PlanError: the plan can't be used.
        """

    def run_next(self) -> Job | None:
        """Run the next queued job to its end, in the caller's time; None when none is queued."""

    def start_workers(self, count: int = 1) -> None:
        """From now on run queued jobs in the background, `count` at a time, until the engine is closed."""

    def close(self, grace_s: float = 0.0) -> None:
        """Stop the workers and let go of everything.

        Args:
            grace_s: how long running jobs may go on; then they are handed back: they are queued again.
        """
