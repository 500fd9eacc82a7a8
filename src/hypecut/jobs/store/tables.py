"""The tables, and what is read of DBOS's.

Whether a job is queued, running or finished is known to DBOS alone (`workflow_status`); these tables hold
what it does not: what was asked, how far each step is, what was made, and which worker is busy with it.
Moments are whole milliseconds since 1970 (`_ms`).
"""

from __future__ import annotations

import sqlalchemy as sa

# In PostgreSQL DBOS has a schema of its own; SQLite has none, and the engine leaves it out.
DBOS_SCHEMA = "dbos"
PREFIX = "hypecut_"

metadata = sa.MetaData()
# SQLite counts rows by itself only with its own integer type.
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_job() -> sa.Column[str]:
    return sa.Column("job_id", sa.Text, sa.ForeignKey(f"{PREFIX}job.id", ondelete="CASCADE"), nullable=False)


def _of_step() -> tuple[sa.schema.SchemaItem, ...]:
    """What is known of any file that a step made or used."""
    return (
        _of_job(),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("meta", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "step", "position"),
    )


job = sa.Table(
    f"{PREFIX}job",
    metadata,
    sa.Column("number", _Number, sa.Identity(), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    # In lower case, what a search looks in.
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("queued_ms", sa.BigInteger, nullable=False),
    sa.Column("started_ms", sa.BigInteger),
    sa.Column("finished_ms", sa.BigInteger),
    # Who took it, until its run has left; the next run begins only then.
    sa.Column("worker", sa.Text, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # How many workers died one after the other in the same step.
    sa.Column("deaths", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("error_kind", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("result", sa.Text),
)

step = sa.Table(
    f"{PREFIX}step",
    metadata,
    _of_job(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("started_ms", sa.BigInteger, nullable=False),
    sa.Column("finished_ms", sa.BigInteger),
    sa.Column("task", sa.Text, nullable=False, server_default=""),
    sa.Column("done", sa.Float, nullable=False, server_default="0"),
    sa.Column("total", sa.Float, nullable=False, server_default="0"),
    sa.Column("unit", sa.Text, nullable=False, server_default=""),
    sa.Column("speed", sa.Float),
    sa.Column("eta_s", sa.Float),
    sa.PrimaryKeyConstraint("job_id", "name"),
)

output = sa.Table(
    f"{PREFIX}output",
    metadata,
    *_of_step(),
    sa.Column("size", sa.BigInteger, nullable=False),
)

asset = sa.Table(
    f"{PREFIX}asset",
    metadata,
    *_of_step(),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("duration_s", sa.Float),
    sa.Column("size", sa.BigInteger),
)

clip = sa.Table(
    f"{PREFIX}clip",
    metadata,
    _of_job(),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("streamer", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("views", sa.BigInteger, nullable=False),
    sa.Column("created_ms", sa.BigInteger),
    sa.Column("duration_s", sa.Float, nullable=False),
    sa.Column("game", sa.Text, nullable=False),
    sa.Column("vod_id", sa.Text, nullable=False),
    sa.Column("vod_offset_s", sa.Float),
    sa.Column("chosen", sa.Boolean, nullable=False),
    sa.Column("why_not", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("job_id", "position"),
)

update = sa.Table(
    f"{PREFIX}update",
    metadata,
    sa.Column("number", _Number, sa.Identity(), primary_key=True),
    _of_job(),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Index("ix_hypecut_update_job", "job_id", "number"),
)

worker = sa.Table(
    f"{PREFIX}worker",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # The machine, and on it the process: its number and when it began.
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("began", sa.Text, nullable=False),
    sa.Column("concurrency", sa.Integer, nullable=False),
    # By the database's clock.
    sa.Column("seen_ms", sa.BigInteger, nullable=False),
)

# DBOS makes and migrates these; kept apart, they are none of our migrations' business.
_dbos = sa.MetaData(schema=DBOS_SCHEMA)

workflow_status = sa.Table(
    "workflow_status",
    _dbos,
    sa.Column("workflow_uuid", sa.Text, primary_key=True),
    sa.Column("status", sa.Text),
    sa.Column("queue_name", sa.Text),
    sa.Column("owner_xid", sa.Text),
    sa.Column("started_at_epoch_ms", sa.BigInteger),
)
operation_outputs = sa.Table(
    "operation_outputs",
    _dbos,
    sa.Column("workflow_uuid", sa.Text, primary_key=True),
    sa.Column("function_id", sa.Integer, primary_key=True),
    sa.Column("error", sa.Text),
)
