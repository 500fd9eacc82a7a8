"""Decoding a source's sound to one rate and layout."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import cast

import av
import av.error
from av.audio.frame import AudioFrame

from hypecut.media.source import AnyPacket

log = logging.getLogger(__name__)


class Resampler:
    """Decodes sound packets to planar floats; broadcasts may change their rate and layout on the way.

    Args:
        layout: the channels wanted, e.g. `stereo`.
        rate: the sample rate wanted, in Hz.

    Attributes:
        damaged: how many packets could not be decoded.
    """

    def __init__(self, layout: str, rate: int) -> None:
        self._layout, self._rate = layout, rate
        self._resampler: av.AudioResampler | None = None
        self._kind: tuple[object, ...] = ()
        self.damaged = 0

    def decoded(self, packet: AnyPacket) -> list[AudioFrame]:
        """The packet's sound, each frame with its time; a damaged packet has none."""
        try:
            frames = cast(list[AudioFrame], packet.decode())
            return [piece for frame in frames for piece in self._resampled(frame)]
        except av.error.FFmpegError as error:
            self.damaged += 1
            log.debug("a damaged sound packet is passed over: %s", error)
            return []

    def _resampled(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        kind = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        if self._resampler is None or kind != self._kind:
            self._resampler = av.AudioResampler("fltp", self._layout, self._rate)
            self._kind = kind
        return (piece for piece in self._resampler.resample(frame) if piece.pts is not None)
