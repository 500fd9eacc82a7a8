"""How segments of a VOD are scored: by the terms that detection measured."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hypecut.models import Segment, Term
from hypecut.rank.scoring import Scorer

# Of the people writing, and of those shouting, each half of what counts; keywords add at most a fifth.
SEGMENT_WEIGHTS: Mapping[str, float] = MappingProxyType({"activity": 1.0, "hype": 1.0, "keywords": 0.5})


def segment_scorer() -> Scorer[Segment]:
    """The scorer of segments; a term that a segment lacks counts as 0."""
    return Scorer(SEGMENT_WEIGHTS, _terms)


def _terms(segment: Segment) -> Mapping[str, Term]:
    return segment.terms
