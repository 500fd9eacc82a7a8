"""Running one job here and now, in a durable engine: killed and started again, it goes on where it was."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypecut.errors import JobStateError
from hypecut.jobs.engine.protocol import FINAL, JobDetails
from hypecut.jobs.engine.run import Patience, error_of
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob
from hypecut.models import JobKind, JobStatus
from hypecut.progress import Progress
from hypecut.settings import Settings

if TYPE_CHECKING:
    from hypecut.jobs.engine.durable import DurableEngine

# Somebody watches, and can free some space sooner than a worker would notice.
_PATIENCE = Patience(source_waits_s=(5.0, 30.0), disk_wait_s=0.0)


def run_durably(
    kind: JobKind, job: CheckedJob, settings: Settings, progress: Progress, *, overwrite: bool = False
) -> Mapping[str, Any]:
    """Run a job to its end in this process; its result.

    One of the same name that was cut off, failed or was stopped goes on at the step it did not finish. One
    that a worker elsewhere runs is followed instead. An interrupt cancels the job; started again it goes on.

    Args:
        kind: its kind.
        job: its arguments.
        settings: the settings in force.
        progress: told of the run.
        overwrite: a finished or failed one begins anew.

    Raises:
        DatabaseError: jobs can't be kept.
        HypecutError: as the step that failed raised it.
    """
    from hypecut.jobs.engine.apart import ChildRunner
    from hypecut.jobs.engine.durable import DurableEngine
    from hypecut.jobs.pipelines import PIPELINES
    from hypecut.jobs.store.database import told_as_database_error

    # What can't be run is no job, so none is on record.
    PIPELINES[kind].look(job)
    with told_as_database_error():
        engine = DurableEngine(settings, runner=ChildRunner(), patience=_PATIENCE, progress=progress)
        details = _run(engine, kind, job, overwrite)
    return _result(details)


def _run(engine: DurableEngine, kind: JobKind, job: CheckedJob, overwrite: bool) -> JobDetails:
    """The job at its end, on an engine that is closed then."""
    try:
        # Where nothing is left of what an earlier run made, there is nothing to go on from.
        anew = overwrite or not OutputFolder.is_claimed_by(Path(job.folder), job.name)
        submitted = engine.submit(kind, job, again=anew)
        if not submitted.created and engine.get(submitted.id).job.status is JobStatus.DONE:
            # The folder knows best whether all of it is still there.
            submitted = engine.submit(kind, job, again=True)
        try:
            return engine.run(submitted.id)
        except KeyboardInterrupt:
            with contextlib.suppress(JobStateError):
                engine.cancel(submitted.id)
            raise
    finally:
        engine.close()


def _result(details: JobDetails) -> Mapping[str, Any]:
    job = details.job
    assert job.status in FINAL
    if job.status is JobStatus.DONE:
        return job.result or {}
    if job.status is JobStatus.CANCELLED:
        raise error_of("JobCancelledError", "the job was cancelled; start it again to go on.")
    raise error_of(details.error_kind, job.error or "")
