"""Reading a sparse VOD as if it were one file.

`SparseContainer` has what `SourceReader` needs of a container. Each place is read from the beginning of its
segment on, where a keyframe stands, through a container of its own: so nothing is searched for, and segments
that are not here are never touched.
"""

from __future__ import annotations

import contextlib
import logging
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from hypecut.errors import MediaError
from hypecut.media.joined import joined_files
from hypecut.media.sparse import SparsePlaylist, read_sparse

log = logging.getLogger(__name__)

AnyPacket: TypeAlias = "Packet[Any]"

# An MPEG clock counts 33 bits and begins anew.
_WRAP_TICKS = 1 << 33
# Lengths in a playlist are rounded, and broadcasts lose a little; what differs by more has jumped.
_JUMP_S = 30
# So much may the lengths in a playlist, summed up, be off.
_ROUNDING_S = 0.5


class SparseContainer:
    """A sparse VOD, open.

    Args:
        path: the playlist.

    Attributes:
        streams: the tracks, as those of any container.
        format: of the segments.
        duration_s: the length of the whole VOD.
        origin: the PTS of the VOD's first picture.

    Raises:
        MediaError: the playlist can't be read, or none of its segments is here.
        av.error.FFmpegError, OSError: the segments can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._playlist: SparsePlaylist = read_sparse(path)
        segments = self._playlist.segments
        self._starts_s = [0.0, *accumulate(segment.duration_s for segment in segments)]
        first = next((i for i, segment in enumerate(segments) if segment.here), None)
        if first is None:
            raise MediaError(f"nothing of {path} is here; fetch it again.")
        self._stack = contextlib.ExitStack()
        self._main = self._stack.enter_context(self._opened(first))
        self.streams = self._main.streams
        self.format = self._main.format
        self.duration_s = self._starts_s[-1]
        self._sought = first
        self._sought_pts: int | None = None
        self.origin = 0
        with contextlib.ExitStack() as failing:
            failing.callback(self.close)
            if self.streams.video:
                self.origin = self._find_origin(first)
            failing.pop_all()

    def close(self) -> None:
        """Close it."""
        self._stack.close()

    @property
    def bit_rate(self) -> int:
        """About how many bits a second there are in the segments that are here."""
        here = [segment for segment in self._playlist.segments if segment.here]
        size = sum((self._path.parent / segment.name).stat().st_size for segment in here)
        return int(size * 8 / max(1.0, sum(segment.duration_s for segment in here)))

    @property
    def sample_times_s(self) -> Sequence[float]:
        """Where pictures can be looked at: in the middle and the last of the segments that are here."""
        here = [i for i, segment in enumerate(self._playlist.segments) if segment.here]
        return [self._starts_s[i] + 0.5 for i in (here[len(here) // 2], here[-1])]

    def is_gap(self, start_s: float, end_s: float) -> bool:
        """Whether some of what is shown from `start_s` to `end_s` is not here, by the playlist's lengths."""
        first, end = self._index(start_s + _ROUNDING_S), self._index(end_s - _ROUNDING_S) + 1
        return not all(segment.here for segment in self._playlist.segments[first:end])

    def is_end(self, time_s: float) -> bool:
        """Whether the VOD ends soon after a time, so that nothing that follows is missing."""
        return self._index(time_s) == len(self._playlist.segments) - 1

    def seek(self, pts: int, *, stream: VideoStream, backward: bool = True) -> None:
        """Go to the segment that shows the picture of this PTS; `demux` begins there, if it is here."""
        del backward  # a segment begins with a keyframe
        time_s = float((pts - self.origin) * cast(Fraction, stream.time_base))
        self._sought = self._index(time_s)
        if not self._playlist.segments[self._sought].here:
            # The lengths in the playlist may have said a little too late.
            self._sought = self._index(time_s + _ROUNDING_S)
        self._sought_pts = pts

    def demux(self, streams: Sequence[Stream]) -> Iterator[AnyPacket]:
        """The packets of these streams from the place sought on, up to the next segment that is not here."""
        index, wanted, self._sought_pts = self._sought, self._sought_pts, None
        segments = self._playlist.segments
        while index < len(segments) and segments[index].here:
            end = self._end_of_run(index)
            packets = self._run(index, streams)
            head = _until_picture(packets)
            late = wanted is not None and bool(head) and cast(int, head[-1].pts) > wanted
            if late and index > 0 and segments[index - 1].here:
                # The lengths in the playlist said a little too early.
                index, wanted = index - 1, None
                continue
            yield from head
            yield from packets
            index, wanted = end, None

    def _index(self, time_s: float) -> int:
        """The segment that shows a time, by the playlist's lengths."""
        return max(0, min(len(self._starts_s) - 2, bisect_right(self._starts_s, time_s) - 1))

    def _end_of_run(self, index: int) -> int:
        """The first segment after `index` that is not here, or whose time stamps jump."""
        segments = self._playlist.segments
        end = index + 1
        while end < len(segments) and segments[end].here and not segments[end].discontinuity:
            end += 1
        return end

    def _run(self, index: int, streams: Sequence[Stream]) -> Iterator[AnyPacket]:
        """The packets from a segment to the end of its run, on the VOD's clock."""
        with self._opened(index) as container:
            mine = _tracks(container)
            pairs = [(stream, mine[key]) for key, stream in _tracks(self._main).items() if key in mine]
            wanted = {theirs.index: ours for ours, theirs in pairs if ours in streams}
            if any(theirs.time_base != ours.time_base for ours, theirs in pairs):
                raise MediaError(f"{self._path} changes its clock at {self._starts_s[index]:.3f} s.")
            shift: Fraction | None = None
            held: list[AnyPacket] = []
            for packet in container.demux([theirs for _, theirs in pairs]):
                if packet.pts is None or packet.dts is None or not packet.size:
                    continue
                if shift is None:
                    held.append(packet)
                    if packet.stream.type == "video":
                        shift = self._shift_s(index, packet)
                        yield from _moved(held, shift, wanted)
                    continue
                yield from _moved([packet], shift, wanted)

    def _shift_s(self, index: int, first: AnyPacket) -> Fraction:
        """What to add to a run's time stamps; nothing, unless its clock began anew or jumped."""
        base = first.time_base
        time = (cast(int, first.pts) - self.origin) * base
        expected = Fraction(self._starts_s[index])
        wraps = round((expected - time) / (_WRAP_TICKS * base))
        shift = wraps * _WRAP_TICKS * base
        if abs(time + shift - expected) <= _JUMP_S:
            return shift
        log.warning("%s: the time stamps jump at %.0f s", self._path, self._starts_s[index])
        return expected - time

    def _find_origin(self, first: int) -> int:
        """The PTS of the VOD's first picture: by the tag, by the first segment, or by the lengths."""
        base = cast(Fraction, self.streams.video[0].time_base)
        if self._playlist.start is not None:
            return round(self._playlist.start / base)
        with self._opened(first) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is not None and packet.is_keyframe:
                    return round(packet.pts - Fraction(self._starts_s[first]) / base)
        raise MediaError(f"{self._path} has no pictures that can be read; fetch it again.")

    @contextlib.contextmanager
    def _opened(self, index: int) -> Iterator[InputContainer]:
        """A container of the run that begins with a segment."""
        segments = self._playlist.segments[index : self._end_of_run(index)]
        names = [self._playlist.init_name] if self._playlist.init_name else []
        files = [self._path.parent / name for name in (*names, *(s.name for s in segments))]
        kind = "mp4" if self._playlist.init_name else "mpegts"
        with contextlib.closing(joined_files(files, seekable=kind == "mp4")) as joined:
            container = av.open(cast(IO[bytes], joined), "r", format=kind, metadata_errors="replace")
            with container:
                yield container


def _tracks(container: InputContainer) -> dict[tuple[str, int], VideoStream | AudioStream]:
    """The picture and sound tracks by kind and number: other programs may come in another order."""
    found: dict[tuple[str, int], VideoStream | AudioStream] = {}
    found |= {("video", i): stream for i, stream in enumerate(container.streams.video)}
    found |= {("audio", i): stream for i, stream in enumerate(container.streams.audio)}
    return found


def _moved(
    packets: Sequence[AnyPacket], shift_s: Fraction, wanted: dict[int, VideoStream | AudioStream]
) -> Iterator[AnyPacket]:
    """The wanted packets, as those of the main container, their time stamps moved."""
    for packet in packets:
        stream = wanted.get(packet.stream.index)
        if stream is None:
            continue
        ticks = round(shift_s / packet.time_base)
        packet.pts, packet.dts = cast(int, packet.pts) + ticks, cast(int, packet.dts) + ticks
        packet.stream = stream
        yield packet


def _until_picture(packets: Iterator[AnyPacket]) -> list[AnyPacket]:
    """The packets up to and with the first of a picture."""
    head: list[AnyPacket] = []
    for packet in packets:
        head.append(packet)
        if packet.stream.type == "video":
            break
    return head
