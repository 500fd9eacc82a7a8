"""A job followed as it runs, by server-sent events: its whole state, then what changes, until its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from hypecut.api.context import ApiContext, Context, Details
from hypecut.api.problems import documented
from hypecut.api.views import details_view, is_final, json_response
from hypecut.errors import UnknownJobError
from hypecut.jobs.engine.protocol import JobDetails

router = APIRouter(tags=["jobs"])

_EXAMPLE = 'event: state\ndata: {"id": "5f0c7d8e9b", "status": "running", "progress": 0.42}\n\n'
_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {"event": {"enum": ["state", "change", "end"]}, "data": {"type": "string"}},
}
_STREAM = {"text/event-stream": {"schema": _EVENT, "example": _EXAMPLE}}


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    responses={200: {"content": _STREAM, "description": "The events."}, **documented(404)},
)
async def follow_job(details: Details, context: Context) -> EventSourceResponse:
    """Follow a job.

    First an event `state` with all that GET /jobs/{job_id}/details tells, then an event `change` with the
    fields that changed whenever some did, at last, when the job is at its end, an event `end`.
    A comment is sent now and then, so that a broken connection is noticed.
    """
    return EventSourceResponse(
        _events(details, context),
        ping=context.timing.heartbeat_s,
        ping_message_factory=lambda: ServerSentEvent(comment="still there"),
        sep="\n",
    )


async def _events(details: JobDetails, context: ApiContext) -> AsyncIterator[ServerSentEvent]:
    shown = details_view(details)
    yield _event("state", shown)
    while not is_final(details):
        await asyncio.sleep(context.timing.poll_s)
        try:
            details = await run_in_threadpool(context.engine.get, details.job.id)
        except UnknownJobError:  # somebody had it forgotten
            return
        now = details_view(details)
        changed = {key: value for key, value in now.items() if value != shown[key]}
        shown = now
        if changed:
            yield _event("change", changed)
    yield _event("end", {"id": details.job.id, "status": details.job.status})


def _event(name: str, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(data=bytes(json_response(data).body).decode(), event=name)
