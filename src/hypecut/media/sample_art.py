"""The drawings an invented recording is put together from: made once, then only copied into its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Plane = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating[Any]]
Rgb = tuple[int, int, int]

_SHARPER = 3


class Palette(NamedTuple):
    """The colours of one stage of the game."""

    sky_top: Rgb
    sky_low: Rgb
    sun: Rgb
    mountain: Rgb
    ground: Rgb
    grid: Rgb


PALETTES = (
    Palette((18, 8, 48), (214, 60, 132), (255, 190, 70), (44, 16, 78), (16, 8, 40), (238, 70, 200)),
    Palette((4, 18, 44), (30, 132, 150), (240, 246, 200), (8, 46, 70), (4, 16, 32), (60, 220, 220)),
    Palette((38, 12, 26), (236, 110, 60), (255, 228, 120), (80, 24, 36), (30, 10, 20), (255, 150, 70)),
    Palette((8, 6, 30), (70, 60, 170), (226, 226, 255), (22, 20, 66), (8, 8, 26), (120, 130, 255)),
)


@dataclass(frozen=True)
class Sprite:
    """A drawing as planes of 4:2:0 video, with how opaque it is (None: wholly)."""

    y: Plane
    u: Plane
    v: Plane
    alpha: Plane | None = None

    @property
    def width(self) -> int:
        """In pixels of luma."""
        return int(self.y.shape[1])

    @property
    def height(self) -> int:
        """In pixels of luma."""
        return int(self.y.shape[0])


def even(value: float) -> int:
    """The nearest even whole number: where halved chroma has a pixel of its own."""
    return round(value / 2) * 2


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The lettering of all texts, `size` pixels high."""
    return ImageFont.load_default(max(6.0, size))


def to_yuv(rgb: Floats) -> tuple[Plane, Plane, Plane]:
    """Colours of 0..255 in the last axis, as limited range BT.709."""
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    y = 16.5 + luma * np.float32(219 / 255)
    u = 128.5 + (b - luma) * np.float32(224 / 255 / 1.8556)
    v = 128.5 + (r - luma) * np.float32(224 / 255 / 1.5748)
    return y.astype(np.uint8), u.astype(np.uint8), v.astype(np.uint8)


def to_sprite(image: Image.Image) -> Sprite:
    """An image of even size as planes; an RGBA one keeps its alpha."""
    pixels = np.asarray(image, dtype=np.uint8)
    y, u, v = to_yuv(pixels[..., :3].astype(np.float32))
    alpha = pixels[..., 3].copy() if pixels.shape[2] == 4 else None
    return Sprite(y, u[::2, ::2].copy(), v[::2, ::2].copy(), alpha)


def panorama(palette: Palette, width: int, height: int, seed: int) -> Sprite:
    """The sky with its sun and two ranges of mountains, twice as wide as the picture."""
    rng = np.random.default_rng((seed, 3))
    wide = 2 * width
    shade = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 1.5
    top, low = np.array(palette.sky_top, np.float32), np.array(palette.sky_low, np.float32)
    sky = np.broadcast_to(top + (low - top) * shade, (height, wide, 3)).astype(np.uint8)
    image = Image.fromarray(sky)
    draw = ImageDraw.Draw(image)
    for _ in range(160):
        x, y = int(rng.integers(wide)), int(height * 0.7 * rng.random())
        light = int(rng.integers(120, 250))
        draw.rectangle(
            (x, y, x + height // 240, y + height // 240), fill=(light, light, min(255, light + 20))
        )
    _draw_sun(draw, palette, wide // 2, height)
    for tall, mix in ((0.46, 0.45), (0.28, 1.0)):
        colour = tuple(int(a + (b - a) * mix) for a, b in zip(palette.sky_low, palette.mountain, strict=True))
        draw.polygon(_ridge(wide, height, height * tall, rng), fill=colour)
    return to_sprite(image)


def _draw_sun(draw: ImageDraw.ImageDraw, palette: Palette, x: int, height: int) -> None:
    radius, y = height * 0.36, height * 0.56
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette.sun)
    for k in range(6):
        stripe_y = y + radius * (0.05 + 0.16 * k)
        draw.rectangle(
            (x - radius, stripe_y, x + radius, stripe_y + radius * 0.015 * (k + 1)), fill=palette.sky_low
        )


def _ridge(width: int, height: int, tall: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    peaks = 28
    x = np.linspace(0, width, peaks)
    y = height - tall * np.where(
        np.arange(peaks) % 2, rng.uniform(0.5, 1.0, peaks), rng.uniform(0.1, 0.45, peaks)
    )
    return [(0.0, float(height)), *zip(x.tolist(), y.tolist(), strict=True), (float(width), float(height))]


def floor_masks(width: int, height: int, count: int) -> list[Plane]:
    """The ground rushing by, as a loop of `count` pictures.

    Values up to 127 go from the ground's colour to the grid's, those from 128 on to the road's markings.
    """
    rows = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height
    depth = 1 / (rows + 0.04)
    across = (np.arange(width, dtype=np.float32)[None] - width / 2) / width * depth * 2.2
    soft = depth * np.float32(3.0 / height)
    road = np.abs(across) < 1.0
    lines = np.clip(1 - np.abs(across - np.round(across)) / (0.012 + soft * 0.6), 0, 1) * ~road
    edges = np.clip(1.4 - np.abs(np.abs(across) - 1.0) / (0.025 + soft * 0.5), 0, 1)
    centre = np.clip(1.4 - np.abs(across) / (0.02 + soft * 0.4), 0, 1)
    near = np.clip(rows * 1.6 + 0.25, 0, 1).astype(np.float32)
    haze = np.clip(0.5 - rows * 4, 0, 1).astype(np.float32)
    return [
        _floor_mask(depth * 2 + 2 * k / count, soft, lines, edges, centre, near, haze, road)
        for k in range(count)
    ]


def _floor_mask(
    along: Floats,
    soft: Floats,
    lines: Floats,
    edges: Floats,
    centre: Floats,
    near: Floats,
    haze: Floats,
    road: npt.NDArray[np.bool_],
) -> Plane:
    bars = np.clip(1 - np.abs(along - np.round(along)) / (0.02 + soft * _softness(along)), 0, 1) * ~road
    grid = np.maximum(np.maximum(lines, bars) * near, haze)
    marks = np.maximum(edges, centre * (along % 2 < 1)) * near
    return np.where(marks > 0.15, 128 + marks * 127, grid * 127).astype(np.uint8)


def _softness(along: Floats) -> Floats:
    """How much wider a line across the road gets with distance, so that it does not flicker."""
    return np.asarray(0.4 + along * 0.35, dtype=np.float32)


def floor_colours(palette: Palette) -> tuple[Plane, Plane, Plane]:
    """What each value of a floor mask looks like, as three tables of 256."""
    mix = (np.arange(256, dtype=np.float32) % 128 / 127)[:, None]
    ground = np.array(palette.ground, np.float32)
    bright = np.where(np.arange(256)[:, None] < 128, np.array(palette.grid), np.array((250, 240, 220)))
    return to_yuv((ground + (bright - ground) * mix).astype(np.float32))


def car(width: int, body: Rgb) -> Sprite:
    """A car seen from behind."""
    w, h = even(width), even(width * 0.52)
    image = Image.new("RGBA", (w * _SHARPER, h * _SHARPER))
    draw = ImageDraw.Draw(image)
    sx, sy = w * _SHARPER / 100, h * _SHARPER / 52

    def box(x0: float, y0: float, x1: float, y1: float, fill: tuple[int, ...], radius: float = 0) -> None:
        draw.rounded_rectangle((x0 * sx, y0 * sy, x1 * sx, y1 * sy), radius * sx, fill=fill)

    dark = tuple(c // 3 for c in body)
    box(4, 46, 96, 52, (0, 0, 0, 120), 3)
    box(8, 30, 26, 51, (14, 14, 18), 3)
    box(74, 30, 92, 51, (14, 14, 18), 3)
    draw.polygon([(20 * sx, 22 * sy), (30 * sx, 3 * sy), (70 * sx, 3 * sy), (80 * sx, 22 * sy)], fill=dark)
    draw.polygon(
        [(26 * sx, 20 * sy), (33 * sx, 6 * sy), (67 * sx, 6 * sy), (74 * sx, 20 * sy)], fill=(90, 130, 170)
    )
    box(6, 19, 94, 42, body, 6)
    box(10, 24, 32, 31, (255, 60, 70), 3)
    box(68, 24, 90, 31, (255, 60, 70), 3)
    box(38, 28, 62, 37, (235, 235, 225), 1)
    box(3, 13, 97, 16, dark, 1)
    return to_sprite(image.resize((w, h), Image.Resampling.LANCZOS))
