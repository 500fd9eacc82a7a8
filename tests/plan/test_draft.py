from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import PlanChangedError, PlanError
from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.plan.document import read_plan, rounded, write_plan
from hypecut.plan.draft import Draft, History, SourceLimits, Verdict, draft_of, meter, same_plan
from hypecut.plan.operations import (
    Add,
    ChooseAnew,
    Edge,
    Keep,
    Lock,
    MoveEdge,
    Nudge,
    Operation,
    Reorder,
    Retitle,
    SetGain,
    Slide,
    Swap,
    apply,
)
from hypecut.plan.versions import read_versioned, save_versioned

LENGTH_S = 600.0
RATE = Fraction(60_000, 1001)
SOURCES = {"vod.mp4": SourceLimits(duration_s=LENGTH_S, rate=RATE)}


def cut(start_s: float, end_s: float, **more: Any) -> Cut:
    return Cut(source="vod.mp4", start_s=start_s, end_s=end_s, **more)


def draft(*spans: tuple[float, float], crossfade_s: float = 0.0) -> Draft:
    transition = Transition(kind=TransitionKind.CROSSFADE, duration_s=crossfade_s) if crossfade_s else None
    return draft_of(Plan(version=1, cuts=tuple(cut(*span) for span in spans), transition=transition))


keys = st.sampled_from(["c1", "c2", "c3", "c4", "c5", "c9"])
times = st.floats(-1e4, 1e4) | st.sampled_from([float("nan"), float("inf"), -float("inf")])
cuts = st.tuples(st.floats(0, LENGTH_S + 50), st.floats(0.1, 90)).map(lambda t: cut(t[0], t[0] + t[1]))
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Keep, keys, st.booleans()),
    st.builds(Lock, keys, st.booleans()),
    st.builds(MoveEdge, keys, st.sampled_from(Edge), times),
    st.builds(Nudge, keys, st.sampled_from(Edge), st.floats(-60, 60), st.integers(-9, 9)),
    st.builds(Slide, keys, times),
    st.builds(Reorder, keys, st.integers(-3, 9)),
    st.builds(Retitle, keys, st.text(max_size=250)),
    st.builds(SetGain, keys, times),
    st.builds(Add, cuts),
    st.builds(Swap, keys, cuts),
    st.builds(
        ChooseAnew,
        st.lists(keys, max_size=3).map(tuple),
        st.lists(cuts, max_size=3).map(tuple),
        st.sampled_from(["", "c3"]),
    ),
)


def tried(now: Draft, operation: Operation) -> Draft:
    try:
        return apply(now, operation, SOURCES)
    except PlanError:
        return now


@given(st.lists(operations, max_size=30), st.sampled_from([0.0, 0.5]))
def test_whatever_is_done_the_plan_can_be_written_and_lies_within_its_source(
    tmp_path_factory: pytest.TempPathFactory, done: list[Operation], crossfade_s: float
) -> None:
    now = draft((10, 40), (50, 70), (100, 130), crossfade_s=crossfade_s)
    for operation in done:
        now = tried(now, operation)
        assert len({entry.key for entry in now.entries}) == len(now.entries)
        for entry in now.entries:
            assert 0 <= entry.cut.start_s < entry.cut.end_s <= LENGTH_S + 1e-6
    path = tmp_path_factory.mktemp("plan") / "plan.json"
    write_plan(now.plan, path)
    assert same_plan(now, read_plan(path))


@given(st.lists(operations, max_size=30))
def test_undoing_all_leads_back_and_redoing_all_leads_forward(done: list[Operation]) -> None:
    history = History(present=draft((10, 40), (50, 70), (100, 130)))
    states = [history.present]
    for operation in done:
        history = history.done(tried(history.present, operation))
        if history.present != states[-1]:
            states.append(history.present)
    for state in states[-2::-1]:
        history = history.undone()
        assert history.present == state
    assert history.undone() == history
    for state in states[1:]:
        history = history.redone()
        assert history.present == state
    assert history.redone() == history


@given(st.lists(operations, min_size=1, max_size=10))
def test_a_locked_cut_stays_as_it_is(done: list[Operation]) -> None:
    now = apply(draft((10, 40), (50, 70)), Lock("c1", True), SOURCES)
    for operation in done:
        if not isinstance(operation, Lock | Retitle | SetGain):
            now = tried(now, operation)
    (locked,) = [entry for entry in now.entries if entry.key == "c1"]
    assert (locked.cut, locked.kept) == (cut(10, 40), True)


@given(st.floats(0, LENGTH_S), st.sampled_from(Edge))
def test_a_boundary_moved_by_hand_lies_on_a_picture(time_s: float, edge: Edge) -> None:
    moved = apply(draft((100, 200)), MoveEdge("c1", edge, time_s), SOURCES).plan.cuts[0]
    place = (moved.start_s if edge is Edge.START else moved.end_s) * RATE
    at_an_end = moved.end_s == LENGTH_S
    at_the_other = round((moved.end_s - moved.start_s) * RATE) == 1
    assert at_an_end or at_the_other or abs(place - round(place)) < 1e-6


def test_a_boundary_moves_by_single_pictures() -> None:
    now = draft((10.010, 20.020))
    later = apply(now, Nudge("c1", Edge.START, frames=1), SOURCES).plan.cuts[0]
    earlier = apply(now, Nudge("c1", Edge.END, frames=-1), SOURCES).plan.cuts[0]
    assert later.start_s == pytest.approx(601 * 1001 / 60_000)
    assert earlier.end_s == pytest.approx(1199 * 1001 / 60_000)


def test_a_crossfade_keeps_a_cut_from_getting_too_short() -> None:
    now = apply(draft((10, 40), (50, 70), crossfade_s=0.5), MoveEdge("c1", Edge.END, 10.0), SOURCES)
    assert 1.0 <= now.plan.cuts[0].duration_s <= 1.0 + 2 / RATE


def test_a_cut_is_put_where_its_time_is_and_can_be_moved_from_there() -> None:
    now = apply(draft((10, 40), (100, 130)), Add(cut(50, 60)), SOURCES)
    assert [entry.key for entry in now.entries] == ["c1", "c3", "c2"]
    moved = apply(now, Reorder("c3", 2), SOURCES)
    assert [entry.cut.start_s for entry in moved.entries] == [10, 100, 50]


def test_a_runner_up_takes_the_place_of_a_pick() -> None:
    now = apply(draft((10, 40), (100, 130)), Swap("c1", cut(300, 320)), SOURCES)
    assert [c.start_s for c in now.plan.cuts] == [300, 100]


def test_a_cut_set_aside_is_not_in_the_plan_and_can_be_taken_back() -> None:
    now = apply(draft((10, 40), (50, 70)), Keep("c1", False), SOURCES)
    assert now.plan.cuts == (cut(50, 70),)
    assert apply(now, Keep("c1", True), SOURCES).plan.cuts == (cut(10, 40), cut(50, 70))


@pytest.mark.parametrize(
    ("operation", "cure"),
    [
        (Keep("c1", False), "keep another one first"),
        (MoveEdge("c7", Edge.END, 3.0), "look at the list again"),
        (MoveEdge("c1", Edge.END, float("nan")), "give another one"),
        (SetGain("c1", 99.0), "it must be from -60 to 60"),
        (Retitle("c1", "x" * 201), "give 200 at most"),
        (Add(Cut(source="../secret.mp4", start_s=0.0, end_s=1.0)), "from the sources of this job"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_cure(operation: Operation, cure: str) -> None:
    with pytest.raises(PlanError, match=cure):
        apply(draft((10, 40)), operation, SOURCES)


def test_operations_come_as_json() -> None:
    data = {"op": "nudge", "key": "c1", "edge": "end", "frames": -1}
    assert msgspec.convert(data, Operation) == Nudge("c1", Edge.END, frames=-1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(data | {"path": "/etc"}, Operation)


@pytest.mark.parametrize(
    ("least_s", "most_s", "verdict"),
    [(50.0, 60.0, Verdict.SHORT), (49.0, 50.0, Verdict.INSIDE), (10.0, 49.0, Verdict.LONG)],
)
def test_the_meter_counts_crossfades_once(least_s: float, most_s: float, verdict: Verdict) -> None:
    found = meter(draft((10, 40), (50, 70.5), crossfade_s=1.0), least_s, most_s)
    assert (found.total_s, found.verdict) == (49.5, verdict)


def test_the_later_of_two_who_change_a_plan_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(draft((10, 40), (50, 70)).plan, path)
    (first, seen), (second, seen_too) = read_versioned(path), read_versioned(path)
    changed = apply(draft_of(first), SetGain("c1", 3.0), SOURCES).plan
    version = save_versioned(changed, path, seen)
    with pytest.raises(PlanChangedError, match="changed in another window"):
        save_versioned(apply(draft_of(second), SetGain("c1", -3.0), SOURCES).plan, path, seen_too)
    assert read_versioned(path) == (rounded(changed), version)


def test_what_is_taken_in_comes_before_the_outro() -> None:
    now = draft((10, 40), (50, 70))
    assert starts(apply(now, Add(cut(300, 320), before="c2"), SOURCES)) == [10, 300, 50]
    assert starts(apply(now, Add(cut(5, 9), before="c2"), SOURCES)) == [5, 10, 50]
    anew = ChooseAnew(stay=("c2",), cuts=(cut(300, 320), cut(200, 220)), before="c2")
    assert starts(apply(now, anew, SOURCES)) == [200, 300, 50]


def starts(now: Draft) -> list[float]:
    return [entry.cut.start_s for entry in now.entries]
