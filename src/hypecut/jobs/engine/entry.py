"""A job in memory, and the journal of its runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from hypecut.jobs.engine import states
from hypecut.jobs.engine.journal import Made, Measure
from hypecut.jobs.engine.protocol import JobDetails, JobFilter, JobInputs, OutputRecord, StepRecord
from hypecut.jobs.engine.records import progress_by, with_status
from hypecut.jobs.pipeline import CheckedJob, Pipeline, SeenClip
from hypecut.models import Job, JobStatus


@dataclass
class Entry:
    """One job, and the journal of its runs."""

    id: str
    pipeline: Pipeline
    job: CheckedJob
    priority: int
    place: int
    created_at: datetime
    clock: Callable[[], datetime]
    lock: threading.Condition
    status: JobStatus = JobStatus.QUEUED
    busy: bool = False
    attempts: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    error_kind: str = ""
    waits_for: str = ""
    result: Mapping[str, Any] | None = None
    done: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    steps: dict[str, StepRecord] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    clips: Sequence[SeenClip] = ()
    lines: list[str] = field(default_factory=list)

    def become(self, status: JobStatus) -> None:
        """Enter another state."""
        states.check_transition(self.id, self.status, status)
        self.status = status
        if status is JobStatus.RUNNING:
            self.busy = True
            self.attempts += 1
            self.started_at = self.started_at or self.clock()
        elif status is JobStatus.QUEUED:
            self.finished_at, self.error, self.error_kind, self.result = None, None, "", None
        else:
            self.finished_at = self.clock()
        self.waits_for = ""

    def succeed(self, result: Mapping[str, Any]) -> None:
        """The job is done, unless it was stopped in the meantime."""
        with self.lock:
            if self.status is JobStatus.RUNNING:
                self.result = result
                self.become(JobStatus.DONE)

    def fail(self, kind: str, text: str) -> None:
        """The job failed, unless it was stopped in the meantime."""
        with self.lock:
            if self.status is JobStatus.RUNNING:
                self.error_kind, self.error = kind, text
                self.become(JobStatus.FAILED)

    def begin(self, step: str) -> None:
        """A step begins."""
        with self.lock:
            before = self.steps.get(step, StepRecord(name=step))
            self.steps[step] = StepRecord(
                name=step, attempts=before.attempts + 1, started_at=before.started_at or self.clock()
            )

    def measure(self, step: str, measure: Measure) -> None:
        """A step is so far."""
        with self.lock:
            self.steps[step] = msgspec.structs.replace(self.steps[step], **msgspec.structs.asdict(measure))

    def finish(self, step: str, made: Made) -> None:
        """A step is done."""
        with self.lock:
            self.made[step] = made
            self.clips = self.clips if made.clips is None else made.clips
            self.steps[step] = msgspec.structs.replace(self.steps[step], finished_at=self.clock(), eta_s=None)

    def note(self, text: str) -> None:
        """What the job waits for."""
        with self.lock:
            self.waits_for = text

    def log(self, line: str) -> None:
        """A line of the log."""
        with self.lock:
            self.lines.append(line)

    def fits(self, wanted: JobFilter) -> bool:
        """Whether a filter lets the job through."""
        if wanted.status and self.status not in wanted.status:
            return False
        if wanted.type is not None and self.pipeline.kind is not wanted.type:
            return False
        arguments = msgspec.json.encode(self.job.params).decode()
        places = (self.id, self.job.title, self.job.folder, arguments)
        return any(wanted.search.lower() in place.lower() for place in places)

    def records(self) -> tuple[StepRecord, ...]:
        """How far each step is."""
        return tuple(
            with_status(self.steps.get(step.name, StepRecord(name=step.name)), self.status)
            for step in self.pipeline.steps
        )

    def outputs(self) -> tuple[OutputRecord, ...]:
        """The files it made so far."""
        return tuple(output for made in self.made.values() for output in made.outputs)

    def inputs(self) -> JobInputs:
        """What it looked at and used so far."""
        assets = tuple(asset for made in self.made.values() for asset in made.assets)
        return JobInputs(clips=tuple(self.clips), assets=assets)

    def public(self) -> Job:
        """The job as others see it."""
        return Job(
            id=self.id,
            type=self.pipeline.kind,
            status=self.status,
            created_at=self.created_at,
            progress=progress_by(self.pipeline, self.records()),
            started_at=self.started_at,
            finished_at=self.finished_at,
            error=self.error,
            params=self.job.params,
            result=self.result,
            outputs=tuple(output.path for output in self.outputs()),
        )

    def details(self) -> JobDetails:
        """The job and all that is known of its run."""
        return JobDetails(
            job=self.public(),
            title=self.job.title,
            folder=self.job.folder,
            steps=self.records(),
            outputs=self.outputs(),
            priority=self.priority,
            attempts=self.attempts,
            error_kind=self.error_kind,
            note=self.waits_for,
        )
