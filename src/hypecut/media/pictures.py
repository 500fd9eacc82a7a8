"""How a cut's pictures get into the montage: copied packets, decoded and encoded ones, or both by turns."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Protocol, cast

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame

from hypecut.media.bodies import Body
from hypecut.media.dressing import CutDresser, Joiner
from hypecut.media.encoder import pixel_ratio
from hypecut.media.fitting import Fitter
from hypecut.media.source import AnyPacket, SourceReader
from hypecut.media.timeline import Placement
from hypecut.media.writer import MontageWriter

log = logging.getLogger(__name__)


class Pictures(Protocol):
    """Takes the picture packets of a cut's source, from a keyframe at or before the cut on."""

    @property
    def frames(self) -> int:
        """Pictures written."""

    @property
    def copied(self) -> int:
        """Pictures copied."""

    @property
    def damaged(self) -> int:
        """Packets that could not be decoded."""

    @property
    def reached(self) -> int:
        """The output tick up to which pictures are there."""

    @property
    def done(self) -> bool:
        """All of the cut was seen."""

    def feed(self, packet: AnyPacket) -> None:
        """Write what this packet adds to the montage."""

    def end(self) -> None:
        """No more packets come."""


class CopiedPictures:
    """Copies packets untouched.

    Args:
        writer: the montage.
        source: what the packets are of.
        place: where the cut's frames go.
        span: the source units of the first picture to copy and of the first one not to.
    """

    def __init__(
        self, writer: MontageWriter, source: SourceReader, place: Placement, span: tuple[int, int]
    ) -> None:
        self._writer, self._place = writer, place
        self._first, self._end = span
        self._prefixed = source.copyable_sets.length_prefixed
        self._started = self.done = False
        self.frames = self.damaged = 0
        self.reached = place.out_start

    @property
    def copied(self) -> int:
        """All that is written is copied."""
        return self.frames

    def feed(self, packet: AnyPacket) -> None:
        """Copy the packet if it belongs to the cut; the first one past its end closes it."""
        clock = self._place.clock
        at = clock.place(cast(int, packet.pts))
        self._started = self._started or at == self._first
        if not self._started or self.done:
            return
        if at >= self._end:
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
    """Decodes, fits, dresses, encodes.

    Args:
        writer: the montage.
        fitter: brings frames to its format.
        source: what the packets are of.
        place: where the cut's frames go.
        dresser: draws on them what the cut wears.
        joiner: passes them on, mixed where cuts overlap.
        span: the source units of the first frame to encode and of the first one not to.
    """

    copied = 0

    def __init__(
        self,
        writer: MontageWriter,
        fitter: Fitter,
        source: SourceReader,
        place: Placement,
        dresser: CutDresser,
        joiner: Joiner,
        span: tuple[int, int],
    ) -> None:
        self._writer, self._fitter, self._place = writer, fitter, place
        self._first, self._end = span
        self._dresser, self._joiner = dresser, joiner
        self._decoder = source.video.codec_context
        self._pixel_ratio = pixel_ratio(source.video)
        self._last: int | Fraction = self._first - 1
        self.done = False
        self.frames = self.damaged = 0
        self.reached = place.out_start

    def feed(self, packet: AnyPacket) -> None:
        """Decode the packet and encode the frames of the cut that come out."""
        self._decode(packet)

    def end(self) -> None:
        """Take the last frames out of the decoder."""
        if not self.done:
            self._decode(None)
        self.done = True
        self._writer.encoder.end_cut()

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
        if at >= self._end:
            self.done = True
        elif at >= self._first and at > self._last:
            self._last = at
            tick = self._place.tick(at)
            at_s = (tick - self._place.out_start) / self._place.scale
            self._joiner.put(self._dresser.dress(self._fitter.fit(frame, self._pixel_ratio), at_s), tick)
            self.frames += 1
            self.reached = tick + self._writer.layout.frame_ticks


class JoinedPictures:
    """Encodes a cut's pictures at its ends, as few as can be, and copies all between them.

    The head is encoded up to the first IDR picture from which pictures may be copied; copying goes on as long
    as decoding and display order agree, and the rest is encoded. What is needed only to decode those is
    decoded, but for pictures that no other one needs. After the recipe of smart cutting that cutters such as
    LosslessCut and smartcut follow.

    Args:
        writer, fitter, source, place, dresser, joiner: as of `EncodedPictures`.
        span: the source units of the cut's first frame and of the first one no longer shown.
        body: what may be copied of it.
    """

    def __init__(
        self,
        writer: MontageWriter,
        fitter: Fitter,
        source: SourceReader,
        place: Placement,
        dresser: CutDresser,
        joiner: Joiner,
        span: tuple[int, int],
        body: Body,
    ) -> None:
        self._writer, self._source, self._place, self._body = writer, source, place, body
        self._first, self._end = span
        self._head = EncodedPictures(writer, fitter, source, place, dresser, joiner, span)
        self._middle = CopiedPictures(writer, source, place, (self._end, body.end))
        self._tail = EncodedPictures(writer, fitter, source, place, dresser, joiner, (body.end, self._end))
        self._part: Pictures = self._head
        self._needed: list[AnyPacket] = []

    @property
    def frames(self) -> int:
        """Pictures written."""
        return self._head.frames + self._middle.frames + self._tail.frames

    @property
    def copied(self) -> int:
        """Pictures copied."""
        return self._middle.frames

    @property
    def damaged(self) -> int:
        """Packets that could not be decoded."""
        return self._head.damaged + self._tail.damaged

    @property
    def reached(self) -> int:
        """The output tick up to which pictures are there."""
        return max(self._head.reached, self._middle.reached, self._tail.reached)

    @property
    def done(self) -> bool:
        """All of the cut was seen."""
        return self._part.done and (self._part is not self._middle or self._body.end >= self._end)

    def feed(self, packet: AnyPacket) -> None:
        """Encode or copy what this packet adds."""
        at = self._place.clock.unit(cast(int, packet.pts))
        if self._part is self._head and self._body.begins_at(at) and self._source.is_idr(packet):
            self._begin_middle(at)
        if self._part is self._middle:
            if at < self._body.end:
                self._keep(packet, at)
                self._middle.feed(packet)
                return
            self._middle.end()
            if self._body.end >= self._end:
                return
            self._begin_tail()
        if self._part is self._tail or at >= self._first or not self._source.is_disposable(packet):
            self._part.feed(packet)

    def end(self) -> None:
        """No more packets come."""
        if self._part is self._middle and self._body.end < self._end:
            self._begin_tail()
        self._part.end()

    def _begin_middle(self, at: int) -> None:
        self._head.end()
        self._source.video.codec_context.flush_buffers()
        self._middle = CopiedPictures(self._writer, self._source, self._place, (at, self._body.end))
        self._part = self._middle

    def _keep(self, packet: AnyPacket, at: int) -> None:
        """Keep a copy of what the tail may need: writing a packet takes its bytes away."""
        if self._body.end >= self._end or at < self._body.needed_from:
            return
        if packet.is_keyframe:
            self._needed.clear()
        if self._needed or packet.is_keyframe:
            if self._source.is_disposable(packet):
                return
            kept: AnyPacket = Packet(bytes(packet))
            kept.pts, kept.dts, kept.time_base = packet.pts, packet.dts, packet.time_base
            kept.is_keyframe = packet.is_keyframe
            self._needed.append(kept)

    def _begin_tail(self) -> None:
        self._part = self._tail
        self._source.video.codec_context.flush_buffers()
        for packet in self._needed:
            self._tail.feed(packet)
        self._needed.clear()
