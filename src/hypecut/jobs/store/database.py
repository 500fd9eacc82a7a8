"""Opening the database: SQLite in the data folder, or PostgreSQL; migrated to what this version needs."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from hypecut.errors import DatabaseError
from hypecut.jobs.store.locks import once_free, tell_of_locks
from hypecut.jobs.store.tables import DBOS_SCHEMA
from hypecut.settings import Settings

# The last of the migrations in `migrations/versions`.
HEAD = "0002"
# What is raised while the database is locked or out of reach.
AWAY = (OperationalError, InterfaceError)
_VERSION_TABLE = "hypecut_version"
MIGRATIONS = Path(__file__).parent / "migrations"


def database_url(settings: Settings) -> sa.URL:
    """Where the jobs are kept, by the settings.

    Raises:
        DatabaseError: it is no address of a SQLite or PostgreSQL database.
    """
    given = settings.database_url.get_secret_value()
    if not given:
        return sa.URL.create("sqlite", database=str(settings.data_dir.absolute() / "jobs.sqlite"))
    try:
        url = sa.make_url(given)
    except ArgumentError as error:
        raise DatabaseError(
            "database_url is no address of a database; write sqlite:///FILE or postgresql://USER@HOST/NAME."
        ) from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite")
    raise DatabaseError(
        f"database_url names {url.get_backend_name()}, which can't keep jobs; name SQLite or PostgreSQL."
    )


def open_database(settings: Settings) -> sa.Engine:
    """The database of the settings, made and migrated if need be.

    Raises:
        DatabaseError: it can't be reached or written to, or a newer hypecut made it.
    """
    url = database_url(settings)
    engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    shown = url.render_as_string(hide_password=True)
    try:
        _migrate(engine, shown)
    except DBAPIError as error:
        engine.dispose()
        reason = " ".join(str(error.orig).split())
        raise DatabaseError(
            f"the database of jobs, {shown}, can't be used ({reason}); check database_url."
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextlib.contextmanager
def told_as_database_error() -> Iterator[None]:
    """Raise it as an error for people when the database is locked for long, or can't be reached any more.

    Raises:
        DatabaseError: so it is.
    """
    try:
        yield
    except AWAY as error:
        raise away_error(error) from error


def away_error(error: Exception) -> DatabaseError:
    """What to tell of an error of `AWAY`."""
    reason = " ".join(str(getattr(error, "orig", error)).split())
    return DatabaseError(
        f"the database of jobs does not answer ({reason}); see to it, then try again: jobs go on where they"
        " were."
    )


def now_ms(engine: sa.Engine) -> sa.ColumnElement[int]:
    """The database's own clock, in milliseconds since 1970."""
    if engine.dialect.name == "sqlite":
        return sa.cast((sa.func.julianday("now") - 2440587.5) * 86_400_000.0, sa.BigInteger)
    return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)


@contextlib.contextmanager
def exclusive(engine: sa.Engine, name: str) -> Iterator[sa.Connection]:
    """A transaction during which no other one of this name runs; SQLite has one writer at a time anyway."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
        yield connection


def _sqlite(url: sa.URL) -> sa.Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"can't make {path.parent} ({error.strerror}); set data_dir.") from error
    engine = sa.create_engine(url, pool_size=5, max_overflow=20)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # A transaction that reads and then writes must not find that another one wrote in between.
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=NORMAL",
            "PRAGMA foreign_keys=ON",
        ):
            once_free(connection, partial(connection.execute, pragma))

    tell_of_locks(engine)
    return engine.execution_options(schema_translate_map={DBOS_SCHEMA: None})


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_size=5,
        max_overflow=20,
        pool_pre_ping=True,
        connect_args={"application_name": "hypecut", "connect_timeout": 10},
    )


def _migrate(engine: sa.Engine, shown: str) -> None:
    if _version(engine) == HEAD:
        return
    # It takes as long to import as all the rest, and is needed once.
    from alembic.command import upgrade
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with exclusive(engine, _VERSION_TABLE) as connection:
        config.attributes["connection"] = connection
        try:
            upgrade(config, "head")
        except CommandError as error:
            raise DatabaseError(
                f"the database of jobs, {shown}, was made by a newer hypecut; upgrade hypecut, or set"
                " database_url to another one."
            ) from error


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(_VERSION_TABLE):
            return None
        return connection.execute(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()
