"""Final Cut Pro 7 XML, read as XML and by OpenTimelineIO's adapter."""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from hypecut.errors import UsageError
from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.plan.export import export_plan
from hypecut.plan.export_record import MAX_CUTS
from hypecut.plan.placement import SourceInfo
from tests.support.handoff import (
    FOLDER,
    NAMES,
    RATES,
    SOURCES,
    expected,
    exported,
    five_cuts,
    overlap_of,
    path_of,
)

KINDS = list(TransitionKind)


def sequence_of(text: str) -> ET.Element:
    found = ET.fromstring(text).find("project/children/sequence")
    assert found is not None
    return found


def number(item: ET.Element, tag: str) -> int:
    return int(item.findtext(tag) or "")


def rate_of(item: ET.Element) -> Fraction:
    (rate,) = item.findall("rate")
    base = Fraction(number(rate, "timebase"))
    return base * Fraction(1000, 1001) if rate.findtext("ntsc") == "TRUE" else base


def placed(track: ET.Element) -> list[tuple[int, int, int, int]]:
    """In, out, start and end of each clip; where a transition covers an end, that of the transition."""
    items, found = list(track), []
    for i, item in enumerate(items):
        if item.tag != "clipitem":
            continue
        start, end = number(item, "start"), number(item, "end")
        if start == -1:
            start = number(items[i - 1], "start")
        if end == -1:
            end = number(items[i + 1], "end")
        found.append((number(item, "in"), number(item, "out"), start, end))
    return found


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_track_is_exact_to_the_frame(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    sequence = sequence_of(exported(plan, "premiere", rate).text)
    wanted = expected(plan, rate)
    tracks = [*sequence.findall("media/video/track"), *sequence.findall("media/audio/track")]
    assert len(tracks) == 3
    for track in tracks:
        assert placed(track) == [(w.first, w.first + w.frames, w.start, w.end) for w in wanted]
        assert {rate_of(item) for item in track.findall("clipitem")} == {rate}
    assert (rate_of(sequence), number(sequence, "duration")) == (rate, wanted[-1].end)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", KINDS)
def test_opentimelineio_reads_it_back(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    timeline = otio.adapters.read_from_string(exported(plan, "premiere", rate).text, "fcp_xml")
    wanted, overlap = expected(plan, rate), overlap_of(plan, rate)
    for track in timeline.tracks:
        clips = [item for item in track if isinstance(item, otio.schema.Clip)]
        assert [clip.name for clip in clips] == list(NAMES)
        assert [path_of(clip.media_reference.target_url) for clip in clips] == [w.path for w in wanted]
        for clip, want in zip(clips, wanted, strict=True):
            head = overlap // 2 if want is not wanted[0] else 0
            tail = overlap - overlap // 2 if want is not wanted[-1] else 0
            assert clip.source_range.start_time.value == pytest.approx(want.first + head)
            assert clip.source_range.duration.value == pytest.approx(want.frames - head - tail)
            assert clip.range_in_parent().start_time.value == pytest.approx(want.start + head)
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    assert timeline.name == "best & 最高"


def test_picture_and_sound_are_linked_and_every_id_is_its_own() -> None:
    sequence = sequence_of(exported(five_cuts(), "premiere", RATES[1]).text)
    tracks = [*sequence.findall("media/video/track"), *sequence.findall("media/audio/track")]
    columns = [track.findall("clipitem") for track in tracks]
    ids = [item.get("id") for column in columns for item in column]
    assert len(set(ids)) == len(ids) == 15
    for row in zip(*columns, strict=True):
        for item in row:
            assert [link.findtext("linkclipref") for link in item.findall("link")] == [
                o.get("id") for o in row
            ]
    kinds = [
        (link.findtext("mediatype"), link.findtext("trackindex")) for link in columns[0][0].findall("link")
    ]
    assert kinds == [("video", "1"), ("audio", "1"), ("audio", "2")]
    channels = [item.findtext("sourcetrack/trackindex") for column in columns[1:] for item in column]
    assert channels == ["1"] * 5 + ["2"] * 5
    assert [track.get("premiereTrackType") for track in tracks] == [None, "Stereo", "Stereo"]


def test_sources_are_told_once_with_path_length_size_and_sound() -> None:
    made = exported(five_cuts(), "premiere", RATES[2], width=1280, height=720, sample_rate=44_100)
    sequence = sequence_of(made.text)
    files = [file for file in sequence.iter("file") if len(file)]
    assert [path_of(file.findtext("pathurl") or "") for file in files] == [FOLDER / name for name in SOURCES]
    assert {file.findtext("duration") for file in files} == {str(round(7200 * RATES[2]))}
    assert {rate_of(file) for file in files} == {RATES[2]}
    assert {file.findtext("timecode/displayformat") for file in files} == {"DF"}
    assert {file.findtext("media/audio/samplecharacteristics/samplerate") for file in files} == {"44100"}
    used = [file.get("id") for file in sequence.findall("media/video/track/clipitem/file")]
    assert used == [files[i % 3].get("id") for i in range(5)]
    assert sequence.findtext("media/video/format/samplecharacteristics/height") == "720"


def test_reasons_are_markers_and_gains_are_levels() -> None:
    made = exported(five_cuts(), "premiere", RATES[1])
    sequence = sequence_of(made.text)
    marker = sequence.findall("media/video/track/clipitem")[1].find("marker")
    assert marker is not None
    assert [marker.findtext(tag) for tag in ("name", "comment", "in")] == [
        "1 <chatters> & more",
        "1 <chatters> & more; KEKW 🎉",
        str(expected(five_cuts(), RATES[1])[1].first),
    ]
    for track in sequence.findall("media/audio/track"):
        levels = [item.findtext("filter/effect/parameter/value") for item in track.findall("clipitem")]
        assert levels[0] is levels[3] is None
        assert [float(level or 0) for level in (levels[1], levels[2], levels[4])] == pytest.approx(
            [1.412538, 0.501187, 3.98107]
        )
    assert made.problems == ["gains end at 12 dB in this format; louder in the plan: cut 5"]


@pytest.mark.parametrize(("kind", "alignments"), [
    (TransitionKind.NONE, []),
    (TransitionKind.FADE, ["end-black", "start-black"] * 4),
    (TransitionKind.CROSSFADE, ["center"] * 4),
])  # fmt: skip
def test_transitions_are_kept_for_picture_and_sound(kind: TransitionKind, alignments: list[str]) -> None:
    plan = five_cuts(kind)
    sequence = sequence_of(exported(plan, "premiere", RATES[1]).text)
    effects = {"video": "Cross Dissolve", "audio": "KGAudioTransCrossFade3dB"}
    for medium, effect in effects.items():
        for track in sequence.findall(f"media/{medium}/track"):
            items = track.findall("transitionitem")
            assert [item.findtext("alignment") for item in items] == alignments
            # Programs find a clip's end in the transition that covers it.
            ends = [(item.findtext("start"), item.findtext("end")) for item in track.findall("clipitem")]
            covered = [("-1" in end[:1], "-1" in end[1:]) for end in ends]
            inner = kind is not TransitionKind.NONE
            assert covered == [(False, inner), *[(inner, inner)] * 3, (inner, False)]
            assert {item.findtext("effect/effectid") for item in items} <= {effect}
            spans = {number(item, "end") - number(item, "start") for item in items}
            # The fifth of a second and a half is long enough for the half of every fade.
            assert spans <= ({17, 16} if kind is TransitionKind.FADE else {33})


def test_sources_of_other_rates_without_sound_and_not_there() -> None:
    names: dict[str, Any] = {
        "a": SourceInfo(Fraction(60), 100.0),
        "b": SourceInfo(Fraction(30), 100.0, channels=1, timecode="01:00:00:00"),
        "c": SourceInfo(Fraction(60_000, 1001), 100.0, channels=0),
        "d": SourceInfo(Fraction(120), 100.0),
        "e": None,
    }
    cuts = tuple(Cut(source=name, start_s=10.0, end_s=20.0, title=name) for name in names)
    plan = Plan(version=1, cuts=cuts, transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=1.0))
    sequence = sequence_of(export_plan(plan, FOLDER, "premiere", sources=names).text)
    video, *audio = (sequence.findall(f"media/{medium}/track") for medium in ("video", "audio"))
    assert rate_of(sequence) == 60
    # 599 frames of 59.94 a second last 599.6 of 60; the crossfades are all 60 frames long.
    assert placed(video[0]) == [
        (600, 1200, 0, 600),
        (300, 600, 540, 1140),
        (600, 1199, 1080, 1680),
        (1200, 2400, 1620, 2220),
        (600, 1200, 2160, 2760),
    ]
    for track in audio[0]:
        items = track.findall("clipitem")
        assert [item.findtext("name") for item in items] == ["a", "b", "d", "e"]
        assert len(track.findall("transitionitem")) == 2
        # Next to silence a cut begins and ends where the pictures meet.
        assert number(items[1], "end") == 1140 - 30
        assert number(items[2], "start") == 1620 + 30
    files = {file.findtext("name"): file for file in sequence.iter("file") if len(file)}
    assert files["b"].findtext("timecode/frame") == "108000"
    assert files["b"].findtext("timecode/string") == "01:00:00:00"
    assert files["c"].find("media/audio") is None
    assert files["e"].findtext("duration") == "1200"


def test_the_same_moment_may_appear_twice() -> None:
    cut = Cut(source="a", start_s=1.0, end_s=2.0)
    sequence = sequence_of(export_plan(Plan(version=1, cuts=(cut, cut)), FOLDER, "premiere").text)
    for track in [*sequence.findall("media/video/track"), *sequence.findall("media/audio/track")]:
        assert placed(track) == [(60, 120, 0, 60), (60, 120, 60, 120)]


def test_more_cuts_than_the_adapter_can_place_are_refused() -> None:
    plan = Plan(version=1, cuts=(Cut(source="a", start_s=0.0, end_s=1.0),) * (MAX_CUTS + 1))
    with pytest.raises(UsageError, match=r"this format takes 2,000 at most; split the plan"):
        export_plan(plan, FOLDER, "premiere")
