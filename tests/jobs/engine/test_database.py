"""The database of jobs: made, migrated, and refused where it can't be used."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from pydantic import SecretStr

from hypecut.errors import DatabaseError
from hypecut.jobs.engine import open_engine, workflow
from hypecut.jobs.engine.journal import Made
from hypecut.jobs.engine.protocol import JobFilter, JobInputs
from hypecut.jobs.pipeline import SeenClip
from hypecut.jobs.store.database import HEAD, MIGRATIONS, database_url, open_database
from hypecut.jobs.store.jobs import JobStore
from hypecut.jobs.store.leases import QUEUE
from hypecut.jobs.store.tables import PREFIX, asset, clip, metadata, output
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import open_durable

KIND = JobKind.VOD_HIGHLIGHTS


def with_url(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": SecretStr(url)})


def test_the_tables_are_those_of_the_code_and_dbos_keeps_its_own(durable_settings: Settings) -> None:
    open_durable(durable_settings).close()
    engine = open_database(durable_settings)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": "hypecut_version",
                "include_object": lambda _o, name, kind, *_: kind != "table" or name.startswith(PREFIX),
            },
        )
        assert context.get_current_revision() == HEAD
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    assert set(metadata.tables) < set(names)


def test_a_database_is_opened_by_many_at_once(settings: Settings) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            open_database(settings).dispose()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_file_is_in_the_data_folder_and_in_wal_mode(settings: Settings) -> None:
    open_database(settings).dispose()
    connection = sqlite3.connect(settings.data_dir / "jobs.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_newer_database_is_refused(durable_settings: Settings) -> None:
    engine = open_database(durable_settings)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE hypecut_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseError, match="newer hypecut") as caught:
        open_database(durable_settings)
    assert "\n" not in str(caught.value)


@pytest.fixture
def former(durable_settings: Settings) -> Iterator[sa.Engine]:
    """A database as the first version made it."""
    engine = open_database(durable_settings)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE hypecut_version"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, "0001")
    yield engine
    engine.dispose()


def test_the_former_version_is_migrated_and_keeps_its_jobs(
    durable_settings: Settings, former: sa.Engine, folder: Path
) -> None:
    assert not set(sa.inspect(former).get_table_names()) & {"hypecut_asset", "hypecut_clip"}
    checked = toy.job(folder)
    client = workflow.open_client(former)
    with former.begin() as connection:
        JobStore(former, toy.PIPELINES).insert(connection, "old", KIND, checked, 3)
        workflow.enqueue(client, connection, "old", QUEUE)
        file = {"step": "resolve", "kind": "text", "path": "/x", "size": 1, "sha256": "ab", "meta": "{}"}
        connection.execute(output.insert().values(job_id="old", position=0, **file))
    client.destroy()
    engine = open_durable(durable_settings)
    before = engine.get("old")
    assert (before.job.status, before.priority, before.job.params) == (JobStatus.QUEUED, 3, checked.params)
    assert [made.path for made in before.outputs] == ["/x"]
    assert engine.inputs("old") == JobInputs()
    assert engine.run("old").job.status is JobStatus.DONE
    assert engine.inputs("old").clips == toy.CLIPS
    engine.remove("old")
    engine.close()
    with former.connect() as connection:
        for table in (asset, clip, output):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_what_no_database_takes_is_left_out(durable_settings: Settings, folder: Path) -> None:
    engine = open_durable(durable_settings)
    job_id = engine.submit(KIND, toy.job(folder)).id
    database = open_database(durable_settings)
    store = JobStore(database, toy.PIPELINES)
    store.finish_step(job_id, "chat", Made(clips=(SeenClip(id="a", title="x\0y", views=1 << 70),)))
    (seen,) = store.inputs(job_id).clips
    assert (seen.title, seen.views) == ("xy", 2**63 - 1)
    database.dispose()
    engine.close()


def test_an_older_database_is_migrated_and_keeps_its_jobs(durable_settings: Settings) -> None:
    """Before the first version there was none: the tables of DBOS alone."""
    engine = open_database(durable_settings)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE hypecut_version"))
    engine.dispose()
    reopened = open_durable(durable_settings)
    assert reopened.list(JobFilter()).total == 0
    reopened.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no address of a database"),
        ("mysql://a@b/c", "mysql"),
        ("sqlite://", "name SQLite or PostgreSQL"),
        ("postgresql://nobody:hush@127.0.0.1:1/x", "check database_url"),
    ],
)
def test_what_is_no_usable_database_is_told(settings: Settings, url: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words) as caught:
        open_database(with_url(settings, url))
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "jobs.txt"
    file.write_text("not a database, but long enough to be taken for the beginning of one" * 100)
    with pytest.raises(DatabaseError, match="check database_url"):
        open_database(with_url(settings, f"sqlite:///{file}"))
    assert file.read_text().startswith("not a database")


def test_an_address_without_a_driver_gets_one() -> None:
    settings = with_url(Settings(), "postgresql://someone@host/name")
    assert database_url(settings).drivername == "postgresql+psycopg"


def test_the_engine_of_the_settings_is_durable(settings: Settings) -> None:
    engine = open_engine(settings)
    assert engine.list(JobFilter()).total == 0
    engine.close()
    assert (settings.data_dir / "jobs.sqlite").is_file()
