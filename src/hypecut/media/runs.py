"""Encoding the parts of a montage that can't be copied: each is a task of its own, and several run at once.

A task decodes what its spans need, and no more: from the keyframe before a span, without pictures outside of
it that no other one needs, and with cheap ones in place of those that none in it needs. Where cuts overlap,
both are decoded in step, so that only a few frames are held.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, Protocol, Self, cast

import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from hypecut.errors import MediaError
from hypecut.media.clock import Clock
from hypecut.media.crossfade import Shown, overlaid
from hypecut.media.deinterlacing import deinterlaced
from hypecut.media.dressing import CutDresser
from hypecut.media.encoder import CodedPicture, EncoderRun, EncoderSetup, pixel_ratio
from hypecut.media.fitting import Fitter
from hypecut.media.h264 import is_predicted
from hypecut.media.inspect import SourcePool
from hypecut.media.pacing import paced
from hypecut.media.parts import EncodedPart, PlacedCut, Span
from hypecut.media.source import MAX_REORDER, AnyPacket, SourceReader
from hypecut.media.stand_ins import lightened

log = logging.getLogger(__name__)

_CORES = max(1, min(8, os.cpu_count() or 1))
# So many parts wait, read or finished, beside those in work, as long as their packets take little memory.
_WAITING = 1
_AHEAD_BYTES = 48 << 20
_NEAR_JOIN_S = 1


class EncoderError(Exception):
    """The montage's encoder fails."""

    def __init__(self, codec: str, error: Exception) -> None:
        super().__init__(f"{codec}: {error}")
        self.codec = codec


@dataclass
class SpanTally:
    """What came of a span, by the number of its cut."""

    cut: int
    frames: int = 0
    damaged: int = 0
    reason: str = ""


@dataclass(frozen=True)
class EncodedRun:
    """A finished part, in decoding order."""

    pictures: list[CodedPicture]
    tallies: list[SpanTally]


class RunKeeper(Protocol):
    """Has parts that were encoded before."""

    def has(self, part: EncodedPart) -> bool:
        """Whether it seems to be there; asked once for each part, before all else."""

    def find(self, part: EncodedPart) -> EncodedRun | None:
        """The part as it would be encoded; None when it must be."""

    def keep(self, part: EncodedPart, run: EncodedRun) -> None:
        """Have this one from now on; called in any thread."""


class _Begun(NamedTuple):
    """A part that was begun; one that is kept is neither in work nor in memory."""

    part: EncodedPart
    future: Future[EncodedRun] | None = None
    bytes: int = 0


@dataclass
class _Material:
    """What a span is decoded from; used up on the way, as it takes memory."""

    span: Span
    packets: deque[AnyPacket]
    wanted: int
    decoder: VideoCodecContext | None
    pixel_ratio: Fraction
    tally: SpanTally


@dataclass(frozen=True)
class RunTools:
    """What all tasks of one montage share.

    Attributes:
        encoder: the montage's encoder.
        overlap: by how many ticks neighbouring cuts overlap.
        dresser: gives what dresses the pictures of a span's cut.
        rotation: by how many degrees the montage's track is turned for display.
        stopped: set when the montage is given up.
    """

    encoder: EncoderSetup
    overlap: int
    dresser: Callable[[Span], CutDresser]
    rotation: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)


class RunTask:
    """An encoded part whose packets are read: it needs nothing from any file any more.

    Args:
        part: what to encode.
        pool: where its sources are.
        tools: what all tasks share.
    """

    def __init__(self, part: EncodedPart, pool: SourcePool, tools: RunTools) -> None:
        self._tools = tools
        length_s = Fraction(part.end_tick - part.start_tick, tools.encoder.scale)
        self._length = round(length_s * tools.encoder.picture.fps)
        self._material = [_read(span, pool, tools.encoder.options.draft) for span in part.spans]
        self.bytes = sum(packet.size for one in self._material for packet in one.packets)

    def __call__(self) -> EncodedRun:
        """Decode, fit, dress, mix and encode."""
        run = EncoderRun(self._tools.encoder, self._length)
        pictures: list[CodedPicture] = []
        try:
            for ready in self._encoded(run):
                pictures += ready
            pictures += run.finish()
        except av.error.FFmpegError as error:
            raise EncoderError(self._tools.encoder.codec, error) from error
        return EncodedRun(pictures, [one.tally for one in self._material])

    def _encoded(self, run: EncoderRun) -> Iterator[list[CodedPicture]]:
        """The pictures as they get ready; while one frame is encoded, the next one is made."""
        under_way: Future[list[CodedPicture]] | None = None
        with ThreadPoolExecutor(1) as encoding:
            for frame, tick in self._frames():
                if self._tools.stopped.is_set():
                    break
                if under_way is not None:
                    yield under_way.result()
                under_way = encoding.submit(run.encode, frame, tick)
            if under_way is not None:
                yield under_way.result()

    def _frames(self) -> Shown:
        """The part's frames with their output ticks."""
        fitter = Fitter(self._tools.encoder.picture, self._tools.encoder.options.draft)
        cuts = [(one.span.start_tick, self._dressed(one, fitter)) for one in self._material]
        return overlaid(cuts, self._tools.overlap)

    def _dressed(self, material: _Material, fitter: Fitter) -> Shown:
        span, place = material.span, material.span.placed.place
        dresser = self._tools.dresser(span)
        turn = (span.placed.cut.rotation - self._tools.rotation) % 360
        frames = deinterlaced((frame, place.tick(at)) for frame, at in _decoded(material))
        if span.placed.grid is not None:
            frames = paced(frames, span.placed.grid, span.start_tick, span.end_tick)
        last: VideoFrame | None = None
        for frame, tick in frames:
            if frame is not last:
                last, fitted = frame, fitter.fit(frame, material.pixel_ratio, turn)
            material.tally.frames += 1
            yield dresser.dress(fitted, (tick - place.out_start) / place.scale), tick


def at_once(overlap: int) -> int:
    """How many parts are encoded at a time: with two decoders and an encoder a part keeps two cores busy."""
    return (_CORES + 1) // 2 if overlap else _CORES


class Runs:
    """Encodes the parts of a montage, some at once and some ahead. Use it in a `with` statement.

    Files are read in the thread that asks; the tasks themselves touch none.

    Args:
        parts: what is to be encoded, in order.
        pool: where its sources are.
        tools: what all tasks share.
        keeper: has some of the parts already, and keeps the others; None for neither.
    """

    def __init__(
        self,
        parts: Iterable[EncodedPart],
        pool: SourcePool,
        tools: RunTools,
        keeper: RunKeeper | None = None,
    ) -> None:
        self._coming = deque(parts)
        self._pool, self._tools, self._keeper = pool, tools, keeper
        self._begun: deque[_Begun] = deque()
        self._at_once = at_once(tools.overlap)
        self._executor = ThreadPoolExecutor(self._at_once)
        # A file is read at one place: parts of a cut that is being read need it opened once more.
        self._apart = SourcePool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tools.stopped.set()
        self._executor.shutdown(cancel_futures=True)
        self._apart.close()

    def read_ahead(self) -> None:
        """Begin with as many parts as may be in work at a time; no source of the pool may be in use."""
        while self._coming and self._has_room():
            self._begin(self._pool)

    def next(self, during: PlacedCut | None = None) -> EncodedRun:
        """The next part, once it is finished.

        Args:
            during: the cut whose source is being read, if any.
        """
        pool = self._pool if during is None else self._apart
        if not self._begun:
            self._begin(pool)
        part, future, _ = self._begun.popleft()
        run = self._kept(part) if future is None else future.result()
        if run is None:
            run = self._submitted(part, RunTask(part, pool, self._tools)).result()
        # What goes on in the next cut can wait until that is read: one file opened twice takes more memory.
        while self._coming and self._has_room() and self._coming[0].spans[-1].placed is during:
            self._begin(self._apart)
        return run

    def _begin(self, pool: SourcePool) -> None:
        part = self._coming.popleft()
        if self._keeper is not None and self._keeper.has(part):
            self._begun.append(_Begun(part))
            return
        task = RunTask(part, pool, self._tools)
        self._begun.append(_Begun(part, self._submitted(part, task), task.bytes))

    def _kept(self, part: EncodedPart) -> EncodedRun | None:
        return self._keeper.find(part) if self._keeper is not None else None

    def _submitted(self, part: EncodedPart, task: RunTask) -> Future[EncodedRun]:
        return self._executor.submit(self._made, part, task)

    def _made(self, part: EncodedPart, task: RunTask) -> EncodedRun:
        run = task()
        if self._keeper is not None and not self._tools.stopped.is_set():
            self._keeper.keep(part, run)
        return run

    def _has_room(self) -> bool:
        read = [one.bytes for one in self._begun if one.future is not None]
        return not read or (len(read) < self._at_once + _WAITING and sum(read) < _AHEAD_BYTES)


def _decoded(material: _Material) -> Iterator[tuple[VideoFrame, int | Fraction]]:
    """The span's frames and their units, each later than the one before."""
    span, clock = material.span, material.span.placed.cut.clock
    last: int | Fraction = span.first - 1
    count = 0
    decoder, material.decoder = material.decoder, None
    while decoder is not None:
        packet = material.packets.popleft() if material.packets else None
        try:
            frames = decoder.decode(packet)
        except av.error.FFmpegError as error:
            material.tally.damaged += 1
            log.debug("a damaged packet is passed over: %s", error)
            frames = []
        for frame in frames:
            if frame.pts is None:
                continue
            at = clock.place(frame.pts)
            if at >= span.end:
                break
            if at >= span.first and at > last:
                last, count = at, count + 1
                yield frame, at
        del frames
        if packet is None:
            break
    # A decoder may leave pictures out without a word.
    material.tally.damaged = max(material.tally.damaged, material.wanted - count)


def _read(span: Span, pool: SourcePool, draft: bool) -> _Material:
    """Read what a span is decoded from; what can't be read is told in its tally."""
    cut = span.placed.cut
    tally = SpanTally(cut.number)
    try:
        source = pool.get(cut.path)
        sparse = _sparse(span) if draft else range(0)
        packets = _needed(source, cut.clock, span.first, span.end, sparse)
    except MediaError as error:
        tally.reason = str(error)
        return _Material(span, deque(), 0, None, Fraction(1), tally)
    places = [cut.clock.place(cast(int, packet.pts)) for packet in packets]
    units = {round(place) for place in places}
    # Other codecs have packets that show nothing.
    wanted = sum(span.first <= unit < span.end for unit in units) if source.sets is not None else 0
    decoder = source.new_decoder(draft)
    packets = lightened(packets, [place < span.first for place in places], source.sets)
    return _Material(span, deque(packets), wanted, decoder, pixel_ratio(source.video), tally)


def _sparse(span: Span) -> range:
    """The units of a draft's cut where pictures that no other one needs may be left out.

    Those before them are shown again. Near the joins, for which drafts are looked at, all are there.
    """
    cut = span.placed.cut
    if span.placed.grid is None:
        return range(0)
    near = int(_NEAR_JOIN_S * cut.clock.rate)
    return range(cut.first + near, cut.end - near)


def _needed(source: SourceReader, clock: Clock, first: int, end: int, sparse: range) -> list[AnyPacket]:
    """The packets without which the pictures from `first` to before `end`, but for some, can't be decoded.

    Args:
        source: the file.
        clock: its clock.
        first: the unit of the first picture wanted.
        end: the first unit that is not.
        sparse: units where pictures that no other one needs are not wanted.
    """
    found: list[AnyPacket] = []
    wanted = beyond = 0
    for packet in _from_whole_picture(source, clock, first):
        unit = clock.unit(cast(int, packet.pts))
        inside = first <= unit < end
        if unit <= first and not wanted and source.is_idr(packet):
            found.clear()  # a file without an index is read from somewhat earlier
        if (inside and unit not in sparse) or not source.is_disposable(packet):
            found.append(packet)
        if inside:
            wanted = len(found)
        beyond = beyond + 1 if unit >= end else 0
        if beyond > MAX_REORDER:
            break
    return found[:wanted]


def _from_whole_picture(source: SourceReader, clock: Clock, first: int) -> Iterator[AnyPacket]:
    """Pictures from a keyframe on from which `first` can be decoded.

    Where pictures are made anew column by column, as in streams of low latency, a "keyframe" is where that
    begins (recovery point, ITU-T H.264, D.2.8), and decoding is sound about when the next one comes.
    """
    packets = source.packets_from(clock.seconds(first), sound=False)
    start = next(packets, None)
    if start is None:
        return
    unit = clock.unit(cast(int, start.pts))
    if source.sets is not None and is_predicted(memoryview(start), source.sets.length_prefixed) and unit > 0:
        yield from source.packets_from(clock.seconds(unit - 1), sound=False)
        return
    yield start
    yield from packets
