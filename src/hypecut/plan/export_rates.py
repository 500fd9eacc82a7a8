"""Frame rates and timecode as editing programs know them."""

from __future__ import annotations

import math
import re
from fractions import Fraction

# What every editing program can set a sequence to, and SMPTE timecode can count.
SEQUENCE_RATES = (
    Fraction(24_000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30_000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60_000, 1001),
    Fraction(60),
)
DAY_S = 24 * 3600

_DROPPING = {Fraction(30_000, 1001): 2, Fraction(60_000, 1001): 4}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{2,3})")


def editing_rate(rate: Fraction) -> Fraction:
    """The rate at which editing programs count a source's frames.

    Whole rates and their 1000/1001ths stay; anything else is a mean of times that vary, which editing
    programs conform to the nearest usual rate.
    """
    for exact in (rate, rate * Fraction(1001, 1000)):
        if exact.denominator == 1:
            return rate
    return sequence_rate(rate)


def sequence_rate(rate: Fraction) -> Fraction:
    """The rate of a sequence that shows sources of `rate`: the nearest that editing programs offer."""
    return min(SEQUENCE_RATES, key=lambda usual: abs(usual - rate))


def nominal(rate: Fraction) -> int:
    """How many frames timecode counts to a second: 60 at 59.94."""
    return math.ceil(rate)


def drops_frames(rate: Fraction) -> bool:
    """Whether timecode leaves out frame numbers to keep up with the clock (SMPTE ST 12-1): 29.97, 59.94."""
    return rate in _DROPPING


def frames_a_day(rate: Fraction) -> int:
    """How many frames timecode can tell apart before it begins again."""
    return DAY_S * nominal(rate) - _DROPPING.get(rate, 0) * (24 * 60 - 24 * 6)


def to_timecode(frame: int, rate: Fraction) -> str:
    """Frame number `frame` as timecode: `hh:mm:ss:ff`, `hh:mm:ss;ff` where frames are dropped."""
    base, dropped = nominal(rate), _DROPPING.get(rate, 0)
    if dropped:
        tens, rest = divmod(frame, 600 * base - 9 * dropped)
        minutes = max(0, rest - dropped) // (60 * base - dropped)
        frame += dropped * (9 * tens + minutes)
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if dropped else ':'}{frames:02d}"


def from_timecode(text: str, rate: Fraction) -> int | None:
    """The frame number that a timecode means at `rate`; None when it is none. `;` marks dropped frames."""
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(match[group]) for group in (1, 2, 3))
    minutes += 60 * hours
    frame = (60 * minutes + seconds) * nominal(rate) + int(match[5])
    dropped = _DROPPING.get(rate, 0) if match[4] in ";," else 0
    return frame - dropped * (minutes - minutes // 10)
