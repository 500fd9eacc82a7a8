"""Waiting for a SQLite file that another program has locked: told of soon, and not without end."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from hypecut.logs import DATABASE_WAITS

waits = logging.getLogger(DATABASE_WAITS)

PATIENT = "hypecut_patient"
"""An option of an engine whose user tries again by itself where the database stays locked, as DBOS does: it
knows that by SQLite's own words, and is told nothing else."""

BUSY_S = 30.0
_TOLD_AFTER_S = 1.5


def tell_of_locks(engine: sa.Engine) -> None:
    """Have every statement of a SQLite engine wait as `once_free` does."""

    @sa.event.listens_for(engine, "do_execute")
    def execute(cursor: sqlite3.Cursor, statement: str, parameters: Any, context: Any) -> bool:
        once_free(cursor.connection, lambda: cursor.execute(statement, parameters), _is_patient(context))
        return True

    @sa.event.listens_for(engine, "do_executemany")
    def execute_many(cursor: sqlite3.Cursor, statement: str, parameters: Any, context: Any) -> bool:
        once_free(cursor.connection, lambda: cursor.executemany(statement, parameters), _is_patient(context))
        return True


def once_free(connection: sqlite3.Connection, act: Callable[[], object], patient: bool = False) -> None:
    """Do what needs a connection's file; a wait for it that is not short is told in the log of waits.

    Args:
        connection: to the file.
        act: what to do.
        patient: leave SQLite's own error as it is; see `PATIENT`.

    Raises:
        sqlite3.OperationalError: the file stays locked, or as `act`.
    """
    if connection.in_transaction:  # what can be locked is its own
        act()
        return
    try:
        _wait_at_most(connection, _TOLD_AFTER_S)
        act()
    except sqlite3.OperationalError as error:
        if not _is_locked(error):
            raise
    else:
        return
    finally:
        _wait_at_most(connection, BUSY_S)
    waits.warning("the database of jobs is locked by another program; waiting for it, %g s at most.", BUSY_S)
    try:
        act()
    except sqlite3.OperationalError as error:
        if patient or not _is_locked(error):
            raise
        raise sqlite3.OperationalError(f"another program keeps it locked for over {BUSY_S:g} s") from error


def _wait_at_most(connection: sqlite3.Connection, length_s: float) -> None:
    connection.execute(f"PRAGMA busy_timeout={round(length_s * 1000)}")


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the upper bits tell of what kind


def _is_patient(context: Any) -> bool:
    return bool(context.execution_options.get(PATIENT))
