from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from hypecut.errors import MediaError
from hypecut.media.sample_sound import SoundSpec
from hypecut.media.source import SourceReader
from tests.media.rendering import delayed, encoded, remuxed
from tests.support.coded import write_coded
from tests.support.recordings import NTSC_60, Recordings

CONTAINERS = (".mp4", ".mkv", ".ts", ".flv")


@pytest.mark.parametrize(("suffix", "fps"), [*((s, Fraction(30)) for s in CONTAINERS), (".mkv", NTSC_60)])
def test_what_a_source_is(tiny_recording: Recordings, suffix: str, fps: Fraction) -> None:
    recording = tiny_recording(suffix, fps=fps)
    with SourceReader(recording.path) as source:
        assert (source.codec, source.copyable, source.audio_config) == ("h264", True, (48_000, 2))
        assert (source.clock.constant, source.fps) == (True, fps)
        assert source.duration_s == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize("time_s", [0.0, 1.5, 2.99, 7.4, 11.99])
@pytest.mark.parametrize("suffix", CONTAINERS)
def test_reading_begins_at_a_keyframe_at_or_before(
    tiny_recording: Recordings, suffix: str, time_s: float
) -> None:
    with SourceReader(tiny_recording(suffix).path) as source:
        clock, frame = source.clock, source.clock.unit_from(time_s)
        packets = list(source.packets_from(time_s))
        pictures = [p for p in packets if p.stream is source.video]
        assert pictures[0].is_keyframe
        units = [clock.unit(p.pts) for p in pictures if p.pts is not None]
        assert units[0] <= frame
        assert {*range(frame, 360)} <= set(units)
        sound = sorted(
            float(p.pts * p.time_base) for p in packets if p.stream is source.audio and p.pts is not None
        )
        origin_s = float(source.clock.origin * source.clock.time_base)
        assert sound[0] <= max(0.0, time_s - 0.03) + origin_s
        assert sound[-1] >= 11.9 + origin_s
        assert max(b - a for a, b in pairwise(sound)) < 0.023


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".flv"])
def test_every_picture_of_the_first_seconds_is_read_from_the_first_keyframe(
    tmp_path: Path, suffix: str
) -> None:
    # Decoding begins two frames before the first picture is shown.
    path = write_coded(tmp_path / f"stream{suffix}", "bframes=3:b-pyramid=strict:keyint=100")
    with SourceReader(path) as source:
        for unit in range(48):
            first = next(source.packets_from(source.clock.seconds(unit), sound=False), None)
            assert first is not None, unit
            assert first.is_keyframe
            assert source.clock.unit(first.pts or 0) == 0


def test_the_packets_of_one_place_are_the_same_again(tiny_recording: Recordings) -> None:
    with SourceReader(tiny_recording(".ts").path) as source:
        first, second = ([(p.pts, p.size) for p in source.packets_from(5.0)] for _ in range(2))
        assert first == second


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("notes.mp4", b"not a video\n" * 100, "is not a video that can be read"),
        ("notes.txt", b"not a video\n" * 100, "is not a video"),
        ("empty.mp4", b"", "is not a video that can be read"),
        ("subtitles.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhi\n", "has no picture track"),
    ],
)
def test_other_files_are_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError, match=problem) as caught:
        SourceReader(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Errno" not in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        SourceReader(tmp_path / "missing.mp4")
    with pytest.raises(MediaError, match="is not a file"):
        SourceReader(tmp_path)


def test_sound_alone_is_refused(tiny_recording: Recordings, tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(tiny_recording().path)) as given, av.open(str(path), "w", format="mp4") as made:
        track = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.size:
                packet.stream = track
                made.mux(packet)
    with pytest.raises(MediaError, match="has no picture track"):
        SourceReader(path)


def test_avi_without_display_times_is_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="make an mp4 of it"):
        SourceReader(encoded(tmp_path / "reordered.avi", range(60), Fraction(1, 30)))
    simple = encoded(tmp_path / "simple.avi", range(60), Fraction(1, 30), codec="mpeg4", options={"g": "30"})
    with SourceReader(simple) as source:
        assert source.clock.constant


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_zero_is_the_first_picture_not_the_first_sound(
    tiny_recording: Recordings, tmp_path: Path, suffix: str
) -> None:
    def later(packet: av.Packet[Any]) -> bool:
        if packet.stream.type == "video":
            delayed(packet, Fraction(1, 2))
        return True

    path = remuxed(tiny_recording(suffix).path, tmp_path / f"late{suffix}", later)
    with SourceReader(path) as source:
        first = next(p for p in source.packets_from(0.0) if p.stream is source.video)
        assert source.clock.unit(first.pts or 0) == 0
        assert source.duration_s == pytest.approx(12.0, abs=0.1)


def test_an_irregular_source_is_counted_in_ticks(tmp_path: Path) -> None:
    stamps = [i * 40 + (13 if i % 3 else 0) for i in range(90)]
    with SourceReader(encoded(tmp_path / "irregular.mkv", stamps, Fraction(1, 1000))) as source:
        assert not source.clock.constant
        assert source.clock.rate == 1000


def test_kinds_of_sound(tiny_recording: Recordings) -> None:
    with SourceReader(tiny_recording(audio=False).path) as source:
        assert source.audio is None
        assert source.audio_config is None
    with SourceReader(tiny_recording(sound=SoundSpec(sample_rate=44_100, channels=1)).path) as source:
        assert source.audio_config == (44_100, 1)
