"""Durable jobs: one protocol, an engine in memory and one on a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypecut.jobs.engine.durable import DurableEngine
    from hypecut.progress import Progress
    from hypecut.settings import Settings


def open_engine(settings: Settings, progress: Progress | None = None) -> DurableEngine:
    """The durable engine on the database of the settings; its workers are not started.

    Args:
        settings: the settings in force.
        progress: told of the runs in this process.

    Raises:
        DatabaseError: the database can't be reached or written to, or a newer hypecut made it.
    """
    # Takes half a second to import.
    from hypecut.jobs.engine.apart import ChildRunner
    from hypecut.jobs.engine.durable import DurableEngine

    return DurableEngine(settings, runner=ChildRunner(), progress=progress)
