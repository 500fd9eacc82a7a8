"""Runs the migrations on the connection that `hypecut.jobs.store.database` hands over."""

from __future__ import annotations

from typing import Any

from alembic import context

from hypecut.jobs.store.tables import PREFIX, metadata


def _is_ours(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    """Whether a table is hypecut's: DBOS keeps its own in the same database."""
    return kind != "table" or bool(name and name.startswith(PREFIX))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=_is_ours,
    version_table="hypecut_version",
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
