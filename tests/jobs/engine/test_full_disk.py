"""A disk that is really full in the midst of a job: a small one, mounted for this process alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.conftest import Stream
from tests.jobs.test_highlights_steps import params_of

# The first mounts, in a namespace of its own where that takes no rights; the rest runs there.
MOUNTED = (
    "unshare",
    "-rm",
    "sh",
    "-c",
    'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"',
    "sh",
)
SIZE = 64 << 20


def can_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run([*MOUNTED, "4096", folder, "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.soak
@pytest.mark.parametrize("step", ["cut", "montage"])
def test_a_job_waits_for_room_and_goes_on(
    stream: Stream, tmp_path: Path, uninterrupted: dict[str, str], step: str
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("no disk can be mounted here (unshare -rm)")
    asked = {
        "data": str(tmp_path / "data"),
        "disk": str(disk),
        "step": step,
        "params": params_of(stream, disk / "out"),
    }
    command = [sys.executable, "-m", "tests.jobs.engine.full_disk", json.dumps(asked)]
    ran = subprocess.run([*MOUNTED, str(SIZE), disk, *command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["waiting"], told["halves"]) == ("running", [])
    assert "no room left on the disk" in told["note"]
    assert (told["status"], told["error"], told["note_after"]) == ("done", None, "")
    assert told["attempts"] == [1] * 9
    assert told["videos"] == uninterrupted
