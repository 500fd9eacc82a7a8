"""Exports of plans whose sources are real recordings: what they tell of themselves reaches the formats."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import av
import opentimelineio as otio
import pytest

from hypecut.jobs.exporting import export_file, source_facts
from hypecut.jobs.rendering import render_plan
from hypecut.plan.document import read_plan
from hypecut.plan.export import EXPORT_FORMATS
from hypecut.plan.placement import Layout
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.support.handoff import edl_events, path_of
from tests.support.recordings import NTSC_60, Recordings

NAMES = {'60 "fps" & more.mp4': Fraction(60), "配信 59.94 🎉.mp4": NTSC_60, "thirty #1.mkv": Fraction(30)}


@pytest.fixture
def folder(tiny_recording: Recordings, tmp_path: Path) -> Path:
    for name, rate in NAMES.items():
        made = tiny_recording(Path(name).suffix, duration_s=4.0, fps=rate, audio=rate != 30)
        (tmp_path / name).symlink_to(made.path)
    return tmp_path


def plan_in(folder: Path, *cuts: tuple[str, float, float], kind: str = "none") -> Path:
    entries = [{"source": name, "start_s": start_s, "end_s": end_s} for name, start_s, end_s in cuts]
    document = {"version": 1, "cuts": entries, "transition": {"kind": kind, "duration_s": 0.25}}
    path = folder / "最高 & best.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(("name", "rate"), NAMES.items())
def test_each_source_is_cut_at_its_own_rate(folder: Path, name: str, rate: Fraction) -> None:
    plan = plan_in(folder, (name, 1.0, 2.0), (name, 2.5, 3.25))
    frames = [(-(-1 * rate // 1), -(-2 * rate // 1)), (-(-2.5 * rate // 1), -(-3.25 * rate // 1))]
    made = {name: export_file(plan, name, None) for name in EXPORT_FORMATS}
    assert all(result.text and not result.warnings for form, result in made.items() if form != "chapters")

    track = otio.adapters.read_from_string(made["otio"].text, "otio_json").tracks[0]
    ranges = [clip.source_range for clip in track]
    assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == frames
    assert [r.start_time.rate for r in ranges] == [float(rate)] * 2

    items = ET.fromstring(made["premiere"].text or "").findall(".//video/track/clipitem")
    assert [(int(i.findtext("in") or 0), int(i.findtext("out") or 0)) for i in items] == frames
    assert path_of(items[0].findtext("file/pathurl") or "") == folder / name
    assert items[0].findtext("file/media/video/samplecharacteristics/width") == "320"

    events = edl_events(made["edl"].text or "", rate)
    assert [event.source for event in events] == frames
    assert {event.tracks for event in events} == {"V" if rate == 30 else "AA/V"}

    clips = ET.fromstring(made["fcpxml"].text or "").findall(".//asset-clip")
    assert [Fraction(clip.get("start", "")[:-1]) * rate for clip in clips] == [first for first, _ in frames]


@pytest.mark.parametrize("kind", ["none", "crossfade", "fade"])
def test_the_montage_is_as_long_as_its_export_says(folder: Path, settings: Settings, kind: str) -> None:
    name = "配信 59.94 🎉.mp4"
    path = plan_in(folder, (name, 0.5, 1.4), (name, 2.0, 3.0), (name, 1.0, 1.75), kind=kind)
    plan = read_plan(path)
    layout = Layout(plan, folder, sources=source_facts(plan, folder).sources)
    render_plan(path, folder / "m.mp4", settings, SilentProgress())
    with av.open(str(folder / "m.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == layout.cuts[-1].record_end


def test_a_source_beside_the_plans_folder_is_linked_without_dots(folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "link").symlink_to(folder / "real")
    plan_in(folder / "real", ("../thirty #1.mkv", 1.0, 2.0))
    for name in ("real", "elsewhere/link"):
        text = export_file(folder / name / "最高 & best.json", "premiere", None).text or ""
        assert path_of(ET.fromstring(text).findtext(".//pathurl") or "") == folder / "thirty #1.mkv"


def test_a_source_that_is_not_there_is_told(folder: Path) -> None:
    plan = plan_in(folder, ("gone.mp4", 1.0, 2.0), ("thirty #1.mkv", 0.0, 2.0))
    result = export_file(plan, "premiere", folder / "m.xml")
    assert result.warnings == ("gone.mp4 can't be opened; its frame rate is taken to be 60.",)
    assert ET.parse(folder / "m.xml").findtext(".//sequence/name") == "最高 & best"


def test_recorded_timecode_is_where_an_editor_looks_for_the_cut(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "camera.mov"), "w") as out:
        video = out.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.metadata["timecode"] = "10:00:00:00"
        for _ in range(100):
            out.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(video.encode())
    plan = plan_in(tmp_path, ("camera.mov", 1.0, 2.0))
    (event,) = edl_events(export_file(plan, "edl", None).text or "", Fraction(25))
    assert event.source == (36_001 * 25, 36_002 * 25)
    clip = otio.adapters.read_from_string(export_file(plan, "otio", None).text, "otio_json").tracks[0][0]
    assert clip.source_range.start_time.value == 36_001 * 25
    assert clip.media_reference.available_range.start_time.value == 36_000 * 25
