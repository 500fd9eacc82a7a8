"""HLS playlists (RFC 8216), as far as Twitch's VODs use them: a video's files, and when each is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin

from hypecut.errors import SourceUnavailableError

# A day of two-second segments and then some; more is no playlist of a VOD.
MAX_SEGMENTS = 200_000
_MAX_SEGMENT_S = 600.0
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')
_UNMUTED, _MUTED = "-unmuted.", "-muted."


@dataclass(frozen=True)
class Quality:
    """One quality of a video.

    Attributes:
        name: Twitch's, e.g. `chunked` (the source), `720p60`, `audio_only`.
        label: for people, e.g. `1080p60`.
        url: of its media playlist.
        bandwidth: bits a second, about.
        width: of the picture; 0 for sound alone.
        height: of the picture; 0 for sound alone.
        fps: pictures a second; 0 when it is not told.
    """

    name: str
    label: str
    url: str
    bandwidth: int
    width: int = 0
    height: int = 0
    fps: float = 0.0


@dataclass(frozen=True)
class HlsSegment:
    """One file of a video.

    Attributes:
        index: its place in the playlist, from 0.
        urls: where it may be had; the first that is let out counts.
        start_s: the sum of the lengths before it.
        duration_s: how long it is shown.
        muted: its sound was taken out.
        discontinuity: its time stamps do not follow on those before.
    """

    index: int
    urls: tuple[str, ...]
    start_s: float
    duration_s: float
    muted: bool = False
    discontinuity: bool = False

    @property
    def end_s(self) -> float:
        """Where the next one begins."""
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class MediaPlaylist:
    """The files of one quality of a video.

    Attributes:
        segments: in order.
        init_url: what must precede each of them (fMP4); "" for a transport stream.
        ended: nothing more will be added.
    """

    segments: tuple[HlsSegment, ...]
    init_url: str = ""
    ended: bool = True

    @property
    def duration_s(self) -> float:
        """The length of the whole."""
        return self.segments[-1].end_s if self.segments else 0.0

    @property
    def suffix(self) -> str:
        """Of the files' names."""
        return ".mp4" if self.init_url else ".ts"

    @property
    def muted(self) -> tuple[tuple[float, float], ...]:
        """The spans (from, to) without sound, in seconds."""
        spans: list[tuple[float, float]] = []
        for segment in self.segments:
            if segment.muted and spans and spans[-1][1] == segment.start_s:
                spans[-1] = (spans[-1][0], segment.end_s)
            elif segment.muted:
                spans.append((segment.start_s, segment.end_s))
        return tuple(spans)

    def covering(self, start_s: float, end_s: float) -> tuple[HlsSegment, ...]:
        """The files that show anything from `start_s` to before `end_s`."""
        return tuple(s for s in self.segments if s.start_s < end_s and s.end_s > start_s)


def parse_master(text: str, url: str) -> tuple[Quality, ...]:
    """The qualities that a master playlist lists, as it orders them.

    Raises:
        SourceUnavailableError: it is no master playlist, or an empty one.
    """
    qualities: list[Quality] = []
    names: dict[str, str] = {}
    stream: dict[str, str] | None = None
    for line in _lines(text):
        if line.startswith("#EXT-X-MEDIA:"):
            media = _attributes(line)
            names[media.get("GROUP-ID", "")] = media.get("NAME", "")
        elif line.startswith("#EXT-X-STREAM-INF:"):
            stream = _attributes(line)
        elif stream is not None and not line.startswith("#"):
            qualities.append(_quality(stream, names, urljoin(url, line)))
            stream = None
    if not qualities:
        raise SourceUnavailableError("Twitch lists no qualities of the video; try again later.")
    return tuple(qualities)


def parse_media(text: str, url: str) -> MediaPlaylist:
    """The files that a media playlist lists.

    A file whose name says `-unmuted` is kept from everybody; its `-muted` twin is what viewers get.

    Raises:
        SourceUnavailableError: it is no media playlist, it is empty, encrypted, or uses what Twitch does not.
    """
    segments: list[HlsSegment] = []
    init_url, ended, jump, at_s = "", False, False, 0.0
    length_s: float | None = None
    for line in _lines(text):
        if line.startswith("#EXTINF:"):
            length_s = _seconds(line[len("#EXTINF:") :].partition(",")[0])
        elif line.startswith("#EXT-X-MAP:"):
            found = urljoin(url, _attributes(line).get("URI", ""))
            if init_url not in ("", found):
                raise _unusable("its format changes in the middle")
            init_url = found
        elif line.startswith("#EXT-X-KEY:") and _attributes(line).get("METHOD") != "NONE":
            raise _unusable("it is encrypted")
        elif line.startswith(("#EXT-X-BYTERANGE", "#EXT-X-GAP")):
            raise _unusable("it has gaps or shares files")
        elif line == "#EXT-X-DISCONTINUITY":
            jump = bool(segments)
        elif line == "#EXT-X-ENDLIST":
            ended = True
        elif not line.startswith("#"):
            if length_s is None or len(segments) >= MAX_SEGMENTS:
                raise _unusable("it is malformed")
            urls, muted = _places(urljoin(url, line))
            segments.append(HlsSegment(len(segments), urls, at_s, length_s, muted, jump))
            at_s = round(at_s + length_s, 6)
            length_s, jump = None, False
    if not segments:
        raise _unusable("it is empty")
    return MediaPlaylist(tuple(segments), init_url, ended)


def _lines(text: str) -> Iterator[str]:
    lines = (line.strip() for line in text.splitlines())
    if next(lines, "").lstrip("\ufeff") != "#EXTM3U":
        raise SourceUnavailableError("Twitch sent something else than a playlist; try again later.")
    return (line for line in lines if line)


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line.partition(":")[2])}


def _quality(stream: dict[str, str], names: dict[str, str], url: str) -> Quality:
    name = stream.get("VIDEO") or stream.get("STABLE-VARIANT-ID") or stream.get("IVS-NAME") or ""
    width, _, height = stream.get("RESOLUTION", "0x0").partition("x")
    return Quality(
        name=name,
        label=names.get(name) or stream.get("IVS-NAME") or name,
        url=url,
        bandwidth=_whole(stream.get("BANDWIDTH", "")),
        width=_whole(width),
        height=_whole(height),
        fps=_seconds(stream.get("FRAME-RATE", "0") or "0"),
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else 0


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MAX_SEGMENT_S:
        raise _unusable("it holds impossible lengths")
    return value


def _places(url: str) -> tuple[tuple[str, ...], bool]:
    """Where a file may be had, and whether it is muted."""
    if _UNMUTED in url:
        return (url.replace(_UNMUTED, _MUTED), url.replace(_UNMUTED, ".")), True
    if _MUTED in url:
        return (url, url.replace(_MUTED, ".")), True
    return (url,), False


def _unusable(why: str) -> SourceUnavailableError:
    return SourceUnavailableError(f"the playlist of the video can't be used: {why}; update hypecut.")
