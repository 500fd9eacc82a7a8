"""The montage's own time line: one output clock, decoding times that always rise, one place for every cut."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hypecut.media.clock import Clock

# Time scales of mp4 tracks: fine enough for any rate, small enough that hours fit into 32 bits.
_MIN_SCALE = 10_000
_MAX_SCALE = 1_000_000
_FALLBACK_SCALE = 90_000


def output_scale(clocks: Iterable[Clock]) -> int:
    """Ticks per second in which all these sources' times are whole numbers, if such a scale is practical."""
    scale = math.lcm(*(clock.rate.numerator for clock in clocks))
    while scale < _MIN_SCALE:
        scale *= 2
    return scale if scale <= _MAX_SCALE else _FALLBACK_SCALE


@dataclass(frozen=True)
class Placement:
    """Where one cut's frames go.

    Attributes:
        clock: the source's clock.
        first: the unit of the cut's first frame.
        out_start: the output tick of that frame.
        scale: output ticks per second.
    """

    clock: Clock
    first: int
    out_start: int
    scale: int

    def tick(self, unit: int | Fraction) -> int:
        """The output tick of a source unit: counted from the cut's start, so that nothing adds up."""
        per_unit, num = self._steps
        return self.out_start + ((unit - self.first) * per_unit + num) // (2 * num)

    @cached_property
    def _steps(self) -> tuple[int, int]:
        """Half ticks per unit, as a ratio."""
        return 2 * self.clock.rate.denominator * self.scale, self.clock.rate.numerator


class ReorderError(Exception):
    """Pictures are decoded further ahead of their display than was allowed for."""


class DecodingTimes:
    """Gives packets, put in decoding order, decoding times that rise and never pass those of presentation.

    Each packet takes the presentation time that stood `delay` places earlier in order of display; the first
    ones lie before 0. This is how encoders with B-frames do it.

    Args:
        delay: how many pictures at most are decoded ahead of display.
        step: output ticks between the first decoding times.
    """

    def __init__(self, delay: int, step: int) -> None:
        self._delay = delay
        self._step = max(1, step)
        self._waiting: list[int] = []
        self._count = 0
        self._last = -1

    def next(self, pts: int) -> int:
        """The decoding time of the next packet, whose presentation time is `pts`.

        Raises:
            ReorderError: `delay` is too short for these packets.
        """
        heapq.heappush(self._waiting, pts)
        self._count += 1
        if self._count <= self._delay:
            return (self._count - 1 - self._delay) * self._step
        dts = heapq.heappop(self._waiting)
        if not self._last < dts <= pts:
            raise ReorderError(f"no decoding time for the picture at tick {pts}: {dts} after {self._last}")
        self._last = dts
        return dts


def reorder_depth(units: Iterable[int]) -> int:
    """How many pictures, at most, are decoded before one displayed earlier; `units` in decoding order."""
    seen: list[int] = []
    deepest = 0
    for unit in units:
        deepest = max(deepest, sum(1 for other in seen[-16:] if other > unit))
        seen.append(unit)
    return deepest
