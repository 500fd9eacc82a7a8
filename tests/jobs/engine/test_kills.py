"""`hypecut highlights` killed at any moment and started again with the same arguments."""

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
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import read_request
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.test_highlights_steps import contents, params_of

# As many lines of progress as a whole run tells, about.
_LINES = 22
_LONGEST_DELAY_S = 0.3


class Run:
    """`hypecut highlights` on the stream, with a data folder of its own."""

    def __init__(self, stream: Stream, folder: Path) -> None:
        self.out, self.data = folder / "out", folder / "data"
        window = ("--min-duration", "60", "--max-duration", "120")
        paths = (str(stream.vod), "--chat", str(stream.chat), "--out", str(self.out))
        self._command = [sys.executable, "-m", "hypecut", "highlights", *paths, *window, "--json"]
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


@pytest.fixture(scope="module")
def uninterrupted(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run makes that nobody kills."""
    out = tmp_path_factory.mktemp("whole") / "out"
    run_highlights(read_request(params_of(stream, out)), Settings(), SilentProgress())
    return videos(out)


def videos(out: Path) -> dict[str, str]:
    """The checksums of the videos: the same bytes are the same frames."""
    return {name: checksum for name, checksum in contents(out).items() if name.endswith(".mp4")}


def check_that_it_goes_on(stream: Stream, folder: Path, seed: int, uninterrupted: dict[str, str]) -> None:
    rng = random.Random(seed)
    run = Run(stream, folder)
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
    check_that_it_goes_on(stream, tmp_path, seed, uninterrupted)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_killed_at_thirty_moments_it_goes_on(
    stream: Stream, tmp_path: Path, uninterrupted: dict[str, str], seed: int
) -> None:
    check_that_it_goes_on(stream, tmp_path, seed, uninterrupted)
