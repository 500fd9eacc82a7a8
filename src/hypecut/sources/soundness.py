"""Whether a downloaded segment of a VOD is whole: its structure, its pictures, and its length as promised.

A server may send the right number of bytes and still not the video: zeroes, half of it, something else. That
is found here, before anything is called done.
"""

from __future__ import annotations

import io
import logging
import mmap
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

import av
import av.error

log = logging.getLogger(__name__)

_TS_PACKET = 188
_TS_SYNC = 0x47
# Neither H.264 nor H.265 has more than two zero bytes in a row within a unit (emulation prevention).
_ZEROES = bytes(32)
_ZERO_FREE = ("h264", "hevc")
# Playlists round; the last picture of a segment may be told to be shorter than it is.
_MAX_MISSING_S = 0.5
_MAX_MISSING_SHARE = 0.1
_GAP_S = 1.0


@dataclass(frozen=True)
class SegmentFacts:
    """What was found in a segment.

    Attributes:
        pictures: how many.
        duration_s: from the first to the end of the last.
        longest_gap_s: the longest time from one picture to the next.
        start: the time stamp of its first picture, in seconds of its clock.
    """

    pictures: int
    duration_s: float
    longest_gap_s: float
    start: Fraction


class UnsoundError(Exception):
    """A segment is not what it must be; says why, as the end of a sentence."""


def check_segment(path: Path, init: bytes, promised_s: float) -> SegmentFacts:
    """Make sure that a segment is whole.

    Args:
        path: its file.
        init: what must precede it (fMP4); empty for a transport stream.
        promised_s: its length by the playlist.

    Raises:
        UnsoundError: it is empty, damaged, or shorter than promised.
    """
    size = path.stat().st_size
    if not size:
        raise UnsoundError("it is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _check_boxes(data) if init else _check_packets(data)
    facts = _facts(path, init)
    missing_s = promised_s - facts.duration_s
    if missing_s > max(_MAX_MISSING_S, _MAX_MISSING_SHARE * promised_s):
        raise UnsoundError(f"it holds {facts.duration_s:.1f} s of {promised_s:.1f} s")
    if facts.longest_gap_s > _GAP_S:
        log.warning("%s: the broadcast has a gap of %.1f s", path.name, facts.longest_gap_s)
    return facts


def first_picture(head: bytes, init: bytes) -> Fraction | None:
    """The time stamp of the first picture in the beginning of a segment, in seconds, if it holds one."""
    kind = "mp4" if init else "mpegts"
    try:
        with av.open(io.BytesIO(init + head), "r", format=kind) as container:
            for packet in container.demux(container.streams.video):
                if packet.pts is not None and packet.is_keyframe:
                    return packet.pts * packet.time_base
    except (av.error.FFmpegError, ValueError) as error:
        log.debug("no picture in the first %d bytes: %s", len(head), error)
    return None


def _check_packets(data: mmap.mmap) -> None:
    """A transport stream is a row of packets of 188 bytes; each begins with the same byte."""
    firsts = data[::_TS_PACKET]
    wrong = next((i for i, value in enumerate(firsts) if value != _TS_SYNC), None)
    if wrong is not None:
        raise UnsoundError(f"it is damaged from byte {wrong * _TS_PACKET} on")
    if len(data) % _TS_PACKET:
        raise UnsoundError("it breaks off in the middle")


def _check_boxes(data: mmap.mmap) -> None:
    """An fMP4 segment is a row of boxes, each with its length; `moof` tells what is in `mdat`."""
    at, kinds = 0, set()
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if length < 8 or at + length > len(data) or not kind.isascii():
            raise UnsoundError(f"it is damaged from byte {at} on")
        kinds.add(bytes(kind))
        at += length
    if not {b"moof", b"mdat"} <= kinds:
        raise UnsoundError("it holds no video")


def _facts(path: Path, init: bytes) -> SegmentFacts:
    stamps: list[int] = []
    kind = "mp4" if init else "mpegts"
    try:
        with av.open(io.BytesIO(init + path.read_bytes()), "r", format=kind) as container:
            video = container.streams.video[0]
            base = video.time_base or Fraction(1, 90_000)
            zero_free = video.codec_context.name in _ZERO_FREE
            for packet in container.demux(video):
                if packet.pts is None or not packet.size:
                    continue
                if packet.is_corrupt or (zero_free and _ZEROES in bytes(packet)):
                    raise UnsoundError(f"its pictures are damaged after {len(stamps)} of them")
                stamps.append(packet.pts)
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise UnsoundError(f"it is no video that can be read ({error})") from error
    stamps.sort()
    steps = [after - before for before, after in pairwise(stamps)]
    if not steps:
        raise UnsoundError("it holds no pictures")
    length = stamps[-1] - stamps[0] + median(steps)
    return SegmentFacts(len(stamps), float(length * base), float(max(steps) * base), stamps[0] * base)
