"""What the pages work with: the engine, the settings and the folders, asked without holding up the others."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nicegui import ui

from hypecut.api.bodies import JobBody
from hypecut.api.context import ApiContext
from hypecut.api.roots import Roots
from hypecut.api.submitting import check_job, submit_job
from hypecut.errors import HypecutError
from hypecut.jobs.engine.protocol import FINAL, JobDetails, JobEngine, JobFilter
from hypecut.jobs.explained import read_explanation
from hypecut.jobs.folder import MONTAGE, PLAN
from hypecut.jobs.pipeline import CheckedJob
from hypecut.plan.document import read_plan
from hypecut.settings import Settings
from hypecut.web.frame import sentence
from hypecut.web.renders import Renders

T = TypeVar("T")

POLL_S = 1.0
_MOST_REMEMBERED = 2000


class Site:
    """All that the pages share.

    Args:
        engine: where the jobs are.
        settings: the settings in force.
    """

    def __init__(self, engine: JobEngine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.roots = Roots.of(settings)
        self._context = ApiContext(engine=engine, settings=settings, roots=self.roots)
        self.renders = Renders(engine)
        self._sources: dict[tuple[str, int], dict[str, Path]] = {}
        self._finished: dict[tuple[str, Any], JobDetails] = {}

    async def call(self, work: Callable[..., T], *arguments: Any) -> T:
        """The result of work that takes a while, done beside the event loop."""
        return await asyncio.to_thread(work, *arguments)

    async def told(self, work: Callable[..., T], *arguments: Any) -> T | None:
        """As `call`; what goes wrong is shown to the person at the page, and gives None."""
        try:
            return await self.call(work, *arguments)
        except HypecutError as error:
            ui.notify(
                sentence(str(error)), type="negative", multi_line=True, close_button="Close", timeout=10_000
            )
            return None

    def page_of(self, wanted: JobFilter) -> tuple[list[JobDetails], int]:
        """The jobs that the filter lets through with their details, and how many there are in all."""
        page = self.engine.list(wanted)
        return [found for job in page.jobs if (found := self._details(job.id, job.finished_at))], page.total

    def _details(self, job_id: str, finished_at: object) -> JobDetails | None:
        """A job's details; those of a finished one are asked for once."""
        key = (job_id, finished_at)
        if key in self._finished:
            return self._finished[key]
        try:
            details = self.engine.get(job_id)
        except HypecutError:  # removed since it was listed
            return None
        if details.job.status in FINAL and finished_at is not None:
            if len(self._finished) >= _MOST_REMEMBERED:
                self._finished.clear()
            self._finished[key] = details
        return details

    def checked(self, body: JobBody) -> CheckedJob:
        """The job that a body asks for, checked and placed, but not submitted.

        Raises:
            HypecutError, RequestValidationError: something is wrong with it.
        """
        return check_job(body, self._context)

    def submit(self, body: JobBody) -> str:
        """Submit a job; gives its id.

        Raises:
            HypecutError, RequestValidationError: something is wrong with it.
        """
        return submit_job(body, self._context).job_id

    def sources(self, job_id: str) -> dict[str, Path]:
        """The recordings that a job's plan may show, by the names that the plan gives them.

        Raises:
            UnknownJobError: there is no such job.
            PlanError: its plan can't be read.
        """
        folder = Path(self.engine.get(job_id).folder)
        plan_path = folder / PLAN
        key = (job_id, plan_path.stat().st_mtime_ns if plan_path.is_file() else 0)
        if key not in self._sources:
            names = [cut.source for cut in read_plan(plan_path).cuts]
            names += [part.source for part in read_explanation(folder).vod.parts]
            if len(self._sources) >= _MOST_REMEMBERED:
                self._sources.clear()
            self._sources[key] = {name: folder / name for name in names}
        return self._sources[key]

    @staticmethod
    def montage(folder: Path) -> Path | None:
        """The montage in a job's folder, if it was made."""
        path = folder / MONTAGE
        return path if path.is_file() else None

    def free_gb(self) -> float:
        """Room on the disk for what jobs make."""
        return shutil.disk_usage(self.roots.output).free / 1e9

    def act(self, job_id: str, action: str) -> None:
        """Cancel, retry or remove a job.

        Raises:
            UnknownJobError, JobStateError: it can't be done.
        """
        acts: dict[str, Callable[[str], object]] = {
            "cancel": self.engine.cancel,
            "retry": self.engine.retry,
            "remove": self.engine.remove,
        }
        if action in acts:
            acts[action](job_id)
