"""Workers in processes of their own: killed, stopped, several at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable
from tests.jobs.engine.test_apart import gone
from tests.jobs.engine.waiting import until

KIND = JobKind.VOD_HIGHLIGHTS
JOBS = 9
on_sqlite = pytest.mark.parametrize("durable_settings", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("durable_settings", ["postgresql"], indirect=True)
Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def client(durable_settings: Settings) -> Iterator[DurableEngine]:
    """An engine that runs nothing until it is told to."""
    engine = open_durable(durable_settings)
    yield engine
    engine.close()


@pytest.fixture
def start(client: DurableEngine, durable_settings: Settings) -> Iterator[Start]:
    """Starts a worker on the client's database, ready to work."""
    workers: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        url = durable_settings.database_url.get_secret_value()
        command = [sys.executable, "-m", "tests.jobs.engine.worker_process", str(durable_settings.data_dir)]
        env = os.environ | {"HYPECUT_DATABASE_URL": url}
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        workers.append(worker)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        return worker

    yield run
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()


def status(client: DurableEngine, job_id: str) -> JobStatus:
    return client.get(job_id).job.status


def held_at(client: DurableEngine, folder: Path, step: str) -> str:
    """A job that a worker has begun, and that stays in one of its steps."""
    job_id = client.submit(KIND, toy.job(folder, **{step: "hold"})).id
    until("the step runs", lambda: (folder / "held.1").exists())
    return job_id


@pytest.mark.parametrize(
    ("durable_settings", "step"), [("sqlite", "chat"), ("postgresql", "cut")], indirect=["durable_settings"]
)
def test_a_killed_workers_job_goes_on_at_its_step_elsewhere(
    client: DurableEngine, start: Start, folder: Path, step: str
) -> None:
    first = start()
    job_id = held_at(client, folder, step)
    child = int((folder / "held.1").read_text())
    first.kill()
    first.wait()
    until("the child is gone", lambda: gone(child))
    (folder / "go").touch()
    assert client.run(job_id).job.status is JobStatus.DONE
    runs = [run for run in toy.runs_of(folder) if not run.startswith("claim")]
    at = toy.STEPS.index(step)
    assert runs == [*toy.STEPS[: at + 1], *toy.STEPS[at:]]
    assert [output.step for output in client.get(job_id).outputs] == list(toy.STEPS)
    assert client.get(job_id).attempts == 2


@on_postgresql
def test_three_workers_start_each_step_once(client: DurableEngine, start: Start, tmp_path: Path) -> None:
    for _ in range(3):
        start()
    ids = [client.submit(KIND, toy.job(tmp_path / str(n))).id for n in range(JOBS)]
    until("all are done", lambda: all(status(client, job_id) is JobStatus.DONE for job_id in ids))
    for number in range(JOBS):
        assert toy.runs_of(tmp_path / str(number)) == ["claim", *toy.STEPS]


@on_sqlite
def test_a_stopped_worker_hands_its_job_back(client: DurableEngine, start: Start, folder: Path) -> None:
    first = start()
    job_id = held_at(client, folder, "chat")
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    assert status(client, job_id) is JobStatus.QUEUED
    (folder / "go").touch()
    assert client.run(job_id).job.status is JobStatus.DONE
    assert toy.runs_of(folder).count("resolve") == 1


@on_sqlite
def test_a_job_that_kills_its_workers_fails(client: DurableEngine, start: Start, folder: Path) -> None:
    job_id = client.submit(KIND, toy.job(folder, chat="kill")).id
    for _ in range(3):
        assert start().wait(60) == -signal.SIGKILL
    last = start()
    until("the job has failed", lambda: status(client, job_id) is JobStatus.FAILED)
    details = client.get(job_id)
    assert details.job.error is not None
    assert "worker died 3 times" in details.job.error
    assert details.error_kind == "JobFailedError"
    assert last.poll() is None
    assert toy.runs_of(folder).count("chat") == 3
