"""Decoding a source's sound to one rate and layout."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import cast

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
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
        self._decoder: AudioCodecContext | None = None
        self.damaged = 0

    def decoded(self, packet: AnyPacket) -> list[AudioFrame]:
        """The packet's sound, each frame with its time; a damaged packet has none."""
        try:
            if self._decoder is None:
                self._decoder = _fresh_decoder(packet.stream.codec_context)
            frames = self._decoder.decode(packet)
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


def _fresh_decoder(own: AudioCodecContext) -> AudioCodecContext:
    """A decoder that remembers nothing: the noise that AAC leaves to it depends on all it ever decoded."""
    if own.name != "aac":
        if own.is_open:
            own.flush_buffers()
        return own
    made = cast(AudioCodecContext, av.CodecContext.create(own.name, "r"))
    made.extradata, made.codec_tag = own.extradata, own.codec_tag
    made.sample_rate = own.sample_rate
    if own.layout.nb_channels:
        made.layout = own.layout
    return made
