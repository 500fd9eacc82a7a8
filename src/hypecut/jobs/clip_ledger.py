"""Which clips were shown in which montage, so that the next one can leave them out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock

from hypecut.files import told_as_write_error

log = logging.getLogger(__name__)


class UsedClip(msgspec.Struct, frozen=True):
    """A clip that was shown: its id, when, and in which montage's folder."""

    id: str
    used_at: datetime
    folder: str


class ClipLedger:
    """The clips that were shown, a JSON line each.

    Args:
        data_dir: where hypecut keeps its own files.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "used-clips.jsonl"

    def used(self, but_in: str = "") -> frozenset[str]:
        """The ids of the clips that were shown, but for those of the montage in the folder `but_in`."""
        return frozenset(clip.id for clip in self._read() if clip.folder != but_in)

    def add(self, ids: Iterable[str], used_at: datetime, folder: str) -> None:
        """Note that clips were shown in the montage of `folder`.

        Raises:
            BadInputError, DiskFullError: the ledger can't be written.
        """
        with told_as_write_error(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock")):
                known = {clip.id for clip in self._read() if clip.folder == folder}
                new = [UsedClip(one, used_at, folder) for one in dict.fromkeys(ids) if one not in known]
                with self._path.open("ab") as file:
                    file.write(b"".join(msgspec.json.encode(clip) + b"\n" for clip in new))

    def _read(self) -> list[UsedClip]:
        found = []
        with contextlib.suppress(FileNotFoundError):
            for line in self._path.read_bytes().splitlines():
                try:
                    found.append(msgspec.json.decode(line, type=UsedClip))
                except msgspec.MsgspecError:  # cut off in the middle of a line
                    log.warning("%s has a line that can't be read", self._path)
        return found
