"""What a run tells, kept in the database, also when that is away for a while."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from hypecut.jobs.engine.journal import Made, Measure
from hypecut.jobs.store.database import AWAY
from hypecut.jobs.store.jobs import JobStore

# For so long a run holds out without the database; then its worker's lease is lost.
_PATIENCE_S = 45.0
_AGAIN_S = 0.5
P = ParamSpec("P")
T = TypeVar("T")


def persistently(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a call gives, made again while the database is away, for as long as a lease may be."""
    began_s = time.monotonic()
    while True:
        try:
            return call(*args, **kwargs)
        except AWAY:
            if time.monotonic() - began_s > _PATIENCE_S:
                raise
            time.sleep(_AGAIN_S)


class StoreJournal:
    """Keeps what a run tells in the database."""

    def __init__(self, store: JobStore, job_id: str) -> None:
        self._store, self._job_id = store, job_id

    def begin(self, step: str) -> None:
        """A step begins."""
        persistently(self._store.begin_step, self._job_id, step)

    def measure(self, step: str, measure: Measure) -> None:
        """A step is so far."""
        with contextlib.suppress(*AWAY):  # the next one will do
            self._store.measure_step(self._job_id, step, measure)

    def finish(self, step: str, made: Made) -> None:
        """A step is done."""
        persistently(self._store.finish_step, self._job_id, step, made)

    def note(self, text: str) -> None:
        """What the job waits for."""
        with contextlib.suppress(*AWAY):
            self._store.change(self._job_id, note=text)

    def log(self, line: str) -> None:
        """A line of the log."""
        with contextlib.suppress(*AWAY):
            self._store.log(self._job_id, line)
