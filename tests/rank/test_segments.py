"""Segments are scored by the terms that detection put into them."""

from __future__ import annotations

import pytest

from hypecut.detect.detection import CURVE_WEIGHTS
from hypecut.models import Segment, Term
from hypecut.rank.scoring import ranked
from hypecut.rank.segments import SEGMENT_WEIGHTS, segment_scorer


def segment(start_s: float, **terms: float) -> Segment:
    return Segment(
        start_s=start_s,
        end_s=start_s + 30,
        peak_s=start_s + 5,
        terms={name: Term(value, f"{name} {value}") for name, value in terms.items()},
    )


def test_the_total_is_the_weighted_mean() -> None:
    score = segment_scorer().score(segment(0, activity=0.8, hype=0.4, keywords=1.0))
    assert score.total == pytest.approx((0.8 + 0.4 + 0.5) / 2.5)
    assert score.components == {"activity": 0.8, "hype": 0.4, "keywords": 1.0}
    assert score.reasons == ("activity 0.8", "keywords 1.0", "hype 0.4")


def test_best_first_ties_by_time() -> None:
    candidates = [
        segment(60, activity=0.5),
        segment(30, activity=0.9, hype=0.9),
        segment(0, activity=0.5),
        segment(90),
    ]
    assert [one.start_s for one in ranked(candidates, segment_scorer())] == [30, 0, 60, 90]


def test_keywords_add_at_most_a_fifth() -> None:
    assert segment_scorer().score(segment(0, keywords=1.0)).total == pytest.approx(0.2)
    assert SEGMENT_WEIGHTS["activity"] > 0


def test_terms_without_a_weight_are_an_error() -> None:
    with pytest.raises(ValueError, match="loudness"):
        segment_scorer().score(segment(0, loudness=1.0))


def test_a_segment_is_scored_by_the_weights_of_the_curve_it_was_found_on() -> None:
    assert dict(SEGMENT_WEIGHTS) == dict(CURVE_WEIGHTS)
