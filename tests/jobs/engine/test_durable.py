"""What is particular to the durable engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from hypecut.errors import UnknownJobError
from hypecut.jobs.engine.protocol import JobEngine
from hypecut.jobs.engine.worker import Pace
from hypecut.jobs.store.database import open_database
from hypecut.jobs.store.tables import job
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable
from tests.jobs.engine.waiting import until

KIND = JobKind.VOD_HIGHLIGHTS


def is_known(engine: JobEngine, job_id: str) -> bool:
    try:
        engine.get(job_id)
    except UnknownJobError:
        return False
    return True


def test_a_job_outlives_its_engine(durable_settings: Settings, folder: Path) -> None:
    engine = open_durable(durable_settings)
    job_id = engine.submit(KIND, toy.job(folder)).id
    engine.run_next()
    before = engine.get(job_id)
    engine.close()
    again = open_durable(durable_settings)
    assert again.get(job_id) == before
    again.close()


@pytest.mark.parametrize("durable_settings", ["sqlite"], indirect=True)
def test_old_jobs_are_forgotten_and_their_files_stay(durable_settings: Settings, tmp_path: Path) -> None:
    kept = durable_settings.model_copy(update={"keep_jobs_days": 30.0})
    engine = open_durable(kept, pace=Pace(look_s=0.05, start_s=0.02, tidy_s=0.05))
    old, young, queued = (engine.submit(KIND, toy.job(tmp_path / name)).id for name in ("o", "y", "q"))
    for job_id in (old, young):
        engine.run(job_id)
    database = open_database(kept)
    month_ago_ms = int((time.time() - 31 * 86_400) * 1000)
    with database.begin() as connection:
        connection.execute(job.update().where(job.c.id.in_([old, queued])).values(created_ms=month_ago_ms))
        connection.execute(job.update().where(job.c.id == old).values(finished_ms=month_ago_ms))
    database.dispose()
    until("the old job is forgotten", lambda: not is_known(engine, old))
    assert is_known(engine, young)
    assert is_known(engine, queued)
    assert (tmp_path / "o" / "cut.txt").exists()
    engine.close()


@pytest.mark.parametrize("durable_settings", ["postgresql"], indirect=True)
def test_lost_connections_do_not_disturb_a_running_job(
    durable_settings: Settings, postgresql: sa.URL, folder: Path
) -> None:
    engine = open_durable(durable_settings)
    engine.start_workers(1)
    job_id = engine.submit(KIND, toy.job(folder, chat="hold")).id
    until("the step runs", lambda: (folder / "held.1").exists())
    server = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT")
    name = sa.make_url(durable_settings.database_url.get_secret_value()).database
    cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with server.connect() as connection:
        for _ in range(3):
            connection.execute(cut, {"name": name})
    server.dispose()
    (folder / "go").touch()
    until("the job is done", lambda: engine.get(job_id).job.status is JobStatus.DONE)
    assert toy.runs_of(folder) == ["claim", *toy.STEPS]
    engine.close()
