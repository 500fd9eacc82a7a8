"""What detection finds in made-up chats whose moments are known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.chat import ChatLogBuilder
from hypecut.detect import Detection, DetectOptions, detect
from hypecut.errors import ThinChatError, UsageError
from hypecut.models import ChatLog, Segment

HOUR_S = 3600.0
# The windows of 25 s that hold a whole burst of 10 s are centred up to 7.5 s away from it.
NEAR_S = 8.0
Message = tuple[float, str, str]


def chatter(
    duration_s: float = HOUR_S, every_s: float = 2.0, users: int = 200, seed: int = 1
) -> list[Message]:
    """Even talk by many people."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0, duration_s, int(duration_s / every_s)))
    return [
        (float(time_s), f"u{rng.integers(users)}", f"so about that thing {rng.integers(10_000)}")
        for time_s in times
    ]


def burst(
    at_s: float, people: int = 60, text: str = "KEKW", over_s: float = 10.0, who: str = "fan"
) -> list[Message]:
    """Many people writing the same within a few seconds, centred 15 s after the moment `at_s`."""
    first_s = at_s + 15 - over_s / 2
    return [(first_s + over_s * i / people, f"{who}{i}", text) for i in range(people)]


def log_of(*parts: list[Message]) -> ChatLog:
    builder = ChatLogBuilder()
    for part in parts:
        for message in part:
            builder.append(*message)
    return builder.build()


def best(detection: Detection) -> Segment:
    return max(detection.segments, key=lambda segment: segment.terms["activity"].value)


def level_at(detection: Detection, at_s: float) -> float:
    return float(detection.curve[int(at_s) - 10 : int(at_s) + 11].max())


@pytest.mark.parametrize("at_s", [700.0, 1800.0, 3000.0])
def test_a_burst_is_found_at_its_moment(at_s: float) -> None:
    segment = best(detect(log_of(chatter(), burst(at_s)), HOUR_S, DetectOptions()))
    assert abs(segment.peak_s - at_s) <= NEAR_S
    assert segment.start_s < at_s < segment.end_s


@settings(derandomize=True, max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 17), min_size=1, max_size=5, unique=True), st.integers(0, 100))
def test_all_bursts_rank_above_chance(places: list[int], seed: int) -> None:
    moments = [200.0 * place for place in places]
    detection = detect(log_of(chatter(seed=seed), *(burst(at_s) for at_s in moments)), HOUR_S)
    top = sorted(detection.segments, key=lambda s: -s.terms["activity"].value)[: len(moments)]
    assert sorted(round(segment.peak_s / 200) * 200.0 for segment in top) == sorted(moments)


def test_reasons_name_people_words_and_the_usual() -> None:
    segment = best(detect(log_of(chatter(), burst(1800.0)), HOUR_S))
    found = re.fullmatch(r"(\d+) chatters in 25 s, ([\d.]+)x usual", segment.terms["activity"].reason)
    assert found is not None
    assert 60 <= int(found[1]) <= 85
    assert 4 <= float(found[2]) <= 8
    assert segment.terms["hype"].reason == "KEKW x60"
    assert segment.messages[0] == "KEKW"
    assert len(segment.messages) == 3


def test_the_lag_moves_results_earlier() -> None:
    log = log_of(chatter(), burst(1800.0))
    peaks = [best(detect(log, HOUR_S, DetectOptions(lag_s=lag_s))).peak_s for lag_s in (0.0, 15.0, 27.5)]
    assert peaks[0] - peaks[1] == pytest.approx(15, abs=1)
    assert peaks[0] - peaks[2] == pytest.approx(27.5, abs=1)


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param([(1815 + i / 10, "spammer", f"KEKW {i}") for i in range(300)], id="one spammer"),
        pytest.param(burst(1800.0, text="!join"), id="commands"),
        pytest.param(
            burst(1800.0, text="Twitch please never change this wonderful long text that I paste here"),
            id="copypasta",
        ),
        pytest.param(
            [(1815 + i / 10, "Nightbot", f"Welcome, viewer number {i}!!") for i in range(300)], id="bot"
        ),
    ],
)
def test_noise_makes_no_spike(noise: list[Message]) -> None:
    quiet = detect(log_of(chatter()), HOUR_S)
    noisy = detect(log_of(chatter(), noise), HOUR_S)
    assert level_at(noisy, 1800) <= level_at(quiet, 1800) + 0.2
    assert level_at(noisy, 1800) < 0.3


def test_emote_walls_of_many_people_are_no_copypasta() -> None:
    detection = detect(log_of(chatter(), burst(1800.0, text="KEKW " * 12)), HOUR_S)
    assert level_at(detection, 1800) > 0.6


@pytest.mark.parametrize(
    "shout", ["nooooo", "hahahaha", "WHAT!!", "哈哈哈哈", "😂😂😂", "PogChamp", "жесть", "lul."]
)
def test_shouts_count_more_than_talk(shout: str) -> None:
    shouted = detect(log_of(chatter(), burst(1800.0, text=shout)), HOUR_S)
    said = detect(log_of(chatter(), burst(1800.0, text="well then")), HOUR_S)
    assert level_at(shouted, 1800) > level_at(said, 1800) + 0.2


def test_authors_that_are_not_known_count_as_different_people() -> None:
    detection = detect(log_of(chatter(), [(time_s, "", text) for time_s, _, text in burst(1800.0)]), HOUR_S)
    assert abs(best(detection).peak_s - 1800) <= NEAR_S


def test_a_moment_in_a_quiet_hour_of_a_long_vod_beats_a_busy_hour() -> None:
    busy = chatter(HOUR_S, every_s=0.2, users=5000)
    quiet = [(time_s + HOUR_S, user, text) for time_s, user, text in chatter(5 * HOUR_S, every_s=4)]
    detection = detect(log_of(busy, quiet, burst(4 * HOUR_S, people=40)), 6 * HOUR_S)
    top = max(detection.segments, key=lambda s: sum(term.value for term in s.terms.values()))
    assert abs(top.peak_s - 4 * HOUR_S) <= NEAR_S


def test_keywords_raise_a_moment_by_a_capped_amount() -> None:
    talk = burst(1800.0, people=12, text="that was a QUADRAKILL, right")
    log = log_of(chatter(), talk)
    plain = detect(log, HOUR_S)
    keyed = detect(log, HOUR_S, DetectOptions(keywords=("quadrakill", " ", "nothing")))
    assert level_at(keyed, 1800) > level_at(plain, 1800)
    segment = min(keyed.segments, key=lambda s: abs(s.peak_s - 1800))
    assert segment.terms["keywords"].reason == '"quadrakill" x12'
    assert segment.terms["keywords"].value <= 1
    assert "keywords" not in plain.segments[0].terms
    everywhere = detect(log, HOUR_S, DetectOptions(keywords=("so",)))
    assert float(np.median(everywhere.curve)) < 0.3


@pytest.mark.parametrize(
    ("text", "hit"), [("an Ace!", True), ("ACE", True), ("face", False), ("aces", False)]
)
def test_keywords_are_whole_words_in_any_case(text: str, hit: bool) -> None:
    detection = detect(log_of(chatter(), burst(1800.0, text=text)), HOUR_S, DetectOptions(keywords=("ace",)))
    assert (best(detection).terms["keywords"].value > 0.5) is hit


def test_phrases_and_odd_keywords() -> None:
    options = DetectOptions(keywords=("let's  go", ":)", "c++", "größe"))
    for text in ("LET'S GO boys", "ok :) then", "use C++ now", "GRÖSSE ist GRÖßE"):
        detection = detect(log_of(chatter(), burst(1800.0, text=text)), HOUR_S, options)
        assert best(detection).terms["keywords"].value > 0.5, text


OPTIONS = st.builds(
    DetectOptions,
    lag_s=st.floats(0, 40),
    min_segment_s=st.floats(0, 30),
    max_segment_s=st.floats(30, 90),
    lead_in_s=st.floats(0, 60),
    tail_s=st.floats(0, 60),
    min_distance_s=st.floats(0, 200),
    min_prominence=st.floats(0, 0.2),
    keywords=st.sampled_from([(), ("kekw",)]),
)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(options=OPTIONS, duration_s=st.floats(400, 1900), seed=st.integers(0, 1000))
def test_segments_are_sound_whatever_the_options(
    options: DetectOptions, duration_s: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    bursts = [burst(float(at_s), people=30) for at_s in rng.uniform(-20, 1900, 6)]
    log = log_of(chatter(1800, every_s=0.8, seed=seed), *bursts)
    detection = detect(log, duration_s, options)
    assert detection.step_s == 1.0
    assert len(detection.curve) == int(np.ceil(duration_s))
    assert bool(np.all(np.isfinite(detection.curve) & (detection.curve >= 0) & (detection.curve <= 1)))
    assert detection.segments
    for segment in detection.segments:
        assert 0 <= segment.start_s <= segment.peak_s <= segment.end_s <= duration_s
        assert options.min_segment_s - 1e-6 <= segment.duration_s <= options.max_segment_s + 1e-6
        assert all(0 <= term.value <= 1 for term in segment.terms.values())
    for first, second in zip(detection.segments, detection.segments[1:], strict=False):
        assert first.end_s <= second.start_s


def test_detection_is_deterministic() -> None:
    log = log_of(chatter(), burst(900.0), burst(2400.0, text="gg"))
    first, second = detect(log, HOUR_S), detect(log, HOUR_S)
    assert first.segments == second.segments
    assert bool(np.array_equal(first.curve, second.curve))


def test_an_hour_gives_ten_candidates_far_apart() -> None:
    starts: list[float] = []
    for segment in detect(log_of(chatter(1800)), 1800).segments:
        if all(abs(segment.start_s - start_s) >= 120 for start_s in starts):
            starts.append(segment.start_s)
    assert len(starts) >= 10


@pytest.mark.parametrize("duration_s", [2400.0, 3599.0, 3700.0, 20_000.0])
def test_a_duration_that_does_not_match_the_chat(duration_s: float) -> None:
    detection = detect(log_of(chatter(), burst(1800.0)), duration_s, DetectOptions(min_messages_per_minute=0))
    assert abs(best(detection).peak_s - 1800) <= NEAR_S
    assert all(segment.end_s <= duration_s for segment in detection.segments)


def test_thin_chats_are_refused_with_numbers() -> None:
    with pytest.raises(ThinChatError, match=r"99 messages .* 100 are needed"):
        detect(log_of(chatter(198)), 200)
    with pytest.raises(ThinChatError, match=r"1\.9 messages a minute .* least 2 are needed"):
        detect(log_of(chatter(HOUR_S, every_s=32)), HOUR_S)
    with pytest.raises(ThinChatError, match="is it the chat of this VOD"):
        detect(log_of([(time_s + 90_000, user, text) for time_s, user, text in chatter()]), HOUR_S)
    with pytest.raises(ThinChatError):
        detect(log_of(), HOUR_S)


@pytest.mark.parametrize("duration_s", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_durations(duration_s: float) -> None:
    with pytest.raises(UsageError, match="duration"):
        detect(log_of(chatter()), duration_s)


@pytest.mark.parametrize(
    "values",
    [
        {"lag_s": -1},
        {"tail_s": float("nan")},
        {"max_segment_s": 5},
        {"min_prominence": 2},
        {"min_distance_s": float("inf")},
    ],
)
def test_impossible_options(values: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(values))):
        DetectOptions(**values)  # type: ignore[arg-type]
