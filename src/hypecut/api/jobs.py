"""Jobs over HTTP: listed, looked at, cancelled, tried again and forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from hypecut.api.context import Context, Details, JobId
from hypecut.api.limits import StrictRoute
from hypecut.api.problems import documented
from hypecut.api.views import (
    JobDetailsView,
    JobInputsView,
    JobView,
    details_view,
    inputs_view,
    job_view,
    json_response,
)
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.models import JobKind, JobStatus

router = APIRouter(tags=["jobs"], route_class=StrictRoute)
developer_router = APIRouter(tags=["development"], route_class=StrictRoute)

TOTAL_HEADER = "X-Total-Count"
_TOTAL = {
    TOTAL_HEADER: {
        "description": "How many jobs there are in all.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _without_blanks(value: object) -> object:
    return [one for one in value if one != ""] if isinstance(value, list) else value


Statuses = Annotated[
    list[JobStatus],
    BeforeValidator(_without_blanks),
    Query(max_length=10, description="Only jobs in this state; may be given more than once."),
]
Kind = Annotated[
    JobKind | None, BeforeValidator(_blank_is_none), Query(description="Only jobs of this kind.")
]
# A database may not be asked for a zero character, and nobody types the others.
Search = Annotated[
    str,
    StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Query(description="Only jobs with this text in their id, title, folder or arguments."),
]


class Logs(BaseModel):
    """What a job's run logged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lines": ["18:03:12 chat: 48,211 messages"]}]})

    lines: list[str]


class Processed(BaseModel):
    """The job that was run, if one was waiting."""

    processed: int = Field(ge=0, le=1)
    job_id: str | None = None
    status: JobStatus | None = None


@router.get("/jobs", response_model=list[JobView], responses={200: {"headers": _TOTAL}, **documented()})
def list_jobs(
    context: Context,
    status: Statuses = [],  # noqa: B006
    type: Kind = None,  # noqa: A002
    search: Search = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000, description="Leave out the first so many.")] = 0,
) -> Response:
    """List jobs, the newest first."""
    wanted = JobFilter(status=frozenset(status), type=type, search=search, limit=limit, offset=offset)
    page = context.engine.list(wanted)
    return json_response([job_view(job) for job in page.jobs], headers={TOTAL_HEADER: str(page.total)})


@router.get("/jobs/{job_id}", response_model=JobView, responses=documented(404))
def get_job(details: Details) -> Response:
    """Tell of one job."""
    return json_response(job_view(details.job, details.outputs))


@router.get("/jobs/{job_id}/details", response_model=JobDetailsView, responses=documented(404))
def get_details(details: Details) -> Response:
    """Tell all that is known of a job: also its steps and files."""
    return json_response(details_view(details))


@router.get("/jobs/{job_id}/inputs", response_model=JobInputsView, responses=documented(404))
def get_inputs(job_id: JobId, context: Context) -> Response:
    """Tell what a job has looked at and used so far: clips, chosen or why not, and files."""
    return json_response(inputs_view(context.engine.inputs(job_id)))


@router.post("/jobs/{job_id}/cancel", response_model=JobView, responses=documented(404, 409))
def cancel_job(job_id: JobId, context: Context) -> Response:
    """Stop a queued or running job; nothing half-made is left."""
    details = context.engine.cancel(job_id)
    return json_response(job_view(details.job, details.outputs))


@router.post("/jobs/{job_id}/retry", response_model=JobView, responses=documented(404, 409))
def retry_job(job_id: JobId, context: Context) -> Response:
    """Let a failed or cancelled job go on at the step it did not finish."""
    details = context.engine.retry(job_id)
    return json_response(job_view(details.job, details.outputs))


@router.delete("/jobs/{job_id}", status_code=204, responses=documented(404, 409))
def remove_job(job_id: JobId, context: Context) -> None:
    """Forget a finished job; its files stay."""
    context.engine.remove(job_id)


@router.get("/jobs/{job_id}/logs", response_model=Logs, responses=documented(404))
def get_logs(job_id: JobId, context: Context) -> Response:
    """Tell what the job's run logged, the oldest first."""
    return json_response({"lines": list(context.engine.logs(job_id))})


@developer_router.post(
    "/jobs/run-next", response_model=Processed, response_model_exclude_none=True, responses=documented()
)
def run_next(context: Context) -> dict[str, Any]:
    """Run the next queued job to its end, and answer then."""
    job = context.engine.run_next()
    if job is None:
        return {"processed": 0}
    return {"processed": 1, "job_id": job.id, "status": job.status}
