"""What lies over the game in an invented recording: clock, streamer's camera, and a moment's banner."""

from __future__ import annotations

from PIL import Image, ImageDraw

from hypecut.media.sample_art import Sprite, even, font, to_sprite

_SHARPER = 3
_PANEL = (16, 14, 34)
_ACCENT = (255, 205, 90)
_TEXT = (245, 245, 250)


def clock_panel(second: int, picture_height: int) -> Sprite:
    """The recording's time, the lap and the speed."""
    height = even(picture_height / 9)
    image = Image.new("RGB", (even(height * 3.1), height), _PANEL)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, height // 14, height), fill=_ACCENT)
    time = f"{second // 3600}:{second // 60 % 60:02}:{second % 60:02}"
    draw.text((height * 0.22, height * 0.04), time, font=font(height * 0.52), fill=_TEXT)
    details = f"LAP {second // 64 + 1}   {182 + second * 37 % 49} km/h"
    draw.text((height * 0.22, height * 0.62), details, font=font(height * 0.26), fill=(170, 170, 200))
    return to_sprite(image)


def moment_banner(title: str, picture_width: int, picture_height: int) -> Sprite:
    """The name of what just happened."""
    height = even(picture_height / 8)
    letters = font(height * 0.5)
    while letters.getbbox(title)[2] > picture_width * 0.8 and height > 8:
        height = even(height * 0.9)
        letters = font(height * 0.5)
    width = even(letters.getbbox(title)[2] + height * 1.2)
    image = Image.new("RGB", (width, height), _PANEL)
    draw = ImageDraw.Draw(image)
    edge = max(1, height // 16)
    draw.rectangle((0, 0, width, edge), fill=_ACCENT)
    draw.rectangle((0, height - edge - 1, width, height), fill=_ACCENT)
    draw.text((width / 2, height / 2), title, font=letters, fill=_TEXT, anchor="mm")
    return to_sprite(image)


def camera(picture_height: int, excited: bool) -> Sprite:
    """The streamer at the desk; excited, with the mouth open and both arms up."""
    height = even(picture_height * 0.27)
    width = even(height * 1.25)
    image = Image.new("RGB", (width * _SHARPER, height * _SHARPER), (52, 40, 84))
    draw = ImageDraw.Draw(image)
    unit = height * _SHARPER / 100
    _draw_room(draw, unit)
    _draw_person(draw, unit, excited)
    draw.rectangle(
        (0, 0, width * _SHARPER - 1, height * _SHARPER - 1), outline=_ACCENT, width=round(2.5 * unit)
    )
    return to_sprite(image.resize((width, height), Image.Resampling.LANCZOS))


def _ellipse(
    draw: ImageDraw.ImageDraw,
    unit: float,
    x: float,
    y: float,
    rx: float,
    ry: float,
    fill: tuple[int, int, int],
) -> None:
    draw.ellipse(((x - rx) * unit, (y - ry) * unit, (x + rx) * unit, (y + ry) * unit), fill=fill)


def _draw_room(draw: ImageDraw.ImageDraw, unit: float) -> None:
    for k, colour in enumerate(((74, 58, 118), (92, 64, 128), (64, 62, 122))):
        draw.rectangle((8 * unit, (12 + 22 * k) * unit, 38 * unit, (26 + 22 * k) * unit), fill=colour)
    _ellipse(draw, unit, 108, 26, 10, 10, (250, 220, 150))


def _draw_person(draw: ImageDraw.ImageDraw, unit: float, excited: bool) -> None:
    skin, shirt, dark = (232, 184, 146), (60, 150, 170), (32, 28, 44)
    lift = 6 if excited else 0
    for side in (-1, 1):
        hand = (62 + side * 46, 28) if excited else (62 + side * 30, 96)
        draw.line(
            ((62 + side * 26) * unit, 92 * unit, hand[0] * unit, hand[1] * unit),
            fill=shirt,
            width=round(11 * unit),
        )
        _ellipse(draw, unit, hand[0], hand[1], 7, 7, skin)
    _ellipse(draw, unit, 62, 106 - lift, 34, 34, shirt)
    _ellipse(draw, unit, 62, 50 - lift, 23, 27, skin)
    draw.pieslice((38 * unit, (20 - lift) * unit, 86 * unit, (64 - lift) * unit), 180, 360, fill=(96, 54, 40))
    for side in (-1, 1):
        _ellipse(draw, unit, 62 + side * 24, 50 - lift, 6, 10, dark)
        _ellipse(draw, unit, 62 + side * 9, 50 - lift, 3, 4.5 if excited else 3, dark)
    if excited:
        _ellipse(draw, unit, 62, 65 - lift, 8, 8, (120, 34, 44))
    else:
        draw.arc((54 * unit, 56 * unit, 70 * unit, 68 * unit), 20, 160, fill=dark, width=round(2 * unit))
