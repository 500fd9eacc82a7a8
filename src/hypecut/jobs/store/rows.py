"""Rows of the tables as the values that engines tell of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from hypecut.jobs.engine.protocol import AssetRecord, JobDetails, OutputRecord, StepRecord
from hypecut.jobs.engine.records import progress_by, with_status
from hypecut.jobs.pipeline import CheckedJob, Pipeline, SeenClip
from hypecut.models import Job, JobKind, JobStatus

STATES: Mapping[str, JobStatus] = {
    "DELAYED": JobStatus.QUEUED,
    "ENQUEUED": JobStatus.QUEUED,
    "PENDING": JobStatus.RUNNING,
    "SUCCESS": JobStatus.DONE,
    "ERROR": JobStatus.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}
_MOST = 2**63 - 1
R = TypeVar("R", OutputRecord, AssetRecord)
_UNKNOWN_ERROR = "the run ended without telling why; retry the job."


def names_of(status: JobStatus) -> list[str]:
    """What DBOS calls a state."""
    return [name for name, state in STATES.items() if state is status]


def moment(ms: int | None) -> datetime | None:
    """The moment of so many milliseconds since 1970."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def encoded(value: object) -> str:
    """A value as JSON text."""
    return msgspec.json.encode(value).decode()


def decoded(text: str) -> Any:
    """The value of JSON text."""
    return msgspec.json.decode(text)


def checked_job(row: sa.Row[Any]) -> CheckedJob:
    """The job as it was submitted."""
    return CheckedJob(params=decoded(row.params), folder=row.folder, name=row.name, title=row.title)


def step_records(
    pipeline: Pipeline, rows: Sequence[sa.Row[Any]], status: JobStatus
) -> tuple[StepRecord, ...]:
    """How far each step of a job is."""
    known = {row.name: row for row in rows}
    return tuple(with_status(_step(step.name, known.get(step.name)), status) for step in pipeline.steps)


def _step(name: str, row: sa.Row[Any] | None) -> StepRecord:
    if row is None:
        return StepRecord(name=name)
    return StepRecord(
        name=name,
        task=row.task,
        done=row.done,
        total=row.total,
        unit=row.unit,
        speed=row.speed,
        eta_s=row.eta_s,
        attempts=row.attempts,
        started_at=moment(row.started_ms),
        finished_at=moment(row.finished_ms),
    )


def _file_record(kind: type[R], row: sa.Row[Any]) -> R:
    """A file that a job made (`OutputRecord`) or used (`AssetRecord`)."""
    values = {name: getattr(row, name) for name in kind.__struct_fields__}
    return kind(**values | {"meta": decoded(row.meta)})


def file_values(record: OutputRecord | AssetRecord) -> dict[str, Any]:
    """The columns of a file that a job made or used."""
    return msgspec.structs.asdict(record) | {"meta": encoded(record.meta)}


def seen_clip(row: sa.Row[Any]) -> SeenClip:
    """A clip that a job looked at."""
    values = {name: getattr(row, name) for name in SeenClip.__struct_fields__ if name != "created_at"}
    return SeenClip(**values, created_at=moment(row.created_ms))


def clip_values(seen: SeenClip) -> dict[str, Any]:
    """The columns of a clip that a job looked at."""
    values = {name: _storable(value) for name, value in msgspec.structs.asdict(seen).items()}
    created_at = values.pop("created_at")
    return values | {"created_ms": None if created_at is None else round(created_at.timestamp() * 1000)}


def _storable(value: Any) -> Any:
    """What others told, as every database takes it: text without zero characters, numbers of 64 bits."""
    if isinstance(value, str):
        return value.replace("\0", "")
    return min(value, _MOST) if isinstance(value, int) else value


def file_records(kind: type[R], found: Iterable[sa.Row[Any]], pipeline: Pipeline) -> tuple[R, ...]:
    """Files in the order of the steps that they belong to."""
    places = {step.name: place for place, step in enumerate(pipeline.steps)}
    records = [_file_record(kind, row) for row in found]
    return tuple(sorted(records, key=lambda record: places[record.step]))


def job_of(row: sa.Row[Any], pipeline: Pipeline, steps: Sequence[sa.Row[Any]], outputs: Sequence[str]) -> Job:
    """A job as others see it; `row` is one of the table of jobs with DBOS's `status`."""
    status = STATES[row.status]
    failed = status is JobStatus.FAILED
    created = moment(row.created_ms)
    assert created is not None
    return Job(
        id=row.id,
        type=JobKind(row.kind),
        status=status,
        created_at=created,
        progress=progress_by(pipeline, step_records(pipeline, steps, status)),
        started_at=moment(row.started_ms),
        finished_at=moment(row.finished_ms) if status not in (JobStatus.QUEUED, JobStatus.RUNNING) else None,
        error=(row.error or _UNKNOWN_ERROR) if failed else None,
        params=decoded(row.params),
        result=decoded(row.result) if row.result and status is JobStatus.DONE else None,
        outputs=tuple(outputs),
    )


def details_of(
    row: sa.Row[Any],
    pipeline: Pipeline,
    steps: Sequence[sa.Row[Any]],
    outputs: Sequence[sa.Row[Any]],
) -> JobDetails:
    """A job and all that is known of its run."""
    status = STATES[row.status]
    made = file_records(OutputRecord, outputs, pipeline)
    return JobDetails(
        job=job_of(row, pipeline, steps, [output.path for output in made]),
        title=row.title,
        folder=row.folder,
        steps=step_records(pipeline, steps, status),
        outputs=made,
        priority=row.priority,
        attempts=row.attempts,
        error_kind=row.error_kind if status is JobStatus.FAILED else "",
        note=row.note if status is JobStatus.RUNNING else "",
    )
