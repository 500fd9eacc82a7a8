"""From spikes to windows of the VOD: lead-in, tail, length, and no two overlapping."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hypecut.detect.options import DetectOptions
from hypecut.models import FloatArray, IntArray


@dataclass(frozen=True)
class Window:
    """A piece of the VOD around the highest of its spikes, in seconds."""

    start_s: float
    end_s: float
    peak_s: float


def windows_around(
    curve: FloatArray, spikes: IntArray, duration_s: float, options: DetectOptions
) -> tuple[Window, ...]:
    """One window for each spike, in order of time; those that overlap are merged, or parted if too long.

    Args:
        curve: shape (n,), one value a second, in event time.
        spikes: indices of the curve, ascending.
        duration_s: where the VOD ends.
        options: lead-in, tail and lengths.
    """
    kept: list[Window] = []
    for spike in spikes.tolist():
        window = _around(curve, spike, duration_s, options)
        while kept and window.start_s < kept[-1].end_s:
            joined = _joined(curve, kept.pop(), window, options)
            kept += joined[:-1]
            window = joined[-1]
            if len(joined) > 1:
                break
        kept.append(window)
    return tuple(kept)


def _around(curve: FloatArray, spike: int, duration_s: float, options: DetectOptions) -> Window:
    peak_s = min(float(spike), duration_s)
    start_s = max(0.0, peak_s - options.lead_in_s)
    end_s = max(peak_s + options.tail_s, _over_s(curve, spike, peak_s + options.max_segment_s))
    length_s = min(max(end_s - start_s, options.min_segment_s), options.max_segment_s)
    end_s = min(start_s + length_s, duration_s)
    start_s = max(0.0, min(start_s, end_s - options.min_segment_s))
    return Window(start_s, end_s, min(max(peak_s, start_s), end_s))


def _over_s(curve: FloatArray, spike: int, limit_s: float) -> float:
    """When the spike has sunk to half its height."""
    ahead = curve[spike : int(limit_s) + 1]
    sunk = np.flatnonzero(ahead < curve[spike] / 2)
    return float(spike + (sunk[0] if len(sunk) else len(ahead)))


def _joined(curve: FloatArray, first: Window, second: Window, options: DetectOptions) -> tuple[Window, ...]:
    """Two overlapping windows as one, or as two that touch, or the one with the higher spike."""
    higher = first if curve_at(curve, first.peak_s) >= curve_at(curve, second.peak_s) else second
    if second.end_s - first.start_s <= options.max_segment_s:
        return (Window(first.start_s, max(first.end_s, second.end_s), higher.peak_s),)
    shorter = options.min_segment_s
    cut_s = max(second.start_s, first.start_s + shorter)
    if cut_s <= min(second.peak_s, first.end_s) and second.end_s - cut_s >= shorter and first.peak_s <= cut_s:
        return replace(first, end_s=cut_s), replace(second, start_s=cut_s)
    return (higher,)


def curve_at(curve: FloatArray, time_s: float) -> float:
    """The curve's value at a time; that of its last second beyond its end."""
    return float(curve[min(int(time_s), len(curve) - 1)])
