from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hypecut.detect.envelope import Envelope
from hypecut.jobs.explained import Moment
from hypecut.web.explanation_page import Pseudonyms, activity_drawing, explanation_page, is_within

CURVE = Envelope(start_s=0.0, step_s=1.0, low=(0.0, 0.1), high=(0.2, 0.9))


def moment(start_s: float, text: str, why_not: str | None = None) -> Moment:
    return Moment(
        start_s=start_s, end_s=start_s + 20, peak_s=start_s + 5, score=0.5, messages=(text,), why_not=why_not
    )


def page(*moments: Moment, names: Pseudonyms | None = None) -> str:
    spans = [(100.0, 120.0)]
    drawing = activity_drawing(CURVE, spans, 600.0)
    title = "A <b>stream</b>"
    return explanation_page(title, moments, lambda one: is_within(one, spans), drawing, names or str)


def test_it_tells_what_is_shown_and_why_the_rest_is_not() -> None:
    text = page(moment(100.0, "wow"), moment(300.0, "meh", why_not="too long for what was left"))
    shown, others = text.split("<h2>Not in it</h2>")
    assert "1:40" in shown
    assert "<blockquote>wow</blockquote>" in shown
    assert "too long for what was left" in others
    assert "5:00" in others


@given(st.text(max_size=60))
def test_no_text_of_chat_becomes_markup_and_nothing_is_fetched(text: str) -> None:
    whole = page(moment(100.0, f"{text}<script>alert(1)</script><img src=http://x>"))
    assert "<script" not in whole
    assert "<img" not in whole
    assert "<b>stream" not in whole
    assert not re.search(r"(src|href)\s*=\s*[\"']?http", whole.replace("&lt;img src=http", ""))


def test_names_are_replaced_by_the_same_number_everywhere() -> None:
    names = Pseudonyms(["Alice", "bob_99", ""])
    assert names("alice says hi to @Carol") == "viewer 2 says hi to @viewer 1"
    assert names("ALICE and BOB_99, not alicent") == "viewer 2 and viewer 3, not alicent"
    text = page(moment(100.0, "alice pogged"), names=Pseudonyms(["alice"]))
    assert "viewer 1 pogged" in text
    assert "alice" not in text
