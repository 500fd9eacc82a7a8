"""Encoding pictures that can't be copied."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from hypecut.media.h264 import ParameterSets, parameter_sets
from hypecut.media.source import AnyPacket

ENCODER = "libx264"


@dataclass(frozen=True)
class EncoderOptions:
    """How pictures are encoded: x264's constant rate factor (0-51, lower is better) and preset."""

    crf: float = 18.0
    preset: str = "veryfast"


# Beside copied pictures there are few others: they must be there soon, and look like the source.
JOIN_CRF = 17.0
JOIN_PRESET = "ultrafast"
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


def configure(
    context: VideoCodecContext,
    picture: PictureFormat,
    scale: int,
    options: EncoderOptions,
    sps_id: int = 0,
    max_bit_rate: int | None = None,
) -> None:
    """Set an x264 context up for the montage's format; `scale` is in output ticks a second."""
    context.width, context.height, context.pix_fmt = picture.width, picture.height, picture.pix_fmt
    context.time_base = Fraction(1, scale)
    context.framerate = picture.fps
    context.flags |= Flags.global_header
    context.sample_aspect_ratio = picture.sample_aspect_ratio
    primaries, transfer, matrix, value_range = picture.color
    context.color_primaries, context.color_trc = primaries, transfer
    context.colorspace, context.color_range = matrix, value_range
    keyint = max(1, round(picture.fps * 2))
    params = f"sps-id={sps_id}:keyint={keyint}:bframes=2:b-pyramid=none:info=0"
    if max_bit_rate:
        kbit = max(1, max_bit_rate // 1000)
        params += f":vbv-maxrate={kbit}:vbv-bufsize={kbit}"
    context.options = {
        "preset": options.preset,
        "crf": str(options.crf),
        "profile": "high",
        "forced-idr": "1",
        "x264-params": params,
    }


class CutEncoder:
    """Encodes runs of frames; each begins with an IDR picture.

    Args:
        picture: the montage's format.
        scale: output ticks a second.
        options: quality and speed.
        sps_id: the parameter sets' id, other than the copied stream's ids.
        max_bit_rate: bits a second that are not passed; None for any.
        shared: an encoder that serves all runs; without one each run gets its own.
    """

    def __init__(
        self,
        picture: PictureFormat,
        scale: int,
        options: EncoderOptions,
        sps_id: int = 0,
        max_bit_rate: int | None = None,
        shared: VideoCodecContext | None = None,
    ) -> None:
        self._picture, self._scale, self._options, self._sps_id = picture, scale, options, sps_id
        self._max_bit_rate = max_bit_rate
        self._shared = shared
        self._context = shared
        self._starting = True

    def sets(self) -> ParameterSets:
        """The parameter sets its packets refer to."""
        found = parameter_sets(self._fresh().extradata)
        if found is None:
            raise RuntimeError("the encoder gave no parameter sets")
        return found

    def encode(self, frame: VideoFrame, tick: int) -> list[AnyPacket]:
        """Packets that are ready once `frame`, shown at output `tick`, is in."""
        if self._context is None:
            self._context = self._fresh()
        frame.pts, frame.time_base = tick, Fraction(1, self._scale)
        frame.pict_type = PictureType.I if self._starting else PictureType.NONE
        self._starting = False
        return list(self._context.encode(frame))

    def end_cut(self) -> None:
        """The cut's last frame is in; a shared encoder begins the next one with an IDR picture."""
        self._starting = self._starting or self._shared is not None

    def end_run(self) -> list[AnyPacket]:
        """The rest of the packets of the run, or of all."""
        context, self._context, self._starting = self._context, None, True
        return list(context.encode(None)) if context is not None else []

    def _fresh(self) -> VideoCodecContext:
        context = cast(VideoCodecContext, av.CodecContext.create(ENCODER, "w"))
        configure(context, self._picture, self._scale, self._options, self._sps_id, self._max_bit_rate)
        context.open()
        return context
