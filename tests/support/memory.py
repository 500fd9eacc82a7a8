"""How much memory a command takes, its children included."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_EVERY_S = 0.02
_PROC = Path("/proc")


@dataclass(frozen=True)
class Measured:
    """A command's end and the most memory its processes held together at one time, in MiB."""

    code: int
    stdout: str
    stderr: str
    peak_mib: float


def measured(words: Sequence[str], env: Mapping[str, str], folder: Path) -> Measured:
    """Run a command to its end in a folder, and watch the memory it and all its children take."""
    if not (_PROC / "self" / "status").exists():
        pytest.skip("the memory of processes is read in /proc")
    process = subprocess.Popen(
        words,
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak_kib, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak_kib
        while not ended.wait(_EVERY_S):
            peak_kib = max(peak_kib, _held_kib(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        out, err = process.communicate()
    finally:
        ended.set()
        watcher.join()
    return Measured(process.returncode, out, err, peak_kib / 1024)


def _held_kib(root: int) -> int:
    """What a process and all that it started hold now; at least the most that it ever held itself."""
    parents = dict(filter(None, map(_parentage, _PROC.glob("[0-9]*"))))
    mine, before = {root}, 0
    while len(mine) > before:
        before = len(mine)
        mine |= {child for child, parent in parents.items() if parent in mine}
    now, ever, programs = 0, 0, set[str]()
    for number in sorted(mine):
        try:
            folder = _PROC / str(number)
            program, lines = (folder / "cmdline").read_text(), (folder / "status").read_text().splitlines()
        except OSError:
            continue
        if program in programs:
            # A child that has not begun its own program yet: its memory is still its parent's.
            continue
        programs.add(program)
        status = dict(line.split(":", 1) for line in lines if ":" in line)
        now += _kib(status, "VmRSS")
        if number == root:
            ever = _kib(status, "VmHWM")
    return max(now, ever)


def _parentage(folder: Path) -> tuple[int, int] | None:
    """A process's number and that of the one that started it."""
    try:
        # What follows the name in parentheses: state, parent.
        return int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _kib(status: Mapping[str, str], name: str) -> int:
    return int(status.get(name, "0").split()[0])
