"""Jobs as the pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from hypecut.jobs.engine.protocol import FINAL, JobDetails, StepRecord
from hypecut.models import JobStatus

_MOST_LOG_LINES = 200
_ACTIONS = {
    JobStatus.QUEUED: ("cancel",),
    JobStatus.RUNNING: ("cancel",),
    JobStatus.DONE: ("remove",),
    JobStatus.FAILED: ("retry", "remove"),
    JobStatus.CANCELLED: ("retry", "remove"),
}


def job_href(job_id: str, page: str = "") -> str:
    """Where a page of a job is."""
    return f"/ui/jobs/{quote(job_id, safe='')}" + (f"/{page}" if page else "")


def job_row(details: JobDetails) -> dict[str, Any]:
    """A job for the table."""
    job = details.job
    step = next((one for one in details.steps if one.status is JobStatus.RUNNING), None)
    kinds = {output.kind for output in details.outputs}
    return {
        "id": job.id,
        "kind": job.type.value,
        "title": details.title or job.id,
        "status": job.status.value,
        "progress": 1.0 if job.status is JobStatus.DONE else job.progress,
        "created_at": job.created_at.isoformat(),
        "error": job.error or "",
        "note": details.note,
        "step": _step(step) if step else None,
        "eta_s": step.eta_s if step else None,
        "size": sum(output.size for output in details.outputs),
        "href": job_href(job.id),
        "review": job_href(job.id, "review") if "plan" in kinds else "",
        "result": job_href(job.id, "result") if "montage" in kinds and job.status in FINAL else "",
        "actions": list(_ACTIONS[job.status]),
    }


def job_board(details: JobDetails, logs: Sequence[str]) -> dict[str, Any]:
    """A job with all its steps."""
    return job_row(details) | {
        "folder": details.folder,
        "steps": [_step(step) for step in details.steps],
        "logs": list(logs[-_MOST_LOG_LINES:]),
    }


def _step(step: StepRecord) -> dict[str, Any]:
    return {
        "name": step.name,
        "status": step.status.value,
        "done": step.done,
        "total": step.total,
        "unit": step.unit,
        "speed": step.speed,
        "attempts": step.attempts,
    }
