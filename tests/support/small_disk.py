"""A small disk that is really there: mounted for one command alone."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

# The first mounts, in a namespace of its own where that takes no rights; the rest runs there.
_MOUNTED = (
    "unshare",
    "-rm",
    "sh",
    "-c",
    'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"',
    "sh",
)


def run_on_small_disk(
    command: Sequence[str], disk: Path, size: int, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command for which a disk of `size` bytes is mounted at `disk`; it may remount it, larger.

    What is written there is gone afterwards. The test is skipped where no disk can be mounted.
    """
    disk.mkdir()
    if not _can_mount(disk):
        pytest.skip("no disk can be mounted here (unshare -rm)")
    return subprocess.run(
        [*_MOUNTED, str(size), disk, *command], env=env, capture_output=True, text=True, check=False
    )


def _can_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run([*_MOUNTED, "4096", folder, "true"], capture_output=True, check=False).returncode == 0
    )
