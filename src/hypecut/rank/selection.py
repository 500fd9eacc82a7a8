"""Which moments go into the montage: the best that fit the window, spread over the VOD.

docs/selection.md tells the rules for people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hypecut.models import Candidate
from hypecut.rank.bounds import Item, problem
from hypecut.rank.knapsack import best_choice
from hypecut.rank.refusals import Circumstances, refusal
from hypecut.times import format_time

DEFAULT_SECTIONS = 6
# How many even shares of the montage one section may fill: the first that lets the minimum be reached counts.
SHARES = (1.5, 2.0, 3.0)

_MICROSECONDS = 1_000_000
_SCORE_UNIT = 1e-9
_LARGEST_SUM = 2**61
_FUZZ_S = 1e-9


class Window(msgspec.Struct, frozen=True):
    """How long the montage may be, in seconds, both ends included.

    Raises:
        ValueError: not 0 <= min_s <= max_s, or max_s is 0 or not finite.
    """

    min_s: float = 480.0
    max_s: float = 600.0

    def __post_init__(self) -> None:
        if not (0 <= self.min_s <= self.max_s < math.inf and self.max_s > 0):
            raise ValueError(
                f"a window must have 0 <= min_s <= max_s and 0 < max_s, not {self.min_s}..{self.max_s}"
            )


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What was picked and why the rest was not.

    Attributes:
        picked: indices into the candidates, in the order of the montage.
        total_s: the length of the montage in seconds, crossfades counted once.
        why_not: for each candidate not picked, the reason in words.
        note: '', or a sentence when the minimum could not be reached.
        section_cap_s: the most seconds that one section was allowed; None when it was not limited.
    """

    picked: tuple[int, ...]
    total_s: float
    why_not: dict[int, str]
    note: str = ""
    section_cap_s: float | None = None


class _Pool(NamedTuple):
    """The candidates that can be picked, as items of the optimiser."""

    items: tuple[Item, ...]
    origin: tuple[int, ...]
    inexact: int


def select(
    candidates: Sequence[Candidate],
    window: Window,
    *,
    source_duration_s: float,
    overlap_s: float = 0.0,
    sections: int = DEFAULT_SECTIONS,
) -> Selection:
    """The segments of one VOD with the highest sum of scores that make a montage within the window.

    The VOD is split into `sections` of equal length, and none may fill more than its share of the longest
    montage allowed; where the minimum is out of reach otherwise, the shares grow stepwise (`SHARES`) and are
    given up in the end. If the minimum is out of reach even so, the best shorter montage is picked: the same
    rules without the minimum and without shares. Of equal sums the one with more and earlier picks wins.

    Args:
        candidates: in any order; their order does not change what is picked.
        window: how long the montage may be.
        source_duration_s: the length of the VOD in seconds.
        overlap_s: how many seconds a crossfade makes neighbouring cuts overlap; a candidate shorter than
            two of them can't be picked.
        sections: into how many parts the VOD is split; 1 does without spreading.

    Raises:
        ValueError: a candidate's times are not finite, reversed or before 0, or its score is negative or not
            finite; or an argument is out of range.
    """
    _check(candidates, source_duration_s, overlap_s, sections)
    places = [min(sections - 1, int(c.start_s / source_duration_s * sections)) for c in candidates]
    fair_s = window.max_s / sections
    caps_s = [share * fair_s for share in SHARES if share < sections]
    return _selected(candidates, window, overlap_s, places, [*caps_s, None], one_video=True)


def select_clips(
    candidates: Sequence[Candidate],
    window: Window,
    *,
    overlap_s: float = 0.0,
    groups: Sequence[int] | None = None,
    group_cap_s: float | None = None,
) -> Selection:
    """The clips with the highest sum of scores that make a montage within the window, in the order given.

    Each clip is a video of its own, so none overlaps another. Otherwise as `select`; of equal sums the one
    with more and earlier listed picks wins.

    Args:
        candidates: in order of preference among equals.
        window: how long the montage may be.
        overlap_s: how many seconds a crossfade makes neighbouring cuts overlap.
        groups: for each candidate the group it belongs to (its streamer), as a number; None: there are none.
        group_cap_s: the most that one group may fill, whether the minimum can be reached so or not.

    Raises:
        ValueError: as `select`; or there is not a group for each candidate.
    """
    _check(candidates, 1.0, overlap_s, 1)
    if groups is not None and len(groups) != len(candidates):
        raise ValueError("each candidate needs a group")
    return _selected(candidates, window, overlap_s, groups, [group_cap_s], one_video=False)


def _check(
    candidates: Sequence[Candidate], source_duration_s: float, overlap_s: float, sections: int
) -> None:
    if not 0 < source_duration_s < math.inf:
        raise ValueError(f"source_duration_s must be above 0 and finite, not {source_duration_s}")
    if not 0 <= overlap_s < math.inf or sections < 1:
        raise ValueError("overlap_s must not be negative, and there must be at least 1 section")
    for i, candidate in enumerate(candidates):
        if not 0 <= candidate.start_s < candidate.end_s < math.inf:
            raise ValueError(f"candidate {i} runs from {candidate.start_s} to {candidate.end_s} s")
        if not 0 <= candidate.score.total < math.inf:
            raise ValueError(f"candidate {i} has the score {candidate.score.total}")


def _selected(
    candidates: Sequence[Candidate],
    window: Window,
    overlap_s: float,
    places: Sequence[int] | None,
    caps_s: Sequence[float | None],
    one_video: bool,
) -> Selection:
    """The choice under the first of `caps_s` that lets the minimum be reached, or else the best shorter one.

    The shorter one keeps to the last of the caps.
    """
    pool = _pool(candidates, window, overlap_s, places, one_video)
    cap_s = None
    chosen: tuple[int, ...] | None = None
    for cap_s in caps_s:
        chosen = _choice(pool, window, window.min_s, overlap_s, cap_s)
        # A window without a minimum is met by nothing at all too, but that is no montage.
        if chosen:
            break
    picked = tuple(pool.origin[i] for i in chosen or _choice(pool, window, 0.0, overlap_s, cap_s) or ())
    picked = picked if one_video else tuple(sorted(picked))
    total_s = sum(candidates[i].end_s - candidates[i].start_s for i in picked)
    total_s -= overlap_s * max(0, len(picked) - 1)
    facts = Circumstances(candidates, picked, total_s, window.max_s, overlap_s, places, cap_s, one_video)
    refused = {i: refusal(facts, i) for i in range(len(candidates)) if i not in set(picked)}
    return Selection(
        picked=picked,
        total_s=round(total_s, 6),
        why_not=refused,
        note="" if chosen else _shortage(len(candidates), total_s, window),
        section_cap_s=cap_s,
    )


def _choice(
    pool: _Pool, window: Window, least_s: float, overlap_s: float, cap_s: float | None
) -> tuple[int, ...] | None:
    """The best choice between `least_s` and the window's maximum, as indices into the pool's items."""
    high = math.floor((window.max_s - overlap_s) * _MICROSECONDS + 1e-3)
    caps = {}
    if cap_s is not None:
        caps = {item.section: math.floor(cap_s * _MICROSECONDS + 1e-3) for item in pool.items}
    return best_choice(problem(pool.items, _least(pool, least_s, overlap_s), high, caps))


def _least(pool: _Pool, least_s: float, overlap_s: float) -> int:
    """The least sum of costs that makes a montage of `least_s`."""
    if least_s <= 0:
        return 0
    # Costs are rounded up, so that the maximum holds; each rounded one may be a microsecond shorter in truth.
    return math.ceil((least_s - overlap_s) * _MICROSECONDS - 1e-3) + pool.inexact


def _pool(
    candidates: Sequence[Candidate],
    window: Window,
    overlap_s: float,
    places: Sequence[int] | None,
    one_video: bool,
) -> _Pool:
    """The candidates that fit at all as items, in an order in which those of one place stand together."""
    usable = [i for i, c in enumerate(candidates) if _usable(c, window, overlap_s)]
    if one_video:
        usable.sort(key=lambda i: (candidates[i].start_s, candidates[i].end_s, -candidates[i].score.total))
    preferred = {i: rank for rank, i in enumerate(usable)}
    if places is not None:
        usable.sort(key=places.__getitem__)
    count = len(usable)
    # Below the last digit of the score: the earlier of equally good ones, the more the better.
    tie = count * (count + 1) // 2 + 1
    scores = sum(candidates[i].score.total for i in usable)
    unit = min(1 / _SCORE_UNIT, _LARGEST_SUM / (tie * max(1.0, scores)))
    items, inexact = [], 0
    for rank, i in enumerate(usable):
        candidate = candidates[i]
        start, end = round(candidate.start_s * _MICROSECONDS), round(candidate.end_s * _MICROSECONDS)
        exact_s = candidate.end_s - candidate.start_s - overlap_s
        rounded = end - start - round(overlap_s * _MICROSECONDS)
        cost = max(rounded, math.ceil(exact_s * _MICROSECONDS - 1e-3))
        inexact += abs(exact_s * _MICROSECONDS - cost) > 1e-3
        value = round(candidate.score.total * unit) * tie + count - preferred[i]
        if not one_video:
            start, end = 2 * rank, 2 * rank + 1
        items.append(Item(start, max(end, start + 1), cost, value, places[i] if places is not None else 0))
    return _Pool(tuple(items), tuple(usable), inexact)


def _usable(candidate: Candidate, window: Window, overlap_s: float) -> bool:
    length_s = candidate.end_s - candidate.start_s
    fits = 2 * overlap_s - _FUZZ_S <= length_s <= window.max_s + _FUZZ_S
    return fits and length_s - overlap_s >= 1 / _MICROSECONDS


def _shortage(count: int, total_s: float, window: Window) -> str:
    """Why the montage is shorter than it was to be."""
    if not count:
        return "no moments were found: there is nothing to make a montage of"
    return (
        f"only {format_time(total_s)} of material was found that fits together: "
        f"the montage is shorter than the {format_time(window.min_s)} asked for"
    )
