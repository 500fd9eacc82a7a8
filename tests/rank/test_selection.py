"""Selection against brute force, and what it promises to people."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.models import Clip, Cut, Plan, Score, Segment, Transition, TransitionKind
from hypecut.rank.selection import SHARES, Selection, Window, select, select_clips

DURATION_S = 1000.0


def segment(start_s: float, end_s: float, score: float) -> Segment:
    return Segment(start_s=start_s, end_s=end_s, peak_s=start_s, score=Score(total=score))


def montage_s(picks: Iterable[Segment], overlap_s: float) -> float:
    """The length of the montage, as a plan of these picks counts it."""
    cuts = tuple(Cut(source="vod.mp4", start_s=p.start_s, end_s=p.end_s) for p in picks)
    kind = TransitionKind.CROSSFADE if overlap_s else TransitionKind.NONE
    return Plan(version=1, cuts=cuts, transition=Transition(kind=kind, duration_s=overlap_s)).duration_s


def section_of(candidate: Segment, sections: int) -> int:
    return min(sections - 1, int(candidate.start_s / DURATION_S * sections))


def allowed(
    picks: Sequence[Segment], window: Window, overlap_s: float, sections: int, share: float | None
) -> bool:
    """Whether these picks, in order of time, keep to all rules (the minimum too)."""
    if any(p.end_s - p.start_s < 2 * overlap_s for p in picks):
        return False
    if any(a.end_s > b.start_s + 1e-9 for a, b in itertools.pairwise(picks)):
        return False
    if share is not None:
        for section in range(sections):
            inside = [p.end_s - p.start_s - overlap_s for p in picks if section_of(p, sections) == section]
            if sum(inside) > share * window.max_s / sections + 1e-9:
                return False
    return window.min_s - 1e-9 <= montage_s(picks, overlap_s) <= window.max_s + 1e-9


def best_by_force(
    candidates: Sequence[Segment], window: Window, overlap_s: float, sections: int, share: float | None
) -> float | None:
    """The highest sum of scores of all choices that keep to the rules; None when nothing can be chosen."""
    ordered = sorted(candidates, key=lambda c: (c.start_s, c.end_s))
    sums = [
        sum(p.score.total for p in picks)
        for size in range(1, len(ordered) + 1)
        for picks in itertools.combinations(ordered, size)
        if allowed(picks, window, overlap_s, sections, share)
    ]
    return max(sums, default=None)


def steps(sections: int) -> list[float | None]:
    return [*(share for share in SHARES if share < sections), None]


# Quarters of seconds, so that sums are exact and meet the window's ends often.
quarters = st.integers(0, 3600).map(lambda q: q / 4)
candidate_lists = st.lists(
    st.builds(
        lambda start_s, length_s, score: segment(start_s, start_s + length_s, score),
        quarters,
        st.integers(4, 400).map(lambda q: q / 4),
        st.one_of(st.integers(0, 4).map(lambda n: n / 4), st.floats(0, 1)),
    ),
    max_size=8,
)
windows = st.tuples(st.integers(0, 300), st.integers(0, 120)).map(
    lambda ends: Window(float(ends[0]), float(max(1, sum(ends))))
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(candidate_lists, windows, st.sampled_from([0.0, 0.5, 2.0]), st.integers(1, 5))
def test_selection_is_the_best_of_all_choices(
    candidates: list[Segment], window: Window, overlap_s: float, sections: int
) -> None:
    selection = select(
        candidates, window, source_duration_s=DURATION_S, overlap_s=overlap_s, sections=sections
    )
    picks = [candidates[i] for i in selection.picked]
    best, share = None, None
    for share in steps(sections):
        best = best_by_force(candidates, window, overlap_s, sections, share)
        if best is not None:
            break
    reachable = best is not None
    if not reachable:
        best = best_by_force(candidates, Window(0.0, window.max_s), overlap_s, sections, None) or 0.0
    assert sum(p.score.total for p in picks) == pytest.approx(best, abs=1e-7)
    rule = window if reachable else Window(0.0, window.max_s)
    assert allowed(picks, rule, overlap_s, sections, share if reachable else None)
    assert selection.total_s == pytest.approx(montage_s(picks, overlap_s), abs=1e-6)
    assert bool(selection.note) == (not reachable or not picks)
    assert sorted([*selection.picked, *selection.why_not]) == list(range(len(candidates)))
    assert all(selection.why_not.values())


def test_without_a_minimum_something_is_picked_under_the_first_share_that_lets_it() -> None:
    selection = select([segment(0.0, 1.25, 0.25)], Window(0.0, 2.0), source_duration_s=DURATION_S, sections=3)
    assert selection.picked == (0,)
    assert selection.section_cap_s == pytest.approx(2.0 * 2.0 / 3)
    assert selection.note == ""


@settings(derandomize=True, deadline=None, max_examples=150)
@given(candidate_lists, windows, st.sampled_from([0.0, 0.5]), st.randoms(use_true_random=False))
def test_order_of_the_candidates_does_not_matter(
    candidates: list[Segment], window: Window, overlap_s: float, shuffler: random.Random
) -> None:
    def described(
        listed: Sequence[Segment],
    ) -> tuple[list[tuple[float, float, float]], list[tuple[float, str]]]:
        chosen = select(listed, window, source_duration_s=DURATION_S, overlap_s=overlap_s)
        picks = [(listed[i].start_s, listed[i].end_s, listed[i].score.total) for i in chosen.picked]
        return picks, sorted((listed[i].start_s, words) for i, words in chosen.why_not.items())

    shuffled = list(candidates)
    shuffler.shuffle(shuffled)
    assert described(shuffled) == described(candidates)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.floats(0, 900), st.floats(1, 60), st.floats(0, 1)), min_size=1, max_size=60),
    st.floats(0, 2),
)
def test_any_times_keep_to_the_window_as_a_plan_counts_it(
    rows: list[tuple[float, float, float]], overlap_s: float
) -> None:
    candidates = [segment(start_s, start_s + length_s, score) for start_s, length_s, score in rows]
    window = Window(100.0, 130.0)
    selection = select(candidates, window, source_duration_s=DURATION_S, overlap_s=overlap_s)
    total_s = montage_s([candidates[i] for i in selection.picked], overlap_s)
    assert total_s <= window.max_s + 1e-6
    if not selection.note:
        assert total_s >= window.min_s - 1e-6


def random_segments(count: int, seed: int, duration_s: float = 14400.0) -> list[Segment]:
    chance = random.Random(seed)
    starts = [chance.uniform(0, duration_s - 60) for _ in range(count)]
    return [segment(start_s, start_s + chance.uniform(15, 60), chance.random()) for start_s in starts]


@pytest.mark.parametrize("overlap_s", [0.0, 0.5])
def test_choosing_among_hundreds_beats_taking_the_best_first(overlap_s: float) -> None:
    candidates = random_segments(300, seed=1)
    selection = select(candidates, Window(), source_duration_s=14400.0, overlap_s=overlap_s)
    assert 480.0 <= selection.total_s <= 600.0
    greedy: list[Segment] = []
    for candidate in sorted(candidates, key=lambda c: -c.score.total):
        picks = sorted([*greedy, candidate], key=lambda c: c.start_s)
        apart = all(a.end_s <= b.start_s for a, b in itertools.pairwise(picks))
        if apart and montage_s(picks, overlap_s) <= 600.0:
            greedy = picks
    assert sum(candidates[i].score.total for i in selection.picked) > sum(c.score.total for c in greedy)


@pytest.mark.parametrize("score", [0.0, 0.5])
def test_hundreds_of_equal_scores_still_fill_the_window(score: float) -> None:
    candidates = [segment(c.start_s, c.end_s, score) for c in random_segments(300, seed=2)]
    selection = select(candidates, Window(), source_duration_s=14400.0)
    assert 480.0 <= selection.total_s <= 600.0
    assert not selection.note


def test_scores_that_go_with_length_fill_the_window_to_the_brim() -> None:
    candidates = [
        segment(c.start_s, c.end_s, (c.end_s - c.start_s) / 60) for c in random_segments(300, seed=3)
    ]
    selection = select(candidates, Window(), source_duration_s=14400.0)
    assert 599.0 <= selection.total_s <= 600.0


def pick_times(candidates: Sequence[Segment], selection: Selection) -> list[float]:
    return [candidates[i].start_s for i in selection.picked]


def test_picks_are_spread_over_the_vod() -> None:
    crowded = [segment(40.0 * i, 40.0 * i + 30, 0.9) for i in range(20)]
    elsewhere = [segment(2000.0 + 400 * i, 2030.0 + 400 * i, 0.5) for i in range(20)]
    selection = select([*crowded, *elsewhere], Window(), source_duration_s=10000.0, sections=4)
    early_s = 30.0 * sum(start_s < 2500 for start_s in pick_times([*crowded, *elsewhere], selection))
    assert selection.section_cap_s == 225.0
    assert early_s <= 225.0
    assert "its part of the VOD already has its share (3:30 of 3:45)" in selection.why_not.values()


def test_shares_give_way_when_the_minimum_is_out_of_reach_otherwise() -> None:
    crowded = [segment(40.0 * i, 40.0 * i + 30, 0.9) for i in range(20)]
    selection = select(crowded, Window(), source_duration_s=10000.0, sections=4)
    assert selection.total_s == 600.0
    assert selection.section_cap_s is None
    assert not selection.note


def test_too_little_material_makes_a_shorter_montage_and_says_so() -> None:
    candidates = [segment(100.0 * i, 100.0 * i + 31, 0.1 + 0.1 * i) for i in range(9)]
    selection = select([*candidates, segment(0.0, 25.0, 0.05)], Window(), source_duration_s=5000.0)
    assert selection.picked == tuple(range(9))
    assert selection.note == (
        "only 4:39 of material was found that fits together: the montage is shorter than the 8:00 asked for"
    )
    assert selection.why_not == {9: "overlaps a better pick at 0:00"}


def test_nothing_found() -> None:
    selection = select([], Window(), source_duration_s=5000.0)
    assert selection.picked == ()
    assert selection.total_s == 0.0
    assert selection.note.startswith("no moments were found")


def test_reasons_for_not_picking() -> None:
    window = Window(50.0, 60.0)
    candidates = [
        segment(750.0, 780.0, 0.9),
        segment(100.0, 130.0, 0.8),
        segment(770.0, 790.0, 0.3),
        segment(200.0, 270.0, 1.0),
        segment(300.0, 330.0, 0.1),
        segment(400.0, 400.8, 0.7),
    ]
    selection = select(candidates, window, source_duration_s=DURATION_S, sections=1, overlap_s=0.5)
    assert selection.picked == (1, 0)
    assert selection.total_s == 59.5
    assert selection.why_not == {
        2: "overlaps a better pick at 12:30",
        3: "is 1:10 long, the montage 1:00 at most",
        4: "did not fit in the 1:00 with the better picks (0.5 s left)",
        5: "is too short (0.8 s) for a crossfade of 0.5 s at both ends",
    }


def test_a_good_moment_gives_way_to_several_that_are_better_together() -> None:
    candidates = [segment(0.0, 30.0, 0.9), segment(0.0, 15.0, 0.6), segment(15.0, 30.0, 0.5)]
    selection = select(candidates, Window(20.0, 30.0), source_duration_s=100.0, sections=1)
    assert selection.picked == (1, 2)
    assert selection.why_not == {0: "overlaps 2 picks that are better together, the best at 0:00"}


def test_crossfades_are_counted() -> None:
    candidates = [segment(100.0 * i, 100.0 * i + 20, 0.5) for i in range(4)]
    assert select(candidates, Window(0.0, 77.0), source_duration_s=400.0).total_s == 60.0
    assert select(candidates, Window(0.0, 77.0), source_duration_s=400.0, overlap_s=1.0).total_s == 77.0


def test_of_equal_choices_the_earlier_is_taken() -> None:
    candidates = [segment(100.0 * i, 100.0 * i + 20, 0.5) for i in (3, 1, 2, 0)]
    assert select(candidates, Window(0.0, 40.0), source_duration_s=400.0, sections=1).picked == (3, 1)


def test_clips_are_videos_of_their_own() -> None:
    clips = [
        Clip(id=str(i), streamer="alpha", duration_s=length_s, score=Score(total=score))
        for i, (length_s, score) in enumerate([(30.0, 0.9), (30.0, 0.2), (25.0, 0.5), (200.0, 1.0)])
    ]
    selection = select_clips(clips, Window(50.0, 60.0), overlap_s=0.5)
    assert selection.picked == (0, 2)
    assert selection.total_s == 54.5
    assert selection.why_not == {
        1: "did not fit in the 1:00 with the better picks (5.5 s left)",
        3: "is 3:20 long, the montage 1:00 at most",
    }


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 5.0), (6.0, 5.0), (0.0, 0.0), (0.0, float("inf")), (float("nan"), 5.0)]
)
def test_impossible_windows_are_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="window"):
        Window(low, high)


@pytest.mark.parametrize(
    "bad",
    [
        segment(5.0, 5.0, 0.5),
        segment(-1.0, 5.0, 0.5),
        segment(0.0, float("nan"), 0.5),
        segment(0.0, 5.0, float("nan")),
    ],
)
def test_impossible_candidates_are_refused(bad: Segment) -> None:
    with pytest.raises(ValueError, match="candidate 1"):
        select([segment(0.0, 5.0, 0.5), bad], Window(), source_duration_s=100.0)
