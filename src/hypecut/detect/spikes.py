"""Finding the peaks of a curve by height, prominence and distance."""

from __future__ import annotations

import numpy as np

from hypecut.models import FloatArray, IntArray


def find_spikes(curve: FloatArray, min_distance: int, min_prominence: float) -> IntArray:
    """The indices of the curve's spikes, ascending.

    Args:
        curve: shape (n,), finite.
        min_distance: of two spikes nearer than so many samples only the higher one is kept.
        min_prominence: how far a spike must rise above the higher one of the lowest points that part it from
            higher ground on either side (as in topography, and in scipy.signal.find_peaks).
    """
    peaks = _local_maxima(curve)
    if not len(peaks):
        return peaks
    peaks = peaks[_prominences(curve, peaks) >= min_prominence]
    return _apart(curve, peaks, min_distance)


def _local_maxima(curve: FloatArray) -> IntArray:
    """The middles of the places that are higher than both neighbours, or the end on one side of them."""
    if not len(curve) or bool(np.all(curve == curve[0])):
        return np.empty(0, dtype=np.int64)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(curve)) + 1))
    height = curve[starts]
    rises = np.concatenate(([True], height[1:] > height[:-1]))
    falls = np.concatenate((height[:-1] > height[1:], [True]))
    ends = np.concatenate((starts[1:], [len(curve)])) - 1
    tops = rises & falls
    middles: IntArray = ((starts[tops] + ends[tops]) // 2).astype(np.int64)
    return middles


def _prominences(curve: FloatArray, peaks: IntArray) -> FloatArray:
    height = curve[peaks].tolist()
    # The lowest point before the first peak, between each two, and after the last.
    lowest = np.minimum.reduceat(curve, np.concatenate(([0], peaks))).tolist()
    before = _bases(height, lowest[: len(peaks)])
    after = _bases(height[::-1], lowest[:0:-1])[::-1]
    return np.asarray(height) - np.maximum(before, after)


def _bases(height: list[float], lowest: list[float]) -> list[float]:
    """For each peak the lowest point on its left up to a higher peak: one pass with a stack of those."""
    bases: list[float] = []
    higher: list[int] = []
    for i, top in enumerate(height):
        base = lowest[i]
        while higher and height[higher[-1]] <= top:
            base = min(base, bases[higher.pop()])
        higher.append(i)
        bases.append(base)
    return bases


def _apart(curve: FloatArray, peaks: IntArray, min_distance: int) -> IntArray:
    taken = np.zeros(len(curve), dtype=np.bool_)
    kept: list[int] = []
    for peak in peaks[np.argsort(-curve[peaks], kind="stable")].tolist():
        if not taken[peak]:
            kept.append(peak)
            taken[max(0, peak - min_distance + 1) : peak + max(1, min_distance)] = True
    return np.array(sorted(kept), dtype=np.int64)
