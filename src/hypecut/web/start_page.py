"""The first page: start a job, see the last ones, see that all is well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from hypecut.errors import HypecutError
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.models import JobStatus
from hypecut.times import format_time
from hypecut.web.forms import chat_files, job_body, recording_files, summary
from hypecut.web.frame import MODULES, frame, heading
from hypecut.web.jobs_pages import LiveJobs
from hypecut.web.sample import Sample
from hypecut.web.site import POLL_S, Site
from hypecut.web.views import job_href

_RECENT = 5
_UPLOAD_URL = "/uploads/chat"
_HEALTH_POLL_S = 5.0


class StartForm(Element, component="assets/start.js", esm=MODULES):
    """The forms of both kinds of job; emits `check` and `start`, each with the whole form, and `sample`."""


def add_start_page(site: Site) -> None:
    """The page at `/`."""
    sample = Sample(site)

    @ui.page("/")
    async def start() -> None:
        with frame("New montage", "/"):
            heading("Make a montage")
            form = StartForm()
            form.props["files"] = await site.call(_files, site)
            form.props["uploadUrl"] = _UPLOAD_URL
            form.props["usual"] = {
                "min": format_time(site.settings.min_duration_s),
                "max": format_time(site.settings.max_duration_s),
                "k": site.settings.per_streamer_k,
            }
            form.on("check", lambda event: _check(site, form, event))
            form.on("start", lambda event: _start(site, form, event))
            _follow_sample(sample, form)
            heading("Recent jobs", 2)
            LiveJobs(site, JobFilter(limit=_RECENT), filters=False, empty="None yet.")
            _show_health(site)


def _files(site: Site) -> dict[str, list[str]]:
    return {"recordings": recording_files(site.roots), "chats": chat_files(site.roots)}


async def _check(site: Site, form: StartForm, event: GenericEventArguments) -> None:
    """Tell what the job would do, or what is wrong."""
    form.props["said"] = await site.call(_said, site, event.args)
    form.update()


def _said(site: Site, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        body = job_body(asked)
        if body is None:
            return {"ready": False}
        return {"ready": True, "summary": summary(site.checked(body), body, site.roots)}
    except (HypecutError, RequestValidationError) as error:
        return {"ready": False, **_problem(error)}


def _problem(error: Exception) -> dict[str, str]:
    """What is wrong with a form, and with which of its fields."""
    if not isinstance(error, RequestValidationError):
        return {"problem": str(error), "field": ""}
    first = error.errors()[0]
    place = str(first["loc"][-1]) if first["loc"] else ""
    return {"problem": str(first["msg"]).removeprefix("Value error, "), "field": place}


async def _start(site: Site, form: StartForm, event: GenericEventArguments) -> None:
    try:
        body = job_body(event.args)
        job_id = await site.call(site.submit, body) if body else ""
    except (HypecutError, RequestValidationError) as error:
        form.props["said"] = {"ready": False, **_problem(error)}
        form.update()
        return
    if job_id:
        ui.navigate.to(job_href(job_id))


def _follow_sample(sample: Sample, form: StartForm) -> None:
    """Show how far the sample is, and lead whoever asked for it to its job."""
    asked = False

    def begin() -> None:
        nonlocal asked
        asked = True
        sample.begin()
        refresh()

    def refresh() -> None:
        nonlocal asked
        now = sample.state()
        if now != form.props.get("sample"):
            form.props["sample"] = now
            form.update()
        if asked and now["job_id"]:
            asked = False
            ui.navigate.to(job_href(now["job_id"]))

    form.on("sample", begin)
    ui.timer(POLL_S, refresh)


def _show_health(site: Site) -> None:
    line = heading("", 0)

    async def refresh() -> None:
        line.set_text(await site.call(_health, site))

    ui.timer(_HEALTH_POLL_S, refresh)


def _health(site: Site) -> str:
    try:
        running = site.engine.list(JobFilter(status=frozenset({JobStatus.RUNNING}), limit=1)).total
        queued = site.engine.list(JobFilter(status=frozenset({JobStatus.QUEUED}), limit=1)).total
    except HypecutError as error:
        return f"The job engine is in trouble: {error}"
    return f"All is well: {running} running, {queued} waiting, {site.free_gb():.0f} GB free for output."
