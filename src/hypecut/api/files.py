"""What jobs made, over HTTP: any byte range of it, and nothing else of the disk."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from hypecut.api.context import Details
from hypecut.api.problems import documented
from hypecut.api.views import files_of
from hypecut.jobs.engine.protocol import JobDetails

router = APIRouter(tags=["files"])

_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".otio": "application/json",
    ".gz": "application/gzip",
    ".m3u8": "application/vnd.apple.mpegurl",
}
_RANGES = re.compile(r"bytes=\s*(\d*-\d*\s*,\s*)*\d*-\d*\s*")
_BINARY = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
_LENGTHS = {
    "Accept-Ranges": {"description": "bytes", "schema": {"type": "string"}},
    "ETag": {"description": "The file's version.", "schema": {"type": "string"}},
}


@router.get(
    "/jobs/{job_id}/files/{name:path}",
    response_class=FileResponse,
    responses={
        200: {"content": _BINARY, "headers": _LENGTHS, "description": "The file."},
        206: {"content": _BINARY, "headers": _LENGTHS, "description": "The bytes that were asked for."},
        **documented(404, 416),
    },
)
def get_file(
    details: Details,
    name: str,
    request: Request,
    range_: Annotated[
        str | None, Header(alias="Range", description="Which bytes, as bytes=FROM-TO.", max_length=1000)
    ] = None,
    download: Annotated[bool, Query(description="Let browsers save the file instead of showing it.")] = False,
) -> Response:
    """Fetch a file that the job made, by its name in the job's details."""
    path = output_file(details, name)
    if range_ is not None and "if-range" not in request.headers:
        _check_range(range_, path.stat().st_size, request)
    return FileResponse(
        path,
        media_type=media_type(path),
        filename=path.name,
        content_disposition_type="attachment" if download else "inline",
        headers={"Cache-Control": "no-cache"},
    )


@router.head("/jobs/{job_id}/files/{name:path}", include_in_schema=False)
def head_file(details: Details, name: str, request: Request) -> Response:
    """Tell of a file what fetching it would."""
    return get_file(details, name, request)


def output_file(details: JobDetails, name: str) -> Path:
    """The file of that name among those the job made.

    Raises:
        HTTPException: there is none, or it leads out of the job's folder.
    """
    missing = HTTPException(404, "the job made no file of that name; its details list them.")
    if name not in files_of(details):
        raise missing
    folder = Path(os.path.realpath(details.folder))
    path = Path(os.path.realpath(folder / name))
    if not path.is_relative_to(folder) or not path.is_file():
        raise missing
    return path


def media_type(path: Path) -> str:
    """What kind of file it is, for a browser."""
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return guessed or "application/octet-stream"


def _check_range(header: str, size: int, request: Request) -> None:
    """Take out a range that is no range, as the standard says, and refuse one that the file does not have.

    Raises:
        HTTPException: a range begins beyond the file (416).
    """
    if not _RANGES.fullmatch(header) or not _first_positions(header):
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    elif not all(first < size for first in _first_positions(header)):
        raise HTTPException(
            416,
            f"the file is {size:,} bytes long; ask for some of these.",
            {"Content-Range": f"bytes */{size}"},
        )


def _first_positions(header: str) -> list[int]:
    """Where each range of the header begins; none if one of them is no range."""
    firsts = []
    for one in header.partition("=")[2].split(","):
        first, _, last = (part.strip() for part in one.strip().partition("-"))
        if first and (not last or int(first) <= int(last)):
            firsts.append(int(first))
        elif not first and last and int(last):
            firsts.append(0)
        else:
            return []
    return firsts
