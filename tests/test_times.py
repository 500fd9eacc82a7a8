from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import UsageError
from hypecut.times import format_time, parse_time_s


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("90", 90),
        ("90s", 90),
        ("0.5", 0.5),
        ("12.25s", 12.25),
        ("8m", 480),
        ("90m", 5400),
        ("1h", 3600),
        ("1h02m", 3720),
        ("1h2m3s", 3723),
        ("1h30s", 3630),
        ("2m30s", 150),
        ("1:30", 90),
        ("90:00", 5400),
        ("1:02:03", 3723),
        ("1:02:03.5", 3723.5),
        ("0:00", 0),
        (" 90 ", 90),
    ],
)
def test_times_are_read(text: str, time_s: float) -> None:
    assert parse_time_s(text) == time_s


WRONG = "|  |s|h|-1|+1|abc|1:2|1:75|1:60:00|1h60m|1m60s|1:2:3:4|inf|nan|1e3|1 h|2m30|1m1h|1,5|:30|1:|1..5"


@pytest.mark.parametrize("text", WRONG.split("|"))
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="write it as 90, 90s, 8m") as caught:
        parse_time_s(text)
    assert "\n" not in str(caught.value)


def test_a_signed_time_may_be_negative() -> None:
    assert parse_time_s("-1:30", signed=True) == -90
    assert parse_time_s("+2.5", signed=True) == 2.5
    assert parse_time_s("3", signed=True) == 3
    with pytest.raises(UsageError):
        parse_time_s("--3", signed=True)


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0, "0:00"),
        (59.6, "1:00"),
        (61, "1:01"),
        (3599.4, "59:59"),
        (3723, "1:02:03"),
        (-5, "-0:05"),
        (-0.2, "0:00"),
        (360000, "100:00:00"),
        (math.inf, "?"),
        (math.nan, "?"),
    ],
)
def test_times_are_written(time_s: float, text: str) -> None:
    assert format_time(time_s) == text


@given(st.integers(0, 10**6))
def test_what_is_written_can_be_read(time_s: int) -> None:
    assert parse_time_s(format_time(time_s)) == time_s
