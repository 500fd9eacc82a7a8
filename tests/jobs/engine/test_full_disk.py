"""A disk that is really full in the midst of a job: a small one, mounted for its process alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.jobs.conftest import Stream
from tests.jobs.test_highlights_steps import params_of
from tests.support.small_disk import run_on_small_disk

SIZE = 64 << 20


@pytest.mark.soak
@pytest.mark.parametrize("step", ["cut", "montage"])
def test_a_job_waits_for_room_and_goes_on(
    stream: Stream, tmp_path: Path, uninterrupted: dict[str, str], step: str
) -> None:
    disk = tmp_path / "disk"
    asked = {
        "data": str(tmp_path / "data"),
        "disk": str(disk),
        "step": step,
        "params": params_of(stream, disk / "out"),
    }
    command = [sys.executable, "-m", "tests.jobs.engine.full_disk", json.dumps(asked)]
    ran = run_on_small_disk(command, disk, SIZE)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["waiting"], told["halves"]) == ("running", [])
    assert "no room left on the disk" in told["note"]
    assert (told["status"], told["error"], told["note_after"]) == ("done", None, "")
    assert told["attempts"] == [1] * 9
    assert told["videos"] == uninterrupted
