"""Titles: where they show, when they show, and what they do with texts from the wild."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import Bytes, plane_views
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
    "हिन्दी क्षत्रिय",
    "Shroud 加藤 שלום مرحبا 😀 end",
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


def card_for(
    text: str, width: int, height: int, duration_s: float = 3.0, pix_fmt: str = "yuv420p", **changes: Any
) -> TitleCard:
    return TitleCard(text, PictureFormat(width, height, Fraction(60), pix_fmt, **changes), duration_s)


def planes(frame: VideoFrame) -> list[Bytes]:
    return [plane.copy() for plane in plane_views(frame)]


def changed(before: VideoFrame, after: VideoFrame) -> tuple[Bytes, ...]:
    return tuple(a != b for a, b in zip(plane_views(before), plane_views(after), strict=True))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_title_changes_the_lower_left_and_nothing_else(width: int, height: int) -> None:
    frame = picture(width, height)
    out = card_for("Shroud", width, height, 3.0).draw(frame, 1.0)
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


def luminance(luma: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Relative luminance of greys by their limited-range luma (WCAG 2.1)."""
    grey = np.clip((luma - 16) / 219, 0, 1)
    return np.where(grey <= 0.04045, grey / 12.92, ((grey + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("luma", [16, 60, 128, 180, 235, None])
@pytest.mark.parametrize("height", [360, 720, 1080])
def test_letters_stand_out_from_light_dark_and_restless_pictures(luma: int | None, height: int) -> None:
    frame = picture(height * 16 // 9, height, luma)
    before = plane_views(frame)[0].astype(float)
    shown = plane_views(card_for("HHHH", frame.width, height).draw(frame, 1.0))[0].astype(float)
    rows, columns = np.nonzero(shown != before)
    place = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    letters = shown[place] >= 225
    assert 0.05 < letters.mean() < 0.5
    # Even where the plate lets the most light through, letters keep a contrast of 4.5 to 1 (WCAG AA).
    inside = np.s_[
        rows.min() + 4 : rows.min() + 8, columns.min() + height // 40 : columns.max() - height // 40
    ]
    lightest = np.percentile(shown[inside], 98)
    contrast = (luminance(np.array(235.0)) + 0.05) / (luminance(np.array(lightest)) + 0.05)
    assert contrast >= 4.5


@pytest.mark.parametrize(("height", "least_px"), [(720, 24), (1080, 36)])
def test_capitals_are_tall_enough_to_read(height: int, least_px: int) -> None:
    frame = picture(height * 16 // 9, height, 16)
    shown = plane_views(card_for("HHHH", frame.width, height).draw(frame, 1.0))[0]
    rows = np.nonzero((shown >= 225).any(axis=1))[0]
    assert rows.max() - rows.min() + 1 >= least_px


def test_a_name_a_little_too_long_is_set_smaller_and_stays_whole() -> None:
    name = "a_very_long_twitch_name_25"
    frame = picture(640, 360, 16)
    card = card_for(name, 640, 360)
    columns = np.nonzero(plane_views(card.draw(frame, 1.0))[0] >= 200)[1]
    assert card.text == name
    assert columns.max() < 640 * 0.65


def test_pixels_that_are_not_square_get_a_title_that_looks_as_on_square_ones() -> None:
    square = plane_views(card_for("HHH", 1280, 720).draw(picture(1280, 720, 16), 1.0))[0]
    anamorphic = card_for("HHH", 960, 720, sample_aspect_ratio=Fraction(4, 3))
    narrow = plane_views(anamorphic.draw(picture(960, 720, 16), 1.0))[0]
    sizes = []
    for shown, ratio in ((square, 1.0), (narrow, 4 / 3)):
        rows, columns = np.nonzero(shown >= 200)
        sizes.append(((columns.max() - columns.min()) * ratio, columns.min() * ratio, rows.min(), rows.max()))
    assert sizes[0] == pytest.approx(sizes[1], abs=4)


@pytest.mark.parametrize("matrix", [1, 6])
def test_colours_are_those_of_the_montages_matrix(matrix: int) -> None:
    card = card_for("\N{LARGE RED CIRCLE}", 640, 360, color=(matrix, matrix, matrix, 1))
    frame = picture(640, 360, 16)
    frame.colorspace, frame.color_range = (1, 1) if matrix == 1 else (5, 1)
    shown = card.draw(frame, 1.0).to_ndarray(format="rgb24").astype(int)
    red = shown[..., 0] - np.maximum(shown[..., 1], shown[..., 2])
    strongest = shown[np.unravel_index(red.argmax(), red.shape)]
    # Noto draws that circle in about (243, 56, 56).
    assert strongest == pytest.approx((235, 50, 50), abs=40)


def test_grey_stays_grey_and_full_range_is_used() -> None:
    limited = plane_views(card_for("II", 1280, 720, 3.0).draw(picture(1280, 720, 100), 1.0))
    frame = picture(1280, 720, 100, "yuvj420p")
    full = plane_views(card_for("II", 1280, 720, 3.0, "yuvj420p").draw(frame, 1.0))
    assert limited[0].max() == 235
    assert full[0].max() == 255
    for view in (*limited[1:], *full[1:]):
        assert abs(view.astype(int) - 128).max() <= 2


def test_it_fades_in_and_out() -> None:
    frame = picture(640, 360, 235)
    card = card_for("alpha", 640, 360, 3.0)
    brightness = [float(plane_views(card.draw(frame, at / 60))[0].mean()) for at in range(181)]
    full = brightness[90]
    assert brightness[0] == brightness[180] == 235
    assert full < 234.5
    assert brightness[:19] == sorted(brightness[:19], reverse=True)
    assert brightness[18:163] == [full] * 145
    assert brightness[162:] == sorted(brightness[162:])


def test_a_short_title_fades_faster() -> None:
    frame = picture(640, 360, 235)
    card = card_for("alpha", 640, 360, 0.4)
    middle = [planes(card.draw(frame, at_s)) for at_s in (0.11, 0.2, 0.29)]
    for other in middle[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(middle[0], other, strict=True))


@pytest.mark.parametrize("at_s", [-0.1, 0.0, 3.0, 3.1, 1e6])
def test_outside_its_time_the_frame_is_given_back(at_s: float) -> None:
    frame = picture(640, 360)
    assert card_for("alpha", 640, 360, 3.0).draw(frame, at_s) is frame


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00\x07\u200b\ufeff"])
def test_nothing_to_show_gives_the_frame_back(text: str) -> None:
    frame = picture(640, 360)
    card = card_for(text, 640, 360, 3.0)
    assert card.text == ""
    assert card.draw(frame, 1.0) is frame


def test_no_time_to_show_gives_the_frame_back() -> None:
    frame = picture(640, 360)
    assert card_for("alpha", 640, 360, 0.0).draw(frame, 0.0) is frame


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (64, 36), (3000, 20), (20, 3000), (63, 101)])
def test_a_picture_without_room_is_left_alone_or_drawn_inside(size: tuple[int, int]) -> None:
    frame = picture(*size)
    out = card_for("alpha beta gamma", *size, 3.0).draw(frame, 1.0)
    assert (out.width, out.height) == size


def test_the_given_frame_is_not_changed_and_its_properties_are_kept() -> None:
    frame = picture(640, 360)
    frame.pts, frame.time_base, frame.duration = 1234, Fraction(1, 90_000), 1500
    frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
    before = planes(frame)
    out = card_for("alpha", 640, 360, 3.0).draw(frame, 1.0)
    assert all(np.array_equal(a, b) for a, b in zip(before, planes(frame), strict=True))
    assert (out.pts, out.time_base, out.duration) == (1234, Fraction(1, 90_000), 1500)
    assert (out.colorspace, out.color_range, out.color_primaries, out.color_trc) == (1, 1, 1, 1)
    assert out.format.name == frame.format.name


def test_a_frame_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="640, 360"):
        card_for("alpha", 640, 360, 3.0).draw(picture(320, 180), 1.0)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_long_text_is_shortened(width: int, height: int) -> None:
    text = "an incredible comeback in the very last round " * 40
    frame = picture(width, height)
    card = card_for(text, width, height, 3.0)
    columns = np.nonzero(changed(frame, card.draw(frame, 1.0))[0])[1]
    assert card.text.endswith("…")
    assert text.startswith(card.text[:-1])
    assert len(card.text) > 8
    assert width * 0.45 < columns.max() - columns.min() <= width * 0.6 + 2


def test_line_breaks_and_control_characters_are_taken_out() -> None:
    assert (
        card_for(" one\ntwo\r\n\tthr\x07ee\x1b\u2028four\u202e ", 1920, 1080, 3.0).text
        == "one two three four"
    )


@pytest.mark.parametrize("text", DIFFICULT)
def test_texts_of_any_script_are_drawn(text: str) -> None:
    frame = picture(640, 360)
    assert changed(frame, card_for(text, 640, 360, 3.0).draw(frame, 1.0))[0].any()


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
    out = card_for(text, width, height, duration_s).draw(frame, at_s)
    assert (out.width, out.height) == (width, height)
