"""A curve made as short as there are pixels to show it, without losing a peak."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from hypecut.errors import UsageError
from hypecut.models import FloatArray

MAX_POINTS = 8192


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest and highest value in each of equally long pieces of a curve, from `start_s` on."""

    start_s: float
    step_s: float
    low: tuple[float, ...]
    high: tuple[float, ...]


def envelope(curve: FloatArray, step_s: float, from_s: float, to_s: float, points: int) -> Envelope:
    """The curve between two times in at most `points` pieces.

    Args:
        curve: shape (n,), one value per step from 0 on.
        step_s: seconds between two values.
        from_s: where to begin; what lies outside the curve is left out.
        to_s: where to end.
        points: how many pieces at most; where there are fewer values, each is a piece.

    Raises:
        UsageError: the times are not in order, or `points` is out of range.
    """
    if not (math.isfinite(from_s) and math.isfinite(to_s) and from_s < to_s and 1 <= points <= MAX_POINTS):
        raise UsageError(f"{points} points from {from_s} to {to_s} s can't be shown; zoom out.")
    first = max(0, min(len(curve), math.floor(from_s / step_s)))
    last = max(first, min(len(curve), math.ceil(to_s / step_s)))
    width = max(1, math.ceil((last - first) / points))
    some = curve[first:last]
    if not len(some):
        return Envelope(start_s=first * step_s, step_s=width * step_s, low=(), high=())
    edges = np.arange(0, len(some), width)
    low, high = np.minimum.reduceat(some, edges), np.maximum.reduceat(some, edges)
    return Envelope(
        start_s=first * step_s,
        step_s=width * step_s,
        low=tuple(np.round(low, 4).tolist()),
        high=tuple(np.round(high, 4).tolist()),
    )
