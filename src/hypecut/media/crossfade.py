"""Letting the end of one cut show under the beginning of the next one, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from av.video.frame import VideoFrame

from hypecut.media.fades import blend

# Frames and the output ticks at which they are shown, in order.
Shown: TypeAlias = Iterator[tuple[VideoFrame, int]]


def overlaid(cuts: Iterable[tuple[int, Shown]], overlap: int) -> Shown:
    """The frames of cuts, mixed where they overlap.

    Both cuts are asked for their frames in step, so that no more than one frame of each is held.

    Args:
        cuts: the output tick at which each cut begins, and its frames.
        overlap: by how many ticks neighbouring cuts overlap; 0 passes everything on as it is.
    """
    under: _Under | None = None
    given = list(cuts)
    for (start, frames), following in zip(given, [*given[1:], None], strict=True):
        if under is not None:
            frames = _mixed(under, frames, start, overlap)
        if following is None or not overlap:
            yield from frames
        else:
            under = _Under(frames)
            yield from under.before(following[0])


class _Under:
    """The frames of a cut that end under those of the next one."""

    def __init__(self, frames: Shown) -> None:
        self._frames = frames
        self._coming = next(frames, None)
        self._shown: VideoFrame | None = None

    def before(self, tick: int) -> Shown:
        """The frames shown before `tick`."""
        while self._coming is not None and self._coming[1] < tick:
            self._shown = self._coming[0]
            yield self._coming
            self._coming = next(self._frames, None)

    def at(self, tick: int) -> VideoFrame | None:
        """The frame that is shown at `tick`; before the first one, that one."""
        while self._coming is not None and (self._shown is None or self._coming[1] <= tick):
            self._shown = self._coming[0]
            self._coming = next(self._frames, None)
        return self._shown


def _mixed(under: _Under, frames: Shown, start: int, overlap: int) -> Shown:
    """A cut's frames, from tick `start` on for `overlap` ticks mixed with those of the one before."""
    for frame, tick in frames:
        leaving = under.at(tick) if tick < start + overlap else None
        share = (tick - start + 1) / (overlap + 1)
        yield frame if leaving is None else blend(leaving, frame, share), tick
