from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from hypecut.media.render import render
from hypecut.media.sample_sound import SoundSpec
from hypecut.media.sound import EncodedSound, SoundCut, _raw_aac, _silent_frame, aac_config
from hypecut.media.sound_encoder import SoundEncoder, SoundTools
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Loudness, Plan
from hypecut.progress import SilentProgress
from tests.media.rendering import cut_of, delayed, plan_of, remuxed, rendered
from tests.support.hearing import Heard, audio_offsets, hear
from tests.support.recordings import Recording, Recordings
from tests.support.truth import ExpectedCut

HALF_S = Fraction(1, 2)


def montage_of(folder: Path, cuts: list[Cut]) -> Heard:
    """The sound of a montage of these cuts."""
    out = folder / "montage.mp4"
    render(plan_of(cuts), folder, out, SilentProgress(), strict=True)
    heard = hear(out)
    assert heard is not None
    return heard


def offset_ms(
    heard: Heard, recording: Recording, at_s: float, source_s: float, length_s: float = 1.0
) -> float:
    """How late the recording's sound from `source_s` on is in the montage, at `at_s`."""
    fps = recording.spec.fps
    begin, first, count = (round(Fraction(s) * fps) for s in (at_s, source_s, length_s))
    cut = ExpectedCut("", recording.truth, first, count, begin, count, 0, 0)
    found = [offset.offset_ms for offset in audio_offsets(heard, [cut], fps)]
    assert len(found) == 2
    assert None not in found
    return max((ms for ms in found if ms is not None), key=abs)


def level(heard: Heard, from_s: float, to_s: float) -> float:
    """The loudest sample of a stretch."""
    return float(np.abs(heard.samples[int(from_s * heard.rate) : int(to_s * heard.rate)]).max())


@pytest.mark.parametrize("gain_db", [0.0, -1.0], ids=["copied", "encoded"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_pictures_that_begin_after_the_sound_stay_with_it(
    tiny_recording: Recordings, tmp_path: Path, suffix: str, gain_db: float
) -> None:
    def later(packet: av.Packet[Any]) -> bool:
        if packet.stream.type == "video":
            delayed(packet, HALF_S)
        return True

    recording = tiny_recording(suffix, bframes=0)
    source = remuxed(recording.path, tmp_path / f"late{suffix}", later)
    heard = montage_of(tmp_path, [cut_of(source, 0.0, 1.5, gain_db), cut_of(source, 3.0, 4.5, gain_db)])
    limit = 12.0 if gain_db == 0 else 1.0
    assert abs(offset_ms(heard, recording, 0.2, 0.7)) <= limit
    assert abs(offset_ms(heard, recording, 1.7, 3.7)) <= limit


@pytest.mark.parametrize("gain_db", [0.0, -1.0], ids=["copied", "encoded"])
def test_sound_that_begins_after_the_pictures_stays_with_them(
    tiny_recording: Recordings, tmp_path: Path, gain_db: float
) -> None:
    def later(packet: av.Packet[Any]) -> bool:
        if packet.stream.type == "audio":
            delayed(packet, HALF_S)
        return True

    recording = tiny_recording()
    source = remuxed(recording.path, tmp_path / "late.mp4", later)
    heard = montage_of(tmp_path, [cut_of(source, 0.0, 1.5, gain_db), cut_of(source, 3.0, 4.5, gain_db)])
    limit = 12.0 if gain_db == 0 else 1.0
    assert level(heard, 0.0, 0.45) < 0.001
    assert abs(offset_ms(heard, recording, 0.6, 0.1, 0.8)) <= limit
    assert abs(offset_ms(heard, recording, 1.7, 2.7)) <= limit


@pytest.mark.parametrize("gain_db", [0.0, -1.0], ids=["copied", "encoded"])
def test_a_hole_in_the_sound_is_silent_and_shifts_nothing(
    tiny_recording: Recordings, tmp_path: Path, gain_db: float
) -> None:
    def with_hole(packet: av.Packet[Any]) -> bool:
        begin_s = (packet.pts or 0) * packet.time_base
        return packet.stream.type == "video" or not 4 < begin_s < 5

    recording = tiny_recording()
    source = remuxed(recording.path, tmp_path / "hole.mp4", with_hole)
    heard = montage_of(tmp_path, [cut_of(source, 3.0, 6.0, gain_db), cut_of(source, 7.5, 9.0, gain_db)])
    limit = 12.0 if gain_db == 0 else 1.0
    assert heard.gaps == 0
    assert abs(offset_ms(heard, recording, 0.0, 3.0, 0.9)) <= limit
    assert level(heard, 1.1, 1.9) < 0.001
    assert abs(offset_ms(heard, recording, 2.1, 5.1, 0.9)) <= limit
    assert abs(offset_ms(heard, recording, 3.2, 7.7)) <= limit


def test_sound_that_ends_early_leaves_silence(tiny_recording: Recordings, tmp_path: Path) -> None:
    def until_four(packet: av.Packet[Any]) -> bool:
        return packet.stream.type == "video" or (packet.pts or 0) * packet.time_base < 4

    recording = tiny_recording()
    source = remuxed(recording.path, tmp_path / "short.mp4", until_four)
    heard = montage_of(
        tmp_path, [cut_of(source, 3.0, 6.0), cut_of(source, 9.0, 10.5), cut_of(source, 1.5, 3.0)]
    )
    assert abs(offset_ms(heard, recording, 0.0, 3.0, 0.9)) <= 12.0
    assert level(heard, 1.1, 4.4) < 0.001
    assert abs(offset_ms(heard, recording, 4.7, 1.7)) <= 12.0


@pytest.mark.parametrize("suffix", [".mkv", ".flv"])
def test_times_rounded_to_milliseconds_leave_no_gap_and_no_silence(
    tiny_recording: Recordings, tmp_path: Path, suffix: str
) -> None:
    # The cuts begin at all places within an AAC frame, also near its middle, where rounding tips the balance.
    recording = tiny_recording(suffix, gop_frames=9)
    cuts = [cut_of(recording.path, n * 0.3, n * 0.3 + 0.6) for n in range(1, 14)]
    out = tmp_path / "montage.mp4"
    _, report = rendered([recording], cuts, out)
    assert report.problems() == []
    heard = hear(out)
    assert heard is not None
    loudest = np.abs(heard.samples[: len(heard.samples) // 480 * 480]).reshape(-1, 480).max(axis=1)
    assert loudest[3:-3].min() > 0.002


def test_many_cuts_do_not_add_their_errors_up(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(gop_frames=9)
    cuts = [cut_of(recording.path, n % 30 * 0.3, n * 0.3 + 0.6) for n in range(30)]
    _, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems() == []
    assert report.copied_fraction == 1.0
    assert report.audio_end_s is not None
    assert -0.022 < report.audio_end_s <= 0


def test_the_header_of_transport_streams_is_taken_off() -> None:
    raw = bytes(range(40))
    plain, checked = (bytes([0xFF, 0xF1 & ~without, *bytes(5)]) for without in (0, 1))
    packets = [av.Packet(data) for data in (raw, plain + raw, checked + b"\0\0" + raw)]
    assert [_raw_aac(packet) for packet in packets] == [raw] * 3


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_silence_decodes_to_silence_of_that_kind(rate: int, channels: int) -> None:
    decoder: Any = av.CodecContext.create("aac", "r")
    decoder.extradata = aac_config(rate, channels)
    silence = _silent_frame(rate, channels)
    frames = [frame for _ in range(3) for frame in decoder.decode(av.Packet(silence))]
    assert {(f.sample_rate, f.layout.nb_channels, f.samples) for f in frames} == {(rate, channels, 1024)}
    assert max(float(np.abs(f.to_ndarray()).max()) for f in frames) < 1e-4


# FFmpeg times the packets of one PES unit by the rate at the file's beginning: 1.9 ms off at another one.
@pytest.mark.parametrize(
    ("second", "limit_ms"), [(SoundSpec(channels=1), 1.0), (SoundSpec(sample_rate=44_100), 4.0)]
)
def test_sound_that_changes_its_kind_on_the_way_is_encoded_and_measured(
    tiny_recording: Recordings, tmp_path: Path, second: SoundSpec, limit_ms: float
) -> None:
    parts = [tiny_recording(".ts", bframes=0), tiny_recording(".ts", bframes=0, seed=3, sound=second)]
    source = tmp_path / "changing.ts"
    with av.open(str(source), "w") as made:
        tracks: dict[int, Any] = {}
        for number, part in enumerate(parts):
            with av.open(str(part.path)) as given:
                tracks = tracks or {s.index: made.add_stream_from_template(s) for s in given.streams}
                for packet in given.demux():
                    if packet.size:
                        # A little later than its end: the last sound reaches beyond the last picture.
                        delayed(packet, number * Fraction(121, 10))
                        packet.stream = tracks[packet.stream.index]
                        made.mux(packet)
    with av.open(str(source)) as given:
        kinds = {(f.layout.nb_channels, f.sample_rate) for f in given.decode(audio=0)}
    assert len(kinds) == 2
    plan = Plan(version=1, cuts=(cut_of(source, 10.0, 16.1),), loudness=Loudness(target_lufs=-20.0))
    render(plan, tmp_path, tmp_path / "montage.mp4", SilentProgress(), strict=True)
    heard = hear(tmp_path / "montage.mp4")
    assert heard is not None
    assert abs(offset_ms(heard, parts[0], 0.2, 10.2)) <= 1.0
    assert abs(offset_ms(heard, parts[1], 2.5, 0.4)) <= limit_ms


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[EncodedSound]:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        stream.codec_context.open()
        made = EncodedSound(SoundEncoder(stream, SoundTools()))
        yield made
        made.close()


def test_overlaps_between_samples_do_not_add_up(tiny_recording: Recordings, lane: EncodedSound) -> None:
    with SourceReader(tiny_recording().path) as source:
        start_s, length_s, overlap_s = (
            Fraction(0),
            Fraction(21, 1000),
            Fraction(1, 375) + Fraction(1, 110_000),
        )
        samples = 0
        for _ in range(300):
            end_s = start_s + length_s
            lane.begin(SoundCut(source, Fraction(0), start_s, end_s, overlap_s=overlap_s))
            samples += sum(packet.duration or 0 for packet in lane.end_cut())
            start_s = end_s - overlap_s
        samples += sum(packet.duration or 0 for packet in lane.finish())
    # The encoder puts one frame in front.
    assert samples == round(end_s * 48_000) + 1024


def test_a_long_cut_without_sound_takes_no_room(tiny_recording: Recordings, lane: EncodedSound) -> None:
    with SourceReader(tiny_recording().path) as source:
        lane.begin(SoundCut(source, Fraction(0), Fraction(0), Fraction(120)))
        tracemalloc.start()
        try:
            packets = sum(1 for _ in lane.end_cut())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert packets > 4500
    # A few stretches of it at a time, of 44 MiB.
    assert peak < 22 * 2**20


def test_damaged_sound_is_told(
    tiny_recording: Recordings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = tmp_path / "damaged.mkv"

    def damaged(packet: av.Packet[Any]) -> bool:
        if packet.stream.type == "audio" and 4 < (packet.pts or 0) * packet.time_base < 5:
            packet.update(b"\xff" * packet.size)
        return True

    remuxed(tiny_recording(".mkv").path, source, damaged)
    render(plan_of([cut_of(source, 3.0, 6.0, -1.0)]), tmp_path, tmp_path / "montage.mp4", SilentProgress())
    assert f"damaged sound packets of {source} are silent" in caplog.text
