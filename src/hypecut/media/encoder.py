"""Encoding pictures that can't be copied."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median_low
from typing import NamedTuple, cast

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from hypecut.media.colours import HDR_TRANSFERS, STANDARD, can_tone_map
from hypecut.media.h264 import ParameterSets, length_prefixed, parameter_sets
from hypecut.media.source import AnyPacket

ENCODER = "libx264"
# Encoders in hardware, FFmpeg's names by ours; which of them work shows when they are tried.
HARDWARE = {
    "nvenc": "h264_nvenc",
    "videotoolbox": "h264_videotoolbox",
    "qsv": "h264_qsv",
    "amf": "h264_amf",
    "mediafoundation": "h264_mf",
}
# Quick Sync takes no other one.
_HARDWARE_FORMATS = {"h264_qsv": "nv12"}


@dataclass(frozen=True)
class EncoderOptions:
    """How pictures are encoded.

    Attributes:
        crf: x264's constant rate factor (0-51, lower is better); hardware encoders have a scale alike.
        preset: x264's.
        bframes: at most so many B-frames in a row.
        encoder: `x264`, `auto` for one in hardware where there is one, or the name of a kind of those.
        copies: pictures that can be copied are; False encodes all of them.
        most_lines: pictures with more lines on their shorter side are made smaller; None for any.
        draft: for a preview; see `hypecut.media.preview`.
    """

    crf: float = 18.0
    preset: str = "veryfast"
    bframes: int = 2
    encoder: str = "x264"
    copies: bool = True
    most_lines: int | None = None
    draft: bool = False


# Beside copied pictures there are few others: they must be there soon, and look like the source.
JOIN_OPTIONS = EncoderOptions(crf=18.0, preset="ultrafast", bframes=0)
# How much richer in bits than its source an encoded part may be.
MAX_RATE_FACTOR = 3
# How much of that is spent evenly, and what may be spent at once besides.
_STEADY_SHARE = 0.8
_BUFFER_S = 0.4
# A quantizer at which no picture of any kind is far from its source (about 43 dB of luma PSNR). With it alone
# x264 need not look at what a picture will cost, and takes two thirds of the time.
JOIN_QUANTIZER = 20
# So many frames show what the others will take, by the median of so many at most: cuts meet in most runs, and
# the first picture behind takes many bits, but once.
_TRIAL = 3
_RECENT = 8
# Beyond that factor the highest rate is kept to from the start, so that all looks alike.
_FAR_TOO_MUCH = 1.5
# Where a sequence parameter set has its level_idc (7.3.2.1.1), behind the header.
_LEVEL_BYTE = 3


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
    def of(cls, stream: VideoStream, fps: Fraction, rotation: int = 0) -> PictureFormat:
        """The format of a source's pictures, upright, even in size, 4:2:0 in 8 bits, of standard range."""
        context = stream.codec_context
        color = (context.color_primaries, context.color_trc, context.colorspace, context.color_range)
        if context.color_trc in HDR_TRANSFERS and can_tone_map():
            color = STANDARD
        found = cls(
            width=max(2, context.width - context.width % 2),
            height=max(2, context.height - context.height % 2),
            fps=fps,
            pix_fmt="yuvj420p" if context.pix_fmt == "yuvj420p" else "yuv420p",
            sample_aspect_ratio=pixel_ratio(stream),
            color=color,
        )
        return found.turned(rotation)

    def turned(self, rotation: int) -> PictureFormat:
        """The format of these pictures when they are turned by so many degrees."""
        if rotation not in (90, 270):
            return self
        ratio = 1 / self.sample_aspect_ratio
        return replace(self, width=self.height, height=self.width, sample_aspect_ratio=ratio)

    def within(self, most_lines: int | None) -> PictureFormat:
        """The same format, made smaller if its shorter side is longer than that."""
        shorter = min(self.width, self.height)
        if most_lines is None or shorter <= most_lines:
            return self
        factor = Fraction(most_lines, shorter)
        width, height = (max(2, round(side * factor / 2) * 2) for side in (self.width, self.height))
        return replace(self, width=width, height=height)


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
        quantizer: of all pictures, as long as they stay below that rate; None to let x264 choose.
        level: the level to state (H.264, A.3), times ten; None for the lowest that allows for the rest.
        codec: FFmpeg's name of the encoder; one in hardware keeps parameter sets of its own.
    """

    picture: PictureFormat
    scale: int
    options: EncoderOptions
    prefixed: bool
    sps_id: int = 0
    max_bit_rate: int | None = None
    quantizer: int | None = None
    level: int | None = None
    codec: str = ENCODER

    @property
    def steady_bit_rate(self) -> float:
        """What of the highest bit rate is spent evenly."""
        return (self.max_bit_rate or 0) * _STEADY_SHARE

    @property
    def buffer_bits(self) -> float:
        """What may be spent at once besides."""
        return self.steady_bit_rate * _BUFFER_S

    def sets(self, capped: bool = False) -> ParameterSets:
        """The parameter sets that its packets refer to; `capped` as for a new encoder."""
        context = self.new_context(capped)
        context.open()
        found = parameter_sets(context.extradata)
        if found is None:
            raise RuntimeError("the encoder gave no parameter sets")
        return found

    def with_one_kind_of_sets(self) -> EncoderSetup:
        """The same, for pictures that all refer to the same sets; without the quantizer if that can't be."""
        if self.quantizer is None:
            return self
        capped = self.sets(capped=True)
        stated = replace(self, level=capped.sps[0][_LEVEL_BYTE])
        alike = capped == stated.sets() == stated.sets(capped=True)
        return stated if alike else replace(self, quantizer=None)

    def new_context(self, capped: bool = False) -> VideoCodecContext:
        """An encoder, not yet open; `capped`: it keeps to the highest bit rate, not to the quantizer."""
        context = cast(VideoCodecContext, av.CodecContext.create(self.codec, "w"))
        self.configure(context, capped)
        return context

    def configure(self, context: VideoCodecContext, capped: bool = False) -> None:
        """Set an encoder up; `capped` as for a new one."""
        picture = self.picture
        context.width, context.height, context.pix_fmt = picture.width, picture.height, picture.pix_fmt
        context.time_base = Fraction(1, self.scale)
        context.framerate = picture.fps
        context.flags |= Flags.global_header
        context.sample_aspect_ratio = picture.sample_aspect_ratio
        primaries, transfer, matrix, value_range = picture.color
        context.color_primaries, context.color_trc = primaries, transfer
        context.colorspace, context.color_range = matrix, value_range
        keyint = max(1, round(picture.fps * 2))
        if self.codec == ENCODER:
            # Runs are many: each has a core for itself.
            context.thread_count = 1
            context.options = self._x264_options(keyint, capped)
        else:
            context.pix_fmt = hardware_format(self.codec)
            context.gop_size, context.max_b_frames = keyint, 0
            context.options = hardware_options(self.codec, self.options.crf)

    def _x264_options(self, keyint: int, capped: bool) -> dict[str, str]:
        params = f"sps-id={self.sps_id}:keyint={keyint}:bframes={self.options.bframes}:b-pyramid=none"
        # Parameter sets don't depend on how bits are spent, then.
        params += ":stitchable=1" if self.quantizer is not None else ""
        params += f":level={self.level}" if self.level is not None else ""
        if self.quantizer is not None and not capped:
            params += f":qp={self.quantizer}"
        elif self.max_bit_rate:
            # Runs are short: what the buffer lends them at the start counts, too.
            kbit, buffer = (max(1, int(bits / 1000)) for bits in (self.steady_bit_rate, self.buffer_bits))
            params += f":vbv-maxrate={kbit}:vbv-bufsize={buffer}"
        return {
            "preset": self.options.preset,
            "crf": str(self.options.crf),
            "profile": "high",
            "forced-idr": "1",
            "x264-params": params,
        }


def hardware_format(codec: str) -> str:
    """The pixel format that an encoder in hardware takes."""
    return _HARDWARE_FORMATS.get(codec, "yuv420p")


def hardware_options(codec: str, crf: float) -> dict[str, str]:
    """What makes an encoder in hardware hold about the quality of x264's rate factor."""
    level = str(round(crf))
    quality = str(max(1, min(100, round(100 - 2 * crf))))
    return {
        "h264_nvenc": {"rc": "vbr", "cq": level, "b": "0", "forced-idr": "1"},
        "h264_videotoolbox": {"global_quality": str(118 * int(quality)), "flags": "+qscale"},
        "h264_qsv": {"global_quality": level, "forced_idr": "1"},
        "h264_amf": {"rc": "cqp", "qp_i": level, "qp_p": level},
        "h264_mf": {"rate_control": "quality", "quality": quality},
    }[codec]


class CodedPicture(NamedTuple):
    """A coded picture of the montage, to be shown at output `tick`."""

    tick: int
    data: bytes
    is_keyframe: bool


class EncoderRun:
    """Encodes frames that follow each other; the first one becomes an IDR picture.

    A quantizer is tried on the first few frames. Where all of them would take too many bits, they are encoded
    again, and the rest with them, at the highest rate; where that shows later, another IDR picture begins.

    Args:
        setup: what it has in common with other runs.
        frames: how many there will be.
    """

    def __init__(self, setup: EncoderSetup, frames: int) -> None:
        self._setup, self._length = setup, frames
        self._context = setup.new_context()
        self._format = setup.picture.pix_fmt if setup.codec == ENCODER else hardware_format(setup.codec)
        self._time_base, self._prefixed = Fraction(1, setup.scale), setup.prefixed
        self._capped = setup.quantizer is None
        self._tried: list[tuple[VideoFrame, int]] = []
        self._trial: list[CodedPicture] = []
        self._count = self._bits = 0
        self._recent_bits: deque[int] = deque(maxlen=_RECENT)

    def encode(self, frame: VideoFrame, tick: int) -> list[CodedPicture]:
        """The pictures that are ready once `frame`, shown at output `tick`, is in; in decoding order."""
        if frame.format.name != self._format:
            frame = frame.reformat(format=self._format)
        coded = self._encoded(frame, tick)
        if self._capped:
            return coded
        self._count_bits(coded)
        if self._count > _TRIAL:
            return coded + (self._switched() if self._is_too_much() else [])
        self._tried.append((frame, tick))
        self._trial += coded
        return self._after_trial() if self._count == _TRIAL else []

    def finish(self) -> list[CodedPicture]:
        """The rest of the pictures."""
        return self._after_trial() + self._flushed()

    def _encoded(self, frame: VideoFrame, tick: int) -> list[CodedPicture]:
        frame.pts, frame.time_base = tick, self._time_base
        frame.pict_type = PictureType.NONE
        return self._coded(self._context.encode(frame))

    def _flushed(self) -> list[CodedPicture]:
        return self._coded(self._context.encode(None)) if self._context.is_open else []

    def _after_trial(self) -> list[CodedPicture]:
        """The first pictures: those of the trial, or others if they take too much."""
        tried, coded = self._tried, self._trial
        self._tried, self._trial = [], []
        if not tried or not self._is_too_much():
            return coded
        self._switched()
        return [picture for frame, tick in tried for picture in self._encoded(frame, tick)]

    def _switched(self) -> list[CodedPicture]:
        """Go on with an encoder that keeps to the highest rate; gives what the one before still held."""
        rest = self._flushed()
        self._context, self._capped = self._setup.new_context(capped=True), True
        return rest

    def _count_bits(self, coded: Iterable[CodedPicture]) -> None:
        for picture in coded:
            bits = 8 * len(picture.data)
            self._bits, self._count = self._bits + bits, self._count + 1
            if not picture.is_keyframe:
                self._recent_bits.append(bits)

    def _is_too_much(self) -> bool:
        """Whether so many bits will be spent if it goes on like this that the highest rate must be kept to.

        A crossfade takes more than what is around it. So a little too much need not be, as long as the
        highest rate can still be kept to afterwards without spending more than allowed in all.
        """
        length, fps = max(self._length, self._count), self._setup.picture.fps
        length_s, rest_s = float(length / fps), float((length - self._count) / fps)
        steady, buffer = self._setup.steady_bit_rate, self._setup.buffer_bits
        usual = median_low(self._recent_bits) if self._recent_bits else 0
        expected = self._bits + (length - self._count) * usual
        planned = length_s * steady + buffer / 2
        can_wait = self._bits + rest_s * steady + buffer <= length_s * (self._setup.max_bit_rate or 0)
        return expected > planned * (_FAR_TOO_MUCH if can_wait else 1)

    def _coded(self, packets: Iterable[AnyPacket]) -> list[CodedPicture]:
        return [
            CodedPicture(
                cast(int, packet.pts),
                length_prefixed(bytes(packet)) if self._prefixed else bytes(packet),
                packet.is_keyframe,
            )
            for packet in packets
        ]
