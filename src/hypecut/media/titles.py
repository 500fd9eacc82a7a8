"""Titles in the lower left of the first seconds of a cut.

A title is set once, by Pillow, and kept as YUV and opacity; each frame then costs a copy and a few sums over
the small rectangle that the title covers.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFont

from hypecut.media.fades import HALF, ONE, Bytes, copy_of, in_256ths, plane_views
from hypecut.media.fonts import font_of, one_clean_line

_FADE_S = 0.3
_WHITE = (255, 255, 255, 255)
_DARK = (14, 14, 18)
_PLATE_OPACITY = 165
# Shares of the picture's shorter side, which is its height unless it is upright.
_LETTER_SHARE = 0.048
_MARGIN_SHARE = 0.05
_SMALLEST_LETTER_PX = 12
_WIDEST_SHARE = 0.6
_LONGEST_TEXT = 300
_SMOOTHING = 4


@dataclass(frozen=True)
class _Layer:
    """What lies over one plane: values and opacity (in 256ths), and where its upper left corner is."""

    left: int
    top: int
    values: npt.NDArray[np.uint16]
    opacity: npt.NDArray[np.uint16]


class TitleCard:
    """The title of one cut, ready to be drawn.

    Args:
        text: what to show, on one line; shortened where it would be too wide.
        width: of the montage, in pixels.
        height: of the montage, in pixels.
        duration_s: how long it is shown, from the cut's start.
        full_range: the montage's luma goes from 0 to 255.

    Attributes:
        text: what is shown: '' when there is nothing to show, or no room for it.
    """

    def __init__(
        self, text: str, width: int, height: int, duration_s: float, full_range: bool = False
    ) -> None:
        self._size = (width, height)
        self._duration_s = duration_s
        self._layers: tuple[_Layer, ...] = ()
        side = min(width, height)
        letter_px, margin = max(_SMALLEST_LETTER_PX, round(side * _LETTER_SHARE)), round(side * _MARGIN_SHARE)
        font, pad = font_of(letter_px), round(letter_px * 0.5)
        self.text = _fitted(one_clean_line(text[:_LONGEST_TEXT]), font, width * _WIDEST_SHARE - 2 * pad)
        if not self.text:
            return
        card = _card(self.text, font, pad)
        left, top = margin // 2 * 2, (height - margin - card.height) // 2 * 2
        if top < 0 or left + card.width > width:
            self.text = ""
        else:
            self._layers = _layers(card, left, top, full_range)

    def draw(self, frame: VideoFrame, at_s: float) -> VideoFrame:
        """The frame with the title over it; the same object where the title does not show.

        Args:
            frame: 8-bit 4:2:0, of the montage's size; it is not changed.
            at_s: the frame's time, from the cut's start.

        Raises:
            ValueError: the frame is of another size.
        """
        share = self._share(at_s)
        if not share or not self._layers:
            return frame
        if (frame.width, frame.height) != self._size:
            raise ValueError(f"a title for pictures of {self._size} can't be drawn on {frame}")
        out = copy_of(frame)
        for plane, layer in zip(plane_views(out), self._layers, strict=True):
            _lay(plane, layer, share)
        return out

    def _share(self, at_s: float) -> int:
        """How visible it is, in 256ths."""
        fade_s = min(_FADE_S, self._duration_s / 4)
        if fade_s <= 0:
            return 0
        return in_256ths(min(at_s, self._duration_s - at_s) / fade_s)


def _fitted(text: str, font: ImageFont.FreeTypeFont, widest_px: float) -> str:
    """The text, shortened to a width; '' when not even its first character fits."""
    if font.getlength(text) <= widest_px:
        return text

    def shortened(length: int) -> str:
        return text[:length].rstrip() + "…"

    fitting = bisect.bisect_right(range(len(text)), widest_px, key=lambda n: font.getlength(shortened(n)))
    return shortened(fitting - 1) if fitting > 1 else ""


def _card(text: str, font: ImageFont.FreeTypeFont, pad: int) -> Image.Image:
    """White letters with a dark edge on a rounded, translucent plate; even in size, its edges see-through."""
    ascent, descent = font.getmetrics()
    width, height = round(font.getlength(text)) + 2 * pad, ascent + descent + pad
    size = (width + width % 2, height + height % 2)
    plate = Image.new("L", (size[0] * _SMOOTHING, size[1] * _SMOOTHING))
    corner = (plate.width - 1, plate.height - 1)
    radius = pad * 0.6 * _SMOOTHING
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, *corner), radius, fill=_PLATE_OPACITY)
    card = Image.new("RGBA", size, _DARK)
    card.putalpha(plate.resize(size, Image.Resampling.BOX))
    letters = Image.new("RGBA", size, (*_DARK, 0))
    ImageDraw.Draw(letters).text(
        (pad, pad // 2 + ascent),
        text,
        fill=_WHITE,
        font=font,
        anchor="ls",
        stroke_width=max(1, pad // 12),
        stroke_fill=(*_DARK, 255),
    )
    return Image.alpha_composite(card, letters)


def _layers(card: Image.Image, left: int, top: int, full_range: bool) -> tuple[_Layer, ...]:
    """The card's three planes by BT.709, at an even place of the picture."""
    red, green, blue, opacity = np.moveaxis(np.asarray(card, np.float64), 2, 0) / 255
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    chroma = ((blue - luma) / 1.8556, (red - luma) / 1.5748)
    black, luma_span, chroma_span = (0, 255, 255) if full_range else (16, 219, 224)
    small = _quartered(opacity)
    weight = np.maximum(small, 1e-9)
    return (
        _layer(left, top, black + luma_span * luma, opacity),
        *(
            _layer(left // 2, top // 2, 128 + chroma_span * _quartered(c * opacity) / weight, small)
            for c in chroma
        ),
    )


def _layer(left: int, top: int, values: npt.NDArray[np.float64], opacity: npt.NDArray[np.float64]) -> _Layer:
    whole = np.round(np.clip(values, 0, 255)).astype(np.uint16)
    return _Layer(left, top, whole, np.round(opacity * ONE).astype(np.uint16))


def _quartered(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The means of 2 x 2 pixels."""
    height, width = plane.shape
    return cast(npt.NDArray[np.float64], plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)))


def _lay(plane: Bytes, layer: _Layer, share: int) -> None:
    """Mix the layer into its place of the plane, `share` 256ths as visible as it can be."""
    height, width = layer.values.shape
    place = plane[layer.top : layer.top + height, layer.left : layer.left + width]
    opacity = layer.opacity if share == ONE else (layer.opacity * share + HALF) >> 8
    place[...] = (place * (ONE - opacity) + layer.values * opacity + HALF) >> 8
