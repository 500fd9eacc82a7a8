"""Recordings for the browser: whole where it can play them, else in pieces made when they are looked at."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from PIL import Image

from hypecut.errors import HypecutError, MediaError
from hypecut.media.encoder import EncoderOptions
from hypecut.media.render import render
from hypecut.media.sparse import SUFFIX as PLAYLIST
from hypecut.media.sparse import read_sparse
from hypecut.models import Cut, Plan
from hypecut.progress import SilentProgress

log = logging.getLogger(__name__)

PIECE_S = 20.0
THUMB_WIDTH = 224
_MOST_BYTES = 2_000_000_000
_MOST_FRAMES_DECODED = 40
# What every browser of today plays from a file it can seek in.
_CONTAINERS = frozenset({".mp4", ".m4v", ".mov"})
_SOUNDS = frozenset({"aac", "mp3", "opus", "flac"})
_AT_ONCE = threading.Semaphore(2)
_FAST = EncoderOptions(crf=26, preset="ultrafast")


def is_playable(path: Path) -> bool:
    """Whether browsers play the file as it is: H.264 of 8 bits and 4:2:0 in an MP4 file."""
    if path.suffix.lower() not in _CONTAINERS:
        return False
    try:
        with av.open(str(path)) as container:
            videos, sounds = container.streams.video, container.streams.audio
            picture = videos and videos[0].codec_context
            plain = picture and picture.name == "h264" and picture.pix_fmt in ("yuv420p", "yuvj420p")
            return bool(plain) and all(sound.codec_context.name in _SOUNDS for sound in sounds[:1])
    except (OSError, av.error.FFmpegError):
        return False


def spans_here(path: Path, duration_s: float) -> list[tuple[float, float]]:
    """What of a recording is here, from where to where in seconds: all, but of a VOD fetched in part.

    Raises:
        MediaError: a playlist can't be read.
    """
    if path.suffix != PLAYLIST:
        return [(0.0, duration_s)]
    spans: list[tuple[float, float]] = []
    at_s = 0.0
    for segment in read_sparse(path).segments:
        end_s = at_s + segment.duration_s
        if segment.here and spans and spans[-1][1] == at_s:
            spans[-1] = (spans[-1][0], end_s)
        elif segment.here:
            spans.append((at_s, end_s))
        at_s = end_s
    return spans


def thumbnail(path: Path, time_s: float) -> bytes:
    """A small JPEG of about that time: of the first picture that can be decoded from there on.

    Raises:
        MediaError: there is none.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            if stream.time_base is None:
                raise MediaError(f"{path} has no times; take another recording.")
            wanted = int(time_s / stream.time_base) + (stream.start_time or 0)
            container.seek(wanted, stream=stream)
            for number, frame in enumerate(container.decode(stream)):
                if (frame.pts or 0) >= wanted or number >= _MOST_FRAMES_DECODED:
                    height = max(2, round(THUMB_WIDTH * frame.height / frame.width / 2) * 2)
                    small = frame.reformat(width=THUMB_WIDTH, height=height, format="rgb24").to_ndarray()
                    file = io.BytesIO()
                    Image.fromarray(small).save(file, "JPEG", quality=75)
                    return file.getvalue()
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise MediaError(f"{path} can't be shown at {time_s:.0f} s; it is damaged or cut off.") from error
    raise MediaError(f"{path} has no picture at {time_s:.0f} s; it is damaged or cut off.")


class Pieces:
    """Pieces of recordings that browsers can play, kept in a folder of bounded size.

    Args:
        folder: where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}

    def get(self, source: Path, span: tuple[float, float], number: int) -> Path:
        """The file of a piece, made if need be.

        Args:
            source: the recording.
            span: what of it is cut into pieces, in seconds.
            number: which piece, from 0 on; each is `PIECE_S` long, but for the last.

        Raises:
            MediaError: there is no such piece, or it can't be read.
        """
        start_s = span[0] + number * PIECE_S
        end_s = min(start_s + PIECE_S, span[1])
        if not 0 <= start_s < end_s:
            raise MediaError(f"there is nothing to show of {source} at {start_s:.0f} s.")
        path = self._folder / f"{_fingerprint(source, start_s, end_s)}.mp4"
        with self._alone(path.name):
            if not path.is_file():
                self._make(source, start_s, end_s, path)
            path.touch()
        return path

    def _make(self, source: Path, start_s: float, end_s: float, path: Path) -> None:
        plan = Plan(version=1, cuts=(Cut(source=str(source.resolve()), start_s=start_s, end_s=end_s),))
        self._folder.mkdir(parents=True, exist_ok=True)
        with _AT_ONCE:
            try:
                render(plan, self._folder, path, SilentProgress(), _FAST)
            except HypecutError as error:
                raise MediaError(str(error)) from error
        self._prune(path)

    def _prune(self, new: Path) -> None:
        """Remove the pieces not looked at for longest until the rest is small enough."""
        with self._lock, contextlib.suppress(OSError):
            files = sorted(self._folder.glob("*.mp4"), key=lambda file: file.stat().st_mtime, reverse=True)
            total = 0
            for file in files:
                total += file.stat().st_size
                if total > _MOST_BYTES and file != new:
                    file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Two who ask for the same piece wait for the same work."""
        with self._lock:
            lock = self._busy.setdefault(name, threading.Lock())
        with lock:
            yield
        with self._lock:
            if not lock.locked():
                self._busy.pop(name, None)


def _fingerprint(source: Path, start_s: float, end_s: float) -> str:
    facts = source.stat()
    text = f"{source.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}\0{start_s:.3f}\0{end_s:.3f}"
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:32]
