"""A VOD of which only some parts are here: a local HLS playlist in which the others carry `#EXT-X-GAP`.

Its times are the VOD's: t = 0 is the first picture of the first segment, be that one here or not. Where
that picture is on the segments' clock is kept in a tag of its own, which players pass over, as HLS wants it
(RFC 8216, 3.1); without the tag it is told from the lengths of the segments, which are rounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

from hypecut.errors import MediaError
from hypecut.files import write_text

SUFFIX = ".m3u8"
_MAX_BYTES = 64 * 1024**2
_START = "#EXT-X-HYPECUT-START:"
_START_FORM = re.compile(r"(-?\d{1,18})/([1-9]\d{0,9})", re.ASCII)
_LENGTH_FORM = re.compile(r"\d{1,6}(?:\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True)
class SparseSegment:
    """One segment of a sparse VOD.

    Attributes:
        name: of its file, relative to the playlist.
        duration_s: how long it is shown.
        here: its file is here.
        discontinuity: its time stamps do not follow on those before.
    """

    name: str
    duration_s: float
    here: bool
    discontinuity: bool = False


@dataclass(frozen=True)
class SparsePlaylist:
    """A sparse VOD.

    Attributes:
        segments: of the whole VOD, in order.
        init_name: the file that must precede each segment (fMP4), relative to the playlist; "" for none.
        start: the time stamp of the VOD's first picture, in seconds of the segments' clock, if known.
    """

    segments: Sequence[SparseSegment]
    init_name: str = ""
    start: Fraction | None = None

    @property
    def duration_s(self) -> float:
        """The length of the whole VOD."""
        return sum(segment.duration_s for segment in self.segments)


def write_sparse(playlist: SparsePlaylist, path: Path) -> None:
    """Write a sparse playlist, aside and renamed.

    Raises:
        BadInputError: the place can't be written to.
        DiskFullError: there is no room.
    """
    longest = max((segment.duration_s for segment in playlist.segments), default=0.0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:8",
        f"#EXT-X-TARGETDURATION:{int(longest + 0.999)}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-MEDIA-SEQUENCE:0",
    ]
    if playlist.start is not None:
        lines.append(f"{_START}{playlist.start.numerator}/{playlist.start.denominator}")
    if playlist.init_name:
        lines.append(f'#EXT-X-MAP:URI="{playlist.init_name}"')
    for segment in playlist.segments:
        if segment.discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if not segment.here:
            lines.append("#EXT-X-GAP")
        lines += [f"#EXTINF:{segment.duration_s:.6f},", segment.name]
    write_text(path, "\n".join((*lines, "#EXT-X-ENDLIST", "")))


def read_sparse(path: Path) -> SparsePlaylist:
    """Read a playlist of files beside it.

    Raises:
        MediaError: it can't be read, is no media playlist, or names files elsewhere.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise MediaError(f"{path} is too large for a playlist; give another file.")
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{path} is no playlist that can be read ({error}); give another file.") from error
    if not lines or lines[0] != "#EXTM3U":
        raise MediaError(f"{path} is not an HLS playlist; give another file.")
    segments: list[SparseSegment] = []
    init_name, start = "", None
    here, jump, length = True, False, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("#EXTINF:"):
            length = line[len("#EXTINF:") :].partition(",")[0]
        elif line == "#EXT-X-GAP":
            here = False
        elif line == "#EXT-X-DISCONTINUITY":
            jump = True
        elif line.startswith("#EXT-X-MAP:"):
            uri = re.search(r'URI="([^"]+)"', line)
            init_name = _beside(path, number, uri[1] if uri else "")
        elif line.startswith(_START):
            found = _START_FORM.fullmatch(line[len(_START) :])
            start = Fraction(int(found[1]), int(found[2])) if found else None
        elif line.startswith(("#EXT-X-BYTERANGE", "#EXT-X-KEY", "#EXT-X-STREAM-INF")):
            raise MediaError(f"{path}, line {number}: {line.partition(':')[0]} can't be used; give a video.")
        elif line and not line.startswith("#"):
            if not _LENGTH_FORM.fullmatch(length):
                raise MediaError(f"{path}, line {number}: the segment has no length; get it again.")
            segments.append(SparseSegment(_beside(path, number, line), float(length), here, jump))
            here, jump, length = True, False, ""
    if not segments:
        raise MediaError(f"{path} lists no segments; give another file.")
    return SparsePlaylist(segments, init_name, start)


def _beside(path: Path, number: int, name: str) -> str:
    """A name that leads to a file in the playlist's folder or below; any other is refused."""
    parts = PurePosixPath(name)
    windows = "\\" in name or ":" in name
    if not name or windows or parts.is_absolute() or ".." in parts.parts or "\0" in name:
        raise MediaError(f"{path}, line {number}: only files beside the playlist may be named; get it again.")
    return name


def source_bytes(path: Path) -> float:
    """How many bytes a source takes: of a sparse VOD about as many as all of it would.

    Raises:
        OSError: the file, or one of a playlist's, is missing.
        MediaError: the playlist can't be read.
    """
    if path.suffix.lower() != SUFFIX:
        return path.stat().st_size
    playlist = read_sparse(path)
    here = [segment for segment in playlist.segments if segment.here]
    size = sum((path.parent / segment.name).stat().st_size for segment in here)
    return size * playlist.duration_s / max(1.0, sum(segment.duration_s for segment in here))
