"""Intro and outro: cuts of the plan, in the length asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from hypecut.errors import BadInputError, UsageError
from hypecut.jobs.bookends import Bookends, bookends
from hypecut.jobs.rendering import render_plan
from hypecut.models import Cut, Plan
from hypecut.plan.document import read_plan, write_plan
from hypecut.progress import SilentProgress
from hypecut.rank.selection import Window
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.test_highlights import run
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage


@pytest.fixture(scope="module")
def intro(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4", duration_s=5.0, seed=21)


@pytest.fixture(scope="module")
def outro(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mkv", duration_s=4.0, seed=22, width=256, height=144)


def test_highlights_begin_and_end_with_them_within_the_window(
    stream: Stream, tiny_recording: Recordings, tmp_path: Path
) -> None:
    intro = tiny_recording(
        ".mp4", duration_s=8.0, fps=Fraction(15), gop_frames=30, preset="ultrafast", seed=4
    )
    out = tmp_path / "out"
    settings = Settings(intro=intro.path, outro=intro.path, cache_dir=tmp_path / "cache")
    result = run(stream, out, settings, outro="", titles=True)
    plan = read_plan(out / "plan.json")
    first = plan.cuts[0]
    assert ((out / first.source).resolve(), first.start_s, first.end_s) == (intro.path, 0.0, 8.0)
    assert (first.title, first.score) == ("", None)
    assert plan.cuts[-1].source != first.source
    assert 60.0 <= plan.duration_s <= 120.0
    assert result.durations_s.montage_total == pytest.approx(plan.duration_s, abs=0.1)
    # The intro is no clip and no pick.
    assert len(result.picks) == len(list((out / "clips").iterdir())) == len(plan.cuts) - 1
    truths = {first.source: intro.truth, plan.cuts[-1].source: stream.recording.truth}
    assert check_montage(out / "montage.mp4", plan, out, truths).problems() == []
    chapters = (out / "chapters.txt").read_text(encoding="utf-8").splitlines()
    assert chapters[0] == "0:00 intro"
    assert not any("Highlight" in line for line in chapters)


def test_what_they_leave_of_the_window_is_filled(stream: Stream, intro: Recording, tmp_path: Path) -> None:
    without = run(
        stream, tmp_path / "without", Settings(), plan_only=True, max_duration_s=60.0, min_duration_s=40.0
    )
    changes = {"plan_only": True, "max_duration_s": 65.0, "min_duration_s": 45.0, "intro": intro.path}
    with_intro = run(stream, tmp_path / "with", Settings(), **changes)
    assert with_intro.picks == without.picks
    assert with_intro.durations_s.montage_total == pytest.approx(without.durations_s.montage_total + 5.0)


def test_a_crossfade_overlaps_them_too(intro: Recording) -> None:
    found = bookends(str(intro.path), str(intro.path), intro.path.parent)
    assert found.inside(Window(60.0, 100.0), overlap_s=0.5) == Window(51.0, 91.0)
    assert found.inside(Window(5.0, 100.0)) == Window(0.0, 90.0)


def test_they_must_leave_room(stream: Stream, intro: Recording, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="intro and outro take 0:05, and the montage may be 0:05 long"):
        run(stream, tmp_path / "o", Settings(), intro=intro.path, min_duration_s=1.0, max_duration_s=5.0)


def test_a_missing_one_is_told_before_anything_is_done(stream: Stream, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no\.mp4 is not a file; give --outro a video"):
        run(stream, tmp_path / "out", Settings(), outro=tmp_path / "no.mp4")
    assert not (tmp_path / "out").exists()


def test_a_plan_is_rendered_with_them_and_stays_as_it_is(
    tiny_recording: Recordings, intro: Recording, outro: Recording, tmp_path: Path
) -> None:
    recording = tiny_recording()
    plan = Plan(version=1, cuts=(Cut(source=str(recording.path), start_s=2.2, end_s=4.1),))
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    before = path.read_bytes()
    files = str(intro.path), str(outro.path)
    result = render_plan(path, None, Settings(), SilentProgress(), intro=files[0], outro=files[1])
    assert path.read_bytes() == before
    assert result.duration_s == pytest.approx(5.0 + 1.9 + 4.0, abs=0.03)
    whole = bookends(*files, tmp_path).around(plan)
    truths = {cut.source: r.truth for cut, r in zip(whole.cuts, (intro, recording, outro), strict=True)}
    assert check_montage(tmp_path / "montage.mp4", whole, tmp_path, truths).problems() == []


def test_an_intro_may_not_be_overwritten(intro: Recording, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(Plan(version=1, cuts=(Cut(source=str(intro.path), start_s=0.0, end_s=1.0),)), path)
    with pytest.raises(UsageError, match="one of its sources"):
        render_plan(path, intro.path, Settings(), SilentProgress(), overwrite=True, intro=str(intro.path))


def test_none_changes_nothing() -> None:
    plan = Plan(version=1, cuts=(Cut(source="a.mp4", start_s=0.0, end_s=1.0),))
    assert Bookends().around(plan) == plan
    assert Bookends().inside(Window(), overlap_s=0.5) == Window()
