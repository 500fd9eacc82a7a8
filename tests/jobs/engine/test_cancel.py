"""A real job of a real worker, cancelled in each of its steps and tried again."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.pipelines import PIPELINES
from hypecut.jobs.running import run_pipeline
from hypecut.models import JobKind, JobStatus
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.engine.conftest import halves, open_durable, videos
from tests.jobs.engine.stages import FOLDER, Stage
from tests.jobs.engine.waiting import until
from tests.jobs.test_highlights_steps import params_of
from tests.support.recordings import Recordings

RENDERING = ("cut", "montage")
# By then something is written.
MIDST = 3
# About as often as the longest step tells of progress.
MOMENTS = 40
DRESSED: dict[str, Any] = {"exact": True, "titles": True, "transition": "crossfade", "loudness_lufs": -16.0}


class Bench:
    """A worker in a process of its own, and a client that submits, cancels and looks."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.client: DurableEngine = open_durable(settings, pipelines=PIPELINES)
        self.stage = Stage(folder / "stage")
        command = [sys.executable, "-m", "tests.jobs.engine.worker_process", str(settings.data_dir)]
        env = os.environ | {FOLDER: str(folder / "stage"), "HYPECUT_CACHE_DIR": str(settings.cache_dir)}
        self._worker = subprocess.Popen(
            [*command, "tests.jobs.engine.stages:PIPELINES"], stdout=subprocess.PIPE, text=True, env=env
        )
        assert self._worker.stdout is not None
        assert self._worker.stdout.readline() == "ready\n"

    def close(self) -> None:
        self.client.close()
        self._worker.kill()
        self._worker.communicate()

    def status(self, job_id: str) -> JobStatus:
        return self.client.get(job_id).job.status

    def children(self) -> list[int]:
        """The processes that the worker has started and that live."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = stat.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self._worker.pid and state not in ("Z", "X"):
                    found.append(int(stat.parent.name))
        return found

    def cancel_at(self, job_id: str, step: str, out: Path) -> None:
        """Cancel the job, which is on its way to that step, and see that nothing is left of it."""
        self.stage.wait()
        if step in RENDERING:
            assert halves(out), "it is in the midst of a file"
            assert self.children()
        self.client.cancel(job_id)
        until("nothing half is left", lambda: not halves(out))
        until("no child is left", lambda: not self.children())
        details = self.client.get(job_id)
        assert details.job.status is JobStatus.CANCELLED
        states = {one.name: one.status for one in details.steps}
        assert states.pop(step) is JobStatus.CANCELLED
        assert JobStatus.CANCELLED not in states.values()
        assert not halves(out)

    def finish(self, job_id: str) -> list[int]:
        """Let the job come to its end; how often each step was begun."""
        self.stage.release()
        self.client.retry(job_id)
        until("the job is done", lambda: self.status(job_id) is JobStatus.DONE)
        return [step.attempts for step in self.client.get(job_id).steps]


@pytest.fixture
def bench(settings: Settings, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(settings, tmp_path)
    yield made
    made.close()


def test_a_job_cancelled_in_each_of_its_steps_goes_on_from_there(
    bench: Bench, stream: Stream, settings: Settings, tmp_path: Path, uninterrupted: dict[str, str]
) -> None:
    kind, out = JobKind.VOD_HIGHLIGHTS, tmp_path / "out"
    params = params_of(stream, out)
    names = [step.name for step in PIPELINES[kind].steps]
    job_id = ""
    for name in names:
        bench.stage.hold(name, MIDST if name in RENDERING else 1)
        if job_id:
            bench.client.retry(job_id)
        else:
            job_id = bench.client.submit(kind, PIPELINES[kind].check(params, settings)).id
        bench.cancel_at(job_id, name, out)
    assert bench.finish(job_id) == [2] * len(names)
    assert videos(out) == uninterrupted


@pytest.mark.soak
@pytest.mark.parametrize("dressing", [{}, DRESSED], ids=["copied", "dressed"])
def test_highlights_are_cancelled_at_any_moment_of_each_step(
    bench: Bench, stream: Stream, settings: Settings, tmp_path: Path, dressing: dict[str, Any]
) -> None:
    params = params_of(stream, tmp_path / "out", **dressing)
    check_each_step(bench, JobKind.VOD_HIGHLIGHTS, params, settings, tmp_path)


@pytest.mark.soak
def test_a_montage_is_cancelled_at_any_moment_of_each_step(
    bench: Bench, tiny_recording: Recordings, settings: Settings, tmp_path: Path
) -> None:
    files = [str(tiny_recording(".mp4", duration_s=8.0, seed=seed).path) for seed in range(4)]
    params = {"files": files, "min_duration_s": 10.0, "max_duration_s": 60.0}
    check_each_step(bench, JobKind.CLIP_MONTAGE, params, settings, tmp_path)


def check_each_step(
    bench: Bench, kind: JobKind, params: dict[str, Any], settings: Settings, folder: Path
) -> None:
    """Cancel a job of its own in each step, early, late and somewhere between, and let it come to its end."""
    pipeline = PIPELINES[kind]
    checked = pipeline.check({**params, "out": str(folder / "whole")}, settings)
    run_pipeline(pipeline, checked, settings, SilentProgress())
    whole = videos(folder / "whole")
    rng = random.Random(7)
    names = [step.name for step in pipeline.steps]
    for name in names:
        for moment in (1, rng.randint(2, MOMENTS), MOMENTS * 1000):
            out = folder / f"{name}-{moment}"
            bench.stage.hold(name, moment)
            checked = pipeline.check({**params, "out": str(out)}, settings)
            job_id = bench.client.submit(kind, checked).id
            bench.stage.wait()
            bench.client.cancel(job_id)
            until("nothing half is left", lambda out=out: not halves(out))  # type: ignore[misc]
            until("no child is left", lambda: not bench.children())
            assert bench.status(job_id) is JobStatus.CANCELLED
            assert bench.finish(job_id) == [1 + (step == name) for step in names]
            assert videos(out) == whole
