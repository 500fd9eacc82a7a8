"""Counting a source's frames, so that the times of any container become whole frames again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

# A time this close before a frame means that frame.
TOLERANCE_S = Fraction(1, 1000)
# Matroska gives a frame's length in whole nanoseconds; FFmpeg makes a rate with a small denominator of it.
_RATE_ROUNDING = Fraction(1, 100_000)


@dataclass(frozen=True)
class Clock:
    """Counts a source's frames: on the frame grid at a constant rate, else in ticks of its time base.

    A "unit" is a frame number (constant rate) or a tick; unit 0 is the first video frame. Containers that
    round times to milliseconds are read back onto the grid, so that nothing adds up.

    Attributes:
        rate: units per second.
        time_base: seconds per PTS tick.
        origin: the PTS of the first video frame.
        constant: units are frames.
        frame_ticks: how many ticks a frame lasts that does not tell it, at a rate that varies.
    """

    rate: Fraction
    time_base: Fraction
    origin: int
    constant: bool
    frame_ticks: int = 1

    def unit(self, pts: int) -> int:
        """The unit nearest to the frame with this PTS."""
        return round(self.place(pts))

    def place(self, pts: int) -> int | Fraction:
        """The unit of the frame with this PTS; a fraction when it lies off the grid, as after a dropout."""
        ticks = pts - self.origin
        if not self.constant:
            return ticks
        num, den, slack = self._steps
        unit, rest = divmod(2 * ticks * num + den, 2 * den)
        return unit if abs(rest - den) <= slack else Fraction(ticks * num, den)

    def end_of(self, place: int | Fraction, duration: int | None) -> int | Fraction:
        """Where the frame at this place, with this duration (ticks), ends."""
        return place + (1 if self.constant else duration or self.frame_ticks)

    def unit_from(self, time_s: float) -> int:
        """The first unit at or after `time_s`; a time within 1 ms of a frame's time means that frame."""
        return -((-(Fraction(time_s) - TOLERANCE_S) * self.rate) // 1)

    def unit_before(self, time_s: float) -> int:
        """The last unit at or before `time_s`, with the same tolerance."""
        return (Fraction(time_s) + TOLERANCE_S) * self.rate // 1

    def nearest(self, time_s: float) -> int:
        """The unit nearest to a time."""
        return round(Fraction(time_s) * self.rate)

    def seconds(self, unit: int) -> Fraction:
        """The time of a unit."""
        return unit / self.rate

    def pts(self, unit: int) -> int:
        """The PTS of a unit, to the nearest tick."""
        return self.origin + round(self.seconds(unit) / self.time_base)

    def in_ticks(self) -> Clock:
        """The same clock without a grid."""
        frame_ticks = max(1, round(1 / (self.rate * self.time_base)))
        return Clock(1 / self.time_base, self.time_base, self.origin, constant=False, frame_ticks=frame_ticks)

    @cached_property
    def _steps(self) -> tuple[int, int, int]:
        """Units per tick as a ratio, and how far off the grid rounding puts frames, in its lower halves."""
        scale = self.rate * self.time_base
        slack_s = max(self.time_base * Fraction(11, 10), Fraction(1, 10_000))
        return scale.numerator, scale.denominator, int(2 * scale.denominator * slack_s * self.rate)


def likely_rates(rate: Fraction) -> Iterator[Fraction]:
    """The usual rate that a stated one is a rounding of, if there is one, then the stated one."""
    for usual in (Fraction(round(rate)), Fraction(round(rate * 1001 / 1000) * 1000, 1001)):
        if abs(rate / usual - 1) < _RATE_ROUNDING:
            yield usual
    yield rate
