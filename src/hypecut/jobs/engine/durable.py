"""Jobs that outlive their process: kept and run by DBOS, in a SQLite file or PostgreSQL."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence

from hypecut.jobs.engine import states, workflow
from hypecut.jobs.engine.protocol import (
    DEFAULT_PRIORITY,
    FINAL,
    JobDetails,
    JobFilter,
    JobInputs,
    JobPage,
    Submission,
)
from hypecut.jobs.engine.run import WORKER_PATIENCE, Patience, StepRunner, run_here
from hypecut.jobs.engine.worker import DEFAULT_PACE, Pace, Worker
from hypecut.jobs.pipeline import CheckedJob, Pipeline
from hypecut.jobs.pipelines import PIPELINES
from hypecut.jobs.store import rows
from hypecut.jobs.store.database import exclusive, open_database, told_as_database_error
from hypecut.jobs.store.jobs import JobStore
from hypecut.jobs.store.leases import QUEUE, Leases
from hypecut.models import Job, JobKind, JobStatus
from hypecut.progress import Progress, SilentProgress
from hypecut.settings import Settings

_SETTLE_S = 0.01


class DurableEngine:
    """A `JobEngine` on the database of the settings.

    Args:
        settings: the settings in force.
        pipelines: the kinds of job it runs.
        runner: runs the steps.
        patience: how long runs wait for what may mend itself.
        progress: told of every run in this process.
        pace: how often its workers look.

    Raises:
        DatabaseError: the database can't be reached or written to, or a newer hypecut made it.
    """

    def __init__(
        self,
        settings: Settings,
        pipelines: Mapping[JobKind, Pipeline] = PIPELINES,
        *,
        runner: StepRunner = run_here,
        patience: Patience = WORKER_PATIENCE,
        progress: Progress | None = None,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._settings, self._runner, self._patience, self._pace = settings, runner, patience, pace
        self._progress = progress or SilentProgress()
        self._engine = open_database(settings)
        self._store = JobStore(self._engine, pipelines)
        self._leases = Leases(self._engine)
        try:
            with told_as_database_error():
                self._client = workflow.open_client(self._engine)
        except BaseException:
            self._engine.dispose()
            raise
        self._worker: Worker | None = None
        self._closed = False

    def submit(
        self, kind: JobKind, job: CheckedJob, priority: int = DEFAULT_PRIORITY, *, again: bool = False
    ) -> Submission:
        """Queue a job; see `JobEngine`."""
        with exclusive(self._engine, job.name) as connection:
            found = self._store.latest(connection, job.name)
            if found is None or (again and rows.STATES[found.status] in FINAL):
                job_id = str(uuid.uuid4())
                self._store.insert(connection, job_id, kind, job, priority)
                workflow.enqueue(self._client, connection, job_id, QUEUE)
                found = None
        if found is None:
            self._wake()
            return Submission(id=job_id, created=True)
        if rows.STATES[found.status] in states.RETRIED:
            self.retry(found.id)
        return Submission(id=found.id, created=False)

    def get(self, job_id: str) -> JobDetails:
        """One job; see `Jobs`."""
        return self._store.details(job_id)

    def list(self, wanted: JobFilter) -> JobPage:
        """Some jobs; see `Jobs`."""
        return self._store.page(wanted)

    def inputs(self, job_id: str) -> JobInputs:
        """What a job looked at and used; see `Jobs`."""
        return self._store.inputs(job_id)

    def cancel(self, job_id: str) -> JobDetails:
        """Stop a job; see `Jobs`."""
        states.check_cancel(job_id, self._store.status(job_id))
        self._client.cancel_workflow(job_id)
        now = self._store.status(job_id)
        if now is not JobStatus.CANCELLED:  # it has ended in the meantime
            states.check_cancel(job_id, now)
        self._store.end(job_id)
        self._wake()
        return self._store.details(job_id)

    def retry(self, job_id: str) -> JobDetails:
        """Let a job go on; see `Jobs`."""
        now = self._store.status(job_id)
        states.check_retry(job_id, now)
        # A run that was cancelled may still be leaving; it lets go of the job by itself.
        free = {"worker": None} if now is JobStatus.FAILED else {}
        self._store.queue_again(job_id, **free)
        self._client.rewind_workflow(
            job_id, start_step=self._store.steps_recorded(job_id) + 1, queue_name=QUEUE
        )
        self._wake()
        return self._store.details(job_id)

    def render(self, job_id: str) -> JobDetails:
        """Let a job make its montage anew; see `JobEngine`."""
        row = self._store.row(job_id)
        pipeline, now = self._store.pipeline(row.kind), rows.STATES[row.status]
        redo = states.check_render(job_id, now, pipeline, self._store.steps_recorded(job_id))
        job = redo(rows.checked_job(row))
        self._store.forget_steps(job_id, [step.name for step in pipeline.steps[pipeline.redone_from :]])
        # A run that was cancelled may still be leaving; it lets go of the job by itself.
        free = {} if now is JobStatus.CANCELLED else {"worker": None}
        self._store.queue_again(job_id, params=rows.encoded(job.params), **free)
        self._client.rewind_workflow(job_id, start_step=pipeline.redone_from + 1, queue_name=QUEUE)
        self._wake()
        return self._store.details(job_id)

    def remove(self, job_id: str) -> None:
        """Forget a job; see `Jobs`."""
        states.check_remove(job_id, self._store.status(job_id))
        self._client.delete_workflow(job_id)
        self._store.delete(job_id)

    def logs(self, job_id: str) -> Sequence[str]:
        """A job's log; see `Jobs`."""
        return self._store.lines(job_id)

    def run_next(self) -> Job | None:
        """Run the next job here and now; see `JobEngine`."""
        job_id = self._started_worker(0).run_one()
        if job_id is None:
            return None
        # The run has left; DBOS is about to write how it ended.
        while self._store.status(job_id) is JobStatus.RUNNING:
            time.sleep(_SETTLE_S)
        return self.get(job_id).job

    def run(self, job_id: str) -> JobDetails:
        """Run a queued job here and now, or wait for the worker that runs it; the job at its end.

        Raises:
            UnknownJobError: there is none of this id.
        """
        worker = self._started_worker(0)
        while self._store.status(job_id) not in FINAL:
            if worker.run_one(job_id) is None:
                time.sleep(self._pace.look_s)
        return self._store.details(job_id)

    def start_workers(self, count: int = 1) -> None:
        """Run queued jobs, `count` at a time, from now on; see `JobEngine`."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._started_worker(count)

    def wait_until_lost(self) -> None:
        """Wait until the workers, which were started, could not reach the database for `worker_lost_s`.

        What they ran is stopped then, and its child processes have ended.
        """
        assert self._worker is not None
        self._worker.lost.wait()

    def close(self, grace_s: float = 0.0) -> None:
        """Stop the workers and let go of the database; see `JobEngine`.

        Args:
            grace_s: how long running jobs may go on before they are handed back.
        """
        if self._closed:
            return
        self._closed = True
        if self._worker is not None:
            self._worker.close(grace_s)
            self._worker = None
        self._client.destroy()
        self._engine.dispose()

    def _started_worker(self, concurrency: int) -> Worker:
        if self._worker is None:
            self._worker = Worker(
                self._store,
                self._leases,
                self._client,
                self._settings,
                runner=self._runner,
                patience=self._patience,
                progress=self._progress,
                pace=self._pace,
                concurrency=concurrency,
            )
            self._worker.start()
        return self._worker

    def _wake(self) -> None:
        if self._worker is not None:
            self._worker.wake()
