"""Plans as YouTube chapters: lines for the video's description, and what YouTube would say against them."""

from __future__ import annotations

from fractions import Fraction

from hypecut.plan.placement import Layout
from hypecut.plan.text import shortened
from hypecut.times import format_time

MIN_CHAPTERS = 3
MIN_CHAPTER_S = 10
MAX_DESCRIPTION = 5000

_TITLE_LENGTH = 100
# Sources at 59.94 begin their frames a little after the second.
_NEARLY_S = Fraction(1, 125)
# YouTube refuses descriptions with angle brackets.
_BRACKETS = str.maketrans("<>", "‹›")


def write(layout: Layout) -> str:
    """One line per cut, `0:00 Title`: when it begins in the montage, and what it is called."""
    lines = [
        f"{format_time(start_s)} {shortened(placed.name.translate(_BRACKETS), _TITLE_LENGTH)}"
        for start_s, placed in zip(starts(layout), layout.cuts, strict=True)
    ]
    return "\n".join(lines) + "\n"


def problems(layout: Layout) -> list[str]:
    """Why YouTube would not show these chapters, in words; empty when it would."""
    last, begins = layout.cuts[-1], starts(layout)
    ends = [*begins[1:], _second(last.start_s + last.length_s)]
    found = []
    if len(begins) < MIN_CHAPTERS:
        found.append(f"YouTube shows chapters only if there are {MIN_CHAPTERS} or more, not {len(begins)}")
    short = [
        number
        for number, (start, end) in enumerate(zip(begins, ends, strict=True), 1)
        if end - start < MIN_CHAPTER_S
    ]
    if short:
        cuts = ", ".join(map(str, short[:10])) + (" and more" if len(short) > 10 else "")
        found.append(f"YouTube wants chapters of {MIN_CHAPTER_S} s or more; shorter: cut {cuts}")
    if len(write(layout)) > MAX_DESCRIPTION:
        found.append(
            f"YouTube takes descriptions of {MAX_DESCRIPTION:,} characters at most; these are longer"
        )
    return found


def starts(layout: Layout) -> list[int]:
    """The second of the montage in which each cut begins."""
    return [_second(placed.start_s) for placed in layout.cuts]


def _second(time_s: Fraction) -> int:
    """The second that a time lies in; one within half a frame of the next second means that."""
    return int(time_s + _NEARLY_S)
