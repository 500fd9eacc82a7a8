"""Finished pieces of montages, kept so that one made again after a change is made anew only where it changed.

A piece is found again by a digest of all that made it: its source's place, size and time, its pictures, what
they wear, the encoder's set-up, the versions of the libraries and of hypecut's own code. So a kept piece is
what would be made anew. Several processes may use one store: pieces are written aside and renamed,
and one that is damaged or gone is merely made again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av

from hypecut import __version__
from hypecut.errors import HypecutError
from hypecut.files import written_aside

log = logging.getLogger(__name__)

_SUFFIX = ".piece"
_DIGEST_BYTES = 32
_NAME = re.compile(r"[0-9a-f]{64}\.piece")
# What a process that was killed was writing.
_UNFINISHED = re.compile(r"\.[0-9a-f]{64}\.\d+\.part\.piece")
_GIVEN_UP_S = 86_400
# Emptied so far below its limit, a store need not be looked through for every new piece.
_SHARE_LEFT = 0.8
_LOOK_EVERY = 64 << 20


class PieceStore:
    """The pieces in one folder.

    Args:
        folder: where they are; made when the first one is kept.
        max_bytes: what was not used for longest is removed when there is more; 0 keeps nothing.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes
        self._written = 0
        self._looked = False
        # The same piece may be made twice in one montage.
        self._lock = threading.Lock()

    def has(self, key: str) -> bool:
        """Whether there is a piece by this key, whole or not."""
        return self._path(key).is_file()

    def get(self, key: str) -> bytes | None:
        """The piece that was kept by this key, unchanged; None when there is none."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        digest, piece = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
        if _digest(piece) != digest:
            log.warning("a kept piece is damaged and is made again: %s", path)
            _remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return piece

    def put(self, key: str, piece: bytes) -> None:
        """Keep a piece; where that can't be done, it only has to be made again another time."""
        size = _DIGEST_BYTES + len(piece)
        if size > self._max_bytes:
            return
        with self._lock:
            self._write(key, piece)
            self._written += size
            if not self._looked or self._written >= min(_LOOK_EVERY, self._max_bytes // 8):
                self._looked, self._written = True, 0
                self.tidy()

    def _write(self, key: str, piece: bytes) -> None:
        try:
            with written_aside(self._path(key)) as part, part.open("wb") as file:
                file.write(_digest(piece))
                file.write(piece)
        except HypecutError as error:
            log.warning("a piece is not kept: %s", error)

    def tidy(self) -> None:
        """Remove what was not used for longest until the store is well within its limit."""
        kept = sorted(self._kept())
        total = sum(one.size for one in kept)
        if total <= self._max_bytes:
            return
        for one in kept:
            _remove(one.path)
            total -= one.size
            if total <= self._max_bytes * _SHARE_LEFT:
                return

    def _kept(self) -> Iterator[_Kept]:
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._folder):
                with contextlib.suppress(OSError):  # removed by another process
                    facts = entry.stat()
                    if _UNFINISHED.fullmatch(entry.name) and time.time() - facts.st_mtime > _GIVEN_UP_S:
                        _remove(Path(entry.path))
                    if not _NAME.fullmatch(entry.name):
                        continue
                    yield _Kept(facts.st_mtime_ns, facts.st_size, Path(entry.path))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"


class _Kept(NamedTuple):
    """A piece in the store; the one used longest ago is the least."""

    used_ns: int
    size: int
    path: Path


def piece_key(*facts: object) -> str:
    """The key of what is made from these facts, each of which must show all that matters by its `repr`."""
    text = repr((_makers(), facts)).encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=32).hexdigest()


def content_digest(data: bytes | memoryview) -> str:
    """What tells this content from any other."""
    return _digest(data).hex()


def source_mark(path: Path) -> tuple[str, int, int]:
    """What tells a source from others and from what it was before: its place, size and time."""
    facts = path.stat()
    return str(path.resolve()), facts.st_size, facts.st_mtime_ns


@functools.cache
def _makers() -> tuple[object, ...]:
    """What makes pieces: a newer one may make others of the same facts."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    code = [(file.name, facts.st_size, facts.st_mtime_ns) for file in files for facts in (file.stat(),)]
    return __version__, av.__version__, sorted(av.library_versions.items()), code


def _digest(piece: bytes | memoryview) -> bytes:
    return hashlib.blake2b(piece, digest_size=_DIGEST_BYTES).digest()


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
