"""Plans as YouTube chapters: lines for the video's description, and what YouTube would say against them."""

from __future__ import annotations

import itertools

from hypecut.models import Plan
from hypecut.plan.placement import Layout
from hypecut.plan.text import shortened
from hypecut.times import format_time

MIN_CHAPTERS = 3
MIN_CHAPTER_S = 10

_TITLE_LENGTH = 100
# YouTube refuses descriptions with angle brackets.
_BRACKETS = str.maketrans("<>", "‹›")


def write(layout: Layout) -> str:
    """One line per cut, `0:00 Title`: when it begins in the montage, and what it is called."""
    lines = [
        f"{format_time(int(placed.montage_start_s + 1e-6))} "
        f"{shortened(placed.name.translate(_BRACKETS), _TITLE_LENGTH)}"
        for placed in layout.cuts
    ]
    return "\n".join(lines) + "\n"


def chapter_problems(plan: Plan) -> list[str]:
    """Why YouTube would not show these chapters, in words; empty when it would."""
    overlap_s = plan.transition.overlap_s if plan.transition else 0.0
    steps = [cut.duration_s - overlap_s for cut in plan.cuts]
    starts = [int(start_s + 1e-6) for start_s in itertools.accumulate(steps[:-1], initial=0.0)]
    ends = [*starts[1:], int(plan.duration_s + 1e-6)]
    problems = []
    if len(plan.cuts) < MIN_CHAPTERS:
        problems.append(
            f"YouTube shows chapters only if there are {MIN_CHAPTERS} or more, not {len(plan.cuts)}"
        )
    short = [
        number
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
        if end - start < MIN_CHAPTER_S
    ]
    if short:
        cuts = ", ".join(map(str, short[:10])) + (" and more" if len(short) > 10 else "")
        problems.append(f"YouTube wants chapters of {MIN_CHAPTER_S} s or more; shorter: cut {cuts}")
    return problems
