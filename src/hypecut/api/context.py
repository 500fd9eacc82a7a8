"""What all routes share, and how they come by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from hypecut.api.roots import Roots
from hypecut.errors import UnknownJobError
from hypecut.jobs.engine.protocol import JobDetails, JobEngine
from hypecut.settings import Settings

_MAX_ID = 100


@dataclass(frozen=True)
class EventTiming:
    """How often a job that is followed is looked at, and how long a stream may be silent, in seconds."""

    poll_s: float = 0.5
    heartbeat_s: float = 15.0


DEFAULT_TIMING = EventTiming()


@dataclass(frozen=True, kw_only=True)
class ApiContext:
    """The engine that has the jobs, the settings in force, and the folders that may be used."""

    engine: JobEngine
    settings: Settings
    roots: Roots
    timing: EventTiming = DEFAULT_TIMING


def _context(request: Request) -> ApiContext:
    context: ApiContext = request.app.state.context
    return context


Context = Annotated[ApiContext, Depends(_context)]


def _job_id(job_id: Annotated[str, Path(description="What the job is called.")]) -> str:
    # No job has such a name, and not every database can be asked for it.
    if len(job_id) > _MAX_ID or not job_id.isascii() or not job_id.isprintable():
        raise UnknownJobError("there is no job of that id; GET /jobs lists them.")
    return job_id


JobId = Annotated[str, Depends(_job_id)]


def _details(job_id: JobId, context: Context) -> JobDetails:
    return context.engine.get(job_id)


Details = Annotated[JobDetails, Depends(_details)]
