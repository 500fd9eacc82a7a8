"""The font that titles are set in, and what it can't show."""

from __future__ import annotations

import functools
import importlib.util
import os
import unicodedata
from pathlib import Path
from typing import cast

from PIL import ImageFont

_FONT_NAMES = (
    *("DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "LiberationSans-Bold.ttf"),
    *("Arial Bold.ttf", "arialbd.ttf", "Helvetica.ttc"),
)
_LINUX = "/usr/share/fonts"
_FONT_FOLDERS = (
    *(f"{_LINUX}/truetype/{family}" for family in ("dejavu", "noto", "liberation")),
    *(f"{_LINUX}/{family}" for family in ("TTF", "noto", "liberation", "dejavu-sans-fonts", "google-noto")),
    *("/System/Library/Fonts/Supplemental", "/System/Library/Fonts", "/Library/Fonts"),
)
# A code point that is no character: fonts show their sign for "missing" in its place.
_NO_CHARACTER = "\U0010ffff"
_JOINERS = "\u200c\u200d"


def find_font() -> Path | None:
    """The font that titles are set in; None when it is the small one that comes with Pillow."""
    return next((path for path in _font_places() if _opens(path)), None)


def missing_glyphs(text: str) -> str:
    """The characters of titles that their font can't show, each once."""
    font = font_of(32).font_variant(layout_engine=ImageFont.Layout.BASIC)
    missing = _glyph(font, _NO_CHARACTER)
    shown = (c for c in dict.fromkeys(one_clean_line(text)) if not c.isspace() and c not in _JOINERS)
    return "".join(c for c in shown if _glyph(font, c) == missing)


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


def _font_places() -> list[Path]:
    folders = [*map(Path, _FONT_FOLDERS), Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts")]
    # Matplotlib, which draws the chat's activity, brings DejaVu along.
    plots = importlib.util.find_spec("matplotlib")
    if plots is not None and plots.origin is not None:
        folders.append(Path(plots.origin).parent / "mpl-data" / "fonts" / "ttf")
    return [folder / name for name in _FONT_NAMES for folder in folders]


def _opens(path: Path) -> bool:
    try:
        ImageFont.truetype(path, 16)
    except OSError:
        return False
    return True


@functools.lru_cache(maxsize=8)
def font_of(size_px: int) -> ImageFont.FreeTypeFont:
    """The titles' font with letters of that size."""
    path = find_font()
    if path is not None:
        return ImageFont.truetype(path, size_px)
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(size_px))


def one_clean_line(text: str) -> str:
    """One line without control and formatting characters, but for the joiners that some scripts need."""
    kept = (c for c in text if c.isspace() or c in _JOINERS or not _is_invisible(c))
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _is_invisible(character: str) -> bool:
    variation = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return variation or unicodedata.category(character) in ("Cc", "Cf", "Cs")
