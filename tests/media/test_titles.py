"""Titles: where they show, when they show, and what they do with texts from the wild."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media import fonts
from hypecut.media.fades import Bytes, plane_views
from hypecut.media.fonts import find_font, missing_glyphs
from hypecut.media.titles import TitleCard

SIZES = [(1920, 1080), (640, 360), (1080, 1920), (853, 481), (426, 241)]
DIFFICULT = [
    "日本語のタイトル",
    "😀👨‍👩‍👧🏽",
    "שלום עולם",
    "مرحبا بالعالم",
    "e" + "\u0301" * 80,
    "a\ud800b",
    "\u202eabc",
]


def picture(width: int, height: int, luma: int | None = None, pix_fmt: str = "yuv420p") -> VideoFrame:
    """A frame of one grey, or of noise."""
    frame = VideoFrame(width, height, pix_fmt)
    noise = np.random.default_rng(1)
    for plane in plane_views(frame):
        plane[...] = noise.integers(16, 236, plane.shape) if luma is None else 128
    if luma is not None:
        plane_views(frame)[0][...] = luma
    return frame


def planes(frame: VideoFrame) -> list[Bytes]:
    return [plane.copy() for plane in plane_views(frame)]


def changed(before: VideoFrame, after: VideoFrame) -> tuple[Bytes, ...]:
    return tuple(a != b for a, b in zip(plane_views(before), plane_views(after), strict=True))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_title_changes_the_lower_left_and_nothing_else(width: int, height: int) -> None:
    frame = picture(width, height)
    out = TitleCard("Shroud", width, height, 3.0).draw(frame, 1.0)
    luma, *chroma = changed(frame, out)
    rows, columns = np.nonzero(luma)
    assert len(rows) > 200
    assert rows.min() > height * 0.8
    assert rows.max() < height * 0.98
    assert columns.min() > width * 0.02
    assert columns.max() < width * 0.65
    for plane in chroma:
        small_rows, small_columns = np.nonzero(plane)
        assert small_rows.min() >= rows.min() // 2
        assert small_rows.max() <= rows.max() // 2
        assert small_columns.min() >= columns.min() // 2
        assert small_columns.max() <= columns.max() // 2


@pytest.mark.parametrize("luma", [16, 128, 235])
@pytest.mark.parametrize("height", [360, 720, 1080])
def test_letters_stand_out_from_light_and_dark_pictures(luma: int, height: int) -> None:
    frame = picture(height * 16 // 9, height, luma)
    card = TitleCard("HHHH", frame.width, frame.height, 3.0)
    shown = plane_views(card.draw(frame, 1.0))[0]
    rows, columns = np.nonzero(shown != luma)
    plate = shown[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    letters = plate >= 225
    assert 0.05 < letters.mean() < 0.5
    # What lies around the letters is dark: nothing between it and them in brightness but a thin edge.
    assert (plate < 120).mean() > 0.4


def test_grey_stays_grey_and_full_range_is_used() -> None:
    limited = plane_views(TitleCard("II", 1280, 720, 3.0).draw(picture(1280, 720, 100), 1.0))
    frame = picture(1280, 720, 100, "yuvj420p")
    full = plane_views(TitleCard("II", 1280, 720, 3.0, full_range=True).draw(frame, 1.0))
    assert limited[0].max() == 235
    assert full[0].max() == 255
    for view in (*limited[1:], *full[1:]):
        assert abs(view.astype(int) - 128).max() <= 2


def test_it_fades_in_and_out() -> None:
    frame = picture(640, 360, 235)
    card = TitleCard("alpha", 640, 360, 3.0)
    brightness = [float(plane_views(card.draw(frame, at / 60))[0].mean()) for at in range(181)]
    full = brightness[90]
    assert brightness[0] == brightness[180] == 235
    assert full < 234.5
    assert brightness[:19] == sorted(brightness[:19], reverse=True)
    assert brightness[18:163] == [full] * 145
    assert brightness[162:] == sorted(brightness[162:])


def test_a_short_title_fades_faster() -> None:
    frame = picture(640, 360, 235)
    card = TitleCard("alpha", 640, 360, 0.4)
    middle = [planes(card.draw(frame, at_s)) for at_s in (0.11, 0.2, 0.29)]
    for other in middle[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(middle[0], other, strict=True))


@pytest.mark.parametrize("at_s", [-0.1, 0.0, 3.0, 3.1, 1e6])
def test_outside_its_time_the_frame_is_given_back(at_s: float) -> None:
    frame = picture(640, 360)
    assert TitleCard("alpha", 640, 360, 3.0).draw(frame, at_s) is frame


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00\x07\u200b\ufeff"])
def test_nothing_to_show_gives_the_frame_back(text: str) -> None:
    frame = picture(640, 360)
    card = TitleCard(text, 640, 360, 3.0)
    assert card.text == ""
    assert card.draw(frame, 1.0) is frame


def test_no_time_to_show_gives_the_frame_back() -> None:
    frame = picture(640, 360)
    assert TitleCard("alpha", 640, 360, 0.0).draw(frame, 0.0) is frame


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (64, 36), (3000, 20), (20, 3000), (63, 101)])
def test_a_picture_without_room_is_left_alone_or_drawn_inside(size: tuple[int, int]) -> None:
    frame = picture(*size)
    out = TitleCard("alpha beta gamma", *size, 3.0).draw(frame, 1.0)
    assert (out.width, out.height) == size


def test_the_given_frame_is_not_changed_and_its_properties_are_kept() -> None:
    frame = picture(640, 360)
    frame.pts, frame.time_base, frame.duration = 1234, Fraction(1, 90_000), 1500
    frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
    before = planes(frame)
    out = TitleCard("alpha", 640, 360, 3.0).draw(frame, 1.0)
    assert all(np.array_equal(a, b) for a, b in zip(before, planes(frame), strict=True))
    assert (out.pts, out.time_base, out.duration) == (1234, Fraction(1, 90_000), 1500)
    assert (out.colorspace, out.color_range, out.color_primaries, out.color_trc) == (1, 1, 1, 1)
    assert out.format.name == frame.format.name


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="640, 360"):
        TitleCard("alpha", 640, 360, 3.0).draw(picture(320, 180), 1.0)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_long_text_is_shortened(width: int, height: int) -> None:
    text = "an incredible comeback in the very last round " * 40
    frame = picture(width, height)
    card = TitleCard(text, width, height, 3.0)
    columns = np.nonzero(changed(frame, card.draw(frame, 1.0))[0])[1]
    assert card.text.endswith("…")
    assert text.startswith(card.text[:-1])
    assert len(card.text) > 8
    assert width * 0.45 < columns.max() - columns.min() <= width * 0.6 + 2


def test_line_breaks_and_control_characters_are_taken_out() -> None:
    assert (
        TitleCard(" one\ntwo\r\n\tthr\x07ee\x1b\u2028four\u202e ", 1920, 1080, 3.0).text
        == "one two three four"
    )


@pytest.mark.parametrize("text", DIFFICULT)
def test_texts_of_any_script_are_drawn(text: str) -> None:
    frame = picture(640, 360)
    assert changed(frame, TitleCard(text, 640, 360, 3.0).draw(frame, 1.0))[0].any()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    text=st.text(max_size=40),
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    at_s=st.floats(0, 3),
    duration_s=st.floats(0, 3),
)
def test_no_text_size_or_time_fails(
    text: str, width: int, height: int, at_s: float, duration_s: float
) -> None:
    frame = picture(width, height, 60)
    out = TitleCard(text, width, height, duration_s).draw(frame, at_s)
    assert (out.width, out.height) == (width, height)


def test_the_font_is_told() -> None:
    font = find_font()
    assert font is not None
    assert font.is_file()


def test_missing_characters_are_told_once_and_in_order() -> None:
    assert missing_glyphs("Hello, wörld… Привет 100 %") == ""
    assert missing_glyphs("ok 語日日本\u200d\ufe0f") == "語日本"


def test_without_any_font_pillows_own_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_font_places", lambda: [Path("no/such/font.ttf"), Path(__file__)])
    fonts.font_of.cache_clear()
    try:
        assert find_font() is None
        frame = picture(640, 360)
        assert changed(frame, TitleCard("alpha", 640, 360, 3.0).draw(frame, 1.0))[0].any()
        assert missing_glyphs("alpha Ж日") == "Ж日"
    finally:
        fonts.font_of.cache_clear()
