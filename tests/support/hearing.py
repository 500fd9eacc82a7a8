"""Finding out by how much the sound of a montage is early or late against its picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from hypecut.media.sample_sound import SoundSpec, sound_between
from tests.support.truth import ExpectedCut

Samples = npt.NDArray[np.float32]

_WINDOW_S = 0.4
_SEARCH_S = 0.3
_INSET_S = 0.3
_SHORTEST_S = 0.1
_ALIKE = 0.4
_GAP_S = 0.0005


class AudioOffset(NamedTuple):
    """How late (positive) or early the sound is at one end of a cut.

    Attributes:
        cut: number of the cut, from 0.
        at: "start" or "end".
        offset_ms: None when the sound there is not the source's.
        likeness: 0..1, how well the sound fits at that offset.
    """

    cut: int
    at: str
    offset_ms: float | None
    likeness: float


class Heard(NamedTuple):
    """The decoded sound: mono samples from `begin_s` on, and the number of gaps between its frames."""

    samples: Samples
    rate: int
    begin_s: float
    gaps: int

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.begin_s + len(self.samples) / self.rate


def hear(path: Path, zero_s: float = 0.0, rate: int = 48_000) -> Heard | None:
    """Decode the sound of a video whose first picture is at `zero_s`; None when it has none."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        base = container.streams.audio[0].time_base
        # Matroska and FLV round each frame's time to the millisecond: that is no gap.
        tolerance_s = max(_GAP_S, 1.1 * float(base or 0))
        resampler = AudioResampler("fltp", "mono", rate)
        placed: list[tuple[float, Samples]] = []
        gaps = 0
        due_s: float | None = None
        for frame in container.decode(audio=0):
            begin_s = _time_s(frame) - zero_s
            if due_s is None or abs(begin_s - due_s) > tolerance_s:
                gaps += due_s is not None
                due_s = begin_s
            parts = [part.to_ndarray()[0].astype(np.float32) for part in resampler.resample(frame)]
            if parts:
                placed.append((due_s, np.concatenate(parts)))
            due_s += frame.samples / frame.sample_rate
    begin_s = placed[0][0]
    samples = np.zeros(round((placed[-1][0] - begin_s) * rate) + len(placed[-1][1]), np.float32)
    for time_s, part in placed:
        at = round((time_s - begin_s) * rate)
        samples[at : at + len(part)] = part[: len(samples) - at]
    return Heard(samples, rate, begin_s, gaps)


def audio_offsets(heard: Heard, cuts: list[ExpectedCut], fps: Fraction) -> list[AudioOffset]:
    """The offset at both ends of every cut, inside what transitions change."""
    offsets: list[AudioOffset] = []
    for i, cut in enumerate(cuts):
        if cut.truth.sound is None:
            continue
        begin_s = float((cut.begin + cut.lead) / fps)
        # Copied sound comes in whole frames: the last one ends a little before the picture.
        end_s = min(float((cut.end - cut.trail) / fps), heard.begin_s + len(heard.samples) / heard.rate)
        window_s = min(_WINDOW_S, end_s - begin_s)
        if window_s < _SHORTEST_S:
            continue
        inset_s = min(_INSET_S, (end_s - begin_s - window_s) / 2)
        source_s = float(cut.first / cut.truth.fps - cut.begin / fps)
        for at, from_s in (("start", begin_s + inset_s), ("end", end_s - inset_s - window_s)):
            offset_ms, likeness = _offset(heard, cut.truth.sound, from_s, from_s + source_s, window_s)
            offsets.append(AudioOffset(i, at, offset_ms, likeness))
    return offsets


def _time_s(frame: AudioFrame) -> float:
    assert frame.pts is not None
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base)


def _offset(
    heard: Heard, sound: SoundSpec, from_s: float, source_s: float, window_s: float
) -> tuple[float | None, float]:
    """How late the source's sound from `source_s` on is in what is heard from `from_s` on."""
    rate = heard.rate
    at = round((from_s - heard.begin_s) * rate)
    count = round(window_s * rate)
    window = heard.samples[max(0, at) : at + count]
    reference = sound_between(sound, source_s - _SEARCH_S, window_s + 2 * _SEARCH_S)
    reference = _resampled(reference, sound.sample_rate, rate)
    if len(window) < count:
        return None, 0.0
    size = 1 << (len(reference) + count).bit_length()
    product = np.fft.rfft(reference, size) * np.conj(np.fft.rfft(window, size))
    places = np.fft.irfft(product, size)[: len(reference) - count + 1]
    best = int(np.argmax(places))
    norm = float(np.linalg.norm(window) * np.linalg.norm(reference[best : best + count]))
    likeness = float(places[best]) / (norm + 1e-9)
    late_ms = (_SEARCH_S * rate - best) / rate * 1000
    return (round(late_ms, 2) if likeness > _ALIKE else None), round(likeness, 3)


def _resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    if rate == wanted:
        return samples
    times = np.arange(int(len(samples) * wanted / rate)) * (rate / wanted)
    resampled: Samples = np.interp(times, np.arange(len(samples)), samples).astype(np.float32)
    return resampled
