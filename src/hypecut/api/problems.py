"""What goes wrong, as answers: always `{"detail": ...}`, never a trace.

For bad input (422) the detail is FastAPI's usual list, each entry with the place of what is wrong; otherwise
it is one sentence with the cure.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from hypecut.errors import HypecutError
from hypecut.jobs.store.database import AWAY, away_error

log = logging.getLogger(__name__)

_SHOWN = 200
# Beyond this, programs that hold all numbers as floats would read another one.
_LARGEST = 2**53
_SHOWN_ENTRIES = 20


class Problem(BaseModel):
    """Why a request failed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"detail": "there is no job 7f3c."}]})

    detail: str = Field(description="One sentence that says what is wrong and how to cure it.")


class InvalidField(BaseModel):
    """One thing that is wrong with a request."""

    loc: list[str | int] = Field(description="Where it is: body, query or path, then the field.")
    msg: str = Field(description="What is wrong.")
    type: str = Field(description="The kind of mistake.")
    input: Any = Field(default=None, description="What was sent, shortened.")
    ctx: dict[str, Any] | None = Field(default=None, description="The bounds that apply.")


class Invalid(BaseModel):
    """What is wrong with the input."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "detail": [
                        {"loc": ["body", "vod_url"], "msg": "Field required", "type": "missing", "input": {}}
                    ]
                }
            ]
        }
    )

    detail: list[InvalidField]


_MEANINGS = {
    400: "The request can't be understood.",
    401: "The token is missing or wrong.",
    403: "The request comes from a page of another site, or names another server.",
    404: "There is no such job or file.",
    405: "The path does not take this method.",
    409: "The job, or its folder, is in a state that does not allow it.",
    412: "It was changed by somebody else in the meantime.",
    413: "The body is too large.",
    416: "The file is not so long.",
    422: "Something in the request is wrong.",
    500: "hypecut failed; its log tells why.",
    502: "A source, such as Twitch, refused, failed or is out of reach.",
    503: "The database of jobs does not answer.",
    507: "The disk is full.",
}
_ALWAYS = (400, 401, 403, 405, 413, 422, 500, 503)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI: those of every route and the given ones."""
    return {
        status: {"model": Invalid if status == 422 else Problem, "description": _MEANINGS[status]}
        for status in sorted({*_ALWAYS, *statuses})
    }


def add_handlers(app: FastAPI) -> None:
    """Let the app answer every failure in this form."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HypecutError, _hypecut_error)
    for away in AWAY:
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _fault)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a request that failed."""
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


def invalid(message: str, *place: str, value: object = None, kind: str = "value_error") -> JSONResponse:
    """The answer to a request with one mistake, at `place`."""
    entry = {"type": kind, "loc": list(place), "msg": message, "input": _plain(value)}
    return JSONResponse({"detail": [entry]}, status_code=422)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    entries = [_plain_entry(entry) for entry in error.errors()[:_SHOWN_ENTRIES]]
    return JSONResponse({"detail": entries}, status_code=422)


def _hypecut_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HypecutError)
    sentence = _text(" ".join(str(error).split()))
    if error.http_status == 422:
        return invalid(sentence, "body")
    return problem(error.http_status, sentence)


def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


def _database_away(_request: Request, error: Exception) -> JSONResponse:
    told = away_error(error)
    log.error("%s", told)
    return problem(told.http_status, str(told))


def _fault(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "hypecut failed at this; its log holds the details.")


def _plain_entry(entry: dict[str, Any]) -> dict[str, Any]:
    kept = {key: entry[key] for key in ("type", "loc", "msg", "input", "ctx") if key in entry}
    return {key: _plain(value, depth=3) for key, value in kept.items()}


def _plain(value: Any, depth: int = 2) -> Any:
    """What was sent, as JSON that can always be written, and not at any length."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else str(value)[:_SHOWN]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict) and depth:
        first = list(value.items())[:_SHOWN_ENTRIES]
        return {_text(str(key)): _plain(one, depth - 1) for key, one in first}
    if isinstance(value, list | tuple) and depth:
        return [_plain(one, depth - 1) for one in value[:_SHOWN_ENTRIES]]
    if isinstance(value, dict | list | tuple):
        return "..."
    return _text(str(value))


def _text(value: str) -> str:
    """Text that is Unicode and not endless."""
    shown = value if len(value) <= 10 * _SHOWN else value[: 10 * _SHOWN] + "..."
    return shown.encode(errors="backslashreplace").decode()
