"""Which process this is, so that another one can tell whether it still lives."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple


class ProcessId(NamedTuple):
    """A process among all machines.

    Attributes:
        host: the machine since it was started, and on it the space that process numbers are counted in.
        pid: its number there.
        began: when it began, as the system tells it; '' where it doesn't.
    """

    host: str
    pid: int
    began: str


def this_process() -> ProcessId:
    """The process that asks."""
    return ProcessId(this_host(), os.getpid(), _began(os.getpid()))


def this_host() -> str:
    """The machine since it was started: its name, the start's id and, in containers, the space of numbers."""
    return f"{socket.gethostname()}/{_boot_id()}/{_number_space()}"


def is_gone(process: ProcessId) -> bool:
    """Whether a process of this host has ended; False where that can't be told."""
    if process.host != this_host() or sys.platform == "win32":
        return False
    if process.began:
        return _began(process.pid) != process.began
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _number_space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _began(pid: int) -> str:
    """When a process began, in ticks since the machine was started (Linux); '' when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name, in parentheses, may hold anything; a zombie has ended.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]
