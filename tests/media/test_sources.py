"""Sources of every kind: what can't be copied is encoded, and always the right frames are shown."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.packet import PacketSideData, packet_sidedata_type_from_literal
from av.stream import Disposition

from hypecut.media.colours import can_tone_map
from hypecut.media.render import RenderResult, render
from hypecut.media.sample_sound import SoundSpec
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Titles
from hypecut.progress import SilentProgress
from tests.media.rendering import (
    ON_GRID_S,
    cut_of,
    delayed,
    encoded,
    modes,
    numbers,
    plan_of,
    remuxed,
    rendered,
    snapped,
    turned,
)
from tests.support.counter import read_counter
from tests.support.mp4 import picture_problems, read_tracks
from tests.support.recordings import Recording, Recordings

X264 = {"preset": "veryfast", "g": "45", "keyint_min": "45", "sc_threshold": "0", "bf": "2"}
HEVC = "log-level=none:keyint=30:min-keyint=30:bframes=3"
REALTIME = {"deadline": "realtime", "cpu-used": "8", "g": "30", "b": "800k"}


def made(cuts: list[Cut], folder: Path, out: Path) -> RenderResult:
    return render(plan_of(cuts), folder, out, SilentProgress(), strict=True)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("hevc.mp4", "libx265", {"preset": "ultrafast", "x265-params": HEVC}),
        ("open.mkv", "libx265", {"preset": "ultrafast", "x265-params": HEVC + ":open-gop=1"}),
        ("vp9.webm", "libvpx-vp9", REALTIME),
        ("vp8.webm", "libvpx", REALTIME),
        ("av1.mkv", "libsvtav1", {"preset": "12", "g": "30", "svtav1-params": "lp=1"}),
        ("fields.mp4", "libx264", X264 | {"x264-params": "interlaced=1"}),
        ("fields.ts", "libx264", X264 | {"x264-params": "interlaced=1"}),
        ("endless.mkv", "libx264", X264 | {"g": "9999"}),
        ("sets7.mp4", "libx264", X264 | {"x264-params": "sps-id=7"}),
        ("slices.ts", "libx264", X264 | {"x264-params": "slices=4"}),
        ("columns.mp4", "libx264", X264 | {"x264-params": "intra-refresh=1"}),
    ],
)
def test_other_kinds_of_pictures_are_cut_to_the_frame(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    source = encoded(tmp_path / name, range(120), Fraction(1, 30), codec=codec, options=options)
    cuts = [cut_of(source, 1.1, 1.6), cut_of(source, 2.03, 4.0), cut_of(source, 0.0, 0.5)]
    out = tmp_path / "montage.mp4"
    result = made(cuts, tmp_path, out)
    assert numbers(out) == [*range(33, 48), *range(61, 120), *range(15)]
    can_join = name in ("sets7.mp4", "slices.ts")
    assert modes(result)[1] == ("joined" if can_join else "encoded")


def test_parameter_sets_in_pictures_are_left_to_the_header(
    tiny_recording: Recordings, tmp_path: Path
) -> None:
    # So are the pictures of most downloads: VODs come in transport streams.
    source = remuxed(tiny_recording(".ts").path, tmp_path / "source.mp4", lambda packet: True)
    in_pictures = "parameter sets stand in pictures, not in the header alone"
    assert in_pictures in picture_problems(source, read_tracks(source)[0][0])
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, 1.4, 3.1), cut_of(source, 7.1, 8.8)], tmp_path, out)
    assert modes(result) == ["joined", "joined"]
    assert numbers(out) == [*range(42, 93), *range(213, 264)]
    assert picture_problems(out, read_tracks(out)[0][0]) == []


def test_ten_bits_become_eight(tmp_path: Path) -> None:
    source = deep(tmp_path / "deep.mp4", "libx264", {"preset": "ultrafast"})
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, 0.5, 1.5)], tmp_path, out)
    assert numbers(out) == list(range(15, 45))
    assert result.warnings == ()
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


def test_high_dynamic_range_is_told_and_brought_down(tmp_path: Path) -> None:
    source = deep(tmp_path / "hdr.mkv", "libx265", {"preset": "ultrafast", "x265-params": HEVC}, hdr=True)
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, 0.5, 1.0), cut_of(source, 1.2, 1.5)], tmp_path, out)
    assert len(result.warnings) == 1
    assert "hdr.mkv is HDR" in result.warnings[0]
    with av.open(str(out)) as container:
        context = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
    assert can_tone_map()
    assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
    with av.open(str(source)) as container:
        given = list(container.decode(video=0))[15]
    # Not only packed into fewer bits: the curve of PQ is another one.
    as_given = given.reformat(format="yuv420p").to_ndarray()[:180].astype(float)
    found = frame.to_ndarray()[:180].astype(float)
    assert np.abs(found - as_given).mean() > 2
    assert np.corrcoef(found.ravel(), as_given.ravel())[0, 1] > 0.95


def deep(path: Path, codec: str, options: dict[str, str], hdr: bool = False) -> Path:
    """Two seconds of counted pictures in 10 bits."""
    plain = encoded(path.with_suffix(".plain.mp4"), range(60), Fraction(1, 30))
    with av.open(str(plain)) as given, av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p10le"
        if hdr:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9
            context.color_range = 1
        for frame in given.decode(video=0):
            output.mux(stream.encode(frame.reformat(format="yuv420p10le")))
        output.mux(stream.encode(None))
    plain.unlink()
    return path


@pytest.fixture
def changing(tiny_recording: Recordings, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a video whose parameter sets change after 12 s, though their ids stay the same."""

    def make(suffix: str) -> Path:
        first = tiny_recording(".ts", audio=False)
        second = tiny_recording(".ts", audio=False, x264_params="cabac=0:ref=1")
        path = tmp_path / f"changing{suffix}"
        with av.open(str(path), "w") as output, av.open(str(first.path)) as given:
            stream = output.add_stream_from_template(given.streams.video[0])
            for packet in given.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
            with av.open(str(second.path)) as more:
                for packet in more.demux(video=0):
                    if packet.size:
                        delayed(packet, Fraction(12))
                        packet.stream = stream
                        output.mux(packet)
        return path

    return make


@pytest.mark.parametrize("suffix", [".ts", ".mp4", ".mkv"])
def test_a_change_of_parameter_sets_is_not_copied(
    changing: Callable[[str], Path], tmp_path: Path, suffix: str
) -> None:
    source = changing(suffix)
    windows = [(1.7, 5.2), (9.0, 15.0), (13.1, 17.0), (12.0, 13.5), (3.0, 4.5)]
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, *window) for window in windows], tmp_path, out)
    assert modes(result) == ["joined", "encoded", "encoded", "encoded", "copied"]
    wanted = [frame for start_s, end_s in windows for frame in range(round(start_s * 30), round(end_s * 30))]
    assert numbers(out) == [frame % 360 for frame in wanted]


def test_each_sample_description_is_decoded_by_its_own(tiny_recording: Recordings, tmp_path: Path) -> None:
    first = tiny_recording(audio=False)
    second = tiny_recording(audio=False, x264_params="cabac=0:ref=1")
    source = tmp_path / "described.mp4"
    with (
        av.open(str(source), "w") as output,
        av.open(str(first.path)) as given,
        av.open(str(second.path)) as more,
    ):
        stream = output.add_stream_from_template(given.streams.video[0])
        described = more.streams.video[0].codec_context.extradata or b""
        for container, at_s in ((given, 0), (more, 12), (given, 24)):
            container.seek(0)
            for number, packet in enumerate(p for p in container.demux(video=0) if p.size):
                delayed(packet, Fraction(at_s))
                packet.stream = stream
                if number == 0 and at_s:
                    own = described if container is more else stream.codec_context.extradata or b""
                    packet.set_sidedata(side_data(own))
                output.mux(packet)
    assert source.read_bytes().count(b"avcC") == 2
    windows = [(13.1, 17.0), (1.7, 5.2), (9.0, 15.0), (13.1, 17.0), (22.5, 27.1), (28.0, 30.0), (3.0, 4.5)]
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, *window) for window in windows], tmp_path, out)
    assert modes(result) == ["encoded", "joined", "encoded", "encoded", "joined", "joined", "copied"]
    wanted = [frame for start_s, end_s in windows for frame in range(round(start_s * 30), round(end_s * 30))]
    assert numbers(out) == [frame % 360 for frame in wanted]
    assert picture_problems(out, read_tracks(out)[0][0]) == []


def side_data(description: bytes) -> PacketSideData:
    """What goes with a packet from which on another sample description holds."""
    kind = packet_sidedata_type_from_literal("new_extradata")
    made = PacketSideData(kind, len(description))  # type: ignore[call-arg]
    made.update(description)
    return made


def test_a_copied_montage_keeps_the_rotation(tiny_recording: Recordings, tmp_path: Path) -> None:
    source = turned(tiny_recording(), tmp_path / "turned.mp4", -90)
    out = tmp_path / "montage.mp4"
    result = made([cut_of(source, 1.5, 3.0), cut_of(source, 4.1, 7.0)], tmp_path, out)
    assert modes(result) == ["copied", "joined"]
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert {(f.rotation, f.width, f.height) for f in frames} == {(-90, 320, 180)}
    assert [read_counter(f) for f in frames] == [*range(45, 90), *range(123, 210)]


@pytest.mark.parametrize(("degrees", "size"), [(-90, (180, 320)), (90, (180, 320)), (180, (320, 180))])
def test_encoded_pictures_are_turned_upright(
    tiny_recording: Recordings, tmp_path: Path, degrees: int, size: tuple[int, int]
) -> None:
    source = turned(tiny_recording(), tmp_path / "turned.mp4", degrees)
    # A title would be turned with what is copied.
    plan = plan_of([Cut(source=source.name, start_s=1.5, end_s=2.5, title="alpha")])
    plan = type(plan)(version=1, cuts=plan.cuts, titles=Titles(duration_s=0.2))
    out = tmp_path / "montage.mp4"
    result = render(plan, tmp_path, out, SilentProgress(), strict=True)
    assert modes(result) == ["encoded"]
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert {(f.rotation, f.width, f.height) for f in frames} == {(0, *size)}
    assert [counter_of(f, -degrees) for f in frames[6:]] == list(range(51, 75))


def counter_of(frame: av.VideoFrame, degrees: int) -> int | None:
    """The counter of a picture once it is turned by so many degrees, counter-clockwise."""
    upright = np.rot90(frame.to_ndarray(format="gray"), degrees // 90)
    grey = av.VideoFrame.from_ndarray(np.ascontiguousarray(upright, np.uint8), format="gray")
    return read_counter(grey.reformat(format="yuv420p"))


def test_turned_and_upright_sources_stand_upright_beside_each_other(
    tiny_recording: Recordings, tmp_path: Path
) -> None:
    upright = tiny_recording()
    source = turned(upright, tmp_path / "turned.mp4", 180)
    cuts = [Cut(source=str(upright.path), start_s=1.5, end_s=6.0), cut_of(source, 3.0, 3.5)]
    out = tmp_path / "montage.mp4"
    result = made(cuts, tmp_path, out)
    assert modes(result) == ["copied", "encoded"]
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert [read_counter(f) for f in frames[:135]] == list(range(45, 180))
    assert [counter_of(f, 180) for f in frames[135:]] == list(range(90, 105))


def test_the_default_sound_track_is_taken_and_told(tiny_recording: Recordings, tmp_path: Path) -> None:
    wanted = tiny_recording()
    other = tiny_recording(sound=SoundSpec(seed=9))
    both = tmp_path / "both.mkv"
    with av.open(str(wanted.path)) as a, av.open(str(other.path)) as b, av.open(str(both), "w") as output:
        video = output.add_stream_from_template(a.streams.video[0])
        second = output.add_stream_from_template(b.streams.audio[0])
        first = output.add_stream_from_template(a.streams.audio[0])
        second.disposition, first.disposition = Disposition(0), Disposition.default
        packets: list[tuple[Any, Any]] = [(p, video) for p in a.demux(video=0)]
        with av.open(str(wanted.path)) as again:
            packets += [(p, first) for p in again.demux(audio=0)]
        packets += [(p, second) for p in b.demux(audio=0)]
        usable = [(p, track) for p, track in packets if p.size and p.dts is not None]
        for packet, track in sorted(usable, key=lambda pair: pair[0].dts * pair[0].time_base):
            packet.stream = track
            output.mux(packet)
    recording = Recording(both, wanted.spec)
    result, report = rendered(
        [recording], [cut_of(both, 1.1, 4.0), cut_of(both, 6.0, 9.0)], tmp_path / "m.mp4"
    )
    assert report.problems(step_tolerance_s=0.0011) == []
    assert result.warnings == (f"{both} has 2 sound tracks; track 2 is used.",)


def test_copied_sound_of_44_1_khz_stays_within_12_ms(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(sound=SoundSpec(sample_rate=44_100))
    cuts = [cut_of(recording.path, s, s + 1.37) for s in (0.21, 1.93, 3.31, 5.77, 7.07, 8.51)]
    _, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert report.worst_offset_ms > 1.0


def test_a_source_whose_pictures_begin_late_is_in_step(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(".mkv")

    def later(packet: av.Packet[Any]) -> bool:
        delayed(packet, Fraction(5))
        return True

    late = remuxed(recording.path, tmp_path / "late.mkv", later)
    with SourceReader(late) as source:
        assert source.clock.origin * source.clock.time_base == pytest.approx(5, abs=0.1)
    cuts = [cut_of(late, 1.1, 4.0), *snapped(late, [(6.1, 7.0)])]
    _, report = rendered([Recording(late, recording.spec)], cuts, tmp_path / "montage.mp4")
    assert report.problems() == []
