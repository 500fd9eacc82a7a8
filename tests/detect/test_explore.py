from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.chat.builder import ChatLogBuilder
from hypecut.chat.sample import sample_chat
from hypecut.detect import DetectOptions, detect
from hypecut.detect.envelope import envelope
from hypecut.detect.explore import Explorer, prominence_at
from hypecut.detect.keywords import has_keyword, keyword_pattern
from hypecut.errors import UsageError
from hypecut.media.sample import demo_spec
from hypecut.models import ChatLog

DURATION_S = 420.0


@pytest.fixture(scope="module")
def log() -> ChatLog:
    builder = ChatLogBuilder()
    for message in sample_chat(DURATION_S, demo_spec(DURATION_S, 7).moments, 7):
        builder.append(*message[:3])
    return builder.build()


def test_the_middle_of_the_dial_is_what_the_job_finds(log: ChatLog) -> None:
    options = DetectOptions()
    found, usual = Explorer(log, DURATION_S, options).find(), detect(log, DURATION_S, options)
    assert found.segments == usual.segments
    assert np.array_equal(found.curve, usual.curve)


def test_a_higher_sensitivity_never_finds_fewer_spikes(log: ChatLog) -> None:
    explorer = Explorer(log, DURATION_S, DetectOptions(min_distance_s=5.0, min_segment_s=1.0))
    counts = [len(explorer.find(sensitivity=s / 10).segments) for s in range(11)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_filter_shows_only_who_says_the_word() -> None:
    builder = ChatLogBuilder()
    for second in range(600):
        builder.append(float(second), f"u{second % 50}", "hello there")
    for user in range(30):
        builder.append(300.0 + user / 10, f"v{user}", "Kappa Kappa")
    for user in range(60):
        builder.append(100.0 + user / 10, f"w{user}", "nice")
    options = DetectOptions(lag_s=0.0)
    found = Explorer(builder.build(), 600.0, options).find(("kappa",))
    assert int(np.argmax(found.curve)) in range(285, 320)
    assert found.curve[100] == 0
    (segment,) = found.segments
    assert segment.start_s <= 302 < segment.end_s
    assert "kappa" in " ".join(term.reason for term in segment.terms.values()).lower()


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_the_dial_ends_at_0_and_1(wrong: float) -> None:
    with pytest.raises(UsageError, match="give a number from 0 to 1"):
        prominence_at(wrong, 0.03)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=400),
    st.sampled_from([0.5, 1.0, 3.0]),
    st.integers(1, 100),
    st.floats(-10, 500),
    st.floats(1, 500),
)
def test_an_envelope_is_short_and_loses_no_peak(
    values: list[float], step_s: float, points: int, from_s: float, length_s: float
) -> None:
    curve = np.array(values)
    found = envelope(curve, step_s, from_s, from_s + length_s, points)
    assert len(found.low) == len(found.high) <= points
    first = round(found.start_s / step_s)
    shown = curve[first : first + len(found.high) * round(found.step_s / step_s)]
    inside = curve[max(0, int(np.ceil(from_s / step_s))) : max(0, int((from_s + length_s) // step_s))]
    if len(inside):
        assert max(found.high) == pytest.approx(shown.max(), abs=1e-4)
        assert max(found.high) >= inside.max() - 1e-4
        assert min(found.low) <= inside.min() + 1e-4


@pytest.mark.parametrize(("from_s", "to_s", "points"), [(5.0, 5.0, 9), (0.0, 1.0, 0), (0.0, float("inf"), 9)])
def test_an_impossible_view_is_refused(from_s: float, to_s: float, points: int) -> None:
    with pytest.raises(UsageError, match="can't be shown"):
        envelope(np.zeros(9), 1.0, from_s, to_s, points)


@given(
    st.lists(st.text(alphabet="aAkK _.-é\u0130ſ字", max_size=12), max_size=30),
    st.lists(st.sampled_from(["ak", "KA", "a_k", "k", "é", "a k", " ka ", "k字"]), min_size=1, max_size=3),
)
def test_words_are_found_as_one_message_after_the_other_would_find_them(
    texts: list[str], words: list[str]
) -> None:
    builder = ChatLogBuilder()
    builder.extend([float(i) for i in range(len(texts))], ["u"] * len(texts), texts)
    log = builder.build()
    pattern = keyword_pattern(tuple(words))
    assert pattern is not None
    found = has_keyword(log, tuple(words)).tolist()
    assert found == [pattern.search(text) is not None for text in texts]
