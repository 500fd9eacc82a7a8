"""Encoding the montage's sound in stretches of a few seconds: several at once, and each found again.

An AAC frame (ISO/IEC 14496-3, 4.6.11) covers the samples of two neighbours and needs nothing else of them. So
a stretch is encoded on its own, with a little of the sound around it, and only its own frames are taken: at
its ends both encoders were given the same samples, and what their windows overlap adds up to these.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, cast

import av
import msgspec
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from hypecut.media.limiter import PeakLimiter
from hypecut.media.pieces import PieceStore, content_digest, piece_key
from hypecut.media.source import AnyPacket

Samples = npt.NDArray[np.float32]

AAC_FRAME = 1024
ENCODED_RATE = 48_000
ENCODED_BIT_RATE = 160_000
ENCODED_LAYOUT = "stereo"
_TIME_BASE = Fraction(1, ENCODED_RATE)
# Of a stretch, in frames. Longer ones take more memory, shorter ones more work at their ends.
_STRETCH = 128
# An encoder finds its way within a few frames; it and the limiter look a little ahead.
_BEFORE, _AFTER = 8, 4
# So many samples go through the limiter at a time.
_BLOCK = 16 * AAC_FRAME
# FFmpeg's ways of choosing quantizers. At this bit rate the fast one takes less than half of the other's
# time and is nearer to the source, but clips tones of more than -6.5 dBFS, for which it has too many bits.
_FAST, _SAFE = "fast", "twoloop"
_STRONG_TONE = 10 ** (-10 / 20)
_WINDOW = 2 * AAC_FRAME
_WORKERS = max(1, min(4, os.cpu_count() or 1))


class CodedSound(NamedTuple):
    """One coded AAC frame: its place and length in samples, counted from the start of its stretch."""

    at: int
    samples: int
    data: bytes


@dataclass(frozen=True)
class SoundTools:
    """How all stretches of a montage are encoded.

    Attributes:
        ceiling_dbtp: peaks are kept below this; None leaves them.
        pieces: where stretches are found again, and kept; None for nowhere.
    """

    ceiling_dbtp: float | None = None
    pieces: PieceStore | None = None


class SoundEncoder:
    """Encodes one continuous track in a montage's sound stream.

    Args:
        stream: the stream; its own encoder is not used.
        tools: how.
    """

    def __init__(self, stream: AudioStream, tools: SoundTools) -> None:
        self._stream, self._tools = stream, tools
        self._held: list[Samples] = []
        self._held_samples = 0
        # The place of the stretch that is being filled, and of the first sample held.
        self._start = self._held_from = 0
        self._running: deque[tuple[int, Future[list[CodedSound]]]] = deque()
        self._executor = ThreadPoolExecutor(_WORKERS)

    def push(self, samples: Samples) -> Iterator[AnyPacket]:
        """Take the next samples, shape (2, n); gives the packets that are ready."""
        self._held.append(samples)
        self._held_samples += samples.shape[1]
        while self._held_from + self._held_samples >= self._start + (_STRETCH + _AFTER) * AAC_FRAME:
            yield from self._begin((_STRETCH + _AFTER) * AAC_FRAME, final=False)

    def finish(self) -> Iterator[AnyPacket]:
        """Gives the rest of the packets."""
        if self._held_from + self._held_samples > self._start:
            yield from self._begin(self._held_from + self._held_samples - self._start, final=True)
        while self._running:
            yield from self._finished()

    def close(self) -> None:
        """Give up what is not finished."""
        self._executor.shutdown(cancel_futures=True)

    def _begin(self, length: int, final: bool) -> Iterator[AnyPacket]:
        """Begin with a stretch of which `length` samples are there; gives the packets of finished ones."""
        while self._running and (self._running[0][1].done() or len(self._running) >= _WORKERS):
            yield from self._finished()
        held = np.concatenate(self._held, axis=1)
        before = self._start - self._held_from
        samples = held[:, : before + length].copy()
        work = _Stretch(samples, before, final, self._tools)
        self._running.append((self._start, self._executor.submit(work)))
        self._start += _STRETCH * AAC_FRAME
        kept_from = self._start - _BEFORE * AAC_FRAME
        rest = held[:, kept_from - self._held_from :].copy()
        self._held, self._held_samples, self._held_from = [rest], rest.shape[1], kept_from

    def _finished(self) -> Iterator[AnyPacket]:
        start, future = self._running.popleft()
        for coded in future.result():
            packet: AnyPacket = Packet(coded.data)
            packet.stream = self._stream
            packet.time_base = _TIME_BASE
            packet.pts = packet.dts = start + coded.at
            packet.duration = coded.samples
            packet.is_keyframe = True
            yield packet


@dataclass(frozen=True)
class _Stretch:
    """A stretch to be encoded: its samples, so many before it, and whether it is the track's last one."""

    samples: Samples
    before: int
    final: bool
    tools: SoundTools

    def __call__(self) -> list[CodedSound]:
        store = self.tools.pieces
        if store is None:
            return list(self._coded())
        sound = content_digest(np.ascontiguousarray(self.samples).data)
        how = (ENCODED_RATE, ENCODED_BIT_RATE, _STRETCH, self.tools.ceiling_dbtp)
        key = piece_key("sound", how, self.before, self.final, sound)
        kept = store.get(key)
        if kept is not None:
            return msgspec.msgpack.decode(kept, type=list[CodedSound])
        coded = list(self._coded())
        store.put(key, msgspec.msgpack.encode(coded))
        return coded

    def _coded(self) -> Iterator[CodedSound]:
        """Its own frames of all that an encoder makes of its samples."""
        # Before the very first sample an encoder puts a frame of its own.
        first = 0 if self.before else -AAC_FRAME
        samples = self._limited()
        for packet in _encoded(samples, _SAFE if has_strong_tone(samples) else _FAST):
            at = cast(int, packet.pts) - self.before
            if at >= first and (self.final or at < _STRETCH * AAC_FRAME):
                yield CodedSound(at, cast(int, packet.duration), bytes(packet))

    def _limited(self) -> Samples:
        if self.tools.ceiling_dbtp is None:
            return np.clip(self.samples, -1.0, 1.0)
        limiter = PeakLimiter(self.tools.ceiling_dbtp, ENCODED_RATE)
        starts = range(0, self.samples.shape[1], _BLOCK)
        blocks = [limiter.push(self.samples[:, at : at + _BLOCK]) for at in starts]
        rest = limiter.finish()
        return np.concatenate(blocks if rest is None else [*blocks, rest], axis=1)


def configure(context: AudioCodecContext) -> None:
    """Set an encoder up for the montage's sound."""
    context.sample_rate, context.format, context.layout = ENCODED_RATE, "fltp", ENCODED_LAYOUT
    context.bit_rate, context.time_base = ENCODED_BIT_RATE, _TIME_BASE


def has_strong_tone(samples: Samples) -> bool:
    """Whether a single tone in the sound, shape (2, n), is nearly as loud as can be."""
    whole = samples.shape[1] // AAC_FRAME * AAC_FRAME
    blocks = samples[:, :whole].reshape(2, -1, AAC_FRAME)
    # The height of a tone of full scale in a spectrum that was weighted so.
    weights = np.hanning(_WINDOW).astype(np.float32)
    strong = _STRONG_TONE * weights.sum() / 2
    loud = np.abs(blocks).max(axis=(0, 2), initial=0.0) >= _STRONG_TONE
    for at in np.flatnonzero(loud[:-1] | loud[1:]):
        window = samples[:, at * AAC_FRAME :][:, :_WINDOW]
        if np.abs(np.fft.rfft(window * weights)).max() >= strong:
            return True
    return False


def _encoded(samples: Samples, coder: str) -> Iterator[AnyPacket]:
    context = av.CodecContext.create("aac", "w")
    configure(context)
    context.options = {"aac_coder": coder}
    context.open()
    for at in range(0, samples.shape[1], AAC_FRAME):
        yield from context.encode(_frame(samples[:, at : at + AAC_FRAME], at))
    yield from context.encode(None)


def _frame(samples: Samples, at: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", ENCODED_LAYOUT)
    frame.sample_rate, frame.time_base, frame.pts = ENCODED_RATE, _TIME_BASE, at
    return frame
