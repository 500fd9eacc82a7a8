"""A job's plan over HTTP: read, changed without undoing somebody else's change, and rendered anew."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hypecut.api.context import ApiContext, Context, Details, JobId
from hypecut.api.limits import StrictRoute
from hypecut.api.problems import documented, invalid, problem
from hypecut.api.roots import Roots
from hypecut.api.views import JobView, is_final, job_view, json_response
from hypecut.errors import JobStateError, PlanChangedError, PlanError
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.jobs.exporting import source_facts
from hypecut.jobs.folder import PLAN
from hypecut.models import Plan
from hypecut.plan.document import check_sources, decode_plan, encode_plan, read_plan
from hypecut.plan.schema import plan_schema
from hypecut.plan.versions import save_versioned, version_of

router = APIRouter(tags=["plans"], route_class=StrictRoute)

_JSON = "application/json"
_EXAMPLE = {
    "version": 1,
    "cuts": [{"source": "../../media/stream.mp4", "start_s": 1223.5, "end_s": 1251.0, "title": "alpha"}],
    "transition": {"kind": "crossfade", "duration_s": 0.5},
}
_ETAG = {"ETag": {"description": "The plan's version, for If-Match.", "schema": {"type": "string"}}}


def openapi_plan() -> dict[str, Any]:
    """The plan's schema in the form that OpenAPI takes, its parts at hand in one place."""
    schema = plan_schema()
    definitions = schema.pop("$defs")
    schema.pop("$schema", None)
    return _inlined(schema, definitions)  # type: ignore[no-any-return]


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(one, definitions) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        named = _inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
        return named | {key: value for key, value in node.items() if key != "$ref"}
    return {key: _inlined(value, definitions) for key, value in node.items()}


_PLAN_CONTENT = {_JSON: {"schema": openapi_plan(), "example": _EXAMPLE}}
_IfMatch = Annotated[
    str | None,
    Header(max_length=1000, description="The version that was changed; another one there now is an error."),
]


@router.get(
    "/jobs/{job_id}/plan",
    response_class=Response,
    responses={
        200: {"content": _PLAN_CONTENT, "headers": _ETAG, "description": "The plan."},
        **documented(404),
    },
)
def get_plan(details: Details) -> Response:
    """Read the job's plan, as its file holds it."""
    data = plan_path(details).read_bytes()
    decode_plan(data)
    return _plan_response(data)


@router.put(
    "/jobs/{job_id}/plan",
    response_class=Response,
    responses={
        200: {"content": _PLAN_CONTENT, "headers": _ETAG, "description": "The plan as it was written."},
        **documented(404, 409, 412, 507),
    },
    openapi_extra={"requestBody": {"required": True, "content": _PLAN_CONTENT}},
)
async def put_plan(
    request: Request, details: Details, context: Context, if_match: _IfMatch = None
) -> Response:
    """Change the job's plan: the body is the whole plan, checked as its file is."""
    data = await request.body()
    return await run_in_threadpool(_replace, details, context, data, if_match)


def _replace(details: JobDetails, context: ApiContext, data: bytes, if_match: str | None) -> Response:
    path = plan_path(details)
    if not is_final(details):
        raise JobStateError("the job is still at work with its plan; wait for its end, or cancel it.")
    try:
        plan = decode_plan(data)
        check_plan_sources(plan, path, context.roots)
    except PlanError as error:
        return invalid(str(error), "body", kind="plan")
    seen = version_of(path.read_bytes())
    if if_match is not None and not _matches(if_match, seen):
        return problem(412, "the plan was changed by somebody else since it was read; read it anew.")
    try:
        save_versioned(plan, path, seen)
    except PlanChangedError as error:
        return problem(412, str(error))
    return _plan_response(encode_plan(plan))


def _plan_response(data: bytes) -> Response:
    return Response(data, media_type=_JSON, headers={"ETag": f'"{version_of(data)}"'})


@router.post("/jobs/{job_id}/render", response_model=JobView, responses=documented(404, 409, 507))
def render_job(job_id: JobId, context: Context) -> Response:
    """Let a finished job make its clips and its montage anew, from its plan as it is now."""
    details = context.engine.render(job_id)
    return json_response(job_view(details.job, details.outputs))


def plan_path(details: JobDetails) -> Path:
    """The job's plan file.

    Raises:
        HTTPException: there is none yet.
    """
    path = Path(details.folder) / PLAN
    if not path.is_file():
        raise HTTPException(404, "the job has no plan yet; it is written after the moments are chosen.")
    return path


def check_plan_sources(plan: Plan, path: Path, roots: Roots) -> None:
    """See that every source of a changed plan is a file that may be shown, and that its cuts lie within it.

    What the job's plan showed before may be shown on: it was chosen on this machine.

    Raises:
        PlanError: a source is elsewhere, missing or shorter; the message names the entry.
    """
    folder = path.parent
    before = _sources_before(path)
    for number, cut in enumerate(plan.cuts, 1):
        real = _real(folder, cut.source)
        allowed = real in before or any(real.is_relative_to(root) for root in (roots.media, roots.output))
        if not allowed:
            raise PlanError(
                f"the plan: cut {number}: its source is in none of the folders that the server reads from;"
                " put the file into its media folder."
            )
        if not real.is_file():
            raise PlanError(f"the plan: cut {number}: its source is not there; correct the path.")
    check_sources(plan, source_facts(plan, folder).durations)


def _sources_before(path: Path) -> set[Path]:
    with contextlib.suppress(PlanError):  # one that can't be read may be replaced
        return {_real(path.parent, cut.source) for cut in read_plan(path).cuts}
    return set()


def _real(folder: Path, source: str) -> Path:
    try:
        return Path(os.path.realpath(folder / source))
    except ValueError as error:  # a zero character
        raise PlanError("the plan: a source's name holds a zero character; correct it.") from error


def _matches(if_match: str, version: str) -> bool:
    given = [one.strip() for one in if_match.split(",")]
    return "*" in given or f'"{version}"' in given
