"""Workers and what they hold: a lease each, renewed by the database's clock, and the jobs they took."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from hypecut.jobs.engine.processes import ProcessId, is_gone, this_host
from hypecut.jobs.store.database import exclusive, now_ms
from hypecut.jobs.store.tables import job, worker, workflow_status

QUEUE = "hypecut"
RENEW_EVERY_S = 10.0
LEASE_S = 60.0
# Beyond the lease, for so long a lease must be seen not to be renewed: the machine may just have woken up.
WATCH_S = 15.0


class Taken(NamedTuple):
    """A job that was taken; `orphaned` if its worker had died while it ran."""

    id: str
    orphaned: bool


class Leases:
    """The workers of a database, seen by one of them or by a bystander.

    Args:
        engine: the database.
        lease_s: how long a worker may leave its lease unrenewed.
        watch_s: for how long that must have been watched.
        clock_s: seconds since any fixed moment.
    """

    def __init__(
        self,
        engine: sa.Engine,
        lease_s: float = LEASE_S,
        watch_s: float = WATCH_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine, self._lease_s, self._watch_s, self._clock_s = engine, lease_s, watch_s, clock_s
        # By worker: the lease last seen, and when it was first seen.
        self._seen: dict[str, tuple[int, float]] = {}

    def enter(self, worker_id: str, process: ProcessId, concurrency: int) -> None:
        """Note a worker, new or after its lease was taken away."""
        with self._engine.begin() as connection:
            connection.execute(worker.delete().where(worker.c.id == worker_id))
            connection.execute(
                worker.insert().values(
                    id=worker_id,
                    host=process.host,
                    pid=process.pid,
                    began=process.began,
                    concurrency=concurrency,
                    seen_ms=now_ms(self._engine),
                )
            )

    def renew(self, worker_id: str) -> bool:
        """Renew a worker's lease; False when others have taken it for dead."""
        with self._engine.begin() as connection:
            renewed = worker.update().where(worker.c.id == worker_id).values(seen_ms=now_ms(self._engine))
            return connection.execute(renewed).rowcount == 1

    def leave(self, worker_id: str) -> None:
        """Strike a worker off, with nothing left in its hands."""
        with self._engine.begin() as connection:
            connection.execute(worker.delete().where(worker.c.id == worker_id))

    def bury(self) -> list[str]:
        """Strike off the workers that are dead, so that what they held is free; which these were."""
        with self._engine.connect() as connection:
            age_ms = (now_ms(self._engine) - worker.c.seen_ms).label("age_ms")
            found = connection.execute(sa.select(worker, age_ms)).all()
        self._seen = {row.id: self._first_seen(row) for row in found}
        return [row.id for row in found if self._is_dead(row) and self._strike_off(row)]

    def _strike_off(self, row: sa.Row[Any]) -> bool:
        """Remove a worker, unless it has renewed its lease since it was read."""
        with self._engine.begin() as connection:
            same = (worker.c.id == row.id, worker.c.seen_ms == row.seen_ms)
            return connection.execute(worker.delete().where(*same)).rowcount == 1

    def take(
        self, worker_id: str, own_queue: str, most: int, only: Collection[str] | None = None
    ) -> list[Taken]:
        """Take the next jobs: queued ones, and those that dead workers held, at most so many.

        Args:
            worker_id: who takes them.
            own_queue: where DBOS finds them then.
            most: how many.
            only: take none but these.
        """
        if most <= 0:
            return []
        held = sa.exists(sa.select(worker.c.id).where(worker.c.id == job.c.worker))
        free = sa.or_(
            sa.and_(workflow_status.c.status == "ENQUEUED", sa.or_(job.c.worker.is_(None), ~held)),
            sa.and_(workflow_status.c.status == "PENDING", job.c.worker.is_not(None), ~held),
        )
        waiting = (
            sa.select(job.c.id, job.c.worker, workflow_status.c.status)
            .join(workflow_status, workflow_status.c.workflow_uuid == job.c.id)
            .where(free)
            .order_by(job.c.priority, job.c.queued_ms, job.c.number)
            .limit(most)
        )
        if only is not None:
            waiting = waiting.where(job.c.id.in_(only))
        with self._engine.connect() as connection:
            if connection.execute(waiting.limit(1)).first() is None:
                return []
        with exclusive(self._engine, QUEUE) as connection:
            found = connection.execute(waiting).all()
            return [self._take(connection, row, worker_id, own_queue) for row in found]

    @staticmethod
    def _take(connection: sa.Connection, row: Any, worker_id: str, own_queue: str) -> Taken:
        orphaned = row.status == "PENDING"
        deaths = job.c.deaths + 1 if orphaned else job.c.deaths
        connection.execute(job.update().where(job.c.id == row.id).values(worker=worker_id, deaths=deaths))
        # What DBOS's own recovery does to a job whose process is gone.
        connection.execute(
            workflow_status.update()
            .where(workflow_status.c.workflow_uuid == row.id, workflow_status.c.status == row.status)
            .values(status="ENQUEUED", queue_name=own_queue, owner_xid=None, started_at_epoch_ms=None)
        )
        return Taken(row.id, orphaned)

    def hand_back(self, job_id: str, worker_id: str) -> None:
        """Queue a running or taken job again; it is free for others when `let_go` follows."""
        mine = sa.exists(sa.select(job.c.id).where(job.c.id == job_id, job.c.worker == worker_id))
        with self._engine.begin() as connection:
            connection.execute(
                workflow_status.update()
                .where(
                    workflow_status.c.workflow_uuid == job_id,
                    workflow_status.c.status.in_(("PENDING", "ENQUEUED")),
                    mine,
                )
                .values(status="ENQUEUED", queue_name=QUEUE, owner_xid=None, started_at_epoch_ms=None)
            )

    def let_go(self, job_id: str, worker_id: str) -> None:
        """A run has left: others may take the job, if it is queued."""
        with self._engine.begin() as connection:
            mine = (job.c.id == job_id, job.c.worker == worker_id)
            connection.execute(job.update().where(*mine).values(worker=None))

    def still_mine(self, worker_id: str, job_ids: Collection[str]) -> set[str]:
        """Which of these jobs are to go on: held by this worker and neither cancelled nor queued again."""
        mine = (
            sa.select(job.c.id)
            .join(workflow_status, workflow_status.c.workflow_uuid == job.c.id)
            .where(job.c.id.in_(job_ids), job.c.worker == worker_id, workflow_status.c.status == "PENDING")
        )
        with self._engine.connect() as connection:
            return set(connection.execute(mine).scalars())

    def drop(self, worker_id: str, own_queue: str, waiting: Collection[str]) -> set[str]:
        """Let go of jobs that this worker took but are no longer to be started by it; which these are."""
        queued = sa.and_(workflow_status.c.status == "ENQUEUED", workflow_status.c.queue_name == own_queue)
        to_start = sa.exists(
            sa.select(workflow_status.c.status).where(
                workflow_status.c.workflow_uuid == job.c.id,
                sa.or_(queued, workflow_status.c.status == "PENDING"),
            )
        )
        ours = (job.c.id.in_(waiting), job.c.worker == worker_id)
        with self._engine.connect() as connection:
            dropped = set(connection.execute(sa.select(job.c.id).where(*ours, ~to_start)).scalars())
        for job_id in dropped:
            self.let_go(job_id, worker_id)
        return dropped

    def _first_seen(self, row: sa.Row[Any]) -> tuple[int, float]:
        before = self._seen.get(row.id)
        return before if before is not None and before[0] == row.seen_ms else (row.seen_ms, self._clock_s())

    def _is_dead(self, row: sa.Row[Any]) -> bool:
        if is_gone(ProcessId(row.host, row.pid, row.began)):
            return True
        # A file is one machine's: what ran before that was started anew is gone.
        name, boot, _ = this_host().split("/", 2)
        other_name, other_boot, *_ = row.host.split("/", 2)
        if self._engine.dialect.name == "sqlite" and name == other_name and boot != other_boot:
            return True
        watched_s = self._clock_s() - self._seen[row.id][1]
        return row.age_ms > self._lease_s * 1000 and watched_s >= self._watch_s
