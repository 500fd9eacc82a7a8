"""Fetching segments of a VOD: several at once, each verified, none twice."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypecut.errors import (
    DiskFullError,
    HttpStatusError,
    InterruptedByUserError,
    SourceUnavailableError,
)
from hypecut.progress import Progress
from hypecut.settings import Settings
from hypecut.sources.cache import AssetCache
from hypecut.sources.hls import HlsSegment
from hypecut.sources.http import HttpClient
from hypecut.sources.soundness import SegmentFacts, UnsoundError, check_segment, first_picture
from hypecut.sources.twitch.files import VodFiles
from hypecut.times import format_time

log = logging.getLogger(__name__)

INIT_NAME = "init.mp4"
MAX_SEGMENT_BYTES = 512 * 1024**2
_MAX_INIT_BYTES = 1024**2
_HEAD_BYTES = 128 * 1024
# A segment that is damaged this often is so on the server.
_TRIES = 3
# So many that can't be had, and the rest isn't asked for.
_MAX_LOST = 5
_POLL_S = 0.25


@dataclass(frozen=True)
class Lost:
    """A segment that can't be had, and why."""

    segment: HlsSegment
    reason: str

    def __str__(self) -> str:
        return f"{format_time(self.segment.start_s)} to {format_time(self.segment.end_s)} ({self.reason})"


class SegmentFetcher:
    """Fetches segments of one quality of a VOD into a folder, by way of the cache.

    Args:
        http: the way out; closed when a fetch is broken off.
        files: where the segments are.
        cache: what was fetched before, by whomever.
        settings: how many at once.

    Attributes:
        starts: of each segment that is here, the time stamp of its first picture, in seconds of its clock.
    """

    def __init__(self, http: HttpClient, files: VodFiles, cache: AssetCache, settings: Settings) -> None:
        self._http = http
        self._files = files
        self._cache = cache
        self._threads = settings.download_threads
        self._stop = threading.Event()
        self._init: bytes | None = None
        self.starts: dict[int, Fraction] = {}
        self._lock = threading.Lock()

    def name(self, index: int) -> str:
        """The name of a segment's file in the folder it is fetched to."""
        return f"{index}{self._files.playlist.suffix}"

    def fetch(self, indices: Sequence[int], folder: Path, progress: Progress) -> None:
        """Have these segments in a folder; those that are there stay.

        Args:
            indices: which ones.
            folder: where to; files are named by `name`, what precedes all is `INIT_NAME`.
            progress: told of the seconds of video that are there.

        Raises:
            SourceUnavailableError: some can't be had whole; the message names them. All others are there.
            DiskFullError, BadInputError: the folder or the cache can't be written to.
        """
        self._need_init(folder)
        segments = [self._files.playlist.segments[index] for index in indices]
        progress.start("fetch", sum(segment.duration_s for segment in segments))
        lost: list[Lost] = []
        done_s = 0.0
        with ThreadPoolExecutor(self._threads) as pool, self._broken_off_cleanly():
            for finished in self._finished(pool, segments, folder):
                for segment, problem in finished:
                    done_s += segment.duration_s
                    lost += [problem] if problem else []
                # Whoever is told may ask to stop.
                progress.update(done_s)
                if len(lost) >= _MAX_LOST:
                    break
            pool.shutdown(wait=True, cancel_futures=True)
        self._cache.trim()
        if lost:
            raise _missing(lost[:_MAX_LOST], len(segments))
        progress.finish()

    def start(self, folder: Path) -> Fraction | None:
        """The time stamp of the VOD's first picture, in seconds of the segments' clock; None if it has none.

        Only the beginning of the first segment is fetched, unless the whole of it is in `folder`.
        """
        self._need_init(folder)
        here = folder / self.name(0)
        if here.is_file():
            return first_picture(here.read_bytes(), self._init or b"")
        size = _HEAD_BYTES
        while size <= MAX_SEGMENT_BYTES:
            head = self._head(size)
            found = first_picture(head, self._init or b"")
            if found is not None or len(head) < size:
                return found
            size *= 4
        return None

    def _head(self, size: int) -> bytes:
        headers = {"Range": f"bytes=0-{size - 1}", "Accept-Encoding": "identity"}

        def take(url: str) -> bytes:
            return self._http.get(url, headers=headers, max_bytes=MAX_SEGMENT_BYTES).body

        return self._files.reached(0, take)

    def _need_init(self, folder: Path) -> None:
        """Have the file that precedes all segments, if there is one."""
        if not self._files.playlist.init_url or self._init is not None:
            return

        def take(url: str) -> bytes:
            return self._http.get(url, max_bytes=_MAX_INIT_BYTES).body

        def make(part: Path) -> dict[str, Any]:
            part.write_bytes(self._files.reached(None, take))
            return {}

        self._cache.fetch(self._key("init"), ".mp4", make, folder / INIT_NAME, self._check_stop, trim=False)
        self._init = (folder / INIT_NAME).read_bytes()

    def _finished(
        self, pool: ThreadPoolExecutor, segments: Sequence[HlsSegment], folder: Path
    ) -> Iterator[list[tuple[HlsSegment, Lost | None]]]:
        """Several times a second the segments finished since; few more than threads are under way."""
        left = iter(segments)
        under_way: dict[Future[Lost | None], HlsSegment] = {}
        while True:
            for segment in left:
                under_way[pool.submit(self._one, segment, folder)] = segment
                if len(under_way) > self._threads:
                    break
            if not under_way:
                return
            finished, _ = wait(under_way, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            yield [(under_way.pop(future), future.result()) for future in finished]

    def _one(self, segment: HlsSegment, folder: Path) -> Lost | None:
        """Have one segment; what is wrong with it, if it can't be had."""
        place = folder / self.name(segment.index)
        try:
            if place.is_file():
                with contextlib.suppress(UnsoundError):
                    self.starts[segment.index] = self._check(place, segment).start
                    return None
            name = segment.urls[0].rsplit("/", 1)[-1]
            asset = self._cache.fetch(
                self._key(f"{name}/{segment.duration_s:.3f}"),
                place.suffix,
                lambda part: self._made(segment, part),
                place,
                self._check_stop,
                trim=False,
                # From two addresses come two files, whose pieces don't fit.
                goes_on=len(segment.urls) == 1,
            )
            self.starts[segment.index] = Fraction(*asset.meta["start"])
        except SourceUnavailableError as error:
            log.warning("part %d of the VOD: %s", segment.index, error)
            return Lost(segment, _reason(error))
        return None

    def _made(self, segment: HlsSegment, part: Path) -> dict[str, Any]:
        """Download a segment, or what is missing of it, until it is sound; a damaged one is had anew."""
        for left in reversed(range(_TRIES)):
            self._files.reached(
                segment.index,
                lambda url: self._http.download(
                    url, part, max_bytes=MAX_SEGMENT_BYTES, on_bytes=self._check_stop
                ),
            )
            try:
                facts = self._check(part, segment)
                start = [facts.start.numerator, facts.start.denominator]
                return {"duration_s": facts.duration_s, "pictures": facts.pictures, "start": start}
            except UnsoundError as error:
                log.warning("part %d of the VOD: %s", segment.index, error)
                part.unlink()
                if not left:
                    raise SourceUnavailableError(f"{error}.") from error
        raise AssertionError("unreachable")

    def _check(self, file: Path, segment: HlsSegment) -> SegmentFacts:
        return check_segment(file, self._init or b"", segment.duration_s)

    def _check_stop(self, _: object = None) -> None:
        if self._stop.is_set():
            raise InterruptedByUserError("the download was stopped; run it again to go on.")

    def _key(self, name: str) -> str:
        return f"twitch-vod/{self._files.video_id}/{self._files.quality.name}/{name}"

    @contextlib.contextmanager
    def _broken_off_cleanly(self) -> Iterator[None]:
        """Let no thread go on when the work is broken off."""
        try:
            yield
        except BaseException:
            self._stop.set()
            self._http.close()
            raise


def check_disk(folder: Path, needed_bytes: float, what: str) -> None:
    """Make sure that there is room before anything is fetched.

    Raises:
        DiskFullError: there is not.
    """
    near = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(near).free
    if needed_bytes > free:
        raise DiskFullError(
            f"{what} needs about {needed_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free where {folder}"
            " is; free some space, or choose another place with --out."
        )


def _reason(error: SourceUnavailableError) -> str:
    """Why a segment can't be had, in a few words."""
    if isinstance(error, HttpStatusError):
        return f"status {error.status}"
    return str(error).partition(";")[0].rstrip(".")


def _missing(lost: Sequence[Lost], count: int) -> SourceUnavailableError:
    some = ", ".join(map(str, sorted(lost, key=lambda one: one.segment.index)))
    more = "at least " if len(lost) >= _MAX_LOST else ""
    return SourceUnavailableError(
        f"{more}{len(lost)} of {count} parts of the VOD can't be had: {some}; run it again to go on, or"
        " leave these out with --exclude."
    )
