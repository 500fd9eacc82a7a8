"""The states of a job and the ways from one to another.

A queued job is started or cancelled; a running one ends done, failed or cancelled, or is queued again when
its worker stops or dies; a failed or cancelled one is queued again by a retry, and any of the three when
its montage is to be made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypecut.errors import JobStateError
from hypecut.jobs.engine.protocol import FINAL
from hypecut.jobs.pipeline import CheckedJob, Pipeline
from hypecut.models import JobStatus

TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.CANCELLED}),
    JobStatus.RUNNING: frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.QUEUED}),
    JobStatus.DONE: frozenset({JobStatus.QUEUED}),
    JobStatus.FAILED: frozenset({JobStatus.QUEUED}),
    JobStatus.CANCELLED: frozenset({JobStatus.QUEUED}),
}
Redo = Callable[[CheckedJob], CheckedJob]
RETRIED = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})


def check_transition(job_id: str, now: JobStatus, then: JobStatus) -> None:
    """See that a job may go from one state to another.

    Raises:
        JobStateError: it may not.
    """
    if then not in TRANSITIONS[now]:
        raise JobStateError(f"the job {job_id} is {now} and can't become {then}.")


def check_cancel(job_id: str, now: JobStatus) -> None:
    """See that a job may be cancelled.

    Raises:
        JobStateError: it is finished.
    """
    if now in FINAL:
        raise JobStateError(
            f"the job {job_id} is {now} already; only a queued or running one can be cancelled."
        )


def check_retry(job_id: str, now: JobStatus) -> None:
    """See that a job may be run again.

    Raises:
        JobStateError: it neither failed nor was cancelled.
    """
    if now not in RETRIED:
        raise JobStateError(f"the job {job_id} is {now}; only a failed or cancelled one can be retried.")


def check_render(job_id: str, now: JobStatus, pipeline: Pipeline, finished_steps: int) -> Redo:
    """See that a job's montage may be made anew from its plan; gives what takes the plan for the job's.

    Raises:
        JobStateError: it is at work, or has not come as far as its plan.
    """
    if now not in FINAL:
        raise JobStateError(f"the job {job_id} is {now}; wait for its end, or cancel it, to render it anew.")
    if pipeline.redo is None or finished_steps < pipeline.redone_from:
        raise JobStateError(f"the job {job_id} is {now} and made no plan that could be rendered.")
    return pipeline.redo


def check_remove(job_id: str, now: JobStatus) -> None:
    """See that a job may be forgotten.

    Raises:
        JobStateError: it is not finished.
    """
    if now not in FINAL:
        raise JobStateError(f"the job {job_id} is {now}; cancel it before it is removed.")
