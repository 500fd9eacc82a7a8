"""The pages on which jobs are watched."""

from __future__ import annotations

from typing import Any

import msgspec
from nicegui import ui
from nicegui.events import GenericEventArguments

from hypecut.errors import UnknownJobError
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.models import JobKind, JobStatus
from hypecut.web.frame import JobBoard, JobTable, apology, frame, heading
from hypecut.web.site import POLL_S, Site
from hypecut.web.views import job_board, job_row

_ROWS = 50
_MOST_ROWS = 1000
_MOST_SEARCH = 200


class LiveJobs:
    """A table of jobs that follows the engine.

    Args:
        site: what the pages share.
        wanted: which jobs.
        filters: let the person choose.
        empty: what to say when there are none.
    """

    def __init__(self, site: Site, wanted: JobFilter, *, filters: bool, empty: str) -> None:
        self._site = site
        self._wanted = wanted
        self._table = JobTable(filters=filters, empty="Looking for jobs…")
        self._empty = empty
        self._table.on("act", self._act)
        self._table.on("filter", self._filter)
        self._table.on("more", self._more)
        ui.timer(POLL_S, self.refresh)

    async def refresh(self) -> None:
        """Show the jobs as they are now."""
        found, total = await self._site.call(self._site.page_of, self._wanted)
        rows = [job_row(details) for details in found]
        props = self._table.props
        if (rows, total, self._empty) != (props.get("jobs"), props.get("total"), props.get("empty")):
            props.update(jobs=rows, total=total, empty=self._empty)
            self._table.update()

    async def _act(self, event: GenericEventArguments) -> None:
        await self._site.told(self._site.act, str(event.args["id"]), str(event.args["action"]))
        await self.refresh()

    async def _filter(self, event: GenericEventArguments) -> None:
        asked = event.args
        kinds, states = {kind.value for kind in JobKind}, {state.value for state in JobStatus}
        self._wanted = JobFilter(
            status=frozenset(JobStatus(one) for one in asked["status"] if one in states),
            type=JobKind(asked["kind"]) if asked["kind"] in kinds else None,
            search="".join(filter(str.isprintable, str(asked["search"])))[:_MOST_SEARCH],
            limit=_ROWS,
        )
        self._empty = "No job is like that."
        await self.refresh()

    async def _more(self) -> None:
        limit = min(_MOST_ROWS, self._wanted.limit + _ROWS)
        self._wanted = msgspec.structs.replace(self._wanted, limit=limit)
        await self.refresh()


def add_jobs_pages(site: Site) -> None:
    """The list of all jobs, and a page for each."""

    @ui.page("/ui/jobs")
    def jobs() -> None:
        with frame("Jobs", "/ui/jobs"):
            heading("Jobs")
            LiveJobs(site, JobFilter(limit=_ROWS), filters=True, empty="No jobs yet: start with New.")

    @ui.page("/ui/jobs/{job_id}")
    async def job(job_id: str) -> None:
        with frame("Job"):
            try:
                shown = await site.call(_board_of, site, job_id)
            except UnknownJobError:
                apology("There is no such job", "It may have been removed.", "/ui/jobs", "All jobs")
                return
            ui.page_title(f"{shown['title']} · hypecut")
            board = JobBoard()
            board.props["job"] = shown

            async def refresh() -> None:
                try:
                    now = await site.call(_board_of, site, job_id)
                except UnknownJobError:
                    ui.navigate.to("/ui/jobs")
                    return
                if now != board.props["job"]:
                    board.props["job"] = now
                    board.update()

            async def act(event: GenericEventArguments) -> None:
                await site.told(site.act, job_id, str(event.args["action"]))
                await refresh()

            board.on("act", act)
            ui.timer(POLL_S, refresh)


def _board_of(site: Site, job_id: str) -> dict[str, Any]:
    return job_board(site.engine.get(job_id), site.engine.logs(job_id))
