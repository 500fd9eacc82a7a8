"""Exports, each read back as the programs that take them do."""

from __future__ import annotations

import csv
import io
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.errors import UsageError
from hypecut.models import Cut, CutScore, Plan, Transition, TransitionKind
from hypecut.plan.export import EXPORT_FORMATS, export_plan
from hypecut.plan.placement import Layout, SourceInfo, frame_at

FOLDER = Path("/media/alpha's streams")
NASTY = ['say "gg" & <go>', "日本語のタイトル", "clutch 🎉🔥", "two\nlines", "=1+1", "it's; a, test"]
RATES = [Fraction(30), Fraction(60), Fraction(60000, 1001)]


def plan_of(*spans: tuple[float, float], transition: Transition | None = None) -> Plan:
    cuts = tuple(
        Cut(
            source="vod #1.mp4",
            start_s=start_s,
            end_s=end_s,
            title=NASTY[i % len(NASTY)],
            score=CutScore(0.5 + i / 100, {"activity": 0.5}),
            reasons=(f"{i} chatters", "KEKW x41"),
        )
        for i, (start_s, end_s) in enumerate(spans)
    )
    return Plan(version=1, cuts=cuts, transition=transition)


def read_otio(plan: Plan, rate: Fraction | None, duration_s: float | None = None) -> otio.schema.Timeline:
    source = SourceInfo(rate, duration_s) if rate else None
    made = export_plan(plan, FOLDER, "otio", sources={"vod #1.mp4": source}, name="best of")
    return otio.adapters.read_from_string(made.text, "otio_json")


def text_of(plan: Plan, format_name: str) -> str:
    return export_plan(plan, FOLDER, format_name).text


def chapter_problems(plan: Plan) -> list[str]:
    return export_plan(plan, FOLDER, "chapters").problems


@pytest.mark.parametrize("rate", RATES)
def test_otio_is_exact_to_the_frame(rate: Fraction) -> None:
    # The second cut's times are those of frames 100 and 400, rounded to microseconds.
    on_grid = (round(float(100 / rate), 6), round(float(400 / rate), 6))
    plan = plan_of((10.0, 20.0), on_grid, (3600.123456, 3630.5))
    timeline = read_otio(plan, rate, 7200.0)
    for track in timeline.tracks:
        position = 0
        for cut, clip in zip(plan.cuts, track, strict=True):
            first, end = frame_at(cut.start_s, rate), frame_at(cut.end_s, rate)
            assert clip.source_range.start_time.value == first
            assert clip.source_range.duration.value == end - first
            assert clip.source_range.start_time.rate == float(rate)
            assert clip.range_in_parent().start_time.value == pytest.approx(position)
            position += end - first
    clip = timeline.tracks[0][1]
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (100, 300)
    assert clip.media_reference.available_range.duration.value == round(7200 * rate)
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RATES), st.floats(-0.0009, 0.0009))
def test_a_time_near_a_frame_is_that_frame(frame: int, rate: Fraction, error_s: float) -> None:
    assert frame_at(max(0.0, float(frame / rate) + error_s), rate) == frame


def test_otio_names_links_and_reasons() -> None:
    plan = plan_of(*[(100.0 * i, 100.0 * i + 20) for i in range(len(NASTY))])
    clips = list(read_otio(plan, None).tracks[0])
    assert [clip.name for clip in clips] == [" ".join(title.split()) for title in NASTY]
    assert [clip.metadata["hypecut"]["title"] for clip in clips] == NASTY
    url = urlparse(clips[0].media_reference.target_url)
    assert (url.scheme, unquote(url.path)) == ("file", "/media/alpha's streams/vod #1.mp4")
    assert clips[0].source_range.duration == otio.opentime.RationalTime(1200, 60)
    assert clips[0].media_reference.available_range is None
    assert clips[2].markers[0].comment == "2 chatters; KEKW x41"
    assert clips[2].metadata["hypecut"]["score"]["total"] == 0.52


@pytest.mark.parametrize("rate", RATES)
def test_otio_crossfade_shows_the_same_frames_as_the_montage(rate: Fraction) -> None:
    transition = Transition(kind=TransitionKind.CROSSFADE, duration_s=0.55)
    plan = plan_of((10.0, 20.0), (50.0, 60.0), (80.0, 90.0), transition=transition)
    track = read_otio(plan, rate).tracks[0]
    overlap = math.ceil(Fraction("0.55") * rate)
    clips, dissolves = list(track)[::2], list(track)[1::2]
    assert [d.transition_type for d in dissolves] == ["SMPTE_Dissolve"] * 2
    assert [d.duration().value for d in dissolves] == [overlap] * 2
    whole = sum(frame_at(c.end_s, rate) - frame_at(c.start_s, rate) for c in plan.cuts)
    assert track.duration().value == pytest.approx(whole - 2 * overlap)
    # With what each dissolve adds on either side, a clip shows all frames of its cut and no other.
    middle = clips[1].source_range
    assert middle.start_time.value - dissolves[0].in_offset.value == frame_at(50.0, rate)
    shown_end = middle.end_time_exclusive().value + dissolves[1].out_offset.value
    assert shown_end == frame_at(60.0, rate)
    assert clips[0].source_range.start_time.value == frame_at(10.0, rate)
    assert clips[2].source_range.end_time_exclusive().value == frame_at(90.0, rate)


def test_otio_fade_keeps_the_clips_whole() -> None:
    plan = plan_of(
        (10.0, 20.0), (50.0, 50.2), transition=Transition(kind=TransitionKind.FADE, duration_s=1.0)
    )
    first, fade, second = read_otio(plan, Fraction(30)).tracks[0]
    assert fade.transition_type == "Custom_Transition"
    assert (fade.in_offset.value, fade.out_offset.value) == (15, 3)
    assert (first.source_range.duration.value, second.source_range.duration.value) == (300, 6)


def test_csv_reads_back() -> None:
    plan = plan_of(
        (10.0, 20.5), (3725.25, 3740.0), (1.0, 2.0), transition=Transition(kind=TransitionKind.CROSSFADE)
    )
    rows = list(csv.DictReader(io.StringIO(text_of(plan, "csv"), newline="")))
    assert rows[1] == {
        "number": "2",
        "source": "vod #1.mp4",
        "start_s": "3725.25",
        "end_s": "3740",
        "in": "1:02:05.250",
        "out": "1:02:20.000",
        "montage_start": "0:00:10.000",
        "duration_s": "14.75",
        "title": "日本語のタイトル",
        "score": "0.51",
        "reasons": "1 chatters; KEKW x41",
        "gain_db": "0",
        "fps": "60",
        "first_frame": "223515",
        "frames": "885",
    }
    assert [row["title"] for row in rows] == NASTY[:3]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\n=", "＝"])
def test_csv_cells_are_no_formulas(start: str) -> None:
    evil = f'{start}HYPERLINK("http://example.com","x")'
    plan = Plan(version=1, cuts=(Cut(source=evil, start_s=0.0, end_s=1.0, title=evil, reasons=(evil,)),))
    (row,) = csv.DictReader(io.StringIO(text_of(plan, "csv"), newline=""))
    assert row["source"] == row["title"] == row["reasons"] == "'" + evil


def test_chapters_are_lines_that_youtube_takes() -> None:
    plan = plan_of((10.0, 40.0), (100.0, 3700.9), (1.0, 20.0), (30.0, 60.0))
    assert text_of(plan, "chapters") == (
        '0:00 say "gg" & ‹go›\n0:30 日本語のタイトル\n1:00:30 clutch 🎉🔥\n1:00:49 two lines\n'
    )
    assert chapter_problems(plan) == []


def test_chapters_without_titles_are_called_by_reason_or_number() -> None:
    reason = "60 chatters in 20 s, 8x usual, and then some more words than a chapter has room for"
    plan = Plan(
        version=1,
        cuts=(
            Cut(source="a", start_s=0.0, end_s=30.0, reasons=(reason,)),
            Cut(source="a", start_s=0.0, end_s=30.0, title=" \n "),
        ),
    )
    lines = text_of(plan, "chapters").splitlines()
    assert lines == ["0:00 60 chatters in 20 s, 8x usual, and then some more words…", "0:30 Highlight 2"]


def test_chapters_that_youtube_would_not_show_are_told() -> None:
    plan = plan_of((0.0, 30.0), (0.0, 9.5))
    assert chapter_problems(plan) == [
        "YouTube shows chapters only if there are 3 or more, not 2",
        "YouTube wants chapters of 10 s or more; shorter: cut 2",
    ]
    crossfade = Transition(kind=TransitionKind.CROSSFADE, duration_s=1.0)
    plan = plan_of((0.0, 10.5), (0.0, 30.0), (0.0, 30.0), transition=crossfade)
    assert chapter_problems(plan) == ["YouTube wants chapters of 10 s or more; shorter: cut 1"]


@pytest.mark.parametrize("format_name", list(EXPORT_FORMATS))
def test_every_format_can_be_written_even_from_broken_names(format_name: str, tmp_path: Path) -> None:
    plan = Plan(version=1, cuts=(Cut(source="a\udcff.mp4", start_s=0.0, end_s=5.0, title="\ud800 \x00x"),))
    assert b"x" in export_plan(plan, tmp_path, format_name).text.encode("utf-8")
    assert EXPORT_FORMATS[format_name].description


def test_a_playlist_is_no_source_for_an_editor() -> None:
    plan = Plan(version=1, cuts=(Cut(source="vod/v1.m3u8", start_s=0.0, end_s=60.0),) * 3)
    for name in EXPORT_FORMATS:
        problems = export_plan(plan, FOLDER, name).problems
        told = ["v1.m3u8 is a playlist, which editing programs don't open; take the clips instead"]
        assert problems == ([] if name in ("csv", "chapters") else told)


def test_an_unknown_format_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="take one of otio, fcpxml, premiere, edl, csv, chapters"):
        export_plan(plan_of((0.0, 1.0)), FOLDER, "avid")


def test_a_layout_places_cuts_in_the_montage() -> None:
    crossfade = Transition(kind=TransitionKind.CROSSFADE, duration_s=1.0)
    cuts = Layout(plan_of((0.0, 10.0), (20.0, 25.0), (40.0, 42.0), transition=crossfade), FOLDER).cuts
    assert [placed.start_s for placed in cuts] == [0.0, 9.0, 13.0]
    assert [placed.frames for placed in cuts] == [600, 300, 120]


def test_the_package_is_cheap_to_import() -> None:
    heavy = "[m for m in ('matplotlib', 'opentimelineio', 'av', 'PIL') if m in sys.modules]"
    modules = (
        "hypecut.plan.export, hypecut.plan.document, hypecut.plan.explanation, hypecut.plan.activity_plot"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {modules}; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
