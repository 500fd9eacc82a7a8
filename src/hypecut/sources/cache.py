"""What was downloaded before, shared by all jobs and processes on this machine: nothing is fetched twice.

Contents are stored under their own SHA-256, keys (which clip, in which quality) refer to them, so that equal
files take room once. A file is handed out only if it still is what was stored. Everything is written aside
and renamed, and each key has a lock while it is fetched: of several processes that want the same file one
fetches it and the others wait. What was not used for longest is removed when the cache outgrows its limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from hypecut.files import told_as_write_error
from hypecut.settings import Settings

log = logging.getLogger(__name__)

_POLL_S = 1.0


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One stored file.

    Attributes:
        key: what it is, e.g. which clip.
        sha256: of its content.
        suffix: of its name, with the dot.
        size: in bytes.
        meta: what is known of it, e.g. `duration_s` as probed; small JSON.
        stored_at: when it was stored, in seconds since 1970.
        used_at: when it was last asked for.
    """

    key: str
    sha256: str
    suffix: str
    size: int
    meta: dict[str, Any] = {}
    stored_at: float = 0.0
    used_at: float = 0.0


class AssetCache:
    """The cache in one folder.

    Args:
        folder: where it is; made when something is stored.
        max_bytes: it is kept below this size, as far as what was just stored allows.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def fetch(
        self,
        key: str,
        suffix: str,
        make: Callable[[Path], Mapping[str, Any]],
        place: Path,
        waiting: Callable[[], object] = lambda: None,
        *,
        trim: bool = True,
        goes_on: bool = False,
    ) -> Asset:
        """Put the file that goes by `key` at `place`: from the cache, or made anew and kept.

        The file at `place` shares its room on the disk with the cache where the system allows; it stays when
        the cache lets go of it.

        Args:
            key: what is wanted, e.g. which clip in which quality.
            suffix: of its name, with the dot.
            make: writes the file to the path it is given and returns what is known of it; runs in one process
                at a time for each key, and only when the cache does not hold the file.
            place: where it is to be; a file that is there is replaced.
            waiting: called each second while another process makes the file; may raise to give up.
            trim: keep the size limit afterwards; who fetches very many does so once, at the end.
            goes_on: `make` goes on with what it finds at its path: what a process that was killed had made.

        Raises:
            DiskFullError, BadInputError: the cache or the place can't be written to; and what `make` raises.
        """
        with self._locked(key, waiting):
            asset = self.find(key)
            if asset is None:
                asset = self._made(key, suffix, make, goes_on)
            else:
                os.utime(self._ref(key))
            with told_as_write_error(place):
                _linked(self._object(asset), place)
        if trim:
            self.trim()
        return asset

    def find(self, key: str) -> Asset | None:
        """What is stored under `key`, its content verified; None when there is nothing sound."""
        asset = self._read(self._ref(key))
        if asset is None:
            return None
        if asset.key == key and _sha256(self._object(asset)) == asset.sha256:
            return asset
        log.warning("the cache's file for %s was changed or lost; it is fetched again", key)
        self._drop(asset)
        return None

    def entries(self) -> list[Asset]:
        """All that is stored, what was used last first; contents are not verified."""
        found = (self._read(ref) for ref in self._refs())
        return sorted((asset for asset in found if asset), key=lambda asset: (-asset.used_at, asset.key))

    @property
    def size(self) -> int:
        """How many bytes the stored contents take."""
        return sum({asset.sha256: asset.size for asset in self.entries()}.values())

    def clear(self) -> int:
        """Remove everything that no process is fetching; returns the bytes freed."""
        freed = sum(self._forget(asset) for asset in self.entries())
        self._remove_abandoned()
        return freed

    def trim(self) -> int:
        """Remove what was not used for longest until the size limit is kept; returns the bytes freed.

        What was used last stays, however large it is.
        """
        over, freed = self.size - self._max_bytes, 0
        if over <= 0:
            return 0
        entries = self.entries()
        uses = Counter(asset.sha256 for asset in entries)
        for asset in reversed(entries[1:]):
            if freed >= over:
                break
            freed += self._forget(asset, uses)
        return freed

    def _made(self, key: str, suffix: str, make: Callable[[Path], Mapping[str, Any]], goes_on: bool) -> Asset:
        part = self.folder / "parts" / f"{_name(key)}{suffix}"
        with told_as_write_error(part):
            part.parent.mkdir(parents=True, exist_ok=True)
            if not goes_on:
                part.unlink(missing_ok=True)
        try:
            meta = make(part)
            with told_as_write_error(part):
                return self._store(part, key, suffix, meta)
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def _store(self, part: Path, key: str, suffix: str, meta: Mapping[str, Any]) -> Asset:
        asset = Asset(
            key=key,
            sha256=_sha256(part) or "",
            suffix=suffix,
            size=part.stat().st_size,
            meta=dict(meta),
            stored_at=time.time(),
        )
        with self._index_locked():
            final, ref = self._object(asset), self._ref(key)
            for folder in (final.parent, ref.parent):
                folder.mkdir(parents=True, exist_ok=True)
            part.replace(final)
            aside = ref.with_suffix(f".{os.getpid()}.part")
            aside.write_bytes(msgspec.json.encode(asset))
            aside.replace(ref)
        return asset

    def _forget(self, asset: Asset, uses: Counter[str] | None = None) -> int:
        """Remove an entry, unless its file is being fetched; returns the bytes freed."""
        with contextlib.suppress(Timeout), self._lock(asset.key).acquire(timeout=0):
            return self._drop(asset, uses)
        return 0

    def _drop(self, asset: Asset, uses: Counter[str] | None = None) -> int:
        """Remove an entry, and its content if no other one has the same; returns the bytes freed.

        `uses` counts how many entries have each content, for whoever drops many and has counted.
        """
        with self._index_locked():
            self._ref(asset.key).unlink(missing_ok=True)
            if uses is None:
                uses = Counter(other.sha256 for other in self.entries())
                uses[asset.sha256] += 1
            uses[asset.sha256] -= 1
            if uses[asset.sha256]:
                return 0
            with contextlib.suppress(OSError):  # on Windows a file in use can't be removed
                self._object(asset).unlink()
                return asset.size
        return 0

    def _remove_abandoned(self) -> None:
        """Remove half-made files and contents without a key, left by processes that were killed."""
        for part in self.folder.glob("parts/*"):
            with (
                contextlib.suppress(OSError, Timeout),
                self._file_lock(f"{part.stem}.lock").acquire(timeout=0),
            ):
                part.unlink()
        with self._index_locked(), contextlib.suppress(OSError):
            known = {self._object(asset) for asset in self.entries()}
            for file in (*self.folder.glob("objects/*/*"), *self.folder.glob("refs/*.part")):
                if file not in known:
                    file.unlink()

    def _read(self, ref: Path) -> Asset | None:
        try:
            asset = msgspec.json.decode(ref.read_bytes(), type=Asset)
            return msgspec.structs.replace(asset, used_at=ref.stat().st_mtime)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("the cache's entry %s can't be read (%s)", ref, error)
            return None

    def _refs(self) -> Iterator[Path]:
        return self.folder.glob("refs/*.json")

    def _ref(self, key: str) -> Path:
        return self.folder / "refs" / f"{_name(key)}.json"

    def _object(self, asset: Asset) -> Path:
        return self.folder / "objects" / asset.sha256[:2] / f"{asset.sha256}{asset.suffix}"

    def _lock(self, key: str) -> FileLock:
        return self._file_lock(f"{_name(key)}.lock")

    def _index_locked(self) -> FileLock:
        return self._file_lock("index.lock")

    def _file_lock(self, name: str) -> FileLock:
        path = self.folder / "locks" / name
        with told_as_write_error(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path)

    @contextlib.contextmanager
    def _locked(self, key: str, waiting: Callable[[], object]) -> Iterator[None]:
        lock = self._lock(key)
        while True:
            try:
                lock.acquire(timeout=_POLL_S)
                break
            except Timeout:
                waiting()
        try:
            yield
        finally:
            lock.release()


def open_cache(settings: Settings) -> AssetCache:
    """The cache that the settings name."""
    return AssetCache(settings.cache_dir / "downloads", int(settings.cache_max_gb * 1e9))


def _name(key: str) -> str:
    """A key as a file name: keys come from outside and must not name paths."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _sha256(path: Path) -> str | None:
    """The SHA-256 of a file's content; None when it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _linked(source: Path, place: Path) -> None:
    """Make `place` the same file as `source`, or a copy of it where the disk can't link."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_name(f".{place.stem}.{os.getpid()}.part{place.suffix}")
    aside.unlink(missing_ok=True)
    try:
        try:
            aside.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, aside)
        aside.replace(place)
    finally:
        aside.unlink(missing_ok=True)
