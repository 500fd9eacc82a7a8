"""Writing the montage file: one picture track, one sound track, on the montage's own time line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from hypecut.media.bodies import Body
from hypecut.media.encoder import (
    JOIN_OPTIONS,
    JOIN_QUANTIZER,
    MAX_RATE_FACTOR,
    CodedPicture,
    EncoderOptions,
    EncoderSetup,
    PictureFormat,
)
from hypecut.media.h264 import bare, parameter_units
from hypecut.media.hardware import working_encoder
from hypecut.media.inspect import SourcePool
from hypecut.media.loudness import SOUND_CEILING_DBTP
from hypecut.media.opening import openable
from hypecut.media.pacing import FrameGrid
from hypecut.media.pieces import PieceStore
from hypecut.media.sound import CopiedSound, EncodedSound, SoundLane, aac_config
from hypecut.media.sound_encoder import ENCODED_LAYOUT, ENCODED_RATE, SoundEncoder, SoundTools, configure
from hypecut.media.source import DESCRIPTION, AnyPacket, SourceReader
from hypecut.media.timeline import DecodingTimes

Encodes = Literal["nothing", "joins", "cuts"]

# Of frames at irregular times few last longer than so many usual ones.
_IRREGULAR_STEPS = 4


@dataclass(frozen=True)
class MontageLayout:
    """What the montage's tracks are made of.

    Attributes:
        picture: size, rate and colours, as coded.
        rotation: by how many degrees the pictures are turned for display, counter-clockwise.
        scale: output ticks a second.
        delay: how many pictures at most are decoded ahead of display.
        template: the source whose pictures are copied; None when every picture is encoded.
        bodies: what is copied of which cut, by its number.
        steady: all frames are shown at an even rate.
        paced: the numbers of the cuts that are brought to that rate.
        encodes: what is encoded beside copied pictures: `nothing`, `joins` alone, or `cuts` as well.
        sound: `copied`, `encoded` or `none`.
        sound_template: the source whose sound is copied.
        limited: peaks of encoded sound are kept down.
    """

    picture: PictureFormat
    rotation: int
    scale: int
    delay: int
    template: Path | None
    bodies: Mapping[int, Body]
    steady: bool
    paced: frozenset[int]
    encodes: Encodes
    sound: str
    sound_template: Path | None
    limited: bool = False

    @property
    def decoding_step(self) -> int:
        """Output ticks between the first decoding times.

        Players that search by decoding times take every keyframe to be decoded ahead by as much as the first
        picture. At irregular times some are further ahead, and would be taken for earlier ones.
        """
        return self.frame_ticks if self.steady else _IRREGULAR_STEPS * self.frame_ticks

    @property
    def frame_ticks(self) -> int:
        """The nominal length of a frame, in output ticks."""
        return max(1, round(self.scale / self.picture.fps))

    @property
    def grids(self) -> dict[int, FrameGrid]:
        """When frames are shown of the cuts that are brought to the montage's rate, by their number."""
        return dict.fromkeys(self.paced, FrameGrid(self.picture.fps, self.scale))


class MontageWriter:
    """An open montage file. Use it in a `with` statement; on an error the file is left unfinished.

    Args:
        path: the file.
        layout: what its tracks are made of.
        options: how pictures are encoded where most of them are.
        pool: where the sources are whose tracks are copied.
        pieces: where encoded sound is found again, and kept; None for nowhere.

    Raises:
        MediaError: such a source can't be opened any more.
    """

    def __init__(
        self,
        path: Path,
        layout: MontageLayout,
        options: EncoderOptions,
        pool: SourcePool,
        pieces: PieceStore | None = None,
    ) -> None:
        self.layout = layout
        # The caller gives a path beside the final one; the index goes to the front for players on the web.
        # Sound comes some seconds late, one time more than another: the file is the same all the same.
        muxing = {"movflags": "+faststart", "max_interleave_delta": "0"}
        self._container = av.open(openable(path), "w", format="mp4", options=muxing)
        self._times = DecodingTimes(layout.delay, layout.decoding_step)
        self._time_base = Fraction(1, layout.scale)
        if layout.template is not None:
            self._video = self._copied_track(pool.get(layout.template), options)
        else:
            self._video = self._encoded_track(options)
        self.sound: SoundLane | None = self._sound_track(pool, pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.sound is not None:
            self.sound.close()
        if error is None:
            self._container.close()
            return
        # The file is thrown away: an error in closing it must not hide the first one.
        try:
            self._container.close()
        except Exception as second:
            error.add_note(f"closing the unfinished montage failed as well: {second}")

    def copy_picture(self, packet: AnyPacket, prefixed: bool, tick: int, duration: int) -> None:
        """Write a source's packet, its coded picture untouched, to be shown at `tick`."""
        data = memoryview(packet)
        # Parameter sets come with keyframes; other packets of mp4 files are written as they are.
        if not prefixed or (packet.is_keyframe and _brings_sets(packet)):
            stripped: AnyPacket = Packet(bare(data, prefixed))
            stripped.is_keyframe = packet.is_keyframe
            packet = stripped
        self._write_picture(packet, tick, duration)

    def write_picture(self, picture: CodedPicture) -> None:
        """Write a picture that a run of this montage's encoder made."""
        packet: AnyPacket = Packet(picture.data)
        packet.is_keyframe = picture.is_keyframe
        self._write_picture(packet, picture.tick, self.layout.frame_ticks)

    def write_sound(self, packets: Iterable[AnyPacket]) -> None:
        """Write packets of the sound lane."""
        for packet in packets:
            self._container.mux(packet)

    def _write_picture(self, packet: AnyPacket, tick: int, duration: int) -> None:
        packet.stream = self._video
        packet.time_base = self._time_base
        packet.pts = tick
        packet.dts = self._times.next(tick)
        packet.duration = duration
        self._container.mux(packet)

    def _copied_track(self, template: SourceReader, options: EncoderOptions) -> VideoStream:
        layout, sets = self.layout, template.copyable_sets
        limit = quantizer = None
        if layout.encodes == "joins":
            options, quantizer = JOIN_OPTIONS, JOIN_QUANTIZER
            limit = MAX_RATE_FACTOR * template.bit_rate
        sps_id = sets.free_id or 0
        setup = EncoderSetup(layout.picture, layout.scale, options, True, sps_id, limit, quantizer)
        self.encoder = setup.with_one_kind_of_sets()
        if layout.encodes != "nothing":
            sets = sets.joined(self.encoder.sets())
        stream = self._container.add_stream_from_template(template.video)
        stream.codec_context.extradata = sets.avcc()
        stream.codec_context.codec_tag = "avc1"
        stream.time_base = self._time_base
        return stream

    def _encoded_track(self, options: EncoderOptions) -> VideoStream:
        layout = self.layout
        setup = EncoderSetup(layout.picture, layout.scale, options, False)
        self.encoder = replace(setup, codec=working_encoder(setup))
        stream = cast(VideoStream, self._container.add_stream(self.encoder.codec, rate=layout.picture.fps))
        self.encoder.configure(stream.codec_context)
        stream.time_base = self._time_base
        stream.codec_context.open()
        return stream

    def _sound_track(self, pool: SourcePool, pieces: PieceStore | None) -> SoundLane | None:
        template = pool.get(self.layout.sound_template) if self.layout.sound_template is not None else None
        if template is not None and template.audio_config is not None:
            rate, channels = template.audio_config
            copied = self._container.add_stream_from_template(cast(AudioStream, template.audio))
            copied.codec_context.extradata = aac_config(rate, channels)
            copied.time_base = Fraction(1, rate)
            return CopiedSound(copied, rate, channels)
        if self.layout.sound == "encoded":
            stream = self._container.add_stream("aac", rate=ENCODED_RATE, layout=ENCODED_LAYOUT)
            configure(stream.codec_context)
            stream.codec_context.open()
            tools = SoundTools(SOUND_CEILING_DBTP if self.layout.limited else None, pieces)
            return EncodedSound(SoundEncoder(stream, tools))
        return None


def _brings_sets(packet: AnyPacket) -> bool:
    """Whether a packet of a keyframe, with lengths, has parameter sets, in it or beside it."""
    return packet.has_sidedata(DESCRIPTION) or any(parameter_units(memoryview(packet), True))
