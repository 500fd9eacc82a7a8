"""Loudness against levels known by definition, and against the meter of an ffmpeg where there is one."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.output import OutputContainer
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.loudness import NOTHING, Measured, gain_db, measure
from hypecut.media.render import render
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Loudness, Plan, Transition, TransitionKind
from hypecut.progress import SilentProgress

RATE = 48_000
FPS = 25
Samples = npt.NDArray[np.float32]


def sine(dbfs: float, length_s: float, channels: int = 2, rate: int = RATE, hertz: float = 997.0) -> Samples:
    """Shape (channels, samples). By definition 997 Hz at 0 dBFS in both channels is 0 LUFS."""
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * np.arange(round(length_s * rate)) / rate)
    return np.tile(wave.astype(np.float32), (channels, 1))


def add_sound(container: OutputContainer, codec: str, rate: int, layout: str) -> AudioStream:
    return cast(AudioStream, container.add_stream(codec, rate=rate, layout=layout))


def video(path: Path, sound: Samples | None, rate: int = RATE, codec: str = "pcm_s16le") -> Path:
    """A file with tiny black pictures and this sound, interleaved second by second."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[1 if sound is None else len(sound)]
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=FPS)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        track = None if sound is None else add_sound(container, codec, rate, layout)
        seconds = 5 if sound is None else sound.shape[1] // rate
        for second in range(seconds):
            for number in range(second * FPS, (second + 1) * FPS):
                picture = VideoFrame(64, 64, "yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, FPS)
                container.mux(pictures.encode(picture))
            if sound is None or track is None:
                continue
            for at in range(second * rate, (second + 1) * rate, rate // 100):
                chunk = np.ascontiguousarray(sound[:, at : at + rate // 100])
                frame = AudioFrame.from_ndarray(chunk, "fltp", layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                container.mux(track.encode(frame))
        container.mux(pictures.encode(None))
        if track is not None:
            container.mux(track.encode(None))
    return path


WITH_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg to compare with")


def ffmpeg(path: Path, filters: str) -> str:
    """What ffmpeg tells when it plays a file's sound through filters."""
    command = [
        "ffmpeg",
        "-hide_banner",
        "-nostats",
        "-i",
        str(path),
        "-vn",
        "-af",
        filters,
        "-f",
        "null",
        "-",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def told_by_ffmpeg(path: Path, filters: str) -> tuple[float, float]:
    """Loudness and true peak by ffmpeg's own meter."""
    told = ffmpeg(path, filters).rpartition("Summary:")[2]
    lufs, peak = re.findall(r"(?:I|Peak):\s+(-?[0-9.]+) (?:LUFS|dBFS)", told)
    return float(lufs), float(peak)


def measured(path: Path, start_s: float, end_s: float) -> Measured:
    with SourceReader(path) as source:
        return measure(source, start_s, end_s)


@pytest.mark.parametrize("dbfs", [-3.0, -14.0, -23.0, -40.0])
def test_a_sine_has_the_level_it_was_made_with(tmp_path: Path, dbfs: float) -> None:
    result = measured(video(tmp_path / "a.mov", sine(dbfs, 5)), 0, 5)
    assert result.integrated_lufs == pytest.approx(dbfs, abs=0.1)
    assert result.true_peak_dbtp == pytest.approx(dbfs, abs=0.5)


def test_a_peak_between_two_samples_is_found(tmp_path: Path) -> None:
    # A quarter of the sampling rate, sampled 45 degrees off its crests: 3 dB more than any sample shows.
    wave = np.sin(np.pi / 2 * np.arange(RATE * 3) + np.pi / 4).astype(np.float32) * 0.5
    result = measured(video(tmp_path / "a.mov", np.stack([wave, wave])), 0, 3)
    assert result.true_peak_dbtp == pytest.approx(-6.0, abs=0.7)


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "pcm_s16le"), ("a.mp4", "aac"), ("a.ts", "aac")])
def test_only_the_stretch_between_start_and_end_counts(tmp_path: Path, name: str, codec: str) -> None:
    sound = np.concatenate([sine(-30, 6), sine(-10, 4), sine(-20, 6)], axis=1)
    path = video(tmp_path / name, sound, codec=codec)
    for start_s, end_s, level in [(0.5, 5.5, -30), (6.2, 9.8, -10), (10.5, 16.0, -20), (12.0, 60.0, -20)]:
        result = measured(path, start_s, end_s)
        assert result.integrated_lufs == pytest.approx(level, abs=0.3)
        assert result.true_peak_dbtp == pytest.approx(level, abs=0.6)


def test_the_last_moment_counts_for_the_peak(tmp_path: Path) -> None:
    sound = sine(-30, 5)
    sound[:, int(3.97 * RATE) : int(3.98 * RATE)] *= 10
    path = video(tmp_path / "a.mov", sound)
    assert measured(path, 1.0, 3.99).true_peak_dbtp == pytest.approx(-10, abs=0.6)
    assert measured(path, 1.0, 3.96).true_peak_dbtp == pytest.approx(-30, abs=0.6)


@pytest.mark.parametrize(("channels", "rate"), [(1, 48_000), (2, 44_100), (2, 22_050), (1, 16_000)])
def test_other_rates_and_mono_are_measured_as_the_montage_plays_them(
    tmp_path: Path, channels: int, rate: int
) -> None:
    result = measured(video(tmp_path / "a.mov", sine(-20, 5, channels, rate), rate), 0, 5)
    # FFmpeg puts mono into both channels with 3 dB less each.
    assert result.integrated_lufs == pytest.approx(-20 if channels == 2 else -23, abs=0.15)


def test_silence_and_no_sound_are_not_lifted(tmp_path: Path) -> None:
    silent = video(tmp_path / "silent.mov", sine(-200, 5))
    hum = video(tmp_path / "hum.mov", sine(-55, 5))
    mute = video(tmp_path / "mute.mov", None)
    sound = video(tmp_path / "sound.mov", sine(-20, 5))
    assert measured(mute, 0, 5) == NOTHING
    assert measured(sound, 9, 10) == NOTHING
    assert measured(sound, 2, 2) == NOTHING
    for result in (measured(silent, 0, 5), measured(hum, 0, 5), measured(mute, 0, 5)):
        assert gain_db(result, -14.0) == 0.0


@pytest.mark.parametrize("length_s", [0.04, 0.1, 0.2, 0.36, 0.44])
def test_very_short_stretches_are_measured_as_loud_as_they_are(tmp_path: Path, length_s: float) -> None:
    path = video(tmp_path / "a.mov", sine(-20, 3))
    assert measured(path, 1.0, 1.0 + length_s).integrated_lufs == pytest.approx(-20, abs=0.4)


def test_quiet_parts_between_loud_ones_do_not_count(tmp_path: Path) -> None:
    # Relative gating (EBU R128): what is 10 LU under the rest is left out; a plain mean would be 3 dB lower.
    sound = np.concatenate([sine(-20, 5), sine(-60, 5)], axis=1)
    assert measured(video(tmp_path / "a.mov", sound), 0, 10).integrated_lufs == pytest.approx(-20, abs=0.4)


@WITH_FFMPEG
@pytest.mark.parametrize("seed", [1, 2])
def test_ffmpegs_own_meter_says_the_same(tmp_path: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)
    swell = np.interp(np.arange(12 * RATE), np.arange(13) * RATE, 10 ** chance.uniform(-2.5, -0.5, 13))
    sound = (chance.normal(size=(2, 12 * RATE)) * swell * 0.4).clip(-1, 1).astype(np.float32)
    path = video(tmp_path / "a.mov", sound)
    result = measured(path, 2.0, 11.0)
    lufs, peak = told_by_ffmpeg(path, "atrim=2:11,ebur128=peak=true")
    assert result.integrated_lufs == pytest.approx(lufs, abs=0.11)
    assert result.true_peak_dbtp == pytest.approx(peak, abs=0.11)


@WITH_FFMPEG
def test_loudnorm_measures_the_same(tmp_path: Path) -> None:
    path = video(tmp_path / "a.mov", sine(-20, 12, hertz=3000))
    told = ffmpeg(path, "loudnorm=print_format=json")
    values = json.loads(told[told.rindex("{") : told.rindex("}") + 1])
    result = measured(path, 0, 12)
    assert result.integrated_lufs == pytest.approx(float(values["input_i"]), abs=0.2)
    assert result.true_peak_dbtp == pytest.approx(float(values["input_tp"]), abs=0.2)


def speech(chance: np.random.Generator, length_s: int, dbfs: float) -> Samples:
    """Noise with a clap every second, whose peaks pass full scale at the loudness wanted."""
    white = chance.normal(size=(2, length_s * RATE))
    # Without the heights that AAC leaves out.
    quiet = np.stack([np.convolve(one, np.hanning(24), "same") for one in white])
    quiet *= 10 ** (dbfs / 20) / quiet.std()
    for at in range(RATE // 2, length_s * RATE, RATE):
        quiet[:, at : at + 60] *= 2.5
    return quiet.clip(-1, 1).astype(np.float32)


@WITH_FFMPEG
@pytest.mark.parametrize("transition", [None, TransitionKind.FADE, TransitionKind.CROSSFADE])
def test_a_montage_has_the_target_loudness_and_no_peak_over_the_limit(
    tmp_path: Path, transition: TransitionKind | None
) -> None:
    chance = np.random.default_rng(3)
    for name, dbfs in (("quiet.mov", -32.0), ("loud.mov", -8.0), ("middle.mov", -20.0)):
        video(tmp_path / name, speech(chance, 6, dbfs))
    video(tmp_path / "silent.mov", sine(-200, 6))
    names = ("quiet.mov", "loud.mov", "silent.mov", "middle.mov")
    cuts = tuple(Cut(source=name, start_s=0.0, end_s=6.0) for name in names)
    way = Transition(kind=transition, duration_s=0.2) if transition else None
    out = tmp_path / "montage.mp4"
    plan = Plan(version=1, cuts=cuts, transition=way, loudness=Loudness(target_lufs=-14.0))
    render(plan, tmp_path, out, SilentProgress(), strict=True)
    lufs, peak = told_by_ffmpeg(out, "ebur128=peak=true")
    assert lufs == pytest.approx(-14.0, abs=0.8)
    assert peak <= -1.0
    step_s = 5.8 if transition is TransitionKind.CROSSFADE else 6.0
    for number in (0, 1, 3):
        one, _ = told_by_ffmpeg(
            out, f"atrim={number * step_s + 0.3}:{number * step_s + 5.4},ebur128=peak=true"
        )
        assert one == pytest.approx(-14.0, abs=0.8)
    silent = measured(out, 2 * step_s + 0.3, 2 * step_s + 5.4)
    assert silent.integrated_lufs < -60


@pytest.mark.parametrize("by_db", [-6.0, 3.0, 20.0])
def test_a_cuts_own_gain_comes_on_top_and_peaks_stay_down(tmp_path: Path, by_db: float) -> None:
    video(tmp_path / "a.mov", sine(-30, 4))
    cut = Cut(source="a.mov", start_s=0.0, end_s=4.0, gain_db=by_db)
    plan = Plan(version=1, cuts=(cut,), loudness=Loudness(target_lufs=-16.0))
    out = tmp_path / "montage.mp4"
    render(plan, tmp_path, out, SilentProgress(), strict=True)
    result = measured(out, 0, 4)
    assert result.integrated_lufs == pytest.approx(min(-16.0 + by_db, -2.0), abs=0.4)
    assert result.true_peak_dbtp <= -1.0


@pytest.mark.parametrize(
    ("lufs", "peak", "gain"),
    [
        (-20.0, -12.0, 6.0),
        (-20.0, -4.0, 6.0),
        (-20.0, 4.5, 3.5),
        (-8.0, -1.0, -6.0),
        (-14.0, 0.5, 0.0),
        (-45.0, -40.0, 20.0),
        (-50.1, -40.0, 0.0),
        (-70.0, -math.inf, 0.0),
    ],
)
def test_the_gain_is_limited_by_peaks_and_by_noise(lufs: float, peak: float, gain: float) -> None:
    assert gain_db(Measured(lufs, peak), -14.0) == pytest.approx(gain)


@settings(derandomize=True)
@given(lufs=st.floats(-70, 5), crest=st.floats(0, 40), target=st.floats(-30, -5))
def test_no_gain_leaves_more_than_nine_db_to_the_limiter(lufs: float, crest: float, target: float) -> None:
    gain = gain_db(Measured(lufs, lufs + crest), target)
    assert gain <= 20.0
    if lufs >= -50:
        assert lufs + crest + gain <= -1.0 + 9.0 + 1e-9
        assert lufs + gain <= target + 1e-9
    else:
        assert gain == 0.0


def test_nothing_has_no_gain() -> None:
    assert gain_db(NOTHING, -14.0) == 0.0
