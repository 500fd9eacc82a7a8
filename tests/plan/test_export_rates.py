"""Frame rates and timecode, against counting by hand and against OpenTimelineIO."""

from __future__ import annotations

from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.plan.export_rates import (
    SEQUENCE_RATES,
    editing_rate,
    frames_a_day,
    from_timecode,
    sequence_rate,
    to_timecode,
)
from tests.support.handoff import frames_of

NTSC = Fraction(60_000, 1001)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(SEQUENCE_RATES), st.data())
def test_timecode_is_that_of_opentimelineio_and_reads_back(rate: Fraction, data: st.DataObject) -> None:
    frame = data.draw(st.integers(0, frames_a_day(rate) - 1))
    code = to_timecode(frame, rate)
    assert from_timecode(code, rate) == frame == frames_of(code, rate)
    # At 23.98 OpenTimelineIO goes by the clock, where editing programs count 24 to a second.
    if rate != Fraction(24_000, 1001):
        time = otio.opentime.RationalTime(frame, float(rate))
        assert code == otio.opentime.to_timecode(time, float(rate))


@pytest.mark.parametrize(
    ("frame", "code"),
    [(3599, "00:00:59;59"), (3600, "00:01:00;04"), (35_964, "00:10:00;00"), (215_784, "01:00:00;00")],
)
def test_drop_frame_leaves_out_four_numbers_a_minute_but_the_tenth(frame: int, code: str) -> None:
    assert to_timecode(frame, NTSC) == code


@pytest.mark.parametrize("rate", SEQUENCE_RATES)
def test_a_day_ends_at_its_last_frame(rate: Fraction) -> None:
    last = to_timecode(frames_a_day(rate) - 1, rate)
    assert last[:8] == "23:59:59"
    assert int(last[9:]) == round(rate) - 1


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:00:00", "aa:bb:cc:dd", "00:00:00:0000", "١١:00:00:00 x"])
def test_what_is_no_timecode_is_told(text: str) -> None:
    assert from_timecode(text, NTSC) is None


def test_recorded_timecode_that_is_not_dropped_stays_so() -> None:
    assert from_timecode("01:00:00:00", NTSC) == 216_000
    assert from_timecode("01:00:00;00", NTSC) == 215_784


@pytest.mark.parametrize(
    ("rate", "edited", "sequence"),
    [
        (Fraction(60), 60, 60),
        (NTSC, NTSC, NTSC),
        (Fraction(120), 120, 60),
        (Fraction(48), 48, 50),
        (Fraction(15), 15, Fraction(24_000, 1001)),
        (Fraction(11987, 200), NTSC, NTSC),
        (Fraction(2999, 100), 30, 30),
    ],
)
def test_odd_rates_become_usual_ones(rate: Fraction, edited: Fraction, sequence: Fraction) -> None:
    assert (editing_rate(rate), sequence_rate(editing_rate(rate))) == (edited, sequence)
