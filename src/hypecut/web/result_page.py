"""The page of what a job made, and the files it offers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from nicegui import ui
from nicegui.element import Element
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

from hypecut.chat import read_chat
from hypecut.detect.envelope import envelope
from hypecut.errors import HypecutError, UnknownJobError
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.jobs.explained import detected_curve, read_explanation
from hypecut.jobs.exporting import export_file
from hypecut.jobs.folder import CHAT, PLAN
from hypecut.models import JobKind
from hypecut.plan.document import read_plan
from hypecut.plan.export import EXPORT_FORMATS
from hypecut.web.explanation_page import Pseudonyms, activity_drawing, explanation_page, is_within
from hypecut.web.frame import MODULES, apology, frame
from hypecut.web.result_view import EDITORS, made_files, result_view
from hypecut.web.site import POLL_S, Site
from hypecut.web.views import job_href

_POINTS = 1000


class ResultBoard(Element, component="assets/result.js", esm=MODULES):
    """What a job made; emits `render`."""


def add_result_page(site: Site) -> None:
    """The page at `/ui/jobs/ID/result`."""

    @ui.page("/ui/jobs/{job_id}/result")
    async def result(job_id: str) -> None:
        with frame("Result"):
            try:
                details = await site.call(site.engine.get, job_id)
            except UnknownJobError:
                apology("There is no such job", "It may have been removed.", "/ui/jobs", "All jobs")
                return
            ui.page_title(f"{details.title} · hypecut")
            state = await site.call(result_view, details, site)
            if state is None:
                reason = "It is here once the job has rendered it."
                apology("No montage yet", reason, job_href(job_id), "To the job")
                return
            _follow(site, details, state)


def _follow(site: Site, details: JobDetails, state: dict[str, Any]) -> None:
    board = ResultBoard()
    board.props["state"] = state

    async def refresh() -> None:
        try:
            now = await site.call(result_view, details, site)
        except UnknownJobError:  # removed meanwhile
            ui.navigate.to("/ui/jobs")
            return
        if now is not None and now != board.props["state"]:
            board.props["state"] = now
            board.update()

    async def render() -> None:
        await site.told(site.renders.begin, details.job.id)
        await refresh()

    board.on("render", render)
    ui.timer(POLL_S, refresh)


def result_router(site: Site) -> APIRouter:
    """The files of a result, for the application of the API."""
    router = APIRouter(include_in_schema=False)

    @router.get("/ui/jobs/{job_id}/montage")
    def montage(job_id: str, download: bool = False) -> FileResponse:
        details = _details(site, job_id)
        path = site.montage(Path(details.folder))
        if path is None:
            raise HTTPException(404, "there is no montage yet.")
        name = f"{details.title or 'montage'}.mp4" if download else None
        return FileResponse(path, media_type="video/mp4", filename=name)

    @router.get("/ui/jobs/{job_id}/made/{name:path}")
    def made(job_id: str, name: str) -> FileResponse:
        path = made_files(Path(_details(site, job_id).folder)).get(name)
        if path is None:
            raise HTTPException(404, "the job made no file of that name.")
        return FileResponse(path, filename=path.name)

    @router.get("/ui/jobs/{job_id}/export/{format_name}")
    def export(job_id: str, format_name: str) -> Response:
        details = _details(site, job_id)
        if format_name not in EDITORS:
            raise HTTPException(404, "there is no such format.")
        try:
            text = export_file(Path(details.folder) / PLAN, format_name, None).text or ""
        except HypecutError as error:
            raise HTTPException(error.http_status, str(error)) from error
        return _attached(text, f"montage{EXPORT_FORMATS[format_name].suffix}", "text/plain")

    @router.get("/ui/jobs/{job_id}/explanation")
    def explanation(job_id: str, names: bool = False) -> Response:
        details = _details(site, job_id)
        try:
            page = _explanation(details, names)
        except HypecutError as error:
            raise HTTPException(error.http_status, str(error)) from error
        return _attached(page, "explanation.html", HTMLResponse.media_type)

    return router


def _explanation(details: JobDetails, names: bool) -> str:
    folder = Path(details.folder)
    told, cuts = read_explanation(folder), read_plan(folder / PLAN).cuts
    renamed = str if names else Pseudonyms(_chatters(folder))
    if details.job.type is JobKind.CLIP_MONTAGE:
        files = {Path(cut.source).stem for cut in cuts}
        return explanation_page(
            details.title, told.candidates, lambda one: Path(one.id).stem in files, renamed=renamed
        )
    starts = {part.source: part.start_s for part in told.vod.parts}
    spans = [
        (starts[cut.source] + cut.start_s, starts[cut.source] + cut.end_s)
        for cut in cuts
        if cut.source in starts
    ]
    duration_s = max(1.0, told.vod.duration_s)
    curve = envelope(detected_curve(folder), 1.0, 0.0, duration_s, _POINTS)
    drawing = activity_drawing(curve, spans, duration_s)
    return explanation_page(
        details.title, told.candidates, lambda one: is_within(one, spans), drawing, renamed
    )


def _chatters(folder: Path) -> tuple[str, ...]:
    chat = folder / CHAT
    return read_chat(chat).log.users if chat.is_file() else ()


def _details(site: Site, job_id: str) -> JobDetails:
    try:
        return site.engine.get(job_id)
    except HypecutError as error:
        raise HTTPException(error.http_status, str(error)) from error


def _attached(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode(errors="replace"), media_type=f"{media_type}; charset=utf-8", headers=headers)
