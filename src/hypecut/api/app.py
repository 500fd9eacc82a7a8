"""The application: the routes of the API behind the rules of access."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from hypecut import __version__
from hypecut.api import activity, events, files, jobs, login, plans, submitting, uploads
from hypecut.api.access import LOGIN_PATH, Access, AccessMiddleware
from hypecut.api.context import DEFAULT_TIMING, ApiContext, EventTiming
from hypecut.api.limits import BodyLimitMiddleware
from hypecut.api.problems import add_handlers, documented, problem
from hypecut.api.roots import Roots
from hypecut.jobs.engine.protocol import JobEngine
from hypecut.settings import Settings

_DESCRIPTION = """\
Submit jobs that make highlights of recordings and montages of clips, follow them, change their plans and
fetch what they made. An error is `{"detail": "one sentence"}`; for bad input (422) the detail is a list that
names each place.
"""
_ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_health = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the server answers."""

    ok: bool = True


@_health.get("/health", response_model=Health, responses=documented())
def health() -> Health:
    """Tell that the server answers; it needs no token."""
    return Health()


def create_app(
    engine: JobEngine,
    settings: Settings,
    *,
    token: str | None = None,
    developer: bool = False,
    timing: EventTiming = DEFAULT_TIMING,
) -> FastAPI:
    """The API on an engine.

    Args:
        engine: has the jobs.
        settings: the folders, limits and names in force.
        token: what requests must show; None asks for none.
        developer: also offer what only helps in development.
        timing: how jobs are followed.

    Raises:
        BadInputError: the server's folders can't be made.
    """
    roots = Roots.of(settings)
    roots.make()
    app = _routed(developer)
    access = Access.of(settings.host, settings.server_names, token)
    app.state.access = access
    app.state.context = ApiContext(engine=engine, settings=settings, roots=roots, timing=timing)
    add_handlers(app)
    _document_token(app, token)
    # The last added is the first that a request meets.
    app.add_middleware(BodyLimitMiddleware, max_upload_bytes=settings.max_upload_mb * 1_000_000)
    app.add_middleware(AccessMiddleware, access=access)
    return app


def openapi_document() -> dict[str, Any]:
    """The API in OpenAPI's form, as a server without a token tells it at /openapi.json."""
    return _routed(developer=False).openapi()


def _routed(developer: bool) -> FastAPI:
    """The application with its routes alone."""
    app = FastAPI(
        title="hypecut",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    routers = [jobs.developer_router] if developer else []
    routers += [_health, submitting.router, jobs.router, plans.router, events.router, activity.router]
    routers += [files.router, uploads.router, login.router]
    for router in routers:
        app.include_router(router)
    _answer_other_methods(app, routers)
    return app


def _answer_other_methods(app: FastAPI, routers: list[APIRouter]) -> None:
    """Let the API's paths answer every method themselves: what is mounted at / would take them else."""
    routes = [route for router in routers for route in router.routes]

    async def refuse(request: Request) -> Response:
        allowed = set()
        for method in _ALL_METHODS:
            scope = {**request.scope, "method": method}
            if any(route.matches(scope)[0] is Match.FULL for route in routes):
                allowed.add(method)
        if not allowed:
            raise HTTPException(404, "there is no such path; docs/api.md lists them.")
        headers = {"Allow": ", ".join(sorted(allowed))}
        return problem(405, f"{request.url.path} does not take {request.method}.", headers)

    for path in ("/health", "/jobs", "/jobs/{rest:path}", "/uploads/{rest:path}", LOGIN_PATH):
        app.add_route(path, refuse, methods=list(_ALL_METHODS), include_in_schema=False)


def _document_token(app: FastAPI, token: str | None) -> None:
    """Say in the OpenAPI document how the token is shown."""
    if token is None:
        return
    plain = app.openapi

    def with_token() -> dict[str, object]:
        schema = plain()
        components = schema.setdefault("components", {})
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"token": []}]
        schema["paths"]["/health"]["get"]["security"] = []
        return schema

    app.openapi = with_token  # type: ignore[method-assign]
