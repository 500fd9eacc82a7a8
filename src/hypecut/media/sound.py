"""The montage's sound: copied AAC frames in numbered slots, or one continuous re-encoded track.

Both lanes place every cut by the montage's own clock, so an error in one cut (at most half an AAC frame when
copied, none when encoded) never adds up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream
from av.packet import Packet

from hypecut.media.resample import Resampler
from hypecut.media.sound_encoder import AAC_FRAME, ENCODED_LAYOUT, ENCODED_RATE, Samples, SoundEncoder
from hypecut.media.source import AAC_LAYOUTS, AAC_RATES, AnyPacket, SourceReader

log = logging.getLogger(__name__)

_ADTS_HEADER = 7
# Short fades hide the step in the waveform where two cuts meet.
_JOIN_FADE_S = 0.005
# Time stamps rounded to milliseconds jitter by this much at most.
_JITTER_S = 0.0011
# Only a real hole is filled with silence.
_HOLE_S = 0.02
# So many samples are placed, passed on, or made silent at a time.
_BLOCK = 16 * AAC_FRAME


@dataclass(frozen=True)
class SoundCut:
    """Where one cut's sound comes from and goes to.

    Attributes:
        source: the file.
        source_start_s: the cut's first moment, on the file's own time stamps.
        out_start_s: its place in the montage.
        out_end_s: where it ends.
        gain_db: how much louder it is made.
        fade_in_s: how long it takes to rise; a few milliseconds at least.
        fade_out_s: how long it takes to fall, likewise.
        overlap_s: by how much the next cut begins before its end; both are mixed there.
    """

    source: SourceReader
    source_start_s: Fraction
    out_start_s: Fraction
    out_end_s: Fraction
    gain_db: float = 0.0
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    overlap_s: Fraction = Fraction(0)


class SoundLane(Protocol):
    """Takes a cut's sound packets in order and gives the montage's."""

    def begin(self, cut: SoundCut) -> None:
        """The next packets belong to this cut."""

    def feed(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """Packets for the montage that are ready once `packet` is in."""

    @property
    def satisfied(self) -> bool:
        """Whether the cut needs no more packets."""

    def end_cut(self) -> Iterator[AnyPacket]:
        """What is missing to the cut's end: silence where the source has no sound."""

    def finish(self) -> Iterator[AnyPacket]:
        """The last packets of the montage."""

    def close(self) -> None:
        """Give up what is not finished."""


class CopiedSound:
    """Copies AAC frames: slot n of the montage gets the source frame nearest to its time.

    Args:
        stream: the montage's sound stream.
        rate: its sample rate in Hz.
        channels: how many.
    """

    def __init__(self, stream: AudioStream, rate: int, channels: int) -> None:
        self._stream = stream
        self._rate = rate
        self._time_base = Fraction(1, rate)
        self._silence = _silent_frame(rate, channels)
        self._slot = self._end_slot = 0
        self._slots_per_tick = self._slot_of_zero = 0.0
        self._slack = 0.5

    def begin(self, cut: SoundCut) -> None:
        """Slots from here to the cut's end belong to it; the last one must end with the pictures."""
        slots_per_s = Fraction(self._rate, AAC_FRAME)
        self._end_slot = int(cut.out_end_s * slots_per_s)
        self._slack = 0.5
        if cut.source.audio is not None:
            self._slots_per_tick = float(cast(Fraction, cut.source.audio.time_base) * slots_per_s)
            self._slot_of_zero = float((cut.out_start_s - cut.source_start_s) * slots_per_s)

    @property
    def satisfied(self) -> bool:
        """All slots are filled."""
        return self._slot >= self._end_slot

    def feed(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """Put the packet into the slot it is nearest to; slots it comes too late for stay silent."""
        at = cast(int, packet.pts) * self._slots_per_tick + self._slot_of_zero
        while self._slot < self._end_slot and at >= self._slot - self._slack:
            if at <= self._slot + self._slack:
                # From here on neighbours follow, though rounded times jitter about the middle of a slot.
                self._slack = 0.5 + _JITTER_S * self._rate / AAC_FRAME
                yield self._placed(_raw_aac(packet))
                return
            yield self._placed(self._silence)

    def end_cut(self) -> Iterator[AnyPacket]:
        """Silence to the cut's end."""
        while not self.satisfied:
            yield self._placed(self._silence)

    def finish(self) -> Iterator[AnyPacket]:
        """Nothing is held back."""
        return iter(())

    def close(self) -> None:
        """Nothing is under way."""

    def _placed(self, data: bytes) -> AnyPacket:
        packet = Packet(data)
        packet.stream = self._stream
        packet.time_base = self._time_base
        packet.pts = packet.dts = self._slot * AAC_FRAME
        packet.duration = AAC_FRAME
        packet.is_keyframe = True
        self._slot += 1
        return packet


class EncodedSound:
    """Decodes, resamples, places to the sample, mixes, and has one continuous AAC track encoded.

    Args:
        encoder: takes the samples.
    """

    def __init__(self, encoder: SoundEncoder) -> None:
        self._encoder = encoder
        self._rate = ENCODED_RATE
        self._held: list[Samples] = []
        self._held_samples = 0
        self._cut: SoundCut | None = None
        self._start = self._end = self._filled = self._overlap = 0
        self._volume = self._rise = self._fall = 1.0
        self._leaving = _zeros(0)
        self._resampler = Resampler(ENCODED_LAYOUT, self._rate)
        # Decoded, and not placed yet; the next one follows these if it has this time.
        self._frames: list[AudioFrame] = []
        self._frames_samples = 0
        self._next_pts: int | None = None

    def begin(self, cut: SoundCut) -> None:
        """Samples from here to the cut's end belong to it."""
        self._cut = cut
        self._start, self._end = round(cut.out_start_s * self._rate), round(cut.out_end_s * self._rate)
        self._filled = self._start
        # To where the next cut begins, to the sample: a rounding of its own would add up.
        self._overlap = self._end - round((cut.out_end_s - cut.overlap_s) * self._rate)
        self._volume = 10.0 ** (cut.gain_db / 20.0)
        self._rise, self._fall = (
            max(1.0, max(_JOIN_FADE_S, s) * self._rate) for s in (cut.fade_in_s, cut.fade_out_s)
        )
        self._resampler = Resampler(ENCODED_LAYOUT, self._rate)

    @property
    def satisfied(self) -> bool:
        """All samples are there."""
        return self._filled >= self._end

    def feed(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """Decode the packet and place its samples; a damaged one leaves silence."""
        if self.satisfied:
            return
        for frame in self._resampler.decoded(packet):
            if self._frames_samples >= _BLOCK or frame.pts != self._next_pts:
                yield from self._place()
            self._hold(frame)

    def end_cut(self) -> Iterator[AnyPacket]:
        """Silence to the cut's end; what the next cut overlaps is kept to be mixed with it."""
        yield from self._place()
        yield from self._silence_until(self._end)
        if self._resampler.damaged:
            path = cast(SoundCut, self._cut).source.path
            log.warning("%d damaged sound packets of %s are silent", self._resampler.damaged, path)
        self._leaving = _zeros(0)
        if self._overlap:
            samples = np.concatenate(self._held, axis=1)
            self._leaving = samples[:, -self._overlap :]
            self._held = [samples[:, : -self._overlap]]
            self._held_samples -= self._leaving.shape[1]

    def finish(self) -> Iterator[AnyPacket]:
        """Encode what is left."""
        self._held.append(self._leaving)
        self._held_samples += self._leaving.shape[1]
        yield from self._drain(final=True)
        yield from self._encoder.finish()

    def close(self) -> None:
        """Give up what is not finished."""
        self._encoder.close()

    def _hold(self, frame: AudioFrame) -> None:
        self._frames.append(frame)
        self._frames_samples += frame.samples
        first = self._frames[0]
        base = cast(Fraction, first.time_base)
        ticks, rest = divmod(self._frames_samples * base.denominator, base.numerator * self._rate)
        # Where times are rounded, each frame has a place of its own.
        self._next_pts = cast(int, first.pts) + ticks if not rest else None

    def _place(self) -> Iterator[AnyPacket]:
        """Put the frames that wait into their place."""
        if not self._frames:
            return
        cut, first = cast(SoundCut, self._cut), self._frames[0]
        samples = np.concatenate([cast(Samples, frame.to_ndarray()) for frame in self._frames], axis=1)
        self._frames, self._frames_samples = [], 0
        time_s = cast(int, first.pts) * cast(Fraction, first.time_base)
        at = self._start + round((time_s - cut.source_start_s) * self._rate)
        if abs(at - self._filled) < _HOLE_S * self._rate and self._filled > self._start:
            at = self._filled
        yield from self._silence_until(min(at, self._end))
        samples = samples[:, max(0, self._filled - at) : max(0, self._end - at)]
        if samples.shape[1]:
            yield from self._append(self._shaped(samples))

    def _shaped(self, samples: Samples) -> Samples:
        """The samples with the cut's gain and the fades at its two ends."""
        first, end = self._filled - self._start, self._filled + samples.shape[1]
        if first >= self._rise and self._end - end >= self._fall:
            return samples * np.float32(self._volume)
        place = np.arange(self._filled, end)
        edge = np.minimum((place - self._start + 1) / self._rise, (self._end - place) / self._fall)
        return np.asarray(samples * (np.clip(edge, 0.0, 1.0) * self._volume), np.float32)

    def _silence_until(self, end: int) -> Iterator[AnyPacket]:
        while self._filled < end:
            yield from self._append(_zeros(min(end - self._filled, _BLOCK)))

    def _append(self, samples: Samples) -> Iterator[AnyPacket]:
        leaving = self._leaving[:, self._filled - self._start :][:, : samples.shape[1]]
        if leaving.shape[1]:
            samples = samples.copy()
            samples[:, : leaving.shape[1]] += leaving
        self._held.append(samples)
        self._held_samples += samples.shape[1]
        self._filled += samples.shape[1]
        if self._held_samples >= _BLOCK + self._overlap:
            yield from self._drain(final=False)

    def _drain(self, final: bool) -> Iterator[AnyPacket]:
        if not self._held_samples:
            return
        samples = np.concatenate(self._held, axis=1)
        ready = samples.shape[1] if final else max(0, samples.shape[1] - self._overlap)
        yield from self._encoder.push(samples[:, :ready])
        self._held, self._held_samples = [samples[:, ready:]], samples.shape[1] - ready


def _zeros(count: int) -> Samples:
    return np.zeros((2, count), np.float32)


def _raw_aac(packet: AnyPacket) -> bytes:
    """The packet's raw AAC frame: transport streams put an ADTS header (ISO/IEC 13818-7) before it."""
    data = bytes(packet)
    if len(data) > _ADTS_HEADER and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[_ADTS_HEADER if data[1] & 1 else _ADTS_HEADER + 2 :]
    return data


def aac_config(rate: int, channels: int) -> bytes:
    """The AudioSpecificConfig (ISO/IEC 14496-3) of AAC-LC, for the rates and channels that can be copied."""
    bits = 2 << 11 | AAC_RATES.index(rate) << 7 | channels << 3
    return bits.to_bytes(2, "big")


def _silent_frame(rate: int, channels: int) -> bytes:
    """One AAC frame of silence."""
    context = av.CodecContext.create("aac", "w")
    context.sample_rate, context.format = rate, "fltp"
    layout = AudioLayout(AAC_LAYOUTS[channels])
    context.layout = layout
    context.open()
    packets: list[AnyPacket] = []
    for i in range(4):
        frame = AudioFrame.from_ndarray(np.zeros((channels, AAC_FRAME), np.float32), "fltp", layout.name)
        frame.sample_rate, frame.pts, frame.time_base = rate, i * AAC_FRAME, Fraction(1, rate)
        packets += context.encode(frame)
    return bytes(packets[-1])
