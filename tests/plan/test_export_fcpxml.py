"""FCPXML, read as XML, held against Apple's order of elements, and read by OpenTimelineIO's adapter."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree as ET

import opentimelineio as otio
import pytest

from hypecut.models import Cut, Plan, Titles, Transition, TransitionKind
from hypecut.plan.export import export_plan
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
# The children of an asset-clip, in the order of the document type definition.
ORDER = ("note", "conform-rate", "adjust-blend", "adjust-volume", "title", "marker")


def time_of(element: ET.Element, name: str) -> Fraction:
    text = element.get(name, "0s")
    assert text.endswith("s")
    return Fraction(text[:-1])


def spine_of(text: str) -> ET.Element:
    found = ET.fromstring(text).find("library/event/project/sequence/spine")
    assert found is not None
    return found


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("kind", KINDS)
def test_clips_are_exact_to_the_frame(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    root = ET.fromstring(exported(plan, "fcpxml", rate).text)
    wanted, overlap = expected(plan, rate), overlap_of(plan, rate)
    clips = root.findall(".//spine/asset-clip")
    for clip, want in zip(clips, wanted, strict=True):
        head = overlap // 2 if want is not wanted[0] else 0
        tail = overlap - overlap // 2 if want is not wanted[-1] else 0
        assert time_of(clip, "offset") * rate == want.start + head
        assert time_of(clip, "start") * rate == want.first + head
        assert time_of(clip, "duration") * rate == want.frames - head - tail
    transitions = root.findall(".//spine/transition")
    assert [time_of(item, "offset") * rate for item in transitions] == [
        want.start for want in wanted[1:] if overlap
    ]
    assert {time_of(item, "duration") * rate for item in transitions} <= {overlap}
    sequence = root.find(".//sequence")
    assert sequence is not None
    assert time_of(sequence, "duration") * rate == wanted[-1].end
    assert [child.tag for child in spine_of(ET.tostring(root, "unicode"))] == (
        ["asset-clip", "transition"] * 4 + ["asset-clip"] if overlap else ["asset-clip"] * 5
    )


@pytest.mark.parametrize("rate", RATES[:2])
@pytest.mark.parametrize("kind", KINDS)
def test_opentimelineio_reads_it_back(rate: Fraction, kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    (timeline,) = otio.adapters.read_from_string(exported(plan, "fcpxml", rate).text, "fcpx_xml")
    wanted, overlap = expected(plan, rate), overlap_of(plan, rate)
    (track,) = timeline.tracks
    assert [clip.name for clip in track] == list(NAMES)
    assert [path_of(clip.media_reference.target_url) for clip in track] == [want.path for want in wanted]
    for clip, want in zip(track, wanted, strict=True):
        head = overlap // 2 if want is not wanted[0] else 0
        # The adapter drops the fraction of a product of floats, so that it may end up a frame short.
        assert want.first + head - clip.source_range.start_time.value in (0, 1)
    assert timeline.name == "best & 最高"


@pytest.mark.parametrize(
    ("rate", "frame", "name", "counting"),
    [
        (Fraction(30), "100/3000s", "FFVideoFormat1080p30", "NDF"),
        (Fraction(60), "100/6000s", "FFVideoFormat1080p60", "NDF"),
        (Fraction(60_000, 1001), "1001/60000s", "FFVideoFormat1080p5994", "DF"),
        (Fraction(30_000, 1001), "1001/30000s", "FFVideoFormat1080p2997", "DF"),
    ],
)
def test_formats_and_sources(rate: Fraction, frame: str, name: str, counting: str) -> None:
    root = ET.fromstring(exported(five_cuts(), "fcpxml", rate).text)
    (form,) = root.findall("resources/format")
    assert (form.get("frameDuration"), form.get("name")) == (frame, name)
    assets = root.findall("resources/asset")
    assert [path_of(asset.get("src", "")) for asset in assets] == [FOLDER / source for source in SOURCES]
    assert {time_of(asset, "duration") * rate for asset in assets} == {round(7200 * rate)}
    assert {asset.get("audioChannels") for asset in assets} == {"2"}
    sequence = root.find(".//sequence")
    assert sequence is not None
    assert (sequence.get("format"), sequence.get("tcFormat")) == (form.get("id"), counting)


def test_every_reference_is_to_a_resource_that_is_there() -> None:
    plan = five_cuts(TransitionKind.CROSSFADE)
    plan = Plan(version=1, cuts=plan.cuts, transition=plan.transition, titles=Titles())
    root = ET.fromstring(exported(plan, "fcpxml", RATES[2]).text)
    ids = [item.get("id") for item in root.findall("resources/*")]
    styles = [item.get("id") for item in root.iter("text-style-def")]
    assert len(set(ids + styles)) == len(ids + styles)
    for element in root.iter():
        for reference in (element.get("ref"), element.get("format")):
            assert reference is None or reference in ids + styles


@pytest.mark.parametrize("kind", KINDS)
def test_children_are_in_the_order_that_final_cut_demands(kind: TransitionKind) -> None:
    plan = five_cuts(kind)
    cuts = (*plan.cuts, Cut(source="slow.mp4", start_s=0.0, end_s=5.0, title="slow", reasons=("why",)))
    plan = Plan(version=1, cuts=cuts, transition=plan.transition, titles=Titles(duration_s=2.0))
    slow = {"slow.mp4": SourceInfo(Fraction(25), 10.0)}
    sources = dict.fromkeys(SOURCES, SourceInfo(RATES[1], 7200.0)) | slow
    text = export_plan(plan, FOLDER, "fcpxml", sources=sources).text
    assert text.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.8">'
    )
    clips = spine_of(text).findall("asset-clip")
    for clip in clips:
        places = [ORDER.index(child.tag) for child in clip]
        assert places == sorted(places)
    conform = clips[-1].find("conform-rate")
    assert conform is not None
    assert conform.attrib == {"scaleEnabled": "0", "srcFrameRate": "25"}
    assert clips[0].find("conform-rate") is None


def test_titles_reasons_and_gains() -> None:
    plan = five_cuts()
    plan = Plan(version=1, cuts=plan.cuts, titles=Titles(duration_s=2.0))
    made = exported(plan, "fcpxml", RATES[1])
    clips = spine_of(made.text).findall("asset-clip")
    assert [clip.findtext("title/text/text-style") for clip in clips] == list(NAMES)
    lengths = [time_of(title, "duration") for title in spine_of(made.text).iter("title")]
    assert lengths == [2, 2, 2, Fraction(31, 20), 2]
    for clip in clips:
        for child in (clip.find("title"), clip.find("marker")):
            assert child is not None
            assert time_of(child, "offset" if child.tag == "title" else "start") == time_of(clip, "start")
    marker = clips[1].find("marker")
    assert marker is not None
    assert (marker.get("value"), marker.get("note")) == (
        "1 <chatters> & more",
        "1 <chatters> & more; KEKW 🎉",
    )
    volumes = [clip.find("adjust-volume") for clip in clips]
    assert [volume.get("amount") if volume is not None else None for volume in volumes] == [
        None,
        "3dB",
        "-6dB",
        None,
        "12dB",
    ]
    assert made.problems == ["gains end at 12 dB in this format; louder in the plan: cut 5"]
    assert spine_of(exported(five_cuts(), "fcpxml", RATES[1]).text).find("asset-clip/title") is None


def test_fades_are_handles_within_the_cuts() -> None:
    clips = spine_of(exported(five_cuts(TransitionKind.FADE), "fcpxml", RATES[1]).text).findall("asset-clip")
    for i, clip in enumerate(clips):
        tags = (["fadeIn"] if i else []) + (["fadeOut"] if i < 4 else [])
        for adjusted in ("adjust-blend", "adjust-volume"):
            fades = clip.findall(f"{adjusted}/param/*")
            assert [fade.tag for fade in fades] == tags
            assert {time_of(fade, "duration") * 60 for fade in fades} <= {16, 17}


def test_sources_of_other_rates_without_sound_and_with_timecode() -> None:
    rates = {"a": RATES[1], "b": RATES[0], "c": RATES[2]}
    sources = {
        "a": SourceInfo(rates["a"], 100.0),
        "b": SourceInfo(rates["b"], 100.0, width=640, height=360, timecode="01:00:00:00"),
        "c": SourceInfo(rates["c"], 100.0, channels=0),
    }
    cuts = tuple(Cut(source=name, start_s=10.0, end_s=20.0) for name in "abca")
    plan = Plan(version=1, cuts=cuts, transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=0.55))
    root = ET.fromstring(export_plan(plan, FOLDER, "fcpxml", sources=sources).text)
    clips = root.findall(".//spine/asset-clip")
    at = Fraction(0)
    for clip, cut in zip(clips, cuts, strict=True):
        assert time_of(clip, "offset") == at
        assert (time_of(clip, "duration") * 60).denominator == 1
        assert (time_of(clip, "start") * rates[cut.source]).denominator == 1
        at += time_of(clip, "duration")
    assert time_of(clips[1], "start") == 3600 + 10 + Fraction(8, 30)
    assets = root.findall("resources/asset")
    assert time_of(assets[1], "start") == 3600
    assert (assets[2].get("hasAudio"), assets[2].get("hasVideo")) == (None, "1")
    forms = {form.get("id"): form for form in root.findall("resources/format")}
    assert forms[assets[1].get("format")].get("width") == "640"
    assert forms[assets[1].get("format")].get("name") is None
