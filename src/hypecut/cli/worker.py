"""`hypecut worker`: runs jobs that were submitted, here or on another machine."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from hypecut.cli.console import tell
from hypecut.cli.start import start


def worker(
    concurrency: Annotated[
        int, typer.Option(metavar="N", min=1, max=64, help="How many jobs to run at a time.")
    ] = 1,
) -> None:
    """Run the jobs that are submitted to the database, until it is stopped.

    Stopped by Ctrl-C or SIGTERM, it lets running jobs go on for worker_grace_s, then hands them back: they
    are queued again, for the next worker. Ctrl-C once more hands them back at once.
    """
    settings = start().settings

    from hypecut.jobs.engine import open_engine

    engine = open_engine(settings)
    try:
        engine.start_workers(concurrency)
        tell(f"running up to {concurrency} jobs at a time; Ctrl-C stops it.")
        threading.Event().wait()
    except KeyboardInterrupt:
        tell(f"stopping; running jobs have {settings.worker_grace_s:.0f} s left.")
    finally:
        engine.close(settings.worker_grace_s)
    tell("stopped.")
