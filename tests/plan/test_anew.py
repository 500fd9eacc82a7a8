from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import PlanError
from hypecut.models import Cut, CutScore, Plan, Score, Transition, TransitionKind
from hypecut.plan.anew import Offer, choose_anew
from hypecut.plan.draft import Draft, SourceLimits, draft_of
from hypecut.plan.operations import Edge, Keep, Lock, MoveEdge, Retitle, apply
from hypecut.rank.selection import Window

LENGTH_S = 600.0
SOURCES = {"vod.mp4": SourceLimits(duration_s=LENGTH_S), "intro.mp4": SourceLimits(duration_s=5.0)}
STARTS = {"vod.mp4": 0.0}


def offer(start_s: float, end_s: float, score: float) -> Offer:
    cut = Cut(source="vod.mp4", start_s=start_s, end_s=end_s, score=CutScore(score, {}))
    return Offer(cut=cut, start_s=start_s, end_s=end_s, score=Score(total=score))


# Six moments of 20 s, one after the other less worthy.
OFFERS = [offer(100.0 * n, 100.0 * n + 20, 0.9 - n / 10) for n in range(6)]


def draft(*numbers: int, intro: bool = False, crossfade_s: float = 0.0) -> Draft:
    cuts = tuple(OFFERS[n].cut for n in numbers)
    cuts = (Cut(source="intro.mp4", start_s=0.0, end_s=5.0), *cuts) if intro else cuts
    transition = Transition(kind=TransitionKind.CROSSFADE, duration_s=crossfade_s) if crossfade_s else None
    return draft_of(Plan(version=1, cuts=cuts, transition=transition))


def anew(now: Draft, window: Window, offers: list[Offer] = OFFERS) -> Draft:
    return apply(now, choose_anew(now, offers, STARTS, window, LENGTH_S, sections=1).operation, SOURCES)


def shown(now: Draft) -> list[float]:
    return [entry.cut.start_s for entry in now.entries if entry.kept]


def test_a_locked_cut_stays_and_the_best_of_the_rest_fill_the_window() -> None:
    now = apply(draft(0, 5), Lock("c2", True), SOURCES)
    assert shown(anew(now, Window(50, 60))) == [0.0, 100.0, 500.0]
    assert shown(anew(now, Window(0, 30))) == [500.0]


def test_what_was_skipped_is_not_taken_in_again_but_stays_at_hand() -> None:
    now = apply(draft(0, 1), Keep("c1", False), SOURCES)
    after = anew(now, Window(30, 40))
    assert shown(after) == [100.0, 200.0]
    assert [(entry.key, entry.kept) for entry in after.entries if not entry.kept] == [("c1", False)]


def test_a_cut_changed_by_hand_stays_as_it_is_when_its_moment_is_chosen_again() -> None:
    now = apply(draft(0, 4), MoveEdge("c1", Edge.END, 25.0), SOURCES)
    now = apply(now, Retitle("c1", "mine"), SOURCES)
    after = anew(now, Window(40, 45))
    assert [(e.key, e.cut.title, e.cut.end_s) for e in after.entries] == [
        ("c1", "mine", 25.0),
        ("c3", "", 120.0),
    ]


def test_no_moment_is_shown_twice_when_a_locked_cut_reaches_into_it() -> None:
    now = apply(draft(0), MoveEdge("c1", Edge.END, 101.0), SOURCES)
    now = apply(now, Lock("c1", True), SOURCES)
    found = choose_anew(now, OFFERS, STARTS, Window(0, 121), LENGTH_S, sections=1)
    assert shown(apply(now, found.operation, SOURCES)) == [0.0, 200.0]
    assert found.why_not[0] == found.why_not[1] == "a locked cut shows part of it"


def test_an_intro_keeps_its_place_and_counts() -> None:
    after = anew(draft(5, intro=True), Window(40, 45))
    assert [entry.cut.source for entry in after.entries] == ["intro.mp4", "vod.mp4", "vod.mp4"]
    assert shown(after) == [0.0, 0.0, 100.0]


def test_locked_cuts_that_fill_the_window_are_told() -> None:
    now = apply(draft(0, 1), Lock("c1", True), SOURCES)
    with pytest.raises(PlanError, match="unlock or shorten one"):
        anew(now, Window(10, 20))


def test_nothing_that_fits_is_told_and_changes_nothing() -> None:
    with pytest.raises(PlanError, match="no other moment fits"):
        anew(draft(0), Window(5, 10))


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True),
    st.sets(st.integers(0, 3)),
    st.sets(st.integers(0, 3)),
    st.sampled_from([0.0, 0.5]),
    st.floats(25, 130),
)
def test_the_montage_keeps_to_the_window_whatever_is_locked_and_skipped(
    numbers: list[int], locked: set[int], skipped: set[int], crossfade_s: float, most_s: float
) -> None:
    now = draft(*numbers, crossfade_s=crossfade_s)
    for place in skipped:
        if place < len(numbers) and len(shown(now)) > 1:
            now = apply(now, Keep(f"c{place + 1}", False), SOURCES)
    for place in locked - skipped:
        if place < len(numbers):
            now = apply(now, Lock(f"c{place + 1}", True), SOURCES)
    held = {entry.key: entry for entry in now.entries if entry.locked or not entry.kept}
    try:
        after = anew(now, Window(20, most_s))
    except PlanError:
        return
    assert after.plan.duration_s <= most_s + 1e-6
    assert {entry.key: entry for entry in after.entries if entry.key in held} == held
    assert len(set(shown(after))) == len(shown(after))
    assert anew(after, Window(20, most_s)) == after
