"""Renderings asked for on the pages: work of the job itself, told of by its engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypecut.jobs.engine.protocol import FINAL, JobDetails, JobEngine
from hypecut.jobs.folder import MONTAGE, OutputFolder
from hypecut.models import JobStatus

_WORDS = {"cut": "Cutting the clips", "export": "Writing the files for editors"}


class Renders:
    """The renderings of jobs.

    Args:
        engine: where the jobs are.
    """

    def __init__(self, engine: JobEngine) -> None:
        self._engine = engine

    def begin(self, job_id: str) -> None:
        """Render a job's plan as it is now, unless that is going on.

        Raises:
            UnknownJobError: there is none of this id.
            JobStateError: it has no plan.
            PlanError: its plan can't be used.
        """
        if not self.busy(job_id):
            self._engine.render(job_id)

    def busy(self, job_id: str) -> bool:
        """Whether the job is at work, or waits for it."""
        return self._engine.get(job_id).job.status not in FINAL

    def state(self, job_id: str) -> dict[str, Any]:
        """How far the job's rendering is, for its pages."""
        details = self._engine.get(job_id)
        job = details.job
        share = 0.0
        if job.status is JobStatus.QUEUED:
            text = "Waiting for another job"
        elif job.status is JobStatus.RUNNING:
            text, share = _step(details)
        elif job.status is JobStatus.FAILED:
            text = job.error or ""
        else:
            text = "Rendered: the result is this plan." if is_rendered(Path(details.folder)) else ""
        busy = job.status not in FINAL
        return {"busy": busy, "text": text, "error": job.status is JobStatus.FAILED, "share": share}


def is_stale(folder: Path) -> bool:
    """Whether the montage in the folder is not that of its plan: it was changed, or rendering it failed."""
    made = OutputFolder.claimed(folder)
    return (folder / MONTAGE).is_file() and (made.plan_changed or made.finished is None)


def is_rendered(folder: Path) -> bool:
    """Whether the montage in the folder is that of a plan which a person changed."""
    return OutputFolder.claimed(folder).edited and (folder / MONTAGE).is_file() and not is_stale(folder)


def _step(details: JobDetails) -> tuple[str, float]:
    """What the job is at, and how much of that is done, 0..1."""
    at = next((step for step in details.steps if step.status is JobStatus.RUNNING), None)
    if at is None:
        return "Making the montage", 0.0
    share = min(1.0, at.done / at.total) if at.total > 0 else 0.0
    return _WORDS.get(at.name, "Making the montage"), round(share, 2)
