"""Why a candidate was not picked, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypecut.models import Candidate
from hypecut.times import format_time

_TOLERANCE_S = 1e-6


class Circumstances(NamedTuple):
    """What a choice was made from, and what came of it.

    Attributes:
        candidates: all of them.
        picked: indices of those that were picked.
        total_s: the length of the montage.
        max_s: the most it may be.
        overlap_s: by how much a crossfade makes neighbours overlap.
        places: the section each candidate begins in, or the group it belongs to; None when there are none.
        cap_s: the most that one section or group may fill; None for no limit.
        one_video: whether all candidates are of one VOD, so that they can overlap; else each is a video of
            its own.
    """

    candidates: Sequence[Candidate]
    picked: tuple[int, ...]
    total_s: float
    max_s: float
    overlap_s: float
    places: Sequence[int] | None
    cap_s: float | None
    one_video: bool


def refusal(facts: Circumstances, i: int) -> str:
    """Why candidate `i` was not picked: the first reason that holds."""
    candidate = facts.candidates[i]
    length_s = candidate.end_s - candidate.start_s
    if length_s > facts.max_s + _TOLERANCE_S:
        return f"is {format_time(length_s)} long, the montage {format_time(facts.max_s)} at most"
    if length_s < 2 * facts.overlap_s:
        return f"is too short ({length_s:.1f} s) for a crossfade of {facts.overlap_s:g} s at both ends"
    return _overlap(facts, i) or _share(facts, i) or _fit(facts)


def _overlap(facts: Circumstances, i: int) -> str:
    """Which pick it overlaps, the best one if several; '' if none."""
    if not facts.one_video:
        return ""
    candidate = facts.candidates[i]
    others = [facts.candidates[j] for j in facts.picked]
    hits = [o for o in others if o.start_s < candidate.end_s and candidate.start_s < o.end_s]
    if not hits:
        return ""
    best = max(hits, key=lambda o: (o.score.total, -o.start_s))
    place = format_time(best.start_s)
    if best.score.total >= candidate.score.total:
        return f"overlaps a better pick at {place}"
    if len(hits) > 1:
        return f"overlaps {len(hits)} picks that are better together, the best at {place}"
    return f"overlaps the pick at {place}, with which the whole scores higher"


def _share(facts: Circumstances, i: int) -> str:
    """That its part of the VOD, or its streamer's time, is full; '' if there is room."""
    if facts.places is None or facts.cap_s is None:
        return ""
    section = facts.places[i]
    lengths_s = [
        facts.candidates[j].end_s - facts.candidates[j].start_s - facts.overlap_s
        for j in (*facts.picked, i)
        if facts.places[j] == section
    ]
    if sum(lengths_s) <= facts.cap_s + _TOLERANCE_S:
        return ""
    part = "part of the VOD" if facts.one_video else "streamer"
    if len(lengths_s) == 1:
        return f"is longer than one {part} may fill ({format_time(facts.cap_s)})"
    taken = f"{format_time(sum(lengths_s[:-1]))} of {format_time(facts.cap_s)}"
    return f"its {part} already has its share ({taken})"


def _fit(facts: Circumstances) -> str:
    left_s = max(0.0, facts.max_s - facts.total_s)
    return f"did not fit in the {format_time(facts.max_s)} with the better picks ({left_s:.1f} s left)"
