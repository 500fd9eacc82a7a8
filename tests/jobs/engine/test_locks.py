"""A SQLite file that another program keeps locked: the wait is told, and does not last for ever."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from hypecut.errors import DatabaseError
from hypecut.jobs.store import locks
from hypecut.jobs.store.database import open_database, told_as_database_error
from hypecut.jobs.store.tables import job
from hypecut.logs import WAITS
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable, with_file
from tests.jobs.engine.waiting import until

KIND = JobKind.VOD_HIGHLIGHTS


class Listener(logging.Handler):
    """Keeps what is told of waits, and does something then."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.then: Callable[[], object] = lambda: None

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())
        self.then()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made, log = Listener(), logging.getLogger(WAITS)
    log.addHandler(made)
    yield made
    log.removeHandler(made)


@pytest.fixture
def settings(tmp_path: Path, empty_file: Path) -> Settings:
    return with_file(Settings(data_dir=tmp_path / "data"), empty_file)


@pytest.fixture
def other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Another program's connection; nobody waits for it for long."""
    monkeypatch.setattr(locks, "_TOLD_AFTER_S", 0.02)
    monkeypatch.setattr(locks, "BUSY_S", 0.2)
    made = sqlite3.connect(settings.data_dir / "jobs.sqlite", isolation_level=None)
    yield made
    made.close()


@pytest.mark.parametrize("change", ["submit", "cancel", "retry", "remove"])
def test_a_file_that_stays_locked_is_told_and_given_up(
    settings: Settings, other: sqlite3.Connection, listener: Listener, tmp_path: Path, change: str
) -> None:
    engine = open_durable(settings)
    job_id = engine.submit(KIND, toy.job(tmp_path / "one")).id
    if change != "cancel":
        engine.cancel(job_id)
    before = engine.get(job_id)
    other.execute("BEGIN IMMEDIATE")
    asked = (KIND, toy.job(tmp_path / "two")) if change == "submit" else (job_id,)
    with pytest.raises(DatabaseError, match=r"keeps it locked for over 0\.2 s"), told_as_database_error():
        getattr(engine, change)(*asked)
    assert listener.heard == [
        "the database of jobs is locked by another program; waiting for it, 0.2 s at most."
    ]
    assert engine.get(job_id) == before
    engine.close()


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "PRAGMA locking_mode=EXCLUSIVE"])
def test_opening_a_locked_file_is_told_and_given_up(
    settings: Settings, other: sqlite3.Connection, listener: Listener, lock: str
) -> None:
    other.execute(lock)
    if "locking_mode" in lock:
        other.execute("CREATE TABLE mine (number)")  # from here on not even reading is possible
    with pytest.raises(DatabaseError, match=r"keeps it locked for over 0\.2 s"):
        open_durable(settings)
    assert len(listener.heard) == 1


def test_work_goes_on_once_the_file_is_free(
    settings: Settings, other: sqlite3.Connection, listener: Listener, tmp_path: Path
) -> None:
    listener.then = lambda: other.execute("ROLLBACK")
    other.execute("BEGIN IMMEDIATE")
    engine = open_durable(settings)
    job_id = engine.submit(KIND, toy.job(tmp_path / "out")).id
    other.execute("BEGIN IMMEDIATE")
    assert engine.cancel(job_id).job.status is JobStatus.CANCELLED
    assert len(listener.heard) == 2
    engine.close()


def test_a_run_outlasts_a_lock(
    settings: Settings, other: sqlite3.Connection, listener: Listener, tmp_path: Path
) -> None:
    engine = open_durable(settings)
    engine.start_workers(1)
    job_id = engine.submit(KIND, toy.job(tmp_path / "out", chat="hold")).id
    until("the step runs", lambda: (tmp_path / "out" / "held.1").exists())
    other.execute("BEGIN IMMEDIATE")
    (tmp_path / "out" / "go").touch()
    until("the step's end waits to be noted", lambda: len(listener.heard) > 3)
    other.execute("ROLLBACK")
    until("the job is done", lambda: engine.get(job_id).job.status is JobStatus.DONE)
    assert toy.runs_of(tmp_path / "out") == ["claim", *toy.STEPS]
    assert not any("locked" in line for line in engine.logs(job_id))  # the log is kept in that file
    engine.close()


def test_who_tries_again_by_itself_is_told_in_the_words_that_it_knows(
    settings: Settings, other: sqlite3.Connection, listener: Listener
) -> None:
    engine = open_database(settings)
    other.execute("BEGIN IMMEDIATE")
    for options, words in (({}, "keeps it locked for over"), ({locks.PATIENT: True}, "database is locked")):
        with engine.execution_options(**options).connect() as connection:
            rows = [{"id": str(number)} for number in range(2)]
            for values in (rows[0], rows):
                with pytest.raises(OperationalError, match=words):
                    connection.execute(job.delete().where(job.c.id == sa.bindparam("id")), values)
                connection.rollback()
    assert len(listener.heard) == 4
    engine.dispose()
