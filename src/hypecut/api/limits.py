"""How much a request may send: sizes of bodies, and numbers that JSON does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hypecut.plan.document import MAX_BYTES as MAX_PLAN_BYTES

MAX_BODY_BYTES = 1024 * 1024
# Around an uploaded file, a form takes room too.
_FORM_BYTES = 64 * 1024
_PLAN_PATH = re.compile(r"/jobs/[^/]+/plan")
# Else the rest of the body would be waited for, only to be thrown away.
_HANG_UP = {"Connection": "close"}
UPLOADS_PATH = "/uploads/"


class BodyLimitMiddleware:
    """Refuses a body that is larger than its path may take, as soon as that is known.

    Args:
        app: what the requests are for.
        max_upload_bytes: the largest file that may be uploaded.
    """

    def __init__(self, app: ASGIApp, max_upload_bytes: int) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that ends where it becomes too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        told = Headers(scope=scope).get("content-length", "")
        if told.isascii() and told.isdigit() and int(told[:20]) > limit:
            response = JSONResponse({"detail": _too_large(limit)}, 413, _HANG_UP)
            await response(scope, receive, send)
            return
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise HTTPException(413, _too_large(limit), _HANG_UP)
            return message

        await self._app(scope, limited, send)

    def _limit(self, path: str) -> int:
        if path.startswith(UPLOADS_PATH):
            return self._max_upload_bytes + _FORM_BYTES
        # The plan's own reader tells with more words what is too large by a little.
        return MAX_PLAN_BYTES + _FORM_BYTES if _PLAN_PATH.fullmatch(path) else MAX_BODY_BYTES


def _too_large(limit: int) -> str:
    return f"the request's body is larger than the {limit:,} bytes allowed here; send less."


class StrictRoute(APIRoute):
    """A route whose JSON bodies hold only what JSON has: no NaN, no Infinity, nothing nested without end."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a request that reads its body strictly."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return strict


class _StrictRequest(Request):
    async def json(self) -> Any:
        try:
            return json.loads(await self.body(), parse_constant=_refuse_constant)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            # The one error that becomes an answer in FastAPI's form.
            raise json.JSONDecodeError(str(error) or "nested too deeply", "", 0) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def body_error(
    message: str, *place: str, value: object = None, kind: str = "value_error"
) -> RequestValidationError:
    """What is wrong with a body, in FastAPI's form; `place` leads to the field."""
    return _error(message, ("body", *place), value, kind)


def query_error(message: str, name: str, value: object = None) -> RequestValidationError:
    """What is wrong with the query parameter `name`, in FastAPI's form."""
    return _error(message, ("query", name), value, "value_error")


def _error(message: str, place: tuple[str, ...], value: object, kind: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": place, "msg": message, "input": value}])
