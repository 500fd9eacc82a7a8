"""Lines in the world's scripts: every one shows, in its own order, and what can't be shown is told."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hypecut.errors import MediaError
from hypecut.media import fonts, lettering
from hypecut.media.fonts import (
    Face,
    face_of,
    find_font,
    lettering_complaint,
    missing_glyphs,
    one_clean_line,
    own_face,
    scripts_of,
)
from hypecut.media.lettering import Line, fitted

SIZE_PX = 52
COLOUR_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
SYSTEM_FONT = Path("/usr/share/fonts/truetype/noto/NotoSansTaiTham-Regular.ttf")
NAMES = {
    "Latin": "Shroud_99 Ñandú ß",
    "Cyrillic": "Привет",
    "Greek": "Ελλάδα",
    "Han": "加藤純一",
    "kana": "ゲームじっきょう",
    "Hangul": "한국어",
    "Arabic": "مرحبا بالعالم",
    "Hebrew": "שלום עולם",
    "Devanagari": "हिन्दी",
    "Thai": "สวัสดี",
    "Tamil": "தமிழ்",
    "emoji": "😀👨‍👩‍👧👋🏽🇩🇪1️⃣❤️⚡",
}
MIXED = "Shroud 加藤 مرحبا שלום हिन्दी 😀 end"


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Sets the files that fonts are looked for in."""

    def have(*paths: Path) -> None:
        fonts._usual_face.cache_clear()
        monkeypatch.setattr(fonts, "_text_faces", lambda: tuple(Face(path) for path in paths))
        monkeypatch.setattr(fonts, "_emoji_faces", lambda: ())

    yield have
    fonts._usual_face.cache_clear()


def drawn(text: str, size_px: int = SIZE_PX) -> npt.NDArray[np.uint8]:
    """The line in white on black, in RGB, with its base line at the same height."""
    line = Line(one_clean_line(text), size_px)
    image = Image.new("RGBA", (max(1, math.ceil(line.left + line.width)), size_px * 3), (0, 0, 0, 255))
    line.draw(image, line.left, size_px * 2, (255, 255, 255, 255), (0, 0, 0, 255), 0)
    return np.asarray(image)[..., :3]


def alike(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """The share of two pictures' ink that falls together."""
    width = min(a.shape[1], b.shape[1])
    first, second = (x[:, :width].max(axis=2) > 127 for x in (a, b))
    return float((first & second).sum() / max(1, (first | second).sum()))


@pytest.mark.parametrize("script", NAMES)
def test_names_in_any_script_show_without_the_systems_fonts(
    script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_system_files", lambda: ())
    fonts._text_faces.cache_clear()
    fonts._emoji_faces.cache_clear()
    fonts._usual_face.cache_clear()
    try:
        assert missing_glyphs(NAMES[script]) == ""
        assert lettering_complaint(NAMES[script]) == ""
        assert (drawn(NAMES[script]) > 127).mean() > 0.02
    finally:
        fonts._text_faces.cache_clear()
        fonts._emoji_faces.cache_clear()
        fonts._usual_face.cache_clear()


@pytest.mark.parametrize("script", NAMES)
def test_every_character_has_a_shape_of_its_own(script: str) -> None:
    shapes = [drawn(c).tobytes() for c in dict.fromkeys(NAMES[script]) if c.isalnum()]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.skipif(not SYSTEM_FONT.exists(), reason="the system has no Noto fonts")
def test_the_systems_fonts_show_what_those_by_pip_lack() -> None:
    face = face_of("ᨠ")
    assert face is not None
    assert "TaiTham" in face.path.name
    assert (drawn("ᨠᨡ") > 127).any()


@pytest.mark.skipif(not COLOUR_FONT.exists(), reason="the system has no font of coloured emoji")
def test_emoji_are_in_colour_and_as_tall_as_letters() -> None:
    picture = drawn("😀").astype(int)
    assert (picture.max(axis=2) - picture.min(axis=2) > 100).mean() > 0.1
    rows = np.nonzero((picture.max(axis=2) > 60).any(axis=1))[0]
    assert 0.8 * SIZE_PX < rows.max() - rows.min() < 1.4 * SIZE_PX
    assert rows.max() < 2.4 * SIZE_PX


def test_a_family_or_a_flag_is_one_sign() -> None:
    assert drawn("🇩🇪").shape[1] < 1.3 * drawn("😀").shape[1]
    assert drawn("👋🏽").shape[1] < 1.3 * drawn("👋").shape[1]


def test_scripts_are_mixed_in_one_line_with_nothing_missing() -> None:
    line = Line(MIXED, SIZE_PX)
    words = sum(Line(word, SIZE_PX).width for word in MIXED.split())
    assert line.text == MIXED
    assert missing_glyphs(MIXED) == ""
    assert words < line.width < words * 1.25


def test_right_to_left_begins_at_the_right() -> None:
    whole, first, last = drawn("גל"), drawn("ג"), drawn("ל")
    assert alike(whole[:, -first.shape[1] :], first) > 0.8
    assert alike(whole[:, : last.shape[1]], last) > 0.8


def test_a_latin_word_in_a_hebrew_line_still_runs_left_to_right() -> None:
    latin = drawn("Kappa")
    mixed = drawn("אב Kappa")
    assert alike(mixed, latin) > 0.9


def test_arabic_letters_join() -> None:
    alone = sum(drawn(letter).shape[1] for letter in "بيت")
    assert drawn("بيت").shape[1] < 0.8 * alone


def test_devanagari_marks_are_put_in_their_place() -> None:
    # The vowel sign follows its consonant in memory and stands before it on paper.
    consonant = drawn("ह")
    syllable = drawn("हि")
    assert alike(syllable[:, -consonant.shape[1] :], consonant) > 0.6
    assert alike(syllable, consonant) < 0.5


def test_what_no_font_has_is_left_out_and_told() -> None:
    assert np.array_equal(drawn("a\U000f0123\u0378b"), drawn("ab"))
    assert missing_glyphs("a\U000f0123 \u0378b\u0378") == "\U000f0123\u0378"
    told = lettering_complaint("a\U000f0123b")
    assert "\U000f0123" in told
    assert "install a font" in told


def test_a_script_without_a_font_is_named(only: object) -> None:
    font = find_font()
    assert font is not None
    only(font)  # type: ignore[operator]
    assert missing_glyphs("Hello, wörld… Привет 100 %") == ""
    assert missing_glyphs("ok 語日日本\u200d\ufe0f") == "語日本"
    assert np.array_equal(drawn("ok語日"), drawn("ok"))
    told = lettering_complaint("ok 語日本 שלום 😀")
    assert "語日本שלום😀" in told
    assert "(Han, Hebrew, emoji)" in told


def test_without_any_font_nothing_is_shown_and_all_is_told(only: object) -> None:
    only(Path("no/such/font.ttf"), Path(__file__))  # type: ignore[operator]
    assert find_font() is None
    assert Line("alpha", SIZE_PX).text == ""
    assert missing_glyphs("alpha") == "alph"


def test_marks_piled_up_do_not_grow_to_the_sky() -> None:
    assert Line(one_clean_line("Z" + "\u0301" * 80), SIZE_PX).ascent < 2.5 * SIZE_PX


def test_without_raqm_the_order_is_kept_and_unjoined_letters_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = drawn("אבג")
    monkeypatch.setattr(fonts, "shapes_scripts", lambda: False)
    monkeypatch.setattr(lettering, "shapes_scripts", lambda: False)
    fonts.sized.cache_clear()
    try:
        assert alike(drawn("אבג"), whole) > 0.6
        assert "Arabic" in lettering_complaint("مرحبا")
        assert lettering_complaint("Shroud שלום") == ""
    finally:
        fonts.sized.cache_clear()


def test_a_font_of_ones_own_goes_first_and_others_fill_in() -> None:
    mine = own_face(_serif())
    assert not np.array_equal(_with(mine, "Shroud"), drawn("Shroud"))
    assert Line("Shroud 加藤", SIZE_PX, mine).text == "Shroud 加藤"


def _serif() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"


def _with(face: Face, text: str) -> npt.NDArray[np.uint8]:
    line = Line(text, SIZE_PX, face)
    image = Image.new("RGBA", (math.ceil(line.width), SIZE_PX * 3), (0, 0, 0, 255))
    line.draw(image, 0, SIZE_PX * 2, (255, 255, 255, 255), (0, 0, 0, 255), 0)
    return np.asarray(image)[..., :3]


@pytest.mark.parametrize("content", [None, b"", b"no font at all", b"\x00\x01\x00\x00" + b"\xff" * 400])
def test_a_file_that_is_no_font_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "my.ttf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MediaError, match=r"my\.ttf"):
        own_face(path)


def test_a_damaged_font_is_refused_in_one_way_only(tmp_path: Path) -> None:
    whole, chance = _serif().read_bytes(), random.Random(1)
    outcomes = set()
    for number in range(60):
        data = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.choice((1, 50, 500))):
            reach = min(len(data), chance.choice((300, 20_000, len(data))))
            data[chance.randrange(reach)] = chance.randrange(256)
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(data)
        try:
            _with(own_face(path), "Shroud é")
        except MediaError:
            outcomes.add("refused")
        else:
            outcomes.add("drawn")
    assert outcomes == {"refused", "drawn"}


def test_scripts_are_named_for_people() -> None:
    assert scripts_of("ab語שа😀") == ["Latin", "Han", "Hebrew", "Cyrillic", "emoji"]


@pytest.mark.parametrize("text", ["alpha " * 40, "加藤純一" * 40, "مرحبا " * 40, "😀" * 80])
def test_a_long_line_fits(text: str) -> None:
    clean = one_clean_line(text)
    line = fitted(clean, SIZE_PX, 36, 500)
    assert 300 < line.left + line.width <= 500
    assert line.text.endswith("…")
    assert clean.startswith(line.text[:-1])


@given(text=st.text(max_size=20), widest_px=st.integers(-10, 400))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_any_text_in_any_width(text: str, widest_px: int) -> None:
    line = fitted(one_clean_line(text), 24, 17, widest_px)
    assert line.width + line.left <= max(0, widest_px)
