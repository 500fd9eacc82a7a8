"""The scoring model shared by clips and segments."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.models import Clip, Segment, Term
from hypecut.rank.scoring import Scorer, rank_key, ranked


def with_terms(start_s: float = 0.0, **values: float) -> Segment:
    terms = {name: Term(value, f"{name} {value:g}" if value else "") for name, value in values.items()}
    return Segment(start_s=start_s, end_s=start_s + 30, peak_s=start_s + 10, terms=terms)


def terms_of(segment: Segment) -> Mapping[str, Term]:
    return segment.terms


SCORER: Scorer[Segment] = Scorer({"activity": 3.0, "keywords": 1.0}, terms_of)


def test_total_is_the_weighted_mean() -> None:
    score = SCORER.score(with_terms(activity=0.8, keywords=0.4))
    assert score.total == pytest.approx((3 * 0.8 + 0.4) / 4)
    assert score.components == {"activity": 0.8, "keywords": 0.4}


def test_reasons_come_weightiest_first_and_silent_terms_give_none() -> None:
    assert SCORER.score(with_terms(keywords=0.5, activity=0.4)).reasons == ("activity 0.4", "keywords 0.5")
    assert SCORER.score(with_terms(keywords=1.0, activity=0.1)).reasons == ("keywords 1", "activity 0.1")
    assert SCORER.score(with_terms(keywords=0.5, activity=0.0)).reasons == ("keywords 0.5",)


def test_a_missing_component_counts_as_nothing() -> None:
    assert SCORER.score(with_terms(keywords=1.0)).total == 0.25


@pytest.mark.parametrize(
    "terms", [{"activity": 1.1}, {"activity": -0.1}, {"activity": float("nan")}, {"views": 0.5}]
)
def test_components_out_of_range_or_without_weight_are_errors(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="component"):
        SCORER.score(with_terms(**terms))


@pytest.mark.parametrize("weights", [{}, {"activity": 0.0}, {"activity": 1.0, "keywords": -1.0}])
def test_useless_weights_are_errors(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Scorer(weights, terms_of)


def test_clips_are_scored_by_the_same_model() -> None:
    scorer: Scorer[Clip] = Scorer({"views": 1.0}, lambda clip: {"views": Term(clip.views / 100)})
    clips = [Clip(id=str(n), streamer="alpha", duration_s=30.0, views=n) for n in (10, 90, 50)]
    assert [clip.id for clip in ranked(clips, scorer)] == ["90", "50", "10"]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), max_size=8), st.permutations(range(8)))
def test_ranking_does_not_hang_on_the_order_given(rows: list[tuple[int, int]], order: list[int]) -> None:
    segments = [with_terms(float(start_s), activity=n / 4) for start_s, n in rows]
    shuffled = [segments[i] for i in order if i < len(segments)]
    best_first = ranked(segments, SCORER)
    assert [rank_key(s) for s in best_first] == [rank_key(s) for s in ranked(shuffled, SCORER)]
    assert [rank_key(s) for s in best_first] == sorted(rank_key(s) for s in best_first)
