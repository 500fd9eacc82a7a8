"""Reading one video: what it is, where its frames are, and its packets from a given place on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, cast

import av
import av.error
from av.audio.stream import AudioStream
from av.packet import Packet, PacketSideData
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from hypecut.errors import MediaError
from hypecut.media.clock import Clock, likely_rates
from hypecut.media.colours import HDR_TRANSFERS, can_tone_map
from hypecut.media.h264 import ParameterSets, is_disposable, is_idr, parameter_sets, parameter_units
from hypecut.media.opening import opened
from hypecut.media.sparse_container import SparseContainer

log = logging.getLogger(__name__)

AnyPacket: TypeAlias = "Packet[Any]"

# No H.264 picture is displayed more than 16 pictures away from its place in decoding order (A.3.1).
MAX_REORDER = 16
# How far past an end to look for the last sound before it; files interleave within a second or so.
SOUND_LATE_S = 3
# Header and pictures may disagree by a few frames at a file's end; more than this is missing material.
SHORT_S = 1.0
# Files without an index are searched by time alone: start this much earlier, step by step, until a
# keyframe shows.
_SEEK_BACK_S = (1, 5, 12, 30, 90)
_INDEXED = ("mov,mp4,m4a,3gp,3g2,mj2",)
# FFmpeg takes a text file for a terminal's screen.
_NO_VIDEO = ("tty",)
# Containers that may say that pictures are to be turned.
_TURNING = (*_INDEXED, "matroska,webm")
_AAC_LC = "LC"
# What FFmpeg calls a sample description that differs from the one before.
DESCRIPTION: Final = "new_extradata"
# Higher ones are the clock's, not the pictures'; with none stated any will do, as only times count.
_MAX_RATE = 1000
_ANY_RATE = Fraction(30)
# What an AudioSpecificConfig can name by a number (ISO/IEC 14496-3): rates, and layouts by their channels.
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
AAC_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


class SourceReader:
    """An open video file. Use it in a `with` statement.

    Args:
        path: the file.

    Raises:
        MediaError: it is missing, can't be opened, or has no picture track with frames.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not path.is_file():
                what = "is not a file" if path.exists() else "does not exist"
                raise MediaError(f"{path} {what}; give the path of a video file.")
            self._container = opened(path)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise MediaError(
                f"{path} is not a video that can be read ({_words(error)}); give another file."
            ) from error
        try:
            self.video = self._find_video()
            self._check_format()
            self.video.codec_context.thread_type = "AUTO"
            self.audio = self._find_audio()
            self.indexed = self.sparse is not None or self._container.format.name in _INDEXED
            self.sets = parameter_sets(self.video.codec_context.extradata) if self.codec == "h264" else None
            self._description: PacketSideData | None = None
            self.clock = self._find_clock()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def sparse(self) -> SparseContainer | None:
        """The container, if it is that of a VOD of which only parts are here."""
        return self._container if isinstance(self._container, SparseContainer) else None

    @property
    def codec(self) -> str:
        """The picture's codec, e.g. `h264`."""
        return self.video.codec_context.name

    @property
    def copyable(self) -> bool:
        """Whether its pictures can be copied into a montage where the boundaries allow it."""
        return self.sets is not None and self.video.codec_context.pix_fmt in ("yuv420p", "yuvj420p")

    @property
    def copyable_sets(self) -> ParameterSets:
        """Its parameter sets; only for a source that is `copyable`."""
        if self.sets is None:
            raise ValueError(f"{self.path} has no H.264 parameter sets")
        return self.sets

    @property
    def audio_config(self) -> tuple[int, int] | None:
        """(sample rate, channels) when the sound is AAC-LC, which can be copied; else None."""
        if self.audio is None or self.audio.codec_context.name != "aac" or self.audio.profile != _AAC_LC:
            return None
        found = self.audio.codec_context.sample_rate, self.audio.codec_context.layout.nb_channels
        return found if found[0] in AAC_RATES and found[1] in AAC_LAYOUTS else None

    @property
    def duration_s(self) -> float:
        """The length in seconds, by its header."""
        if isinstance(self._container, SparseContainer):
            return self._container.duration_s
        lengths = [0.0]
        if self.video.duration:
            lengths.append(float(self.video.duration * self.clock.time_base))
        elif self._container.duration:
            shift = self.clock.origin * self.clock.time_base - Fraction(
                self._container.start_time or 0, av.time_base
            )
            lengths.append(float(Fraction(self._container.duration, av.time_base) - shift))
        return max(lengths)

    @property
    def fps(self) -> Fraction:
        """Frames per second: exact at a constant rate, else the mean."""
        return self.clock.rate if self.clock.constant else Fraction(self.video.average_rate or 60)

    @cached_property
    def rotation(self) -> int:
        """By how many degrees its pictures are turned for display, counter-clockwise: 0, 90, 180 or 270.

        The file has it beside the pictures, and FFmpeg tells it with a decoded one only.
        """
        if self.sparse is not None or self._container.format.name not in _TURNING:
            return 0
        decoder = self.video.codec_context
        try:
            for packet, _ in zip(self.packets_from(0.0, sound=False), range(MAX_REORDER), strict=False):
                for frame in decoder.decode(packet):
                    return round(frame.rotation / 90) * 90 % 360
        except (av.error.FFmpegError, MediaError) as error:
            log.debug("%s: its rotation is not known: %s", self.path, error)
        finally:
            decoder.flush_buffers()
        return 0

    @property
    def is_hdr(self) -> bool:
        """Whether its pictures have a range of brightness for which common screens are not made."""
        return self.video.codec_context.color_trc in HDR_TRANSFERS

    @property
    def remarks(self) -> list[str]:
        """What a user may want to know of how it is used, in sentences."""
        found = []
        if self.is_hdr:
            fate = "are brought to standard range" if can_tone_map() else "may look pale on common screens"
            found.append(f"{self.path} is HDR: its pictures {fate}.")
        tracks = len(self._container.streams.audio)
        if tracks > 1 and self.audio is not None:
            track = self._container.streams.audio.index(self.audio) + 1
            found.append(f"{self.path} has {tracks} sound tracks; track {track} is used.")
        return found

    @property
    def bit_rate(self) -> int:
        """About how many bits a second its pictures take; without its own word, all of the file's."""
        if self.video.bit_rate:
            return self.video.bit_rate
        if self.sparse is not None:
            return self.sparse.bit_rate
        return int(self.path.stat().st_size * 8 / max(1.0, self.duration_s))

    def new_decoder(self, draft: bool = False) -> VideoCodecContext:
        """A decoder for its pictures alone, which needs the file no more; a fast one for a `draft`."""
        own = self.video.codec_context
        made = cast(VideoCodecContext, av.CodecContext.create(own.codec.name, "r"))
        made.extradata = own.extradata
        with contextlib.suppress(ValueError):  # a tag that is no text names nothing that a decoder asks for
            made.codec_tag = own.codec_tag
        made.width, made.height = own.width, own.height
        made.bits_per_coded_sample = own.bits_per_coded_sample
        made.thread_count = 1
        if draft:
            made.options = {"skip_loop_filter": "all", "flags2": "fast"}
        return made

    def is_disposable(self, packet: AnyPacket) -> bool:
        """Whether the packet's picture is needed for no other one."""
        if packet.is_keyframe or self.sets is None:
            return False
        return is_disposable(memoryview(packet), self.sets.length_prefixed)

    def loosen(self) -> None:
        """Count in ticks from now on, because frames were found off the grid."""
        log.debug("%s: some frames are off the grid of %s fps", self.path, self.clock.rate)
        self.clock = self.clock.in_ticks()

    def is_idr(self, packet: AnyPacket) -> bool:
        """Whether copying can begin at this packet."""
        if not packet.is_keyframe or self.sets is None:
            return False
        return is_idr(memoryview(packet), self.sets.length_prefixed) and not self.has_other_sets(packet)

    def has_other_sets(self, packet: AnyPacket) -> bool:
        """Whether the packet brings parameter sets other than those in the file's header.

        From there on, and until the first ones come again, nothing may be copied: the same ids mean other
        sets.
        """
        if self.sets is None:
            return False
        known = {*self.sets.sps, *self.sets.pps}
        found = parameter_units(memoryview(packet), self.sets.length_prefixed)
        if any(unit not in known for unit in found):
            return True
        if not packet.has_sidedata(DESCRIPTION):
            return False
        described = parameter_sets(bytes(packet.get_sidedata(DESCRIPTION)))
        return described is None or not known.issuperset((*described.sps, *described.pps))

    def packets_from(self, time_s: float | Fraction, sound: bool = True) -> Iterator[AnyPacket]:
        """Packets in file order, the pictures from a keyframe at or before `time_s` on, and the sound around.

        Only the iterator that was asked for last may be used: a file has one place at which it is read.

        Raises:
            MediaError: the file can't be read there.
        """
        try:
            yield from self._packets_from(time_s, sound)
        except (av.error.FFmpegError, OSError) as error:
            where = float(time_s)
            raise MediaError(f"{self.path} can't be read at {where:.3f} s ({_words(error)}).") from error

    def _packets_from(self, time_s: float | Fraction, sound: bool) -> Iterator[AnyPacket]:
        clock = self.clock
        unit = max(clock.unit_from(float(time_s)), clock.unit_before(float(time_s)))
        # One tick more: containers that round times may have put the wanted keyframe just behind its place.
        pts = clock.pts(unit) + 1
        backs = (0, *_SEEK_BACK_S) if self.indexed else _SEEK_BACK_S
        for back_s in backs:
            sought = pts - int(back_s / self.clock.time_base)
            if not self.indexed and sought <= self.clock.origin:
                # It may be sought by decoding times, and these begin earlier.
                sought = min(self.clock.origin, 0)
            stream = self._sought(sought, sound)
            # Pictures before the first keyframe can't be decoded; their sound is wanted.
            held: list[AnyPacket] = []
            for packet in stream:
                if packet.stream is not self.video or packet.is_keyframe:
                    held.append(packet)
                if packet.stream is self.video and packet.is_keyframe:
                    break
            found = bool(held) and held[-1].stream is self.video and cast(int, held[-1].pts) <= pts
            if found or sought <= self.clock.origin:
                break
        yield from held
        yield from stream

    def _sought(self, pts: int, sound: bool) -> Iterator[AnyPacket]:
        self._container.seek(max(pts, min(self.clock.origin, 0)), stream=self.video, backward=True)
        streams = [self.video, self.audio] if sound and self.audio is not None else [self.video]
        # What an index promises and the file doesn't hold any more comes as half a packet.
        broken = self._container.format.name in _INDEXED and self.sparse is None
        packets = self._described(self._container.demux(streams))
        return (p for p in packets if p.pts is not None and p.size and not (broken and p.is_corrupt))

    def _described(self, packets: Iterable[AnyPacket]) -> Iterator[AnyPacket]:
        """The packets, those of keyframes with their sample description where it is not the header's.

        An mp4 track may have several (ISO/IEC 14496-12, 8.5.2). FFmpeg gives one along where it begins, and
        not again to who seeks behind that.
        """
        for packet in packets:
            if packet.is_keyframe and packet.stream is self.video:
                if packet.has_sidedata(DESCRIPTION):
                    self._description = packet.get_sidedata(DESCRIPTION)
                elif self._description is not None:
                    packet.set_sidedata(self._description)
            yield packet

    def _find_video(self) -> VideoStream:
        for stream in self._container.streams.video:
            # Cover art is a one-picture stream in FFmpeg's eyes.
            if not int(stream.disposition) & int(av.stream.Disposition.attached_pic):
                if _is_known(stream) and stream.codec_context.width and stream.codec_context.pix_fmt:
                    return stream
                raise MediaError(f"{self.path} has a damaged or unknown picture track; give another file.")
        raise MediaError(f"{self.path} has no picture track; give a video, not sound alone.")

    def _find_audio(self) -> AudioStream | None:
        """The default sound track, or else the first one, of those that can be decoded."""
        tracks = self._container.streams.audio
        usable = [s for s in tracks if _is_known(s) and s.codec_context.sample_rate]
        default = av.stream.Disposition.default
        found = min(usable, key=lambda s: not int(s.disposition) & int(default), default=None)
        if tracks and found is None:
            log.warning("%s: its sound can't be decoded and is left out", self.path)
        return found

    def _check_format(self) -> None:
        name = self._container.format.name
        if name in _NO_VIDEO:
            raise MediaError(f"{self.path} is not a video; give another file.")
        if name == "avi" and self.video.codec_context.reorder_depth:
            raise MediaError(
                f"{self.path} is an AVI file and can't tell when its pictures are shown; make an mp4 of it."
            )

    def _find_clock(self) -> Clock:
        """Find the first frame, and whether the frames lie on a grid at the rate that the file states."""
        video, time_base = self.video, cast(Fraction, self.video.time_base)
        rates = (video.guessed_rate, video.average_rate, video.base_rate, _ANY_RATE)
        rate = next(Fraction(rate) for rate in rates if rate and 1 <= rate <= _MAX_RATE)
        self.clock = Clock(rate, time_base, 0, constant=True).in_ticks()
        found = self._first_pts(4 * MAX_REORDER)
        if not found:
            raise MediaError(f"{self.path} has no pictures that can be read; give another file.")
        origin = found[0] if self.sparse is None else self.sparse.origin
        self.clock = replace(self.clock, origin=origin)
        seen = set(found + self._pts_near_end())
        for likely in likely_rates(rate):
            grid = Clock(likely, time_base, origin, constant=True)
            units = [grid.place(pts) for pts in seen]
            if all(isinstance(unit, int) for unit in units) and len(set(units)) == len(units):
                return grid
        return self.clock

    def _first_pts(self, count: int) -> list[int]:
        """The PTS of the first `count` pictures shown, from the first keyframe on, in file order.

        What an edit list hides is needed for decoding, but not shown.
        """
        found: list[int] = []
        begun = edited = False
        try:
            for packet in self._described(self._container.demux([self.video])):
                if packet.pts is None or not packet.size:
                    continue
                begun = begun or packet.is_keyframe
                edited = edited or packet.is_discard
                if begun and not packet.is_discard:
                    found.append(packet.pts)
                if len(found) >= count:
                    break
        except (av.error.FFmpegError, OSError) as error:
            log.debug("%s: %s", self.path, error)
        return sorted(found) if edited else found

    def _pts_near_end(self) -> list[int]:
        """PTS of pictures at the middle and near the end: a rate that is slightly off shows there."""
        found: list[int] = []
        times_s = [self.duration_s * share for share in (0.5, 0.97)]
        for time_s in times_s if self.sparse is None else self.sparse.sample_times_s:
            try:
                near = self.packets_from(time_s, sound=False)
                found += [cast(int, p.pts) for p, _ in zip(near, range(MAX_REORDER), strict=False)]
            except MediaError as error:
                log.debug("%s", error)
        return found


def _is_known(stream: VideoStream | AudioStream) -> bool:
    """Whether there is a decoder for a track; PyAV's types leave out that there may be none."""
    return cast(object, stream.codec_context) is not None


def _words(error: BaseException) -> str:
    """FFmpeg's or the system's own words, without numbers and names."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
