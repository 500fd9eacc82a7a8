"""`hypecut worker`: runs jobs that were submitted, here or on another machine."""

from __future__ import annotations

import os
from typing import Annotated, NoReturn

import typer

from hypecut.cli.console import tell, waits_told
from hypecut.cli.start import start
from hypecut.errors import DatabaseError


def worker(
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="How many jobs to run at a time.")
    ] = 1,
) -> None:
    """Run the jobs that are submitted to the database, until it is stopped.

    Stopped by Ctrl-C or SIGTERM, it lets running jobs go on for worker_grace_s, then hands them back: they
    are queued again, for the next worker. Ctrl-C once more hands them back at once.

    When the database is out of reach for worker_lost_s, it stops what it runs and fails: start it again.
    """
    settings = start().settings

    from hypecut.jobs.engine import open_engine

    with waits_told():
        engine = open_engine(settings)
    try:
        engine.start_workers(concurrency)
        tell(f"running up to {concurrency} jobs at a time; Ctrl-C stops it.")
        engine.wait_until_lost()
        _leave(settings.worker_lost_s)
    except KeyboardInterrupt:
        tell(f"stopping; running jobs have {settings.worker_grace_s:.0f} s left.")
    finally:
        engine.close(settings.worker_grace_s)
    tell("stopped.")


def _leave(lost_s: float) -> NoReturn:
    """End at once: threads that wait for the database would hold up an orderly end."""
    error = DatabaseError(
        f"the database of jobs did not answer for {lost_s:g} s, so what ran here was stopped and other"
        " workers may take it over; see to the database, then start the worker again."
    )
    tell(f"error: {error}")
    os._exit(error.exit_code)
