"""How fast jobs start, run and are listed: `python benchmarks/jobs.py`.

Measured on a SQLite file with steps that do next to nothing, so that what is left is the engine itself.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.engine.protocol import FINAL, JobFilter
from hypecut.jobs.pipeline import CheckedJob, Pipeline, Step, StepContext, StepResult
from hypecut.jobs.store.tables import job
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings

KIND = JobKind.VOD_HIGHLIGHTS
LATENCIES = 20
TINY = 100
LISTED = 10_000
PAGE = 100
IDLE_S = 10.0
TARGET_LIST_MS = 50.0


def _nothing(context: StepContext) -> StepResult:
    del context
    return StepResult()


def _check(params: Mapping[str, Any], settings: Settings) -> CheckedJob:
    del settings
    return CheckedJob(params=params, folder=str(params["folder"]), name=str(params["folder"]), title="tiny")


def _claim(checked: CheckedJob, going_on: bool) -> None:
    del going_on
    Path(checked.folder).mkdir(parents=True, exist_ok=True)


TINY_PIPELINE = Pipeline(KIND, (Step("resolve", _nothing),), _check, _claim, lambda _: {})


def main() -> int:
    """Measure, print a line each, and fail when a figure is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "data")
        engine = DurableEngine(settings, {KIND: TINY_PIPELINE})
        engine.start_workers(4)
        print(f"submit to start: {_latency_ms(engine, folder):.0f} ms (median of {LATENCIES})")
        print(f"tiny jobs: {_tiny_per_s(engine, folder):.1f}/s ({TINY} of one step, 4 at a time)")
        print(f"idle worker: {_idle_percent():.1f} % of a core")
        engine.close()
        list_ms = _list_ms(settings, folder)
        print(f"list of {PAGE} at {LISTED:,} jobs: {list_ms:.1f} ms (target {TARGET_LIST_MS:.0f} ms)")
    return 0 if list_ms <= TARGET_LIST_MS else 1


def _submit(engine: DurableEngine, folder: Path) -> str:
    return engine.submit(KIND, _check({"folder": str(folder)}, Settings())).id


def _wait(engine: DurableEngine, job_id: str) -> None:
    while engine.get(job_id).job.status not in FINAL:
        time.sleep(0.02)


def _latency_ms(engine: DurableEngine, folder: Path) -> float:
    waits = []
    for number in range(LATENCIES):
        job_id = _submit(engine, folder / f"latency{number}")
        _wait(engine, job_id)
        found = engine.get(job_id).job
        assert found.started_at is not None
        waits.append((found.started_at - found.created_at).total_seconds() * 1000)
    return statistics.median(waits)


def _tiny_per_s(engine: DurableEngine, folder: Path) -> float:
    began_s = time.monotonic()
    ids = [_submit(engine, folder / f"tiny{number}") for number in range(TINY)]
    for job_id in ids:
        _wait(engine, job_id)
    return TINY / (time.monotonic() - began_s)


def _idle_percent() -> float:
    before_s = time.process_time()
    time.sleep(IDLE_S)
    return (time.process_time() - before_s) / IDLE_S * 100


def _list_ms(settings: Settings, folder: Path) -> float:
    """The median time of a list, with the database filled by copying one job's rows."""
    engine = DurableEngine(settings, {KIND: TINY_PIPELINE})
    _submit(engine, folder / "listed")
    database = sa.create_engine(f"sqlite:///{settings.data_dir / 'jobs.sqlite'}")
    with database.begin() as connection:
        row = connection.execute(sa.select(job).order_by(job.c.number.desc()).limit(1)).one()
        status = connection.execute(
            sa.text("SELECT * FROM workflow_status WHERE workflow_uuid = :id"), {"id": row.id}
        ).one()
        columns = [str(name) for name in status._mapping]
        insert = f"INSERT INTO workflow_status ({', '.join(columns)}) VALUES (:{', :'.join(columns)})"
        copies = [
            dict(row._mapping) | {"id": f"copy{n}", "number": row.number + 1 + n} for n in range(LISTED)
        ]
        connection.execute(job.insert(), copies)
        statuses = [dict(status._mapping) | {"workflow_uuid": f"copy{n}"} for n in range(LISTED)]
        connection.execute(sa.text(insert), statuses)
    database.dispose()
    wanted = JobFilter(status=frozenset({JobStatus.QUEUED}), search="listed", limit=PAGE)
    times = []
    for _ in range(20):
        began_s = time.perf_counter()
        assert len(engine.list(wanted).jobs) == PAGE
        times.append((time.perf_counter() - began_s) * 1000)
    engine.close()
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
