"""Sound that is encoded in stretches is one track: the same samples at the same place, without a seam."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from hypecut.media import sound_encoder
from hypecut.media.pieces import PieceStore
from hypecut.media.sound_encoder import (
    AAC_FRAME,
    ENCODED_RATE,
    CodedSound,
    Samples,
    SoundEncoder,
    SoundTools,
    configure,
    has_strong_tone,
)

STRETCH = sound_encoder._STRETCH * AAC_FRAME


def melody(samples: int) -> Samples:
    """Tones with overtones and beats that swell and fall, a little noise among them, differing by channel."""
    rng = np.random.default_rng(11)
    t = np.arange(samples) / ENCODED_RATE
    left = sum(np.sin(2 * np.pi * hz * t + hz) / k for k, hz in enumerate((220.0, 441.3, 1330.7), 1))
    left *= 0.25 + 0.2 * np.sin(2 * np.pi * 1.7 * t)
    noise = rng.normal(0, 0.002, (2, samples))
    return np.asarray(np.stack((left, np.roll(left, 333) * 0.8)) + noise, np.float32)


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[AudioStream]:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        made = container.add_stream("aac", rate=ENCODED_RATE, layout="stereo")
        configure(made.codec_context)
        made.codec_context.open()
        yield made


def encoded(stream: AudioStream, sound: Samples, tools: SoundTools, block: int = 5000) -> list[CodedSound]:
    """The packets, by their places in the track."""
    encoder = SoundEncoder(stream, tools)
    try:
        packets: list[av.Packet[Any]] = []
        for at in range(0, sound.shape[1], block):
            packets += encoder.push(sound[:, at : at + block])
        packets += encoder.finish()
    finally:
        encoder.close()
    return [CodedSound(packet.pts or 0, packet.duration or 0, bytes(packet)) for packet in packets]


def decoded(stream: AudioStream, packets: list[CodedSound]) -> Samples:
    """What they sound like, from the track's first sample on."""
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = stream.codec_context.extradata
    decoder.sample_rate, decoder.layout = ENCODED_RATE, "stereo"
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)[:, AAC_FRAME:]


def noise_db(sound: Samples, heard: Samples, frame: int) -> float:
    """How far what is heard in a frame is below the sound there."""
    span = slice(frame * AAC_FRAME, (frame + 1) * AAC_FRAME)
    error = float(((heard[:, span] - sound[:, span]) ** 2).mean())
    return 10 * math.log10(error / float((sound[:, span] ** 2).mean()))


def test_no_frame_at_a_seam_sounds_worse_than_those_elsewhere(stream: AudioStream) -> None:
    sound = melody(3 * STRETCH + 12_345)
    packets = encoded(stream, sound, SoundTools())
    heard = decoded(stream, packets)
    assert heard.shape[1] >= sound.shape[1]
    seams = {seam * sound_encoder._STRETCH + near for seam in (1, 2, 3) for near in (-2, -1, 0, 1)}
    noise = {frame: noise_db(sound, heard, frame) for frame in range(4, sound.shape[1] // AAC_FRAME)}
    elsewhere = [db for frame, db in noise.items() if frame not in seams]
    assert max(noise[frame] for frame in seams) <= max(elsewhere) + 0.5
    assert np.mean([noise[frame] for frame in seams]) <= np.mean(elsewhere) + 1.0


@pytest.mark.parametrize("samples", [1, 700, STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH + 4096])
def test_the_track_has_no_hole_and_is_as_long_as_the_sound(stream: AudioStream, samples: int) -> None:
    packets = encoded(stream, melody(samples), SoundTools())
    assert packets[0].at == -AAC_FRAME
    assert all(a.at + a.samples == b.at for a, b in pairwise(packets))
    assert packets[-1].at + packets[-1].samples == samples


def test_how_the_sound_comes_in_changes_nothing(stream: AudioStream) -> None:
    sound = melody(2 * STRETCH)
    tools = SoundTools(ceiling_dbtp=-12.0)
    assert encoded(stream, sound, tools, 777) == encoded(stream, sound, tools, 3 * STRETCH)


def test_peaks_are_kept_below_the_ceiling_all_over(stream: AudioStream) -> None:
    sound = melody(STRETCH + 50_000)
    heard = decoded(stream, encoded(stream, sound, SoundTools(ceiling_dbtp=-12.0)))
    assert np.abs(sound).max() > 0.5
    assert np.abs(heard).max() < 10 ** (-11 / 20)


def test_stretches_that_sound_the_same_are_encoded_once(
    stream: AudioStream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    lock = threading.Lock()
    real = sound_encoder._Stretch._coded

    def counting(self: sound_encoder._Stretch) -> Iterator[CodedSound]:
        with lock:
            made.append(self.samples.shape[1])
        return real(self)

    monkeypatch.setattr(sound_encoder._Stretch, "_coded", counting)
    tools = SoundTools(pieces=PieceStore(tmp_path / "pieces", 10**8))
    sound = melody(3 * STRETCH)
    first = encoded(stream, sound, tools)
    assert len(made) == 3
    assert encoded(stream, sound, tools) == first
    assert len(made) == 3
    sound[:, 2 * STRETCH + 20_000] = 0.0  # inside the third one, beyond what the second one looks at
    changed = encoded(stream, sound, tools)
    assert len(made) == 4
    assert changed == encoded(stream, sound, SoundTools())
    assert [a == b for a, b in zip(first, changed, strict=True)].index(False) > STRETCH // AAC_FRAME * 2


def tone(level_dbfs: float, seconds: float = 3.0, hz: float = 200.0) -> Samples:
    """A pure tone in both channels."""
    t = np.arange(round(seconds * ENCODED_RATE)) / ENCODED_RATE
    return np.asarray(np.stack([10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * t)] * 2), np.float32)


@pytest.mark.parametrize("hz", [60.0, 200.0, 997.0, 3000.0])
@pytest.mark.parametrize("level_dbfs", [-20.0, -9.0, -2.0])
def test_a_tone_is_as_loud_as_it_was(stream: AudioStream, level_dbfs: float, hz: float) -> None:
    sound = tone(level_dbfs, hz=hz)
    heard = decoded(stream, encoded(stream, sound, SoundTools()))
    assert max(noise_db(sound, heard, frame) for frame in range(4, 130)) < -35


def test_only_strong_tones_need_the_slow_coder() -> None:
    rng = np.random.default_rng(7)
    silence = np.zeros((2, 3 * ENCODED_RATE), np.float32)
    short_tone = silence.copy()
    short_tone[:, 50_000:56_000] = tone(-4.0, 6000 / ENCODED_RATE)
    one_side = tone(-4.0)
    one_side[0] = 0
    assert all(has_strong_tone(sound) for sound in (tone(-8.0), short_tone, one_side))
    loud_noise = np.asarray(rng.normal(0, 0.25, silence.shape), np.float32)
    click = silence.copy()
    click[:, 70_000] = 1.0
    quiet = (silence, tone(-12.0), loud_noise, click, silence[:, :5], silence[:, :AAC_FRAME])
    assert not any(has_strong_tone(sound) for sound in quiet)
