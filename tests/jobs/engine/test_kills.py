"""`hypecut highlights` and `hypecut montage` killed at any moment, and started again as they were."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hypecut.jobs.engine import open_engine
from hypecut.jobs.engine.protocol import JobDetails, JobFilter
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.engine.conftest import videos
from tests.support.recordings import Recordings

# As many lines of progress as a whole run tells, about.
_LINES = 22
_LONGEST_DELAY_S = 0.3


class Run:
    """A run of hypecut, with a data folder of its own."""

    def __init__(self, folder: Path, *args: str | Path) -> None:
        self.out, self.data = folder / "out", folder / "data"
        self._command = [sys.executable, "-m", "hypecut", *map(str, args), "--out", str(self.out), "--json"]
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("HYPECUT_")}
        self._env |= {"HYPECUT_DATA_DIR": str(self.data), "HYPECUT_CACHE_DIR": str(folder / "cache")}

    def killed(self, lines: int, delay_s: float) -> None:
        """Start it, and kill it after so many lines of progress and a while; it may end before."""
        process = self._start()
        assert process.stderr is not None
        for _ in range(lines):
            if not process.stderr.readline():
                break
        time.sleep(delay_s)
        process.kill()
        process.communicate()

    def finished(self) -> dict[str, Any]:
        """Start it, and let it come to its end; what it prints."""
        process = self._start()
        out, err = process.communicate()
        assert process.returncode == 0, err
        result: dict[str, Any] = json.loads(out)
        return result

    def details(self) -> JobDetails:
        """What the database tells of the job."""
        engine = open_engine(Settings(data_dir=self.data))
        jobs = engine.list(JobFilter()).jobs
        details = engine.get(jobs[-1].id)
        engine.close()
        return details

    def _start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(self._command, stdout=pipe, stderr=pipe, text=True, env=self._env)


def highlights(stream: Stream, folder: Path) -> Run:
    window = ("--min-duration", "60", "--max-duration", "120")
    return Run(folder, "highlights", stream.vod, "--chat", stream.chat, *window)


def check_that_it_goes_on(run: Run, seed: int, uninterrupted: dict[str, str]) -> None:
    rng = random.Random(seed)
    run.killed(rng.randint(1, _LINES), rng.uniform(0.0, _LONGEST_DELAY_S))
    result = run.finished()
    assert result["status"] in ("done", "already done")
    assert videos(run.out) == uninterrupted
    attempts = {step.name: step.attempts for step in run.details().steps}
    again = [name for name, count in attempts.items() if count > 1]
    assert len(again) <= 1, f"finished steps were run again: {attempts}"
    assert not list(run.out.rglob(".*.part*"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_at_any_moment_it_goes_on(
    stream: Stream, tmp_path: Path, uninterrupted: dict[str, str], seed: int
) -> None:
    check_that_it_goes_on(highlights(stream, tmp_path), seed, uninterrupted)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_killed_at_thirty_moments_it_goes_on(
    stream: Stream, tmp_path: Path, uninterrupted: dict[str, str], seed: int
) -> None:
    check_that_it_goes_on(highlights(stream, tmp_path), seed, uninterrupted)


@pytest.fixture(scope="module")
def clips(tiny_recording: Recordings) -> list[Path]:
    """Four clips of eight seconds."""
    return [tiny_recording(".mp4", duration_s=8.0, seed=seed).path for seed in range(1, 5)]


@pytest.fixture(scope="module")
def whole_montage(clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The videos that the montage of the clips is made of when nobody kills its job."""
    run = montage(clips, tmp_path_factory.mktemp("montage"))
    run.finished()
    return videos(run.out)


def montage(clips: list[Path], folder: Path) -> Run:
    return Run(folder, "montage", *clips, "--min-duration", "10", "--max-duration", "60")


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 208))
def test_a_killed_montage_goes_on(
    clips: list[Path], tmp_path: Path, whole_montage: dict[str, str], seed: int
) -> None:
    check_that_it_goes_on(montage(clips, tmp_path), seed, whole_montage)
