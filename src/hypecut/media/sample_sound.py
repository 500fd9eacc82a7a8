"""The sound of an invented recording, made second by second from a seed.

Under everything lies noise that is unique everywhere, so that any stretch of it can be found again to the
sample by cross-correlation; on top a soft tune and, at the planted moments, a rising tone and a cheer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hypecut.chat.sample import PlantedMoment

Samples = npt.NDArray[np.float32]

CHEER_S = 7.0
"""How long the crowd can be heard after a moment."""

_RISE_S = 2.0
_NOTES_HZ = (110.0, 130.81, 164.81, 196.0, 146.83, 174.61, 220.0, 164.81)


@dataclass(frozen=True, kw_only=True)
class SoundSpec:
    """What the sound is made of.

    Attributes:
        seed: another seed, other noise.
        sample_rate: in Hz.
        channels: 1 or 2.
        noise: level of the noise that makes every stretch unique: 1 is loud, 0.2 in the background.
        tune: a soft tune is played.
        moments: when it gets loud.
    """

    seed: int = 1
    sample_rate: int = 48_000
    channels: int = 2
    noise: float = 1.0
    tune: bool = False
    moments: tuple[PlantedMoment, ...] = ()


def sound_second(spec: SoundSpec, second: int) -> Samples:
    """One whole second, shape (sample_rate, channels), in the range of 16 bit samples."""
    rate = spec.sample_rate
    sound = _noise(spec.seed, second, rate) * spec.noise
    time_s = second + np.arange(rate) / rate
    extra = _tune(time_s) if spec.tune else np.zeros(rate)
    for moment in spec.moments:
        extra += _excitement(time_s, moment.at_s)
    sound += extra[:, None]
    if spec.channels == 1:
        sound = sound.mean(axis=1, keepdims=True)
    limited: Samples = np.clip(sound, -32767, 32767).astype(np.float32)
    return limited


def sound_between(spec: SoundSpec, start_s: float, duration_s: float) -> Samples:
    """A mono stretch of the sound, as heard from `start_s` on; silent before 0."""
    first = int(np.floor(start_s))
    last = int(np.floor(start_s + duration_s))
    parts = [_mono_second(spec, second) for second in range(first, last + 1)]
    begin = round((start_s - first) * spec.sample_rate)
    whole: Samples = np.concatenate(parts)
    return whole[begin : begin + round(duration_s * spec.sample_rate)]


def _mono_second(spec: SoundSpec, second: int) -> Samples:
    if second < 0:
        return np.zeros(spec.sample_rate, np.float32)
    mono: Samples = sound_second(spec, second).mean(axis=1)
    return mono


def _noise(seed: int, second: int, rate: int) -> Samples:
    """Softened noise whose level changes slowly, with a chirp on every full second."""
    noise = np.random.default_rng((seed, second)).standard_normal((rate, 2)).astype(np.float32)
    noise[:, 1] = 0.6 * noise[:, 0] + 0.6 * noise[:, 1]
    kernel = np.ones(6, np.float32) / 6
    noise = np.stack([np.convolve(noise[:, c], kernel, "same") for c in (0, 1)], 1)
    swell = 0.5 + 0.5 * np.sin(second / 9.0)
    noise *= np.float32((900 + 2600 * swell * (1 if second // 600 % 2 else 0.5)) * 1.6)
    length = rate * 3 // 100
    t = np.arange(length) / rate
    chirp = np.sin(2 * np.pi * (800 * t + 60_000 * t * t)) * np.hanning(length) * 9000
    noise[:length] += chirp[:, None].astype(np.float32)
    return noise


def _tune(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Plucked notes, four a second."""
    beat = np.floor(time_s * 4).astype(int)
    in_beat_s = time_s - beat / 4
    pitch = np.array(_NOTES_HZ)[beat % len(_NOTES_HZ)] * np.where(beat // 32 % 2, 0.75, 1.0)
    phase = 2 * np.pi * pitch * in_beat_s
    pluck = np.minimum(in_beat_s * 200, 1) * np.exp(-in_beat_s * 9)
    return np.asarray(1800 * pluck * (np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)))


def _excitement(time_s: npt.NDArray[np.float64], at_s: float) -> npt.NDArray[np.float64] | float:
    """A tone that rises up to the moment, then a crowd that cheers and calms down."""
    since_s = time_s - at_s
    if since_s[-1] < -_RISE_S or since_s[0] > CHEER_S:
        return 0.0
    rise = np.clip((since_s + _RISE_S) / _RISE_S, 0, 1) * (since_s < 0)
    tone = rise * 3500 * np.sin(2 * np.pi * (300 * since_s + 80 * (since_s + _RISE_S) ** 2))
    calm = np.clip(1 - since_s / CHEER_S, 0, 1) * np.clip(since_s * 4, 0, 1)
    crowd = np.random.default_rng((int(at_s * 100), int(time_s[0]))).standard_normal(len(time_s))
    crowd = np.convolve(crowd, np.ones(12) / 12, "same") * (1 + 0.3 * np.sin(2 * np.pi * 5 * since_s))
    return np.asarray(tone + calm * 16_000 * crowd)
