"""Bringing pictures to a steady rate: shown again where they are too few, left out where too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame


@dataclass(frozen=True)
class FrameGrid:
    """The output ticks at which a montage of a steady rate shows its frames.

    Attributes:
        fps: frames a second.
        scale: output ticks a second.
    """

    fps: Fraction
    scale: int

    def tick(self, number: int) -> int:
        """The tick of a frame: counted from the montage's start, so that no rounding adds up."""
        return round(number * self.scale / self.fps)

    def nearest(self, tick: int) -> int:
        """The tick of the frame that begins nearest to `tick`."""
        return self.tick(round(tick * self.fps / self.scale))

    def between(self, start: int, end: int) -> Iterator[int]:
        """The ticks of the frames that begin from `start` to before `end`."""
        number = int(start * self.fps / self.scale)
        while (tick := self.tick(number)) < end:
            if tick >= start:
                yield tick
            number += 1


def paced(
    frames: Iterable[tuple[VideoFrame, int]], grid: FrameGrid, start: int, end: int
) -> Iterator[tuple[VideoFrame, int]]:
    """At each frame of the grid the last given frame that has begun by then; before the first one, that one.

    Args:
        frames: frames and the ticks at which they begin, in order.
        grid: when frames are to be shown.
        start: the first tick to fill.
        end: the first tick no longer to be filled.
    """
    coming = iter(frames)
    shown = following = next(coming, None)
    if shown is None:
        return
    for tick in grid.between(start, end):
        while following is not None and following[1] <= tick:
            shown, following = following, next(coming, None)
        yield shown[0], tick
