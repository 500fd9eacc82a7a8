from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.clock import Clock
from hypecut.media.source import MAX_REORDER
from hypecut.media.timeline import DecodingTimes, Placement, ReorderError, output_scale, reorder_depth

repeatable = settings(derandomize=True, deadline=None)

RATES = [Fraction(30), Fraction(60), Fraction(25), Fraction(30_000, 1001), Fraction(60_000, 1001)]
MILLISECONDS = Fraction(1, 1000)


@st.composite
def decoding_orders(draw: st.DrawFn) -> tuple[int, list[int]]:
    """(depth, pictures in an order in which none is decoded behind more than `depth` shown later)."""
    depth = draw(st.integers(0, MAX_REORDER))
    waiting = list(range(draw(st.integers(1, 120))))
    order: list[int] = []
    passed: dict[int, int] = dict.fromkeys(waiting, 0)
    while waiting:
        late = next((i for i, n in enumerate(waiting) if passed[n] >= depth), len(waiting) - 1)
        at = draw(st.integers(0, min(late, depth)))
        for earlier in waiting[:at]:
            passed[earlier] += 1
        order.append(waiting.pop(at))
    return depth, order


@repeatable
@given(decoding_orders(), st.integers(1, 2000), st.integers(0, 4))
def test_decoding_times_rise_and_never_pass_display(
    order: tuple[int, list[int]], step: int, spare: int
) -> None:
    depth, numbers = order
    times = DecodingTimes(depth + spare, step)
    dts = [times.next(number * step) for number in numbers]
    assert all(a < b for a, b in pairwise(dts))
    assert all(time <= number * step for time, number in zip(dts, numbers, strict=True))
    assert reorder_depth(numbers) <= depth


def test_a_deeper_reordering_than_allowed_for_is_noticed() -> None:
    times = DecodingTimes(1, 10)
    assert [times.next(pts) for pts in (0, 40, 20)] == [-10, 0, 20]
    with pytest.raises(ReorderError):
        times.next(10)


def test_reorder_depth_of_usual_patterns() -> None:
    assert reorder_depth([0, 1, 2, 3]) == 0
    assert reorder_depth([0, 3, 1, 2, 6, 4, 5]) == 1
    assert reorder_depth([0, 4, 2, 1, 3, 8, 6, 5, 7]) == 2
    assert reorder_depth([]) == 0


@repeatable
@given(st.sampled_from(RATES), st.integers(0, 2_000_000), st.sampled_from([1000, 90_000, 15_360]))
def test_rounded_times_go_back_onto_the_grid(rate: Fraction, frame: int, ticks_per_s: int) -> None:
    clock = Clock(rate, Fraction(1, ticks_per_s), 129_000, constant=True)
    exact = clock.origin + clock.seconds(frame) * ticks_per_s
    for pts in (math.floor(exact), math.ceil(exact), clock.pts(frame)):
        assert clock.place(pts) == clock.unit(pts) == frame


def test_a_frame_off_the_grid_keeps_its_own_place() -> None:
    clock = Clock(Fraction(30), Fraction(1, 90_000), 0, constant=True)
    assert clock.place(3000) == 1
    assert clock.place(4500) == Fraction(3, 2)
    assert clock.end_of(Fraction(3, 2), 3000) == Fraction(5, 2)
    assert clock.in_ticks().place(4500) == 4500
    assert clock.in_ticks().end_of(4500, 2000) == 6500
    assert clock.in_ticks().end_of(4500, None) == 7500


@repeatable
@given(st.sampled_from(RATES), st.integers(0, 2_000_000), st.floats(-0.00099, 0.00099))
def test_a_time_within_a_millisecond_means_the_frame(rate: Fraction, frame: int, off_s: float) -> None:
    clock = Clock(rate, MILLISECONDS, 0, constant=True)
    time_s = float(clock.seconds(frame)) + off_s
    assert clock.unit_from(time_s) == clock.unit_before(time_s) == frame


@repeatable
@given(st.sampled_from(RATES), st.integers(0, 2_000_000))
def test_a_time_between_frames(rate: Fraction, frame: int) -> None:
    clock = Clock(rate, MILLISECONDS, 0, constant=True)
    time_s = float(clock.seconds(frame) + 1 / rate / 2)
    assert (clock.unit_before(time_s), clock.unit_from(time_s)) == (frame, frame + 1)


@repeatable
@given(st.lists(st.sampled_from(RATES), min_size=1, max_size=3), st.integers(0, 5_000_000))
def test_all_frames_fall_on_output_ticks(rates: list[Fraction], frame: int) -> None:
    clocks = [Clock(rate, Fraction(1, 90_000), 7, constant=True) for rate in rates]
    scale = output_scale(clocks)
    assert 10_000 <= scale <= 1_000_000
    for clock in clocks:
        place = Placement(clock, 11, 500, scale)
        assert place.tick(11) == 500
        assert Fraction(place.tick(11 + frame) - 500, scale) == clock.seconds(frame)


def test_placing_rounds_to_the_nearest_tick_and_never_adds_up() -> None:
    clock = Clock(Fraction(10_000_000), Fraction(1, 10_000_000), 0, constant=False)
    scale = output_scale([clock])
    place = Placement(clock, 5, 100, scale)
    assert scale == 90_000
    for unit in (5, 6, 10_005, 123_456_789):
        assert abs(Fraction(place.tick(unit) - 100, scale) - clock.seconds(unit - 5)) <= Fraction(
            1, 2 * scale
        )


def test_a_place_between_two_frames_has_its_own_tick() -> None:
    clock = Clock(Fraction(30), Fraction(1, 90_000), 0, constant=True)
    place = Placement(clock, 0, 0, 15_360)
    assert [place.tick(at) for at in (0, Fraction(1, 2), 1)] == [0, 256, 512]
