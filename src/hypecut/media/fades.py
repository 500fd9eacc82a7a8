"""Fades through black and crossfades, and how bright a cut is where.

Integer maths on 8-bit 4:2:0 frames: two neighbouring bytes are mixed at a time, as the halves of a word of
16 bits, block by block, so that the scratch arrays stay in the processor's cache. Frames that are given are
never written to: the decoder may still refer to them.
"""

from __future__ import annotations

import threading
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from hypecut.media.graphs import picture_graph

Bytes = npt.NDArray[np.uint8]
_Words = npt.NDArray[np.uint16]

# Shares are counted in 256ths: the products of two bytes' mix then just fit into 16 bits.
ONE = 256
HALF = ONE // 2
_BLOCK_WORDS = 1 << 16
_GREY = 128
JPEG_RANGE = 2
# Frames of so many kinds are copied in a thread before their memory is given back.
_MOST_KINDS = 4


def fade_to_black(frame: VideoFrame, share: float) -> VideoFrame:
    """The frame darkened.

    Args:
        frame: 8-bit 4:2:0, limited or full range.
        share: its brightness, 1.0 (the same object is given back) to 0.0 (black).
    """
    weight = in_256ths(share)
    if weight == ONE:
        return frame
    out = copy_of(frame)
    levels = (0 if is_full_range(frame) else 16, _GREY, _GREY)
    for picture, level, target in zip(_words(frame), levels, _words(out), strict=True):
        _mix(picture, level, ONE - weight, target)
    return out


def blend(a: VideoFrame, b: VideoFrame, share_of_b: float) -> VideoFrame:
    """The mix of two frames, with the time of `a`.

    Args:
        a: 8-bit 4:2:0.
        b: a frame of the same size and format.
        share_of_b: 0.0 (`a` itself is given back) to 1.0.

    Raises:
        ValueError: the frames differ in size or format.
    """
    if (a.width, a.height, a.format.name) != (b.width, b.height, b.format.name):
        raise ValueError(f"a crossfade needs frames of one kind, not {a} and {b}")
    weight = in_256ths(share_of_b)
    if weight == 0:
        return a
    out = copy_of(a)
    for first, second, target in zip(_words(a), _words(b), _words(out), strict=True):
        _mix(first, second, weight, target)
    return out


def fade_share(at_s: float, length_s: float, duration_s: float, first: bool, last: bool) -> float:
    """The brightness, 0..1, of a moment of a cut that fades through black from and to its neighbours.

    Args:
        at_s: the moment, from the cut's start.
        length_s: the cut's length.
        duration_s: the length of a transition; each of two neighbours takes half. A shorter cut fades faster.
        first: it is the montage's first cut, which does not fade in.
        last: it is the montage's last cut, which does not fade out.
    """
    half_s = min(duration_s, length_s) / 2
    if half_s <= 0:
        return 1.0
    rise = 1.0 if first else at_s / half_s
    fall = 1.0 if last else (length_s - at_s) / half_s
    return max(0.0, min(1.0, rise, fall))


def in_256ths(share: float) -> int:
    """A share, 0..1, as a whole number of 256ths."""
    return round(min(1.0, max(0.0, share)) * ONE)


def is_full_range(frame: VideoFrame) -> bool:
    """Whether its luma goes from 0 to 255 instead of from 16 to 235."""
    return frame.format.name == "yuvj420p" or frame.color_range == JPEG_RANGE


def copy_of(frame: VideoFrame) -> VideoFrame:
    """A new frame with the same picture, time and colour properties; its memory may be a former one's."""
    kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
    copier = _copiers.by_kind.get(kind)
    if copier is None:
        if len(_copiers.by_kind) >= _MOST_KINDS:
            _copiers.by_kind.clear()
        # This filter takes memory from a pool, to which FFmpeg gives it back.
        copier = _copiers.by_kind[kind] = picture_graph(frame, [("copy", None)])
    copier.push(frame)
    copy = cast(VideoFrame, copier.pull())
    copy.pts = frame.pts
    if frame.time_base is not None:
        copy.time_base = frame.time_base
    return copy


class _Copiers(threading.local):
    """The graphs in which this thread copies frames, by their size, format and colours."""

    def __init__(self) -> None:
        self.by_kind: dict[tuple[object, ...], av.filter.Graph] = {}


_copiers = _Copiers()


def plane_views(frame: VideoFrame) -> list[Bytes]:
    """Views of its planes Y, Cb and Cr, each of shape (height, width); writing there changes the frame."""
    return [_rows(plane)[:, : plane.width] for plane in frame.planes]


def _words(frame: VideoFrame) -> list[_Words]:
    """Views of its planes as pairs of bytes; FFmpeg pads its rows: an odd width takes in one byte of that."""
    return [_rows(plane).view(np.uint16)[:, : (plane.width + 1) // 2] for plane in frame.planes]


def _rows(plane: VideoPlane) -> Bytes:
    """The plane with the padding at the end of its rows."""
    size = plane.height * plane.line_size
    return np.frombuffer(memoryview(plane), np.uint8, size).reshape(plane.height, plane.line_size)


def _mix(a: _Words, b: _Words | int, weight_b: int, out: _Words) -> None:
    """Write the mix of two planes, or of a plane and one level; `weight_b` in 256ths."""
    rows = max(1, _BLOCK_WORDS // a.shape[1])
    low, spare = np.empty((2, min(rows, len(a)), a.shape[1]), np.uint16)
    for top in range(0, len(a), rows):
        block = slice(top, top + rows)
        count = len(a[block])
        other = b if isinstance(b, int) else b[block]
        _mix_block(a[block], other, weight_b, out[block], low[:count], spare[:count])


def _mix_block(a: _Words, b: _Words | int, weight_b: int, out: _Words, low: _Words, spare: _Words) -> None:
    weight_a = ONE - weight_b
    np.bitwise_and(a, 0xFF, out=low)
    np.right_shift(a, 8, out=out)
    low *= weight_a
    out *= weight_a
    rest = HALF
    if isinstance(b, int):
        rest += b * weight_b
    else:
        np.bitwise_and(b, 0xFF, out=spare)
        spare *= weight_b
        low += spare
        np.right_shift(b, 8, out=spare)
        spare *= weight_b
        out += spare
    low += rest
    out += rest
    low >>= 8
    out &= 0xFF00
    out |= low
