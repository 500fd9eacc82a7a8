"""The one scoring model of clips and segments: components in 0..1, weights, reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from hypecut.models import Candidate, Clip, Score, Segment, Term

C = TypeVar("C", Clip, Segment)


class Scorer(Generic[C]):
    """Scores one kind of candidate.

    Args:
        weights: how much each component counts; they need not add up to 1.
        measure: the components of a candidate. One it leaves out counts as 0; one without a weight is an
            error.
    """

    def __init__(self, weights: Mapping[str, float], measure: Callable[[C], Mapping[str, Term]]) -> None:
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise ValueError("weights must not be negative, and one at least must be positive")
        self.weights = dict(weights)
        self._measure: Callable[[C], Mapping[str, Term]] = measure

    def score(self, candidate: C) -> Score:
        """The weighted mean of the candidate's components, with the weightiest reasons first.

        Raises:
            ValueError: a component is outside 0..1 or has no weight.
        """
        terms = self._measure(candidate)
        for name, term in terms.items():
            if name not in self.weights or not 0.0 <= term.value <= 1.0:
                raise ValueError(f"component {name}={term.value} has no weight or is outside 0..1")
        shares = {name: self.weights[name] * term.value for name, term in terms.items()}
        order = sorted(terms, key=lambda name: (-shares[name], name))
        return Score(
            total=sum(shares.values()) / sum(self.weights.values()),
            components={name: term.value for name, term in terms.items()},
            reasons=tuple(terms[name].reason for name in order if terms[name].reason),
        )


def rank_key(candidate: Candidate) -> tuple[float, float, float]:
    """Best first: the higher score, then the earlier start, then the earlier end."""
    return (-candidate.score.total, candidate.start_s, candidate.end_s)


def ranked(candidates: Iterable[C], scorer: Scorer[C]) -> list[C]:
    """The candidates with their scores, best first, ties in a fixed order."""
    scored = (msgspec.structs.replace(candidate, score=scorer.score(candidate)) for candidate in candidates)
    return sorted(scored, key=rank_key)
