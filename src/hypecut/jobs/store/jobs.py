"""What is read and written of jobs, each a short transaction of its own."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hypecut.errors import UnknownJobError
from hypecut.jobs.engine.journal import Made, Measure
from hypecut.jobs.engine.protocol import AssetRecord, JobDetails, JobFilter, JobInputs, JobPage
from hypecut.jobs.pipeline import CheckedJob, Pipeline
from hypecut.jobs.store import rows
from hypecut.jobs.store.tables import (
    asset,
    clip,
    job,
    operation_outputs,
    output,
    step,
    update,
    workflow_status,
)
from hypecut.models import JobKind, JobStatus

# What a run logs beyond this is left out: it is a log for people.
MAX_LINES = 5_000
MAX_LINE = 4_000
_WITH_STATUS = sa.select(job, workflow_status.c.status).join(
    workflow_status, workflow_status.c.workflow_uuid == job.c.id
)


def wall_clock_ms() -> int:
    """The time of day, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class JobStore:
    """The jobs of a database.

    Args:
        engine: the database.
        pipelines: the kinds of job there may be.
        clock_ms: the time of day.
    """

    def __init__(
        self,
        engine: sa.Engine,
        pipelines: Mapping[JobKind, Pipeline],
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.engine, self._pipelines, self._clock_ms = engine, pipelines, clock_ms

    def pipeline(self, kind: str) -> Pipeline:
        """The pipeline of a kind of job."""
        return self._pipelines[JobKind(kind)]

    def latest(self, connection: sa.Connection, name: str) -> sa.Row[Any] | None:
        """The newest job of a name, with its `status`."""
        newest_first = _WITH_STATUS.where(job.c.name == name).order_by(job.c.number.desc())
        return connection.execute(newest_first.limit(1)).first()

    def insert(
        self,
        connection: sa.Connection,
        job_id: str,
        kind: JobKind,
        checked: CheckedJob,
        priority: int,
    ) -> None:
        """Note a new job; it is one only together with DBOS's row."""
        now_ms = self._clock_ms()
        params = rows.encoded(checked.params)
        connection.execute(
            job.insert().values(
                id=job_id,
                kind=str(kind),
                name=checked.name,
                title=checked.title,
                folder=checked.folder,
                params=params,
                words=f"{job_id}\n{checked.title}\n{checked.folder}\n{params}".lower(),
                priority=priority,
                created_ms=now_ms,
                queued_ms=now_ms,
            )
        )

    def row(self, job_id: str) -> sa.Row[Any]:
        """A job with its `status`.

        Raises:
            UnknownJobError: there is none of this id.
        """
        with self.engine.connect() as connection:
            found = connection.execute(_WITH_STATUS.where(job.c.id == job_id)).first()
        if found is None:
            raise UnknownJobError(f"there is no job {job_id}; `hypecut jobs list` shows all.")
        return found

    def status(self, job_id: str) -> JobStatus:
        """A job's state.

        Raises:
            UnknownJobError: there is none of this id.
        """
        return rows.STATES[self.row(job_id).status]

    def details(self, job_id: str) -> JobDetails:
        """A job and all that is known of its run.

        Raises:
            UnknownJobError: there is none of this id.
        """
        row = self.row(job_id)
        with self.engine.connect() as connection:
            steps = connection.execute(sa.select(step).where(step.c.job_id == job_id)).all()
            made = sa.select(output).where(output.c.job_id == job_id).order_by(output.c.position)
            outputs = connection.execute(made).all()
        return rows.details_of(row, self.pipeline(row.kind), steps, outputs)

    def inputs(self, job_id: str) -> JobInputs:
        """What a job looked at and used.

        Raises:
            UnknownJobError: there is none of this id.
        """
        row = self.row(job_id)
        with self.engine.connect() as connection:
            seen = connection.execute(
                sa.select(clip).where(clip.c.job_id == job_id).order_by(clip.c.position)
            )
            clips = tuple(map(rows.seen_clip, seen))
            used = sa.select(asset).where(asset.c.job_id == job_id).order_by(asset.c.position)
            assets = rows.file_records(AssetRecord, connection.execute(used), self.pipeline(row.kind))
        return JobInputs(clips=clips, assets=assets)

    def page(self, wanted: JobFilter) -> JobPage:
        """Some of the jobs, the newest first."""
        where = _conditions(wanted)
        with self.engine.connect() as connection:
            count = sa.select(sa.func.count()).select_from(
                job.join(workflow_status, workflow_status.c.workflow_uuid == job.c.id)
            )
            total = connection.execute(count.where(*where)).scalar_one()
            newest_first = _WITH_STATUS.where(*where).order_by(job.c.number.desc())
            found = connection.execute(newest_first.limit(wanted.limit).offset(wanted.offset)).all()
            ids = [row.id for row in found]
            # How far each step came matters no more when all are done.
            undone = [row.id for row in found if rows.STATES[row.status] is not JobStatus.DONE]
            steps = _by_job(connection.execute(sa.select(step).where(step.c.job_id.in_(undone))).all())
            made = sa.select(output.c.job_id, output.c.path).where(output.c.job_id.in_(ids))
            outputs = _by_job(connection.execute(made).all())
        jobs = (
            rows.job_of(row, self.pipeline(row.kind), steps[row.id], [o.path for o in outputs[row.id]])
            for row in found
        )
        return JobPage(jobs=tuple(jobs), total=total)

    def change(self, job_id: str, **values: object) -> None:
        """Write some columns of a job."""
        with self.engine.begin() as connection:
            connection.execute(job.update().where(job.c.id == job_id).values(**values))

    def begin(self, job_id: str) -> None:
        """Note that a run of a job begins."""
        started_ms = sa.func.coalesce(job.c.started_ms, self._clock_ms())
        self.change(job_id, attempts=job.c.attempts + 1, started_ms=started_ms)

    def queue_again(self, job_id: str, **values: object) -> None:
        """Note that a finished job is to be run again; it is queued last of its priority."""
        self.change(
            job_id,
            queued_ms=self._clock_ms(),
            finished_ms=None,
            error=None,
            error_kind="",
            note="",
            deaths=0,
            **values,
        )

    def end(self, job_id: str, **values: object) -> None:
        """Note that a job is finished now, and how."""
        self.change(job_id, finished_ms=self._clock_ms(), note="", **values)

    def delete(self, job_id: str) -> None:
        """Forget a job and all that belongs to it."""
        with self.engine.begin() as connection:
            connection.execute(job.delete().where(job.c.id == job_id))

    def finished_before(self, ms: int) -> list[str]:
        """The finished jobs that ended before a moment."""
        final = [n for s in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED) for n in rows.names_of(s)]
        old = _WITH_STATUS.where(job.c.finished_ms < ms, workflow_status.c.status.in_(final))
        with self.engine.connect() as connection:
            return [row.id for row in connection.execute(old)]

    def steps_recorded(self, job_id: str) -> int:
        """How many of a job's steps DBOS knows to be done."""
        done = sa.select(sa.func.count()).where(
            operation_outputs.c.workflow_uuid == job_id, operation_outputs.c.error.is_(None)
        )
        with self.engine.connect() as connection:
            return connection.execute(done).scalar_one()

    def lines(self, job_id: str) -> list[str]:
        """A job's log.

        Raises:
            UnknownJobError: there is none of this id.
        """
        self.row(job_id)
        told = sa.select(update.c.line).where(update.c.job_id == job_id).order_by(update.c.number)
        with self.engine.connect() as connection:
            return list(connection.execute(told).scalars())

    def begin_step(self, job_id: str, name: str) -> None:
        """A step begins, for the first time or again."""
        mine = (step.c.job_id == job_id, step.c.name == name)
        begun: dict[str, Any] = {
            "attempts": step.c.attempts + 1,
            "finished_ms": None,
            **msgspec.structs.asdict(Measure()),
        }
        with self.engine.begin() as connection:
            if connection.execute(step.update().where(*mine).values(begun)).rowcount == 0:
                now_ms = self._clock_ms()
                connection.execute(
                    step.insert().values(job_id=job_id, name=name, attempts=1, started_ms=now_ms)
                )

    def measure_step(self, job_id: str, name: str, measure: Measure) -> None:
        """A step is so far."""
        mine = (step.c.job_id == job_id, step.c.name == name)
        with self.engine.begin() as connection:
            connection.execute(step.update().where(*mine).values(msgspec.structs.asdict(measure)))

    def finish_step(self, job_id: str, name: str, made: Made) -> None:
        """A step is done, and this is what it made and used, in place of what it had before."""
        mine = (step.c.job_id == job_id, step.c.name == name)
        with self.engine.begin() as connection:
            connection.execute(step.update().where(*mine).values(finished_ms=self._clock_ms(), eta_s=None))
            connection.execute(job.update().where(job.c.id == job_id).values(deaths=0))
            for table, files in ((output, made.outputs), (asset, made.assets)):
                connection.execute(table.delete().where(table.c.job_id == job_id, table.c.step == name))
                _insert_all(connection, table, job_id, map(rows.file_values, files))
            if made.clips is not None:
                connection.execute(clip.delete().where(clip.c.job_id == job_id))
                _insert_all(connection, clip, job_id, map(rows.clip_values, made.clips))

    def forget_steps(self, job_id: str, names: Collection[str]) -> None:
        """Some steps are to be run as if they never had been; their outputs stay until they make others."""
        with self.engine.begin() as connection:
            connection.execute(step.delete().where(step.c.job_id == job_id, step.c.name.in_(names)))

    def log(self, job_id: str, line: str) -> None:
        """Add a line to a job's log."""
        with self.engine.begin() as connection:
            told = sa.select(sa.func.count()).where(update.c.job_id == job_id)
            if connection.execute(told).scalar_one() < MAX_LINES:
                connection.execute(
                    update.insert().values(job_id=job_id, at_ms=self._clock_ms(), line=line[:MAX_LINE])
                )


def _insert_all(
    connection: sa.Connection, table: sa.Table, job_id: str, values: Iterable[Mapping[str, Any]]
) -> None:
    """Add rows of a job, in this order."""
    found = [{"job_id": job_id, "position": position, **one} for position, one in enumerate(values)]
    if found:
        connection.execute(table.insert(), found)


def _conditions(wanted: JobFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.status:
        states = [name for status in wanted.status for name in rows.names_of(status)]
        conditions.append(workflow_status.c.status.in_(states))
    if wanted.type is not None:
        conditions.append(job.c.kind == str(wanted.type))
    if wanted.search:
        conditions.append(job.c.words.contains(wanted.search.lower(), autoescape=True))
    return conditions


def _by_job(found: Iterable[Any]) -> Mapping[str, list[sa.Row[Any]]]:
    by_job: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    for row in found:
        by_job[row.job_id].append(row)
    return by_job
