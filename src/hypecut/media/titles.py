"""Titles in the lower left of the first seconds of a cut.

A title is set once, by Pillow, and kept as YUV and opacity; each frame then costs a copy and a few sums over
the small rectangle that the title covers.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import HALF, JPEG_RANGE, ONE, Bytes, copy_of, in_256ths, plane_views
from hypecut.media.fonts import Face, one_clean_line
from hypecut.media.lettering import Line, fitted

_FADE_S = 0.3
_WHITE = (255, 255, 255, 255)
_DARK = (14, 14, 18)
_PLATE_OPACITY = 165
# Shares of the picture's shorter side, which is its height unless it is upright.
_LETTER_SHARE = 0.048
_MARGIN_SHARE = 0.05
_SMALLEST_LETTER_PX = 12
_WIDEST_SHARE = 0.6
# A long name is set in smaller letters before it is shortened, but not smaller than this.
_LEAST_SIZE = 0.7
LONGEST_TEXT = 300
_SMOOTHING = 4
# As FFmpeg numbers them: the matrices of standard definition. All others are taken for BT.709.
_BT601 = (5, 6)


@dataclass(frozen=True)
class _Layer:
    """What lies over one plane: values and opacity (in 256ths), and where its upper left corner is."""

    left: int
    top: int
    values: npt.NDArray[np.uint16]
    opacity: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class TitleStyle:
    """How titles look where they are not to look as usual.

    Attributes:
        letter_px: the size of the letters in pixels; None for one that suits the picture.
        face: a face that goes before the usual ones.
    """

    letter_px: int | None = None
    face: Face | None = None


USUAL_STYLE = TitleStyle()


class TitleCard:
    """The title of one cut, ready to be drawn.

    Args:
        text: what to show, on one line; set smaller, then shortened, where it would be too wide.
        picture: the montage's format.
        duration_s: how long it is shown, from the cut's start.
        style: how it looks.

    Attributes:
        text: what is shown: '' when there is nothing to show, or no room for it.
    """

    def __init__(
        self,
        text: str,
        picture: PictureFormat,
        duration_s: float,
        style: TitleStyle = USUAL_STYLE,
    ) -> None:
        self._size = (picture.width, picture.height)
        self._duration_s = duration_s
        self._layers: tuple[_Layer, ...] = ()
        # Set as if pixels were square, and squeezed to theirs at the end.
        ratio = picture.sample_aspect_ratio
        width = float(picture.width * ratio)
        side = min(width, picture.height)
        letter_px = style.letter_px or max(_SMALLEST_LETTER_PX, round(side * _LETTER_SHARE))
        smallest_px = max(min(letter_px, _SMALLEST_LETTER_PX), round(letter_px * _LEAST_SIZE))
        margin, pad = round(side * _MARGIN_SHARE), round(letter_px * 0.5)
        clean = one_clean_line(text[:LONGEST_TEXT])
        line = fitted(clean, letter_px, smallest_px, width * _WIDEST_SHARE - 2 * pad, style.face)
        self.text = line.text
        if not self.text:
            return
        card = _squeezed(_card(line, pad), ratio)
        left, top = round(margin / ratio) // 2 * 2, (picture.height - margin - card.height) // 2 * 2
        if top < 0 or left + card.width > picture.width:
            self.text = ""
        else:
            self._layers = _layers(card, left, top, picture)

    @property
    def digest(self) -> str:
        """Tells this card from any that looks otherwise."""
        found = hashlib.blake2b(repr(self._duration_s).encode(), digest_size=16)
        for layer in self._layers:
            found.update(repr((layer.left, layer.top, layer.values.shape)).encode())
            found.update(layer.values.tobytes() + layer.opacity.tobytes())
        return found.hexdigest()

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


def _card(line: Line, pad: int) -> Image.Image:
    """White letters with a dark edge on a rounded, translucent plate; even in size, its edges see-through."""
    ascent, descent = math.ceil(line.ascent), math.ceil(line.descent)
    width, height = math.ceil(line.left + line.width) + 2 * pad, ascent + descent + pad
    size = (width + width % 2, height + height % 2)
    plate = Image.new("L", (size[0] * _SMOOTHING, size[1] * _SMOOTHING))
    corner = (plate.width - 1, plate.height - 1)
    radius = pad * 0.6 * _SMOOTHING
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, *corner), radius, fill=_PLATE_OPACITY)
    card = Image.new("RGBA", size, _DARK)
    card.putalpha(plate.resize(size, Image.Resampling.BOX))
    letters = Image.new("RGBA", size, (*_DARK, 0))
    line.draw(letters, pad + line.left, pad // 2 + ascent, _WHITE, (*_DARK, 255), max(1, pad // 12))
    return Image.alpha_composite(card, letters)


def _squeezed(card: Image.Image, ratio: Fraction) -> Image.Image:
    """The card for pixels of that aspect ratio."""
    if ratio == 1:
        return card
    width = max(2, round(card.width / ratio / 2) * 2)
    return card.resize((width, card.height), Image.Resampling.LANCZOS)


def _layers(card: Image.Image, left: int, top: int, picture: PictureFormat) -> tuple[_Layer, ...]:
    """The card's three planes in the montage's colours, at an even place of the picture."""
    red, green, blue, opacity = np.moveaxis(np.asarray(card, np.float64), 2, 0) / 255
    of_red, of_blue = (0.299, 0.114) if picture.color[2] in _BT601 else (0.2126, 0.0722)
    luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
    chroma = ((blue - luma) / (2 - 2 * of_blue), (red - luma) / (2 - 2 * of_red))
    full_range = picture.pix_fmt == "yuvj420p" or picture.color[3] == JPEG_RANGE
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
