"""The recordings of a job over HTTP: by byte ranges, in pieces, and as small pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from hypecut.errors import HypecutError, MediaError
from hypecut.web.footage import Pieces, thumbnail
from hypecut.web.site import Site

Source = Annotated[str, Query(max_length=4096)]
_A_DAY = {"Cache-Control": "private, max-age=86400"}


def footage_router(site: Site) -> APIRouter:
    """The routes, for the application of the API."""
    router = APIRouter(include_in_schema=False)
    pieces = Pieces(site.settings.cache_dir / "pieces")

    @router.get("/ui/jobs/{job_id}/video")
    def video(job_id: str, source: Source) -> FileResponse:
        return FileResponse(_path(site, job_id, source), media_type="video/mp4")

    @router.get("/ui/jobs/{job_id}/piece")
    def piece(
        job_id: str,
        source: Source,
        from_: Annotated[float, Query(alias="from", ge=0, le=1_000_000)],
        until: Annotated[float, Query(ge=0, le=1_000_000)],
        n: Annotated[int, Query(ge=0, le=1_000_000)],
    ) -> FileResponse:
        path = _path(site, job_id, source)
        try:
            return FileResponse(pieces.get(path, (from_, until), n), media_type="video/mp4")
        except MediaError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/ui/jobs/{job_id}/thumb")
    def thumb(job_id: str, source: Source, t: Annotated[float, Query(ge=0, le=1_000_000)]) -> Response:
        path = _path(site, job_id, source)
        try:
            return Response(thumbnail(path, t), media_type="image/jpeg", headers=_A_DAY)
        except MediaError as error:
            raise HTTPException(404, str(error)) from error

    return router


def _path(site: Site, job_id: str, source: str) -> Path:
    """The file that a plan of the job names so; nothing else can be asked for."""
    try:
        found = site.sources(job_id).get(source)
    except HypecutError as error:
        raise HTTPException(error.http_status, str(error)) from error
    if found is None or not found.is_file():
        raise HTTPException(404, "the job has no such recording, or it is gone.")
    return found
