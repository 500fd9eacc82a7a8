"""Edit decision lists, read by a reader of their own and by OpenTimelineIO's."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from hypecut.errors import UsageError
from hypecut.models import Cut, Plan, TransitionKind
from hypecut.plan.export import export_plan
from hypecut.plan.export_edl import reel_names
from hypecut.plan.placement import SourceInfo
from tests.support.handoff import (
    FOLDER,
    NAMES,
    RATES,
    edl_events,
    expected,
    exported,
    five_cuts,
    frames_of,
    overlap_of,
)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", [TransitionKind.NONE, TransitionKind.FADE])
def test_cuts_are_exact_to_the_frame(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    text = exported(plan, "edl", rate).text
    events = edl_events(text, rate)
    assert [(e.source, e.record) for e in events] == [
        ((want.first, want.first + want.frames), (want.start, want.end)) for want in expected(plan, rate)
    ]
    assert [e.number for e in events] == [1, 2, 3, 4, 5]
    assert {e.tracks for e in events} == {"AA/V"}
    assert ("FCM: DROP FRAME" in text) == (rate.denominator > 1)
    assert text.startswith("TITLE: best & 最高\nFCM: ")


@pytest.mark.parametrize("rate", RATES)
def test_crossfades_are_dissolves_over_the_same_frames(rate: Fraction) -> None:
    plan = five_cuts(TransitionKind.CROSSFADE)
    overlap = overlap_of(plan, rate)
    events = edl_events(exported(plan, "edl", rate).text, rate)
    wanted = expected(plan, rate)
    assert [e.dissolve for e in events] == [0] + [0, overlap] * 4
    for before, want, leaving, coming in zip(
        wanted[:-1], wanted[1:], events[1::2], events[2::2], strict=True
    ):
        # The leaving source stands where the dissolve begins, and goes on from there.
        start = before.first + before.frames - overlap
        assert leaving.source == (start, start)
        assert leaving.record == (want.start, want.start)
        assert leaving.number == coming.number
        rest = want.frames - (overlap if want is not wanted[-1] else 0)
        assert coming.source == (want.first, want.first + rest)
        assert coming.record == (want.start, want.start + rest)
    assert events[0].record == (0, wanted[0].frames - overlap)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", [TransitionKind.NONE, TransitionKind.CROSSFADE])
def test_opentimelineio_reads_it_back(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    text = exported(plan, "edl", rate).text
    timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    assert timeline.name == "best & 最高"
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio", "Audio"]
    clips = [item for item in timeline.tracks[0] if isinstance(item, otio.schema.Clip)]
    assert [clip.name for clip in clips] == list(NAMES)
    assert [clip.source_range.start_time.value for clip in clips] == [w.first for w in expected(plan, rate)]
    if kind is TransitionKind.NONE:
        lengths = [clip.source_range.duration.value for clip in clips]
        assert lengths == [want.frames for want in expected(plan, rate)]
        assert [clip.media_reference.target_url for clip in clips] == [
            str(want.path) for want in expected(plan, rate)
        ]


def test_names_paths_reasons_and_gains_are_comments() -> None:
    events = edl_events(exported(five_cuts(), "edl", RATES[1]).text, RATES[1])
    assert events[1].comments == (
        "FROM CLIP NAME:  日本語のタイトル",
        f"FROM FILE: {FOLDER}/配信 #2.mp4",
        "LOC: 00:00:10:00 GREEN   1 <chatters> & more; KEKW 🎉",
        "GAIN: 3 DB",
    )
    assert not any(comment.startswith("GAIN") for comment in events[0].comments)


def test_reels_are_short_and_no_two_the_same() -> None:
    paths = [Path(f"/a/stream_2024_part{i}.mp4") for i in range(12)] + [
        Path("/b/配信.mp4"),
        Path("/b/実況.mp4"),
    ]
    names = reel_names([*paths, paths[0], Path("/c/ax.mp4")])
    assert len(set(names.values())) == len(names) == 15
    assert all(name.isascii() and name.isalnum() and len(name) <= 8 for name in names.values())
    assert names[paths[0]] == "STREAM20"
    assert names[Path("/c/ax.mp4")] == "AX2"


def test_sources_of_other_rates_sounds_and_timecodes() -> None:
    cuts = tuple(Cut(source=name, start_s=10.0, end_s=20.0 + i, title=name) for i, name in enumerate("abc"))
    sources = {
        "a": SourceInfo(Fraction(60), 100.0, channels=0),
        "b": SourceInfo(Fraction(30), 100.0, channels=1, timecode="01:00:00:00"),
        "c": SourceInfo(Fraction(60), 100.0, channels=6),
    }
    events = edl_events(
        export_plan(Plan(version=1, cuts=cuts), FOLDER, "edl", sources=sources).text, Fraction(60)
    )
    hour = frames_of("01:00:00:00", Fraction(60))
    assert [(e.tracks, e.source, e.record) for e in events] == [
        ("V", (600, 1200), (0, 600)),
        ("B", (hour + 600, hour + 1260), (600, 1260)),
        ("AA/V", (600, 1320), (1260, 1980)),
    ]


def test_what_an_edl_can_not_tell_is_told() -> None:
    made = exported(five_cuts(TransitionKind.FADE), "edl", RATES[0])
    assert [problem.split(";")[0] for problem in made.problems] == [
        "an EDL has no fades",
        "an EDL has no gain",
    ]
    long = Plan(version=1, cuts=(Cut(source="a", start_s=86_390.0, end_s=86_401.0),))
    with pytest.raises(UsageError, match="cut 1 lies beyond 24 hours"):
        export_plan(long, FOLDER, "edl")
    many = Plan(version=1, cuts=(Cut(source="a", start_s=0.0, end_s=0.1),) * 1000)
    made = export_plan(many, FOLDER, "edl")
    assert made.problems == ["an EDL counts to 999 events; some programs read no more of 1000"]
    assert made.text.count("\n* FROM FILE: ") == 1000
