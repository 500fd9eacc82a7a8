"""Chat files sent to the server: written to disk as they come in, and never named by the sender."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from hypecut.api.context import ApiContext, Context
from hypecut.api.limits import MAX_BODY_BYTES, body_error
from hypecut.api.problems import documented
from hypecut.api.views import json_response
from hypecut.chat.importing import recognised_format
from hypecut.errors import BadInputError
from hypecut.files import told_as_write_error

router = APIRouter(tags=["uploads"])

UPLOADS = "uploads"
_CHUNK_BYTES = 1024 * 1024
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8}){1,2}$")
_FORM = "multipart/form-data"
_RAW = "application/octet-stream"
_FILE = {"type": "string", "format": "binary"}
_BODIES = {
    _FORM: {"schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE}}},
    _RAW: {"schema": _FILE},
}


class Uploaded(BaseModel):
    """A chat that was taken in."""

    chat_path: str = Field(
        description="What to give as chat_path: a name in the media folder.",
        examples=["uploads/8f14e45fceea167a5a36dedd4bea2543.json"],
    )
    size: int = Field(description="In bytes.")
    format: str = Field(description="What kind of chat file it is.", examples=["TwitchDownloader JSON"])


@router.post(
    "/uploads/chat",
    response_model=Uploaded,
    status_code=201,
    responses=documented(507),
    openapi_extra={"requestBody": {"required": True, "content": _BODIES}},
)
async def upload_chat(request: Request, context: Context) -> Response:
    """Take in a chat file of any known format, as a form's `file` or as the whole body.

    The same content again is the same file.
    """
    if request.headers.get("content-type", "").startswith(_FORM):
        async with request.form(max_files=1, max_fields=10, max_part_size=MAX_BODY_BYTES) as form:
            upload = _the_file(form)
            return await _take(_chunks(upload), upload.filename or "", context)
    return await _take(request.stream(), "", context)


def _the_file(form: FormData) -> UploadFile:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise body_error(
            "send the chat as a form's file named 'file', or as the whole body", "file", kind="missing"
        )
    return upload


async def _chunks(upload: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await upload.read(_CHUNK_BYTES):
        yield chunk


async def _take(chunks: AsyncIterator[bytes], name: str, context: ApiContext) -> Response:
    """Write what comes in aside, see that it is chat, and give it a name made of its content."""
    folder = context.roots.media / UPLOADS
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        digest, size = await _write(chunks, part)
        if not size:
            raise body_error("the body is empty; send a chat file", "file", kind="missing")
        kind = await run_in_threadpool(_format_of, part)
        stored = folder / f"{digest[:32]}{_suffix(name)}"
        # What is there already stays as it is: its time is part of what names a job.
        if not stored.exists():
            with told_as_write_error(stored):
                part.replace(stored)
    finally:
        part.unlink(missing_ok=True)
    found = {"chat_path": f"{UPLOADS}/{stored.name}", "size": size, "format": kind}
    return json_response(found, 201)


async def _write(chunks: AsyncIterator[bytes], part: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with told_as_write_error(part):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as file:
            async for chunk in chunks:
                await run_in_threadpool(file.write, chunk)
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size


def _format_of(part: Path) -> str:
    try:
        return recognised_format(part)
    except BadInputError as error:
        sentence = str(error).replace(str(part), "the file")
        raise body_error(sentence, "file", kind="chat_format") from error


def _suffix(name: str) -> str:
    """The ending of the sender's file name, if it is a plain one; only people look at it."""
    found = _SUFFIX.search(name.lower())
    return found.group() if found else ".chat"
