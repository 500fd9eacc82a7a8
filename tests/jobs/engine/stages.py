"""The real pipelines with a hook: a job stays at a moment of a step that a file names, until told otherwise.

For workers in other processes, and the children in which these render: all look into the folder STAGE_DIR.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from unittest import mock

from hypecut.files import write_text
from hypecut.jobs import making, pipelines
from hypecut.jobs.pipeline import Pipeline, Step, StepContext, StepResult
from hypecut.models import JobKind
from hypecut.progress import Progress
from tests.jobs.engine.waiting import LONGEST_S, until

FOLDER = "STAGE_DIR"
_POLL_S = 0.01


class Stage:
    """Says where a job is to stay, and tells when it is there.

    Args:
        folder: the folder STAGE_DIR of the worker.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._hold, self._held = folder / "hold", folder / "held"

    def hold(self, step: str, moment: int = 1) -> None:
        """Let the next job stay in that step, when it has told of progress so often, or at its end."""
        self._held.unlink(missing_ok=True)
        write_text(self._hold, f"{step} {moment}")

    def wait(self) -> None:
        """Wait until a job is there."""
        until("the job is held", self._held.exists)

    def release(self) -> None:
        """Let jobs run."""
        self._hold.unlink(missing_ok=True)

    def moment(self, step: str) -> int:
        """At which telling of progress a job is to stay in a step; 0 if it isn't to."""
        try:
            name, moment = self._hold.read_text(encoding="utf-8").split()
        except FileNotFoundError:
            return 0
        return int(moment) if name == step else 0

    def stay(self, step: str, progress: Progress) -> None:
        """Tell that the job is there, and stay until it may go on, or is stopped."""
        write_text(self._held, step)
        deadline_s = time.monotonic() + LONGEST_S
        while self.moment(step):
            assert time.monotonic() < deadline_s, f"held for too long in {step}"
            progress.update(0.0)
            time.sleep(_POLL_S)


class _Held:
    """The progress of a step that stays at one of its moments."""

    def __init__(self, stage: Stage, step: str, inner: Progress) -> None:
        self._stage, self._step, self._inner = stage, step, inner
        self._moment, self._told = stage.moment(step), 0

    def start(self, step: str, total: float, unit: str = "s") -> None:
        self._inner.start(step, total, unit)

    def update(self, done: float) -> None:
        self._told += 1
        if self._told == self._moment:
            self._stage.stay(self._step, self._inner)
        self._inner.update(done)

    def finish(self) -> None:
        self._inner.finish()

    def end(self) -> None:
        """The step has done all it has to do."""
        if self._told < self._moment:
            self._stage.stay(self._step, self._inner)


def _held(step: Step) -> Step:
    def run(context: StepContext) -> StepResult:
        held = _Held(Stage(Path(os.environ[FOLDER])), step.name, context.progress)
        if step.name == "cut":
            # Each clip is rendered with a progress of its own, which nobody else is told of.
            with mock.patch.object(making, "SilentProgress", return_value=held):
                result = step.run(context)
        else:
            result = step.run(replace(context, progress=held))
        held.end()
        return result

    return replace(step, run=run)


PIPELINES: Mapping[JobKind, Pipeline] = {
    kind: replace(pipeline, steps=tuple(map(_held, pipeline.steps)))
    for kind, pipeline in pipelines.PIPELINES.items()
}
