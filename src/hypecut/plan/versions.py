"""Changing a plan file that others may change too: whoever comes second is told, and overwrites nothing."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from hypecut.errors import PlanChangedError, PlanError
from hypecut.files import written_aside
from hypecut.models import Plan
from hypecut.plan.document import MAX_BYTES, decode_plan, encode_plan

# Looking and writing are one act within a process.
_LOCK = threading.Lock()


def version_of(data: bytes) -> str:
    """What tells one content of a plan file from another; made for an ETag."""
    return hashlib.sha256(data).hexdigest()[:32]


def read_versioned(path: Path) -> tuple[Plan, str]:
    """The plan in a file, and its version.

    Raises:
        PlanError: as `hypecut.plan.document.read_plan`.
    """
    data = _bytes(path)
    return decode_plan(data, str(path)), version_of(data)


def save_versioned(plan: Plan, path: Path, seen: str) -> str:
    """Write the plan if the file still is what was seen; gives the new version.

    Raises:
        PlanChangedError: somebody else changed the file since.
        PlanError: the plan can't be written, or the file can't be read.
        BadInputError, DiskFullError: the place can't be written to.
    """
    data = encode_plan(plan)
    with _LOCK:
        if version_of(_bytes(path)) != seen:
            raise PlanChangedError(
                "the plan was changed in another window or program since you opened it;"
                " load it anew, or save yours over it."
            )
        with written_aside(path) as part:
            part.write_bytes(data)
    return version_of(data)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PlanError(f"can't read the plan {path} ({reason}); check the path.") from error
