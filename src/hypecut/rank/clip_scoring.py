"""How clips are scored: what viewers, time and title say for each. docs/ranking.md tells it for people."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from hypecut.models import Clip, Term
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.clip_words import title_hits
from hypecut.rank.scoring import Scorer

CLIP_WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"views": 1.0, "votes": 0.5, "recency": 0.5, "length": 0.3, "keywords": 0.3, "featured": 0.2}
)
# More views than so many times the streamer's median count no more: bots are likelier than viewers there.
VIEWS_CAP = 16.0
VOTES_CAP = 8
# Full credit between the middle two, none outside the outer two.
LENGTH_S = (2.0, 12.0, 45.0, 120.0)
UNKNOWN = 0.5
SHOWN_WORDS = 3


def clip_scorer(
    clips: Sequence[Clip], votes: Mapping[str, int], now: datetime, options: ClipOptions
) -> Scorer[Clip]:
    """The scorer of these clips.

    Args:
        clips: all that are compared; each streamer's median of views is taken from them.
        votes: how many people clipped the moment, by clip id; one that is left out has one vote.
        now: the time from which a clip's age counts.
        options: half-life and keywords.
    """
    medians = _medians(clips)

    def measure(clip: Clip) -> Mapping[str, Term]:
        return {
            "views": _views(clip, medians.get(clip.streamer.casefold(), 0.0)),
            "votes": _votes(votes.get(clip.id, 1)),
            "recency": _recency(clip, now, options.half_life_s),
            "length": _length(clip.duration_s),
            "keywords": _keywords(clip.title, options.keywords),
            "featured": Term(1.0, "featured by the streamer") if clip.featured else Term(0.0),
        }

    return Scorer(CLIP_WEIGHTS, measure)


def _medians(clips: Sequence[Clip]) -> dict[str, float]:
    views: dict[str, list[int]] = {}
    for clip in clips:
        views.setdefault(clip.streamer.casefold(), []).append(max(0, clip.views))
    return {streamer: statistics.median(numbers) for streamer, numbers in views.items()}


def _views(clip: Clip, median: float) -> Term:
    """The median counts half; each doubling adds, and each halving takes, an eighth."""
    if clip.views <= 0 and median <= 0:
        return Term(UNKNOWN)
    ratio = (max(0, clip.views) + 1) / (median + 1)
    capped = min(VIEWS_CAP, max(1 / VIEWS_CAP, ratio))
    value = (1 + math.log(capped, VIEWS_CAP)) / 2
    reason = f"{clip.views:,} views, {ratio:.1f}x the median of {clip.streamer or 'its kind'}"
    return Term(min(1.0, max(0.0, value)), reason + (" (counted as 16x)" if ratio > VIEWS_CAP else ""))


def _votes(count: int) -> Term:
    value = math.log2(min(VOTES_CAP, max(1, count))) / math.log2(VOTES_CAP)
    return Term(value, f"clipped by {count} people" if count > 1 else "")


def _recency(clip: Clip, now: datetime, half_life_s: float) -> Term:
    if clip.created_at is None:
        return Term(UNKNOWN)
    age_s = max(0.0, (now - clip.created_at).total_seconds())
    return Term(0.5 ** (age_s / half_life_s), f"{_age(age_s)} old")


def _age(age_s: float) -> str:
    for unit_s, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if age_s >= unit_s:
            count = int(age_s // unit_s)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"


def _length(duration_s: float) -> Term:
    """A trapezoid: neither a glimpse nor a lecture."""
    if duration_s <= 0:
        return Term(UNKNOWN)
    none_s, full_s, still_s, over_s = LENGTH_S
    rise = (duration_s - none_s) / (full_s - none_s)
    fall = (over_s - duration_s) / (over_s - still_s)
    value = min(1.0, max(0.0, min(rise, fall)))
    return Term(value, f"{duration_s:.0f} s, a good length" if value == 1.0 else "")


def _keywords(title: str, keywords: Sequence[str]) -> Term:
    hits = title_hits(title, keywords)
    if not hits:
        return Term(0.0)
    shown = ", ".join(hits[:SHOWN_WORDS])
    return Term(min(1.0, (1 + len(hits)) / 3), f"title says {shown}")
