"""Jobs in memory: a queue, worker threads, and nothing that outlives the process."""

from __future__ import annotations

import builtins
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from hypecut.errors import JobCancelledError, UnknownJobError
from hypecut.jobs.engine import states
from hypecut.jobs.engine.entry import Entry
from hypecut.jobs.engine.journal import logged_to
from hypecut.jobs.engine.protocol import (
    DEFAULT_PRIORITY,
    JobDetails,
    JobFilter,
    JobInputs,
    JobPage,
    Submission,
)
from hypecut.jobs.engine.run import WORKER_PATIENCE, JobRun, Patience, StepRunner, failure_of, run_here
from hypecut.jobs.pipeline import CheckedJob, Pipeline
from hypecut.jobs.pipelines import PIPELINES
from hypecut.models import Job, JobKind, JobStatus
from hypecut.progress import Progress, SilentProgress
from hypecut.settings import Settings

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryEngine:
    """A `JobEngine` whose jobs are forgotten when it is closed.

    Args:
        settings: the settings in force.
        pipelines: the kinds of job it runs.
        runner: runs the steps.
        patience: how long runs wait for what may mend itself.
        progress: told of every run.
        clock: the time of day.
    """

    def __init__(
        self,
        settings: Settings,
        pipelines: Mapping[JobKind, Pipeline] = PIPELINES,
        *,
        runner: StepRunner = run_here,
        patience: Patience = WORKER_PATIENCE,
        progress: Progress | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._settings, self._pipelines = settings, pipelines
        self._runner, self._patience = runner, patience
        self._progress = progress or SilentProgress()
        self._clock = clock
        self._entries: dict[str, Entry] = {}
        self._changed = threading.Condition(threading.RLock())
        self._threads: list[threading.Thread] = []
        # Draining, it takes no more jobs; closed, it stops those that run.
        self._draining = self._closed = False
        self._count = 0

    def submit(
        self, kind: JobKind, job: CheckedJob, priority: int = DEFAULT_PRIORITY, *, again: bool = False
    ) -> Submission:
        """Queue a job; see `JobEngine`."""
        with self._changed:
            found = self._latest(job.name)
            if found is not None and (found.status in (JobStatus.QUEUED, JobStatus.RUNNING) or not again):
                if found.status in states.RETRIED:
                    self.retry(found.id)
                return Submission(id=found.id, created=False)
            entry = Entry(
                id=str(uuid.uuid4()),
                pipeline=self._pipelines[kind],
                job=job,
                priority=priority,
                place=self._next_place(),
                created_at=self._clock(),
                clock=self._clock,
                lock=self._changed,
            )
            self._entries[entry.id] = entry
            self._changed.notify_all()
            return Submission(id=entry.id, created=True)

    def get(self, job_id: str) -> JobDetails:
        """One job; see `Jobs`."""
        with self._changed:
            return self._entry(job_id).details()

    def list(self, wanted: JobFilter) -> JobPage:
        """Some jobs; see `Jobs`."""
        with self._changed:
            newest_first = reversed(self._entries.values())
            found = [entry.public() for entry in newest_first if entry.fits(wanted)]
        return JobPage(jobs=tuple(found[wanted.offset : wanted.offset + wanted.limit]), total=len(found))

    def inputs(self, job_id: str) -> JobInputs:
        """What a job looked at and used; see `Jobs`."""
        with self._changed:
            return self._entry(job_id).inputs()

    def cancel(self, job_id: str) -> JobDetails:
        """Stop a job; see `Jobs`."""
        with self._changed:
            entry = self._entry(job_id)
            states.check_cancel(job_id, entry.status)
            entry.become(JobStatus.CANCELLED)
            self._changed.notify_all()
            return entry.details()

    def retry(self, job_id: str) -> JobDetails:
        """Let a job go on; see `Jobs`."""
        with self._changed:
            entry = self._entry(job_id)
            states.check_retry(job_id, entry.status)
            entry.become(JobStatus.QUEUED)
            entry.place = self._next_place()
            self._changed.notify_all()
            return entry.details()

    def render(self, job_id: str) -> JobDetails:
        """Let a job make its montage anew; see `JobEngine`."""
        with self._changed:
            entry = self._entry(job_id)
            redo = states.check_render(job_id, entry.status, entry.pipeline, len(entry.done))
            entry.job = redo(entry.job)
            for step in entry.pipeline.steps[entry.pipeline.redone_from :]:
                entry.done.pop(step.name, None)
                entry.steps.pop(step.name, None)
            entry.become(JobStatus.QUEUED)
            entry.place = self._next_place()
            self._changed.notify_all()
            return entry.details()

    def remove(self, job_id: str) -> None:
        """Forget a job; see `Jobs`."""
        with self._changed:
            states.check_remove(job_id, self._entry(job_id).status)
            del self._entries[job_id]

    def logs(self, job_id: str) -> Sequence[str]:
        """A job's log; see `Jobs`."""
        with self._changed:
            return tuple(self._entry(job_id).lines)

    def run_next(self) -> Job | None:
        """Run the next job here and now; see `JobEngine`."""
        with self._changed:
            entry = self._take()
        if entry is None:
            return None
        self._run(entry)
        with self._changed:
            return entry.public()

    def start_workers(self, count: int = 1) -> None:
        """Run queued jobs in `count` threads from now on; see `JobEngine`."""
        for _ in range(count):
            thread = threading.Thread(target=self._work, name="hypecut-worker", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, grace_s: float = 0.0) -> None:
        """Stop running jobs and the workers; see `JobEngine`."""
        with self._changed:
            self._draining = True
            self._changed.wait_for(lambda: not any(e.busy for e in self._entries.values()), grace_s)
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._draining or self._waiting())
                if self._draining:
                    break
                entry = self._take()
            if entry is not None:
                self._run(entry)

    def _waiting(self) -> builtins.list[Entry]:
        """The queued jobs that no thread is still busy with, as after a cancel and a retry."""
        return [e for e in self._entries.values() if e.status is JobStatus.QUEUED and not e.busy]

    def _take(self) -> Entry | None:
        """The next queued job, now running."""
        entry = min(self._waiting(), key=lambda entry: (entry.priority, entry.place), default=None)
        if entry is not None:
            entry.become(JobStatus.RUNNING)
        return entry

    def _run(self, entry: Entry) -> None:
        """Run a job that was taken, to its end or until it is stopped."""
        attempt = entry.attempts

        def stopped() -> None:
            with self._changed:
                if self._closed or entry.status is not JobStatus.RUNNING or entry.attempts != attempt:
                    raise JobCancelledError(f"the job {entry.id} was stopped.")

        run = JobRun(
            job_id=entry.id,
            pipeline=entry.pipeline,
            job=entry.job,
            settings=self._settings,
            journal=entry,
            stopped=stopped,
            runner=self._runner,
            patience=self._patience,
            progress=self._progress,
            done=entry.done,
        )
        try:
            with logged_to(entry):
                _run_all(run, entry)
        finally:
            run.cache.close()
            with self._changed:
                entry.busy = False
                if entry.status is JobStatus.RUNNING:  # the engine is being closed
                    entry.become(JobStatus.QUEUED)
                self._changed.notify_all()

    def _entry(self, job_id: str) -> Entry:
        try:
            return self._entries[job_id]
        except KeyError:
            raise UnknownJobError(f"there is no job {job_id}; `hypecut jobs list` shows all.") from None

    def _latest(self, name: str) -> Entry | None:
        return next((e for e in reversed(self._entries.values()) if e.job.name == name), None)

    def _next_place(self) -> int:
        self._count += 1
        return self._count


def _run_all(run: JobRun, entry: Entry) -> None:
    """Run the steps that are not finished, and note how the job ended."""
    try:
        result = run.pipeline.claim(run.job, bool(run.done))
        if result is None:
            for step in run.pipeline.steps:
                if step.name not in run.done:
                    run.done[step.name] = run.step(step)
            run.stopped()
            result = run.pipeline.result(run.context())
    except JobCancelledError:
        return
    except Exception as error:
        entry.fail(*failure_of(error))
    else:
        entry.succeed(result)
