from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from hypecut.media.render import render
from hypecut.media.sound import _raw_aac, _silent_frame, aac_config
from hypecut.models import Cut
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
