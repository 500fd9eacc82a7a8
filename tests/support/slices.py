"""Telling whether coded pictures are the same, whichever container they are in."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

_SLICE_KINDS = range(1, 6)
_SEEK_BACK_S = (0.0, 6.0, 15.0, 40.0)
_REORDER = 24


def slice_digest(data: bytes, prefix: int) -> bytes:
    """A digest of an H.264 packet's slices; parameter sets, delimiters, SEI and filler don't count.

    Args:
        data: the packet.
        prefix: bytes of the length before each unit; 0 when start codes separate them.
    """
    digest = hashlib.blake2b(digest_size=12)
    for unit in _prefixed(data, prefix) if prefix else _start_coded(data):
        if unit and unit[0] & 31 in _SLICE_KINDS:
            digest.update(unit)
    return digest.digest()


def unit_prefix(stream: VideoStream) -> int:
    """How many bytes of length are before each unit in a stream's packets; 0 for start codes."""
    extradata = stream.codec_context.extradata or b""
    return (extradata[4] & 3) + 1 if extradata[:1] == b"\x01" else 0


def _prefixed(data: bytes, prefix: int) -> Iterator[bytes]:
    at = 0
    while at + prefix < len(data):
        size = int.from_bytes(data[at : at + prefix], "big")
        yield data[at + prefix : at + prefix + size]
        at += prefix + size


def _start_coded(data: bytes) -> Iterator[bytes]:
    at = data.find(b"\0\0\1")
    while at >= 0:
        end = data.find(b"\0\0\1", at + 3)
        yield data[at + 3 : end if end >= 0 else len(data)].rstrip(b"\0")
        at = end


def source_digests(path: Path, fps: Fraction, ranges: list[tuple[int, int]]) -> dict[int, bytes]:
    """The digests of a source's frames in each [first, end) of `ranges`, by frame number."""
    found: dict[int, bytes] = {}
    zero = _first_pts(path)
    for first, end in ranges:
        for back_s in _SEEK_BACK_S:
            begin = first / fps - Fraction(back_s)
            found |= _digests_from(path, zero, begin, fps, range(first, end))
            if begin <= 0 or all(number in found for number in range(first, end)):
                break
    return found


def seek_or_rewind(container: InputContainer, stream: VideoStream, zero: int, time: Fraction) -> None:
    """Go to the keyframe at or before `time`, for which a fresh container needs nothing at the very start.

    A transport stream seeks to wherever it likes, even past its own first frame.
    """
    assert stream.time_base is not None
    if time > 0:
        container.seek(zero + math.floor(time / stream.time_base), stream=stream)


def _digests_from(path: Path, zero: int, begin: Fraction, fps: Fraction, wanted: range) -> dict[int, bytes]:
    """The digests of the `wanted` frames found when reading on from `begin`."""
    found: dict[int, bytes] = {}
    beyond = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = stream.time_base
        assert base is not None
        prefix = unit_prefix(stream)
        seek_or_rewind(container, stream, zero, begin)
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            number = round((packet.pts - zero) * base * fps)
            if number in wanted:
                found[number] = slice_digest(bytes(packet), prefix)
            beyond += number >= wanted.stop
            if beyond > _REORDER:
                break
    return found


def _first_pts(path: Path) -> int:
    stamps: list[int] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None:
                stamps.append(packet.pts)
            if len(stamps) >= _REORDER:
                break
    return min(stamps)
