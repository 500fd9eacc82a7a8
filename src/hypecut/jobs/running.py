"""Running the steps of a pipeline one after another, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypecut.jobs.pipeline import CheckedJob, Pipeline, RunCache, Step, StepContext
from hypecut.progress import Progress
from hypecut.settings import Settings


def run_pipeline(
    pipeline: Pipeline, job: CheckedJob, settings: Settings, progress: Progress
) -> Mapping[str, Any]:
    """Run a job from its first step to its result, which is given back; nothing but its folder keeps it.

    Raises:
        HypecutError: whatever its steps raise.
    """
    finished = pipeline.claim(job, False)
    if finished is not None:
        return finished
    return pipeline.result(run_steps(pipeline.steps, job, settings, progress, Path(job.folder)))


def run_steps(
    steps: Sequence[Step], job: CheckedJob, settings: Settings, progress: Progress, folder: Path
) -> StepContext:
    """Run some steps in a folder that is claimed; the context in which the next one would run.

    Raises:
        HypecutError: whatever the steps raise.
    """
    done: dict[str, Mapping[str, Any]] = {}
    cache = RunCache()
    context = StepContext(
        params=job.params, settings=settings, folder=folder, done=done, progress=progress, cache=cache
    )
    try:
        for step in steps:
            done[step.name] = step.run(context).data
    finally:
        cache.close()
    return context
