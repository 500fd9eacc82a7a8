"""Where cuts lie in a montage of sources of any rates, and that every format can tell it."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import opentimelineio as otio
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.models import Cut, Plan, Titles, Transition, TransitionKind
from hypecut.plan.export import export_plan
from hypecut.plan.export_rates import SEQUENCE_RATES
from hypecut.plan.placement import Layout, SourceInfo
from tests.support.handoff import edl_events

FOLDER = Path("/media/somewhere")
rates = st.sampled_from([*SEQUENCE_RATES, Fraction(120), Fraction(15), Fraction(48), Fraction(12345, 211)])
texts = st.text(max_size=12)
sources = st.builds(
    SourceInfo,
    rate=rates,
    duration_s=st.none() | st.just(5000.0),
    channels=st.sampled_from([0, 1, 2, 6]),
    timecode=st.sampled_from(["", "01:00:00:00", "09:59:59;29", "no"]),
)
cuts = st.builds(
    lambda source, start_s, length_s, title, reasons, gain_db: Cut(
        source=source,
        start_s=start_s,
        end_s=start_s + length_s,
        title=title,
        reasons=tuple(reasons),
        gain_db=gain_db,
    ),
    st.sampled_from(["a.mp4", "b & <b>.mp4", "実況.mkv", "gone"]),
    st.floats(0, 4000),
    st.floats(0.02, 30),
    texts,
    st.lists(texts, max_size=2),
    st.floats(-60, 60),
)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """A layout of what `check_plan` lets through."""
    listed = tuple(draw(st.lists(cuts, min_size=1, max_size=6)))
    most_s = min(10.0, min(cut.duration_s for cut in listed) / 2)
    transition = draw(
        st.none()
        | st.builds(
            Transition, kind=st.sampled_from(TransitionKind), duration_s=st.floats(min(0.01, most_s), most_s)
        )
    )
    plan = Plan(version=1, cuts=listed, transition=transition, titles=draw(st.none() | st.just(Titles())))
    known = {name: draw(sources) for name in ("a.mp4", "b & <b>.mp4", "実況.mkv")}
    return Layout(plan, FOLDER, draw(texts), known)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(layouts())
def test_cuts_follow_one_another_without_drift(layout: Layout) -> None:
    placed = layout.cuts
    assert placed[0].record_start == 0
    for cut, following in itertools.pairwise(placed):
        assert cut.record_end - following.record_start == layout.overlap_frames
        assert layout.trimmed(cut)[1] == layout.trimmed(following)[0]
    shown_s = sum(cut.length_s for cut in placed) - (len(placed) - 1) * layout.overlap_frames / layout.rate
    # Only cuts shorter than a frame of the montage are lengthened.
    if all(cut.length_s * layout.rate > 2 for cut in placed):
        assert abs(placed[-1].record_end - shown_s * layout.rate) <= 1
    for cut in placed:
        start, end = layout.trimmed(cut)
        assert end > start
        assert sum(layout.fade_frames(cut)) <= cut.record_frames + 1
    transition = layout.plan.transition
    if transition and transition.kind is TransitionKind.CROSSFADE and len(placed) > 1:
        assert abs(layout.overlap_frames - Fraction(transition.duration_s) * layout.rate) <= 1


@settings(derandomize=True, deadline=None, max_examples=80)
@given(layouts())
def test_every_format_tells_any_plan(layout: Layout) -> None:
    def text_of(name: str) -> str:
        return export_plan(layout.plan, FOLDER, name, sources=layout.sources, name=layout.name).text

    placed, frames = layout.cuts, layout.rate
    names = [clip.get("name") for clip in ET.fromstring(text_of("fcpxml")).findall(".//asset-clip")]
    assert len(names) == len(placed)
    assert all(names)

    xml = ET.fromstring(text_of("premiere"))
    items = xml.findall(".//video/track/clipitem")
    assert [item.findtext("name") for item in items] == names
    assert [item.findtext("in") for item in items] == [str(cut.first_frame) for cut in placed]
    assert xml.findtext(".//sequence/duration") == str(placed[-1].record_end)
    (track, *_) = otio.adapters.read_from_string(text_of("premiere"), "fcp_xml").tracks
    assert sum(isinstance(item, otio.schema.Clip) for item in track) == len(placed)

    events = [event for event in edl_events(text_of("edl"), frames) if event.source[0] != event.source[1]]
    assert [event.record[0] for event in events] == [cut.record_start for cut in placed]
    assert events[-1].record[1] == placed[-1].record_end

    assert len(json.loads(text_of("otio"))["tracks"]["children"]) == 2
    assert len(text_of("chapters").splitlines()) == len(placed)
