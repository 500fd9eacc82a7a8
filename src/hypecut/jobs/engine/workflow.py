"""A job as DBOS knows it: a workflow of one argument, its id, with one DBOS step for each step."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Connection, Engine

from hypecut.jobs.store.database import exclusive
from hypecut.jobs.store.locks import PATIENT

APPLICATION = "hypecut"
WORKFLOW = "hypecut_job"
# To be raised when the steps of a pipeline change their order or number: jobs that run then are not resumed.
VERSION = "1"

_execute: Callable[[str], None] | None = None


class RunStopped(BaseException):
    """A run ends without an outcome: its job was cancelled, or handed back.

    DBOS takes every `Exception` for the job's failure and writes it down; this is none.
    """


# Jobs whose workers die are counted here, not there: see `worker`.
@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def run_job(job_id: str) -> None:
    """Run a job on this process's worker."""
    if _execute is None:
        raise RunStopped
    _execute(job_id)


def launch(engine: Engine, worker_id: str, queue: str, execute: Callable[[str], None]) -> None:
    """Let DBOS start the jobs that it finds in `queue`, in threads of this process, until `shut_down`."""
    global _execute
    _execute = execute
    config: DBOSConfig = {
        "name": APPLICATION,
        "application_version": VERSION,
        "executor_id": worker_id,
        "system_database_engine": engine.execution_options(**{PATIENT: True}),
        "serializer": DBOSPortableJSONSerializer(),
        "use_listen_notify": False,
        "log_level": "WARNING",
    }
    quieten()
    DBOS(config=config)
    DBOS.listen_queues([queue])
    DBOS.launch()


def shut_down() -> None:
    """Stop DBOS in this process; runs have ended before."""
    global _execute
    DBOS.destroy()
    _execute = None


def open_client(engine: Engine) -> DBOSClient:
    """A client of DBOS on a database, whose tables are made or migrated if need be."""
    quieten()
    with exclusive(engine, APPLICATION):  # DBOS would wait for a locked file without a word
        pass
    DBOS.migrate(engine.url.render_as_string(hide_password=False))
    return DBOSClient(
        system_database_engine=engine,
        application_name=APPLICATION,
        serializer=DBOSPortableJSONSerializer(),
        lazy=True,
        retry_connection_errors=False,
    )


def enqueue(client: DBOSClient, connection: Connection, job_id: str, queue: str) -> None:
    """Queue a job in the caller's transaction."""
    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "queue_name": queue,
        "workflow_id": job_id,
        "app_version": VERSION,
    }
    client.enqueue_in_transaction(connection, options, job_id)


def quieten() -> None:
    """Send what DBOS logs to hypecut's log instead of the terminal."""
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, _ToLog) for handler in logger.handlers):
        logger.handlers.clear()
        logger.addHandler(_ToLog())
    logger.propagate = False


class _ToLog(logging.Handler):
    """Passes records on; the traces of failed jobs are in their own logs."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger("hypecut.dbos").log(min(record.levelno, logging.WARNING), "%s", record.getMessage())
