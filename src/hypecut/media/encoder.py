"""Encoding pictures that can't be copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, cast

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from hypecut.media.h264 import ParameterSets, length_prefixed, parameter_sets
from hypecut.media.source import AnyPacket

ENCODER = "libx264"


@dataclass(frozen=True)
class EncoderOptions:
    """How pictures are encoded: x264's constant rate factor (0-51, lower is better) and preset."""

    crf: float = 18.0
    preset: str = "veryfast"


# Beside copied pictures there are few others: they must be there soon, and look like the source.
JOIN_OPTIONS = EncoderOptions(crf=17.0, preset="ultrafast")
# How much richer in bits than its source an encoded part may be.
MAX_RATE_FACTOR = 3


@dataclass(frozen=True)
class PictureFormat:
    """What every picture of the montage looks like; 8-bit 4:2:0.

    Attributes:
        width: in pixels.
        height: in pixels.
        fps: nominal frames per second.
        pix_fmt: `yuv420p` or, full range, `yuvj420p`.
        sample_aspect_ratio: width of a pixel by its height.
        color: primaries, transfer, matrix and range, as FFmpeg numbers them.
    """

    width: int
    height: int
    fps: Fraction
    pix_fmt: str = "yuv420p"
    sample_aspect_ratio: Fraction = Fraction(1)
    color: tuple[int, int, int, int] = (2, 2, 2, 0)

    @classmethod
    def of(cls, stream: VideoStream, fps: Fraction) -> PictureFormat:
        """The format of a source's pictures, made even in size and 4:2:0 in 8 bits."""
        context = stream.codec_context
        return cls(
            width=max(2, context.width - context.width % 2),
            height=max(2, context.height - context.height % 2),
            fps=fps,
            pix_fmt="yuvj420p" if context.pix_fmt == "yuvj420p" else "yuv420p",
            sample_aspect_ratio=pixel_ratio(stream),
            color=(context.color_primaries, context.color_trc, context.colorspace, context.color_range),
        )


def pixel_ratio(stream: VideoStream) -> Fraction:
    """The width of a source's pixels by their height; square where it does not say."""
    return stream.sample_aspect_ratio or Fraction(1)


@dataclass(frozen=True)
class EncoderSetup:
    """All that runs of one montage's encoder have in common: their pictures stand in one track.

    Attributes:
        picture: the montage's format.
        scale: output ticks a second.
        options: quality and speed.
        prefixed: NAL units get lengths in place of start codes, as copied ones of mp4 files have.
        sps_id: the parameter sets' id, other than the copied stream's ids.
        max_bit_rate: bits a second that are not passed; None for any.
    """

    picture: PictureFormat
    scale: int
    options: EncoderOptions
    prefixed: bool
    sps_id: int = 0
    max_bit_rate: int | None = None

    def sets(self) -> ParameterSets:
        """The parameter sets that its packets refer to."""
        context = cast(VideoCodecContext, av.CodecContext.create(ENCODER, "w"))
        self.configure(context)
        context.open()
        found = parameter_sets(context.extradata)
        if found is None:
            raise RuntimeError("the encoder gave no parameter sets")
        return found

    def configure(self, context: VideoCodecContext) -> None:
        """Set an x264 context up."""
        picture = self.picture
        context.width, context.height, context.pix_fmt = picture.width, picture.height, picture.pix_fmt
        context.time_base = Fraction(1, self.scale)
        context.framerate = picture.fps
        context.flags |= Flags.global_header
        context.sample_aspect_ratio = picture.sample_aspect_ratio
        primaries, transfer, matrix, value_range = picture.color
        context.color_primaries, context.color_trc = primaries, transfer
        context.colorspace, context.color_range = matrix, value_range
        # Runs are many: each has a core for itself.
        context.thread_count = 1
        keyint = max(1, round(picture.fps * 2))
        params = f"sps-id={self.sps_id}:keyint={keyint}:bframes=2:b-pyramid=none:info=0"
        if self.max_bit_rate:
            kbit = max(1, self.max_bit_rate // 1000)
            params += f":vbv-maxrate={kbit}:vbv-bufsize={kbit}"
        context.options = {
            "preset": self.options.preset,
            "crf": str(self.options.crf),
            "profile": "high",
            "forced-idr": "1",
            "x264-params": params,
        }


class CodedPicture(NamedTuple):
    """A coded picture of the montage, to be shown at output `tick`."""

    tick: int
    data: bytes
    is_keyframe: bool


class EncoderRun:
    """Encodes frames that follow each other; the first one becomes an IDR picture."""

    def __init__(self, setup: EncoderSetup) -> None:
        self._context = cast(VideoCodecContext, av.CodecContext.create(ENCODER, "w"))
        setup.configure(self._context)
        self._time_base, self._prefixed = Fraction(1, setup.scale), setup.prefixed

    def encode(self, frame: VideoFrame, tick: int) -> list[CodedPicture]:
        """The pictures that are ready once `frame`, shown at output `tick`, is in; in decoding order."""
        frame.pts, frame.time_base = tick, self._time_base
        frame.pict_type = PictureType.NONE
        return self._coded(self._context.encode(frame))

    def finish(self) -> list[CodedPicture]:
        """The rest of the pictures."""
        return self._coded(self._context.encode(None)) if self._context.is_open else []

    def _coded(self, packets: Iterable[AnyPacket]) -> list[CodedPicture]:
        return [
            CodedPicture(
                cast(int, packet.pts),
                length_prefixed(bytes(packet)) if self._prefixed else bytes(packet),
                packet.is_keyframe,
            )
            for packet in packets
        ]
