"""Leases: which worker is taken for dead, and what becomes of what it held."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.engine.processes import ProcessId, this_process
from hypecut.jobs.store.database import open_database
from hypecut.jobs.store.leases import Leases
from hypecut.jobs.store.tables import worker
from hypecut.models import JobKind
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable

ELSEWHERE = ProcessId("another/boot/space", 7, "1")


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(durable_settings: Settings) -> Iterator[DurableEngine]:
    made = open_durable(durable_settings)
    yield made
    made.close()


@pytest.fixture
def database(engine: DurableEngine, durable_settings: Settings) -> Iterator[sa.Engine]:
    made = open_database(durable_settings)
    yield made
    made.dispose()


def age(database: sa.Engine, worker_id: str, seconds: float) -> None:
    """Let a worker have renewed its lease so long ago."""
    with database.begin() as connection:
        older = worker.c.seen_ms - int(seconds * 1000)
        connection.execute(worker.update().where(worker.c.id == worker_id).values(seen_ms=older))


def test_a_lease_that_is_not_renewed_is_watched_before_it_is_ended(database: sa.Engine, clock: Clock) -> None:
    leases = Leases(database, clock_s=clock)
    leases.enter("far", ELSEWHERE, 1)
    clock.now_s = 100.0
    assert leases.bury() == []
    age(database, "far", 120.0)
    assert leases.bury() == []
    clock.now_s += 14.0
    assert leases.bury() == []
    clock.now_s += 2.0
    assert leases.bury() == ["far"]
    assert not leases.renew("far")


def test_a_lease_that_is_renewed_lives(database: sa.Engine, clock: Clock) -> None:
    leases = Leases(database, clock_s=clock)
    leases.enter("far", ELSEWHERE, 1)
    age(database, "far", 120.0)
    assert leases.bury() == []
    assert leases.renew("far")
    clock.now_s += 100.0
    assert leases.bury() == []


def test_a_process_of_this_machine_that_is_gone_is_dead_at_once(database: sa.Engine) -> None:
    leases = Leases(database)
    leases.enter("me", this_process(), 1)
    leases.enter("gone", this_process()._replace(began="1"), 1)
    assert leases.bury() == ["gone"]


def test_what_a_dead_worker_took_is_free_and_what_a_living_one_took_is_not(
    engine: DurableEngine, database: sa.Engine, tmp_path: Path
) -> None:
    leases = Leases(database)
    leases.enter("first", ELSEWHERE, 1)
    leases.enter("second", ELSEWHERE, 1)
    ids = [engine.submit(JobKind.VOD_HIGHLIGHTS, toy.job(tmp_path / n)).id for n in "abc"]
    assert [taken.id for taken in leases.take("first", "worker-first", 2)] == ids[:2]
    assert [taken.id for taken in leases.take("second", "worker-second", 2)] == ids[2:]
    assert leases.take("second", "worker-second", 2) == []
    leases.leave("first")
    assert [taken.id for taken in leases.take("second", "worker-second", 1, ids[1:])] == ids[1:2]
    leases.hand_back(ids[1], "second")
    assert leases.take("second", "worker-second", 5, ids[1:2]) == []
    leases.let_go(ids[1], "second")
    assert [taken.id for taken in leases.take("second", "worker-second", 5)] == ids[:2]
