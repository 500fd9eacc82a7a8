from __future__ import annotations

import pytest

from hypecut.jobs.explained import Moment, is_allowed
from hypecut.jobs.requests import HighlightsRequest
from hypecut.models import Score, Segment


def test_a_segment_is_a_moment_of_which_it_is_not_said_yet_whether_it_is_shown() -> None:
    score = Score(total=0.5, components={"activity": 0.6}, reasons=("60 chatters",))
    segment = Segment(start_s=10.0, end_s=30.0, peak_s=20.0, score=score, messages=("KEKW",))
    moment = Moment.of(segment)
    assert (moment.start_s, moment.end_s, moment.peak_s, moment.score) == (10.0, 30.0, 20.0, 0.5)
    assert (moment.components, moment.reasons, moment.messages) == (
        {"activity": 0.6},
        ("60 chatters",),
        ("KEKW",),
    )
    assert moment.picked is None


@pytest.mark.parametrize(
    ("span", "allowed"),
    [
        ((100.0, 120.0), True),
        ((180.0, 200.0), True),
        ((95.0, 115.0), False),
        ((190.0, 210.0), False),
        ((140.0, 155.0), False),
        ((160.0, 175.0), True),
    ],
)
def test_what_the_job_was_told_to_leave_out_is_not_allowed(span: tuple[float, float], allowed: bool) -> None:
    request = HighlightsRequest(vod="vod.mp4", from_s=100.0, to_s=200.0, exclude=((150.0, 160.0),))
    assert is_allowed(Moment(start_s=span[0], end_s=span[1], score=0.5), request) is allowed
