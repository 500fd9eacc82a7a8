"""The two ways a cut's pictures get into the montage: copied packets, or decoded and encoded again."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Protocol, cast

import av.error
from av.video.frame import VideoFrame

from hypecut.media.dressing import CutDresser, Joiner
from hypecut.media.encoder import pixel_ratio
from hypecut.media.fitting import Fitter
from hypecut.media.inspect import InspectedCut
from hypecut.media.source import AnyPacket, SourceReader
from hypecut.media.timeline import Placement
from hypecut.media.writer import MontageWriter

log = logging.getLogger(__name__)


class Pictures(Protocol):
    """Takes the picture packets of a cut's source, from a keyframe at or before the cut on."""

    frames: int
    damaged: int
    reached: int
    done: bool

    def feed(self, packet: AnyPacket) -> None:
        """Write what this packet adds to the montage."""

    def end(self) -> None:
        """No more packets come."""


class CopiedPictures:
    """Copies packets untouched. Attributes as `Pictures`: frames written, output tick reached, and done."""

    def __init__(
        self, writer: MontageWriter, source: SourceReader, cut: InspectedCut, place: Placement
    ) -> None:
        self._writer, self._cut, self._place = writer, cut, place
        self._prefixed = source.copyable_sets.length_prefixed
        self._started = self.done = False
        self.frames = self.damaged = 0
        self.reached = place.out_start

    def feed(self, packet: AnyPacket) -> None:
        """Copy the packet if it belongs to the cut; the first one past its end closes it."""
        clock = self._place.clock
        at = clock.place(cast(int, packet.pts))
        self._started = self._started or at == self._cut.first
        if not self._started or self.done:
            return
        if at >= self._cut.end:
            self.done = True
            return
        tick = self._place.tick(at)
        duration = self._place.tick(clock.end_of(at, packet.duration)) - tick
        self._writer.copy_picture(packet, self._prefixed, tick, duration)
        self.frames += 1
        self.reached = max(self.reached, tick + duration)

    def end(self) -> None:
        """Nothing is held back."""
        self.done = True


class EncodedPictures:
    """Decodes, fits, encodes. Attributes as `Pictures`; `damaged` counts the packets that were lost."""

    def __init__(
        self,
        writer: MontageWriter,
        fitter: Fitter,
        source: SourceReader,
        cut: InspectedCut,
        place: Placement,
        dresser: CutDresser,
        joiner: Joiner,
    ) -> None:
        self._writer, self._fitter, self._cut, self._place = writer, fitter, cut, place
        self._dresser, self._joiner = dresser, joiner
        self._decoder = source.video.codec_context
        self._pixel_ratio = pixel_ratio(source.video)
        self._last: int | Fraction = cut.first - 1
        self.done = False
        self.frames = self.damaged = 0
        self.reached = place.out_start

    def feed(self, packet: AnyPacket) -> None:
        """Decode the packet and encode the frames of the cut that come out."""
        self._decode(packet)

    def end(self) -> None:
        """Take the last frames out of the decoder and of the cut's encoder."""
        if not self.done:
            self._decode(None)
        self.done = True
        self._writer.write_encoded(self._writer.encoder.end_cut())

    def _decode(self, packet: AnyPacket | None) -> None:
        if self.done:
            return
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError as error:
            self.damaged += 1
            log.debug("a damaged packet is passed over: %s", error)
            return
        for frame in frames:
            self._encode(frame)

    def _encode(self, frame: VideoFrame) -> None:
        if frame.pts is None or self.done:
            return
        at = self._place.clock.place(frame.pts)
        if at >= self._cut.end:
            self.done = True
        elif at >= self._cut.first and at > self._last:
            self._last = at
            tick = self._place.tick(at)
            at_s = (tick - self._place.out_start) / self._place.scale
            self._joiner.put(self._dresser.dress(self._fitter.fit(frame, self._pixel_ratio), at_s), tick)
            self.frames += 1
            self.reached = tick + self._writer.layout.frame_ticks
