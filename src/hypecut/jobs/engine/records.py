"""What an engine tells of a job's steps, derived from what their journal holds and the job's state."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hypecut.jobs.engine.protocol import StepRecord
from hypecut.jobs.pipeline import Pipeline, progress_of
from hypecut.models import JobStatus


def with_status(step: StepRecord, job: JobStatus) -> StepRecord:
    """A step with the state that follows from when it began and ended and from its job's state."""
    if job is JobStatus.DONE or step.finished_at is not None:
        status = JobStatus.DONE
    elif step.started_at is None or job is JobStatus.QUEUED:
        status = JobStatus.QUEUED
    else:
        status = job
    return msgspec.structs.replace(step, status=status)


def progress_by(pipeline: Pipeline, steps: Iterable[StepRecord]) -> float:
    """How far a job is, 0..1, by its steps."""
    steps = list(steps)
    finished = [step.name for step in steps if step.status is JobStatus.DONE]
    begun = next((s for s in steps if s.started_at is not None and s.status is not JobStatus.DONE), None)
    if begun is None:
        return progress_of(pipeline, finished)
    share = min(1.0, begun.done / begun.total) if begun.total > 0 else 0.0
    return progress_of(pipeline, finished, begun.name, share)
