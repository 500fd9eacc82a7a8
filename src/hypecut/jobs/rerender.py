"""Making a job's outputs anew from its plan, after the plan was changed."""

from __future__ import annotations

from pathlib import Path

from hypecut.errors import JobStateError
from hypecut.jobs.engine.protocol import FINAL, JobDetails
from hypecut.jobs.folder import MONTAGE, OutputFolder
from hypecut.jobs.pipeline import CheckedJob
from hypecut.jobs.pipelines import PIPELINES
from hypecut.jobs.running import run_steps
from hypecut.progress import Progress
from hypecut.settings import Settings

_STEPS = ("cut", "montage", "export")


def rerender(details: JobDetails, settings: Settings, progress: Progress) -> Path:
    """Cut, join and export by the plan in the job's folder as it is now; gives the montage's path.

    Raises:
        JobStateError: the job is still at work.
        PlanError, MediaError, DiskFullError: as rendering raises them.
    """
    if details.job.status not in FINAL:
        raise JobStateError("the job is still at work with its plan; wait for its end, or cancel it.")
    folder = Path(details.folder)
    steps = [step for step in PIPELINES[details.job.type].steps if step.name in _STEPS]
    params = {**details.job.params, "plan_only": False}
    job = CheckedJob(params=params, folder=details.folder, name="", title=details.title)
    run_steps(steps, job, settings, progress, folder)
    OutputFolder.claimed(folder).planned()
    return folder / MONTAGE


def is_stale(folder: Path) -> bool:
    """Whether the plan was changed since the montage in the folder was made of it."""
    return (folder / MONTAGE).is_file() and OutputFolder.claimed(folder).plan_changed
