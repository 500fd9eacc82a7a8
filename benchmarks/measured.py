"""Running commands and measuring what they take."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import av

# A process's peak memory counts that of the one that started it, so a small one does.
_LAUNCHER = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
wall = time.perf_counter() - begun
print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


class Usage(NamedTuple):
    """What a run took: time on the wall, of the processors, and the largest process's memory."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def run(command: Sequence[str | Path], **variables: str) -> Usage:
    """Run a command to its end, with its talk thrown away unless it is an error's.

    Args:
        command: the program and its arguments.
        variables: set in its environment, beside those of this process.

    Raises:
        SystemExit: it failed.
    """
    launch = [sys.executable, "-S", "-c", _LAUNCHER, *(str(word) for word in command)]
    environment = os.environ | variables
    done = subprocess.run(launch, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    code, wall_s, cpu_s, peak_kib = json.loads(done.stdout)
    if code:
        raise SystemExit(f"{' '.join(launch[4:])} failed with {code}:\n{done.stderr}")
    return Usage(wall_s, cpu_s, peak_kib / (1024 if sys.platform != "darwin" else 1024 * 1024))


def together(usages: Sequence[Usage]) -> Usage:
    """What several commands took one after the other."""
    return Usage(sum(u.wall_s for u in usages), sum(u.cpu_s for u in usages), max(u.peak_mib for u in usages))


def best(usages: Sequence[Usage]) -> Usage:
    """The least of several runs of the same, the most of memory."""
    return Usage(min(u.wall_s for u in usages), min(u.cpu_s for u in usages), max(u.peak_mib for u in usages))


def median_wall_s(usages: Sequence[Usage]) -> float:
    """The middle of the runs' times."""
    return statistics.median(u.wall_s for u in usages)


def video_length_s(path: Path) -> float:
    """How long a video is by its header."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / 1e6


def machine() -> str:
    """The processor, and how many of it."""
    names = [platform.processor() or platform.machine()]
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")] or names
    return f"{names[0]}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
