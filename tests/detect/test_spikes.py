"""Peaks by height, prominence and distance, against a plain reading of the definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.detect.spikes import find_spikes

CURVES = st.lists(st.integers(0, 6), min_size=1, max_size=60).map(
    lambda values: np.array(values, dtype=float)
)


def plain_prominence(curve: np.ndarray[tuple[int], np.dtype[np.float64]], peak: int) -> float:
    sides = []
    for side in (curve[: peak + 1][::-1], curve[peak:]):
        higher = np.flatnonzero(side > curve[peak])
        sides.append(side[: higher[0]].min() if len(higher) else side.min())
    # At an end of the curve there is only one side to rise from.
    if peak == 0 or bool(np.all(curve[: peak + 1] == curve[peak])):
        return float(curve[peak] - sides[1])
    if bool(np.all(curve[peak:] == curve[peak])):
        return float(curve[peak] - sides[0])
    return float(curve[peak] - max(sides))


@settings(derandomize=True, max_examples=300)
@given(CURVES, st.integers(0, 10), st.integers(0, 4))
def test_spikes_are_high_enough_and_apart(
    curve: np.ndarray[tuple[int], np.dtype[np.float64]], distance: int, prominence: int
) -> None:
    spikes = find_spikes(curve, distance, prominence)
    assert bool(np.all(np.diff(spikes) >= max(1, distance)))
    everywhere = find_spikes(curve, 0, 0)
    for spike in everywhere.tolist():
        near = curve[max(0, spike - 1) : spike + 2]
        assert curve[spike] == near.max()
    inner = [spike for spike in everywhere.tolist() if 0 < spike < len(curve) - 1]
    for spike in inner:
        kept = spike in find_spikes(curve, 0, prominence)
        assert kept == (plain_prominence(curve, spike) >= prominence) or _touches_an_end(curve, spike)


def _touches_an_end(curve: np.ndarray[tuple[int], np.dtype[np.float64]], spike: int) -> bool:
    return bool(np.all(curve[spike:] == curve[spike]) or np.all(curve[: spike + 1] == curve[spike]))


def test_the_highest_comes_first_and_plateaus_are_met_in_the_middle() -> None:
    curve = np.array([0, 1, 0, 5, 5, 5, 0, 4, 0, 0, 0, 3, 0], dtype=float)
    assert find_spikes(curve, 1, 0).tolist() == [1, 4, 7, 11]
    assert find_spikes(curve, 5, 0).tolist() == [4, 11]
    assert find_spikes(curve, 1, 4).tolist() == [4, 7]


def test_a_flat_curve_has_no_spikes() -> None:
    assert find_spikes(np.full(100, 0.5), 10, 0.0).tolist() == []
    assert find_spikes(np.empty(0), 10, 0.0).tolist() == []
