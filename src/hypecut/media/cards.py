"""Title cards: a few seconds of a name on a dark ground, as a video that a plan can use as a source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import msgspec
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

from hypecut.errors import UsageError
from hypecut.files import written_aside
from hypecut.media.encoder import ENCODER, EncoderOptions, EncoderSetup, PictureFormat
from hypecut.media.fades import fade_share, fade_to_black
from hypecut.media.fonts import one_clean_line, scripts_of
from hypecut.media.lettering import fitted
from hypecut.media.opening import openable
from hypecut.media.source import SourceReader
from hypecut.media.titles import LONGEST_TEXT, USUAL_STYLE, TitleStyle
from hypecut.models import Cut, Plan

CARD_S = 2.5
# To the nearest frame, at ten a second and more.
LONGEST_CARD_S = CARD_S + 0.05
# BT.709, limited range.
HD = PictureFormat(1920, 1080, Fraction(60), color=(1, 1, 1, 1))

_CARD_REASONS = ("title card",)
_MOST_S = 600.0
_WHITE = (255, 255, 255, 255)
_GROUND = (14, 14, 18, 255)
_RULE = (145, 70, 255, 255)
_LETTER_SHARE = 0.11
_WIDEST_SHARE = 0.8
_LEAST_SIZE = 0.5
_RULE_SHARE = 0.008
_LONGEST_NAME = 60
_RATE = 48_000
_BLOCK = 1024


def picture_format(path: Path) -> PictureFormat:
    """The format of a video's pictures as they are shown: upright, even if the file has them turned.

    Raises:
        MediaError: it can't be opened.
    """
    with SourceReader(path) as source:
        return PictureFormat.of(source.video, source.fps, source.rotation)


def write_card(
    text: str,
    out: Path,
    picture: PictureFormat = HD,
    duration_s: float = CARD_S,
    *,
    fade_s: float = 0.0,
    style: TitleStyle = USUAL_STYLE,
    options: EncoderOptions | None = None,
) -> None:
    """Write a title card with silent sound, as MP4.

    Args:
        text: what stands on it, on one line; set smaller, then shortened, where it would be too wide.
        out: the file, written aside and renamed.
        picture: the format of its pictures; best that of the clips it stands between.
        duration_s: how long it is shown, to the nearest frame.
        fade_s: how long it takes to come out of black, and to go back.
        style: how the text looks.
        options: how it is encoded.

    Raises:
        UsageError: there is nothing to show, or not so long.
        DiskFullError, BadInputError: the file can't be written.
    """
    if not 0 < duration_s <= _MOST_S:
        raise UsageError(f"a title card can't last {duration_s:g} s; give more than 0 and at most 600 s.")
    shown = card_frame(text, picture, style)
    frames = max(1, round(Fraction(duration_s) * picture.fps))
    length_s = frames / picture.fps
    with written_aside(out) as part, av.open(openable(part), "w", format="mp4") as output:
        video = cast(VideoStream, output.add_stream(ENCODER, rate=picture.fps))
        scale = picture.fps.numerator
        EncoderSetup(picture, scale, options or EncoderOptions(), prefixed=False).configure(
            video.codec_context
        )
        video.codec_context.thread_count = 0
        sound = _silence(output.add_stream("aac", rate=_RATE, layout="stereo"), length_s)
        for number in range(frames):
            share = fade_share(float(number / picture.fps), float(length_s), 2 * fade_s, False, False)
            frame = fade_to_black(shown, share)
            frame.pts, frame.time_base = number * picture.fps.denominator, Fraction(1, scale)
            output.mux(video.encode(frame))
            if number % round(picture.fps) == 0:
                output.mux(next(sound, []))
        output.mux(video.encode(None))
        for packets in sound:
            output.mux(packets)


def card_frame(text: str, picture: PictureFormat, style: TitleStyle = USUAL_STYLE) -> VideoFrame:
    """The picture of a title card.

    Raises:
        UsageError: there is nothing to show.
    """
    clean = check_text(text, style)
    ratio = picture.sample_aspect_ratio
    size = (max(2, round(picture.width * ratio)), picture.height)
    side = min(size)
    letter_px = style.letter_px or max(1, round(side * _LETTER_SHARE))
    smallest_px = max(1, round(letter_px * _LEAST_SIZE))
    line = fitted(clean, letter_px, smallest_px, size[0] * _WIDEST_SHARE, style.face)
    if not line.text:
        raise UsageError(
            f"a picture of {picture.width}x{picture.height} has no room for a title; take a larger."
        )
    image = Image.new("RGBA", size, _GROUND)
    left = (size[0] - line.width - line.left) / 2
    base = (size[1] + line.ascent - line.descent) / 2
    line.draw(image, left + line.left, base, _WHITE, _GROUND, 0)
    top, thick = base + line.descent + letter_px * 0.15, max(2, round(side * _RULE_SHARE))
    half = (line.left + line.width) / 4
    ImageDraw.Draw(image).rectangle(
        (size[0] / 2 - half, top, size[0] / 2 + half, top + thick - 1), fill=_RULE
    )
    flat = image.convert("RGB").resize((picture.width, picture.height), Image.Resampling.LANCZOS)
    return _in_format(VideoFrame.from_ndarray(np.asarray(flat, np.uint8), "rgb24"), picture)


def check_text(text: str, style: TitleStyle = USUAL_STYLE) -> str:
    """The text as it is shown, on one line.

    Raises:
        UsageError: nothing of it can be shown; the message says why and what helps.
    """
    clean = one_clean_line(text[:LONGEST_TEXT])
    if not clean:
        raise UsageError("there is no text to show; give a name.")
    if not fitted(clean, 32, 32, math.inf, style.face).text:
        scripts = ", ".join(scripts_of(clean.replace(" ", "")))
        raise UsageError(f"no font here can show “{clean}” ({scripts}); install a font for it, or name one.")
    return clean


def with_cards(
    plan: Plan,
    folder: Path,
    cards: Mapping[int, str],
    picture: PictureFormat,
    duration_s: float = CARD_S,
    style: TitleStyle = USUAL_STYLE,
    subfolder: str = "cards",
) -> Plan:
    """The plan with title cards before some of its cuts; each card is a source like any other.

    Args:
        plan: the plan; it is not changed.
        folder: where the plan lies.
        cards: what to show, by the place, from 0, of the cut that follows.
        picture: the format of the cards.
        duration_s: how long each is shown.
        style: how the text looks.
        subfolder: the folder in `folder` that cards go to.

    Raises:
        UsageError, DiskFullError, BadInputError: as `write_card`.
    """
    cuts: list[Cut] = []
    for place, cut in enumerate(plan.cuts):
        if place in cards:
            name = f"{subfolder}/{place + 1:03d}_{file_name(cards[place])}.mp4"
            write_card(cards[place], folder / name, picture, duration_s, style=style)
            length_s = float(max(1, round(Fraction(duration_s) * picture.fps)) / picture.fps)
            cuts.append(Cut(source=name, start_s=0.0, end_s=length_s, reasons=_CARD_REASONS))
        cuts.append(cut)
    return msgspec.structs.replace(plan, cuts=tuple(cuts))


def is_card(cut: Cut) -> bool:
    """Whether a cut is a title card that `with_cards` put there."""
    return cut.reasons == _CARD_REASONS and not cut.title


def usual_format(videos: Iterable[tuple[Path, float]]) -> PictureFormat:
    """The format that most of the time of some videos, given with their lengths in seconds, has.

    Raises:
        MediaError: one can't be opened.
    """
    time_s: dict[PictureFormat, float] = {}
    for path, length_s in videos:
        picture = picture_format(path)
        time_s[picture] = time_s.get(picture, 0.0) + length_s
    return max(time_s, key=lambda picture: time_s[picture], default=HD)


def file_name(text: str) -> str:
    """The text as a file's name on any system; `card` where nothing of it can stand in one."""
    name = re.sub(r"[^\w.-]+", "_", one_clean_line(text))[:_LONGEST_NAME].strip("._-")
    return name or "card"


def _in_format(frame: VideoFrame, picture: PictureFormat) -> VideoFrame:
    primaries, transfer, matrix, value_range = picture.color
    full = picture.pix_fmt == "yuvj420p" or value_range == ColorRange.JPEG
    out = frame.reformat(
        format=picture.pix_fmt,
        dst_colorspace=Colorspace.ITU601 if matrix in (5, 6) else Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
    )
    out.colorspace, out.color_range, out.color_primaries, out.color_trc = (
        matrix,
        value_range,
        primaries,
        transfer,
    )
    return out


def _silence(stream: AudioStream, length_s: Fraction) -> Iterator[list[Packet[AudioStream]]]:
    """Packets of silence, a second's at a time."""
    samples = round(length_s * _RATE)
    for start in range(0, samples, _RATE):
        packets: list[Packet[AudioStream]] = []
        for at in range(start, min(start + _RATE, samples), _BLOCK):
            count = min(_BLOCK, samples - at, start + _RATE - at)
            frame = AudioFrame.from_ndarray(np.zeros((2, count), np.float32), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = _RATE, at, Fraction(1, _RATE)
            packets += stream.encode(frame)
        yield packets
    yield stream.encode(None)
