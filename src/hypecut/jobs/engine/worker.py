"""A worker: takes jobs, lets DBOS run them in threads of this process, and keeps its lease."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from dbos import DBOS, DBOSClient
from sqlalchemy.exc import SQLAlchemyError

from hypecut.errors import JobCancelledError, JobFailedError
from hypecut.files import remove_leftovers
from hypecut.jobs.engine import workflow
from hypecut.jobs.engine.apart import end_children
from hypecut.jobs.engine.journal import logged_to
from hypecut.jobs.engine.processes import this_process
from hypecut.jobs.engine.run import JobRun, Patience, StepRunner, failure_of
from hypecut.jobs.engine.store_journal import StoreJournal, persistently
from hypecut.jobs.pipeline import Step
from hypecut.jobs.store import rows
from hypecut.jobs.store.jobs import JobStore, wall_clock_ms
from hypecut.jobs.store.leases import RENEW_EVERY_S, Leases
from hypecut.progress import Progress
from hypecut.settings import Settings

log = logging.getLogger(__name__)

MAX_DEATHS = 3
_LEAVE_S = 60.0
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Pace:
    """How often a worker looks, in seconds.

    Attributes:
        look_s: for jobs to take and for runs to stop.
        start_s: how often DBOS looks for the jobs that were taken.
        bury_s: for dead workers.
        tidy_s: for jobs to be forgotten.
    """

    look_s: float = 0.5
    start_s: float = 0.2
    bury_s: float = 5.0
    tidy_s: float = 3600.0


DEFAULT_PACE = Pace()


class Worker:
    """Runs jobs of a database; one in a process at a time.

    Args:
        store: the jobs.
        leases: the workers of the database.
        client: DBOS's client of the database.
        settings: the settings in force.
        runner: runs the steps.
        patience: how long runs wait for what may mend itself.
        progress: told of every run.
        pace: how often it looks.
        concurrency: how many jobs at a time; 0 takes none by itself.
    """

    def __init__(
        self,
        store: JobStore,
        leases: Leases,
        client: DBOSClient,
        settings: Settings,
        *,
        runner: StepRunner,
        patience: Patience,
        progress: Progress,
        pace: Pace = DEFAULT_PACE,
        concurrency: int = 1,
    ) -> None:
        self.id = str(uuid.uuid4())
        self._queue = f"worker-{self.id}"
        self._store, self._leases, self._client, self._settings = store, leases, client, settings
        self._runner, self._patience, self._progress = runner, patience, progress
        self._pace, self._concurrency = pace, concurrency
        self._active: dict[str, _Active] = {}
        self._taken: set[str] = set()
        self._changed = threading.Condition()
        self._closing = False
        # Set when the lease could not be renewed for too long; what ran is stopped then.
        self.lost = threading.Event()
        self._lost_after_s = settings.worker_lost_s
        self._renew_every_s = min(RENEW_EVERY_S, self._lost_after_s / 4)
        self._renewed_s = time.monotonic()
        self._keeper = threading.Thread(target=self._keep, name="hypecut-keeper", daemon=True)
        self._watcher = threading.Thread(target=self._watch, name="hypecut-watcher", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._leases.enter(self.id, this_process(), self._concurrency)
        self._client.register_queue(
            self._queue,
            worker_concurrency=max(1, self._concurrency),
            polling_interval_sec=self._pace.start_s,
        )
        workflow.launch(self._store.engine, self.id, self._queue, self._execute)
        self._renewed_s = time.monotonic()
        self._keeper.start()
        self._watcher.start()

    def wake(self) -> None:
        """Look for jobs now."""
        with self._changed:
            self._changed.notify_all()

    def run_one(self, only: str | None = None) -> str | None:
        """Take the next job, or none but that one, and wait until its run has left.

        Returns:
            Its id, or None when there is none to take.
        """
        self._bury()
        taken = self._leases.take(self.id, self._queue, 1, None if only is None else (only,))
        if not taken:
            return None
        with self._changed:
            self._taken.add(taken[0].id)
            self._changed.wait_for(lambda: self._closing or taken[0].id not in self._taken)
        return taken[0].id

    def close(self, grace_s: float = 0.0) -> None:
        """Take no more; let runs go on for `grace_s`, an interrupt sooner, then hand them back."""
        with contextlib.suppress(KeyboardInterrupt), self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._active, timeout=grace_s)
        with self._changed:
            left = set(self._active) | self._taken
        self._keeper.join()
        self._watcher.join()
        for job_id in left:
            self._leases.hand_back(job_id, self.id)
        self._stop(left)
        with self._changed:
            self._changed.wait_for(lambda: not self._active, timeout=_LEAVE_S)
        for job_id in left:
            self._leases.let_go(job_id, self.id)
        workflow.shut_down()
        self._client.delete_queue(self._queue)
        self._leases.leave(self.id)

    def _keep(self) -> None:
        """Look after everything until the worker is closed."""
        buried_s = tidied_s = -1e9
        while True:
            with self._changed:
                if not self._closing:
                    self._changed.wait(self._pace.look_s)
                if self._closing:
                    return
            now_s = time.monotonic()
            try:
                self._renew(now_s)
                self._stop_what_is_not_mine()
                if now_s - buried_s >= self._pace.bury_s:
                    buried_s = now_s
                    self._bury()
                if now_s - tidied_s >= self._pace.tidy_s:
                    tidied_s = now_s
                    self._tidy()
                self._take_more()
            except SQLAlchemyError as error:
                log.warning("the database of jobs does not answer: %s", error)

    def _watch(self) -> None:
        """Stop everything when the lease is not renewed: others are about to take what runs here.

        In a thread of its own, as the keeper may wait for the database for longer than the lease lasts.
        """
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, timeout=self._renew_every_s / 4):
                    return
            if time.monotonic() - self._renewed_s > self._lost_after_s:
                if not self.lost.is_set():
                    log.error("the database of jobs is out of reach; what this worker ran is stopped")
                self._stop(self._running())
                end_children()
                self.lost.set()
            else:
                self.lost.clear()

    def _take_more(self) -> None:
        with self._changed:
            free = self._concurrency - len(self._taken)
        for taken in self._leases.take(self.id, self._queue, free):
            if taken.orphaned:
                log.warning("the job %s is taken over from a worker that died", taken.id)
            with self._changed:
                self._taken.add(taken.id)

    def _renew(self, now_s: float) -> None:
        if now_s - self._renewed_s < self._renew_every_s:
            return
        if not self._leases.renew(self.id):
            log.error("this worker was taken for dead; what it ran is stopped")
            self._stop(self._running())
            self._leases.enter(self.id, this_process(), self._concurrency)
        self._renewed_s = now_s

    def _bury(self) -> None:
        for dead in self._leases.bury():
            log.warning("the worker %s is dead; its jobs are free", dead)
            self._client.delete_queue(f"worker-{dead}")

    def _tidy(self) -> None:
        """Forget the jobs that are finished for long enough."""
        if self._settings.keep_jobs_days > 0:
            before_ms = wall_clock_ms() - int(self._settings.keep_jobs_days * _DAY_MS)
            for job_id in self._store.finished_before(before_ms):
                self._client.delete_workflow(job_id)
                self._store.delete(job_id)

    def _running(self) -> set[str]:
        with self._changed:
            return set(self._active)

    def _stop_what_is_not_mine(self) -> None:
        """Stop runs whose job was cancelled or taken away, and let go of jobs that were while they waited."""
        if running := self._running():
            self._stop(running - self._leases.still_mine(self.id, running))
        with self._changed:
            waiting = self._taken - set(self._active)
        for job_id in self._leases.drop(self.id, self._queue, waiting):
            with self._changed:
                self._taken.discard(job_id)
                self._changed.notify_all()

    def _stop(self, job_ids: Collection[str]) -> None:
        with self._changed:
            for job_id in job_ids:
                if job_id in self._active:
                    self._active[job_id].set()

    def _execute(self, job_id: str) -> None:
        """Run a job in a thread of DBOS.

        Raises:
            RunStopped: it was cancelled or handed back.
            JobFailedError: it failed; the error is noted.
        """
        active = _Active()
        with self._changed:
            if self._closing:
                raise workflow.RunStopped
            self._active[job_id] = active
        stopped = True
        try:
            self._run(job_id, active)
            stopped = False
        except JobFailedError:
            stopped = False
            raise
        finally:
            if stopped:
                # Unless it was cancelled it is still to be done, by whoever is free.
                persistently(self._leases.hand_back, job_id, self.id)
                persistently(self._leases.let_go, job_id, self.id)
            with self._changed:
                del self._active[job_id]
                self._taken.discard(job_id)
                self._changed.notify_all()

    def _run(self, job_id: str, active: _Active) -> None:
        row = persistently(self._store.row, job_id)
        if row.worker != self.id:
            raise workflow.RunStopped
        persistently(self._store.begin, job_id)
        journal = StoreJournal(self._store, job_id)
        run = JobRun(
            job_id=job_id,
            pipeline=self._store.pipeline(row.kind),
            job=rows.checked_job(row),
            settings=self._settings,
            journal=journal,
            stopped=active.check,
            runner=self._runner,
            patience=self._patience,
            progress=self._progress,
        )
        with logged_to(journal):
            try:
                result = self._steps(run, row)
                run.stopped()
                ended = {"result": rows.encoded(result), "error": None, "error_kind": ""}
                persistently(self._store.end, job_id, **ended)
            except JobCancelledError:
                raise workflow.RunStopped from None
            except Exception as error:
                # What goes wrong while all is torn down says nothing of the job.
                if active.is_set():
                    raise workflow.RunStopped from None
                self._fail(job_id, error)
            finally:
                run.cache.close()

    def _steps(self, run: JobRun, row: Any) -> object:
        """Run the steps that are not finished; the job's result."""
        if row.deaths >= MAX_DEATHS:
            raise JobFailedError(
                f"the job's worker died {row.deaths} times in the same step; look into its log, then retry."
            )
        # Nobody else is at work in the folder: an earlier run has left, or its worker is dead.
        remove_leftovers(Path(run.job.folder))
        result = run.pipeline.claim(run.job, self._store.steps_recorded(run.job_id) > 0)
        if result is None:
            for step in run.pipeline.steps:
                run.done[step.name] = DBOS.run_step({"name": step.name}, _stepped, run, step)
            run.stopped()
            result = run.pipeline.result(run.context())
        return result

    def _fail(self, job_id: str, error: Exception) -> None:
        failure = failure_of(error)
        persistently(self._store.end, job_id, error=failure.text, error_kind=failure.kind)
        raise JobFailedError(failure.text) from None


def _stepped(run: JobRun, step: Step) -> Any:
    """Run a step; what DBOS keeps of it is what a later run will be given: plain JSON."""
    try:
        return msgspec.json.decode(msgspec.json.encode(run.step(step)))
    except JobCancelledError:
        raise workflow.RunStopped from None


class _Active(threading.Event):
    """A run in this process; set when it is to stop."""

    def check(self) -> None:
        """Raise when the run is to stop."""
        if self.is_set():
            raise JobCancelledError("the job was stopped.")
