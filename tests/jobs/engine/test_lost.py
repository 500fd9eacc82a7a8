"""A worker that can't reach its database: it stops what it runs and ends, and another one goes on."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable, run_sql
from tests.jobs.engine.test_apart import gone
from tests.jobs.engine.waiting import LONGEST_S, until

# Long enough for a busy machine, on which a worker's threads may have to wait for their turn.
LOST_S = 5.0


@contextlib.contextmanager
def out_of_reach(settings: Settings) -> Iterator[None]:
    """Nobody can renew a lease meanwhile."""
    url = settings.database_url.get_secret_value()
    with _shut(sa.make_url(url)) if url else _locked(settings.data_dir / "jobs.sqlite"):
        yield


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    other = sqlite3.connect(file, isolation_level=None, timeout=LONGEST_S)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


@contextlib.contextmanager
def _shut(url: sa.URL) -> Iterator[None]:
    """The server lets nobody into the database."""
    server, name = url.set(database="postgres"), url.database
    closed = f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    run_sql(server, closed, cut)
    yield
    run_sql(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def start(settings: Settings) -> subprocess.Popen[str]:
    env = os.environ | {
        "HYPECUT_DATABASE_URL": settings.database_url.get_secret_value(),
        "HYPECUT_DATA_DIR": str(settings.data_dir),
        "HYPECUT_WORKER_LOST_S": str(LOST_S),
        "HYPECUT_WORKER_GRACE_S": "0",
    }
    command = [sys.executable, "-m", "tests.jobs.engine.worker_command"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)


@pytest.fixture
def client(durable_settings: Settings) -> Iterator[DurableEngine]:
    """An engine that runs nothing until it is told to."""
    engine = open_durable(durable_settings)
    yield engine
    engine.close()


def test_a_worker_without_its_database_ends_and_its_job_goes_on_elsewhere(
    client: DurableEngine, durable_settings: Settings, folder: Path
) -> None:
    job_id = client.submit(JobKind.VOD_HIGHLIGHTS, toy.job(folder, cut="half")).id
    worker = start(durable_settings)
    until("the step runs", lambda: (folder / "held.1").exists())
    child = int((folder / "held.1").read_text())
    with out_of_reach(durable_settings):
        _, err = worker.communicate(timeout=LONGEST_S)
        assert worker.returncode == 1
        assert gone(child)
        assert not list(folder.glob(".*.part*"))
        last = err.splitlines()[-1]
        assert last.startswith(f"hypecut: error: the database of jobs did not answer for {LOST_S:g} s")
        assert "Traceback" not in err
    assert client.get(job_id).job.status is JobStatus.RUNNING
    (folder / "go").touch()
    assert client.run(job_id).job.status is JobStatus.DONE
    assert toy.runs_of(folder) == ["claim", "resolve", "chat", "cut", "claim again", "cut"]


@pytest.mark.parametrize("durable_settings", ["sqlite"], indirect=True)
def test_a_worker_of_a_server_goes_on_when_its_database_is_back(
    durable_settings: Settings, folder: Path
) -> None:
    engine = open_durable(durable_settings.model_copy(update={"worker_lost_s": 2.0}))
    engine.start_workers(1)
    job_id = engine.submit(JobKind.VOD_HIGHLIGHTS, toy.job(folder, chat="hold")).id
    until("the step runs", lambda: (folder / "held.1").exists())
    with out_of_reach(durable_settings):
        engine.wait_until_lost()
    until("the step runs again", lambda: (folder / "held.2").exists())
    (folder / "go").touch()
    until("the job is done", lambda: engine.get(job_id).job.status is JobStatus.DONE)
    assert [output.step for output in engine.get(job_id).outputs] == list(toy.STEPS)
    engine.close()
