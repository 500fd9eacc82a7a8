"""The fonts titles are set in, and what none of them can show.

Those that come along by pip go first, so that a title looks the same everywhere; what they lack is looked for
among the system's. One character's pieces always come from one face.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import os
import struct
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from fontTools import unicodedata as scripts
from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont, features

from hypecut.errors import MediaError
from hypecut.media.graphemes import JOINERS, clusters, is_emoji, is_ignorable

_PIP_TEXT = (
    ("manimgx_fonts", "NotoSans[[]wght].ttf"),
    ("manimgx_fonts", "NotoSans*.ttf"),
    ("manimgx_fonts_cjk", "NotoSansCJK*.ttc"),
    ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"),
)
_PIP_EMOJI = (("manimgx_fonts", "NotoEmoji*.ttf"),)
_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_SLANTED = ("italic", "oblique")
_THIN = ("thin", "light", "condensed", "mono", "narrow")
# They have a sign for everything, and it says nothing.
_EMPTY = ("lastresort", "adobeblank")
_MOST_FILES = 5000
_MOST_NAMED = 20
# What fonts that are none, or damaged, raise when they are read.
_UNREADABLE = (
    *(OSError, TTLibError, struct.error, EOFError, ValueError, LookupError),
    *(AttributeError, AssertionError),
)
# What it says of fonts that are damaged is of no use in the terminal.
logging.getLogger("fontTools").addHandler(logging.NullHandler())
# Their letters change with their neighbours, by ISO 15924.
_SHAPED_SCRIPTS = (
    *("Arab", "Beng", "Deva", "Gujr", "Guru", "Khmr", "Knda", "Laoo", "Mlym", "Mong"),
    *("Mymr", "Nkoo", "Orya", "Sinh", "Syrc", "Taml", "Telu", "Thaa", "Tibt"),
)
# The one size, in pixels, that a font made of pictures has: Noto Color Emoji, then Apple Color Emoji.
_STRIKES = (109, 160, 96, 64, 128, 136)
_TRIED_SIZE = 32


@dataclass(frozen=True)
class Face:
    """One face of a font file.

    Attributes:
        path: the file.
        own: it was asked for, so it goes before all others.
    """

    path: Path
    own: bool = False

    @property
    def characters(self) -> npt.NDArray[np.uint32]:
        """The code points it has a sign for, ascending; none when it can't be read or drawn from."""
        return _contents(self.path)[0]

    @property
    def in_colour(self) -> bool:
        """Its signs are coloured pictures."""
        return _contents(self.path)[1]

    def shows(self, cluster: str) -> bool:
        """Whether it has all that the cluster is made of."""
        codes = np.array([ord(c) for c in cluster if not is_ignorable(c)], np.uint32)
        places = np.searchsorted(self.characters, codes)
        inside = places < len(self.characters)
        return bool(inside.all() and (self.characters[places] == codes).all())


class Sized(NamedTuple):
    """A face ready to draw with; what it draws must be scaled by `scale` to be of the size asked for."""

    font: ImageFont.FreeTypeFont
    scale: float
    path: Path


def own_face(path: Path) -> Face:
    """The face of a font file that a user names.

    Raises:
        MediaError: it is missing, or no font that titles can be set in.
    """
    if not path.is_file():
        raise MediaError(f"the font {path} isn't there; name a TrueType or OpenType file (.ttf, .otf, .ttc).")
    face = Face(path, own=True)
    if not len(face.characters) or not _opens(path):
        raise MediaError(
            f"{path} can't be read as a font; name a TrueType or OpenType file (.ttf, .otf, .ttc)."
        )
    return face


def face_of(cluster: str, own: Face | None = None) -> Face | None:
    """The face a cluster is drawn with; None when there is none that has all of it."""
    if own is not None and own.shows(cluster):
        return own
    return _usual_face(cluster)


@functools.lru_cache(maxsize=4096)
def _usual_face(cluster: str) -> Face | None:
    groups = (_emoji_faces(), _text_faces()) if is_emoji(cluster) else (_text_faces(), _emoji_faces())
    return next((face for group in groups for face in group if face.shows(cluster)), None)


@functools.lru_cache(maxsize=128)
def sized(face: Face, size_px: int) -> Sized:
    """The face with letters of a size, bold where it can be.

    Raises:
        MediaError: the file can't be read any more.
    """
    engine = ImageFont.Layout.RAQM if shapes_scripts() else ImageFont.Layout.BASIC
    for size in (size_px, *_STRIKES):
        try:
            font = ImageFont.truetype(face.path, size, layout_engine=engine)
        except OSError:
            continue
        _embolden(font)
        return Sized(font, size_px / size, face.path)
    raise MediaError(f"the font {face.path} can't be read; check the file, or install it again.")


def _embolden(font: ImageFont.FreeTypeFont) -> None:
    try:
        if b"Bold" in font.get_variation_names():
            font.set_variation_by_name("Bold")
    except OSError:
        return  # it comes in one weight only


def shapes_scripts() -> bool:
    """Whether letters that join or stack, and lines from right to left, are set as they are written."""
    return bool(features.check("raqm"))


def find_font() -> Path | None:
    """The font that plain titles are set in; None when there is none at all."""
    face = face_of("A")
    return face.path if face else None


def missing_glyphs(text: str, own: Face | None = None) -> str:
    """The characters of titles that no font here can show, each once; they are left out."""
    missing: list[str] = []
    for cluster in clusters(one_clean_line(text)):
        if not cluster.isspace() and face_of(cluster, own) is None:
            missing += (c for c in cluster if not is_ignorable(c) and face_of(c, own) is None)
    return "".join(dict.fromkeys(missing))


def lettering_complaint(text: str, own: Face | None = None) -> str:
    """What of a text can't be shown as it is written, and the cure, in one sentence; '' when all can."""
    line = one_clean_line(text)
    missing = missing_glyphs(line, own)
    if missing:
        shown = missing if len(missing) <= _MOST_NAMED else missing[:_MOST_NAMED] + "…"
        return (
            f"no font here can show {shown} ({', '.join(scripts_of(missing))}), so titles leave that out; "
            "install a font for it, such as one of the Noto family."
        )
    unshaped = [c for c in line if scripts.script(c) in _SHAPED_SCRIPTS] if not shapes_scripts() else []
    if unshaped:
        names = ", ".join(scripts_of("".join(unshaped)))
        return (
            f"letters of {names} are not joined in titles, since Pillow has no Raqm here; "
            "install FriBiDi where Pillow finds it."
        )
    return ""


def scripts_of(text: str) -> list[str]:
    """The scripts of characters, each named once, e.g. `Han`; emoji count as one."""
    names = ("emoji" if is_emoji(c) else scripts.script_name(scripts.script(c)) for c in text)
    return list(dict.fromkeys(name.replace("_", " ") for name in names))


def one_clean_line(text: str) -> str:
    """One line without control and formatting characters, but for what some scripts and emoji need."""
    kept = (c for c in text if c.isspace() or is_ignorable(c) or not _is_invisible(c))
    line = unicodedata.normalize("NFC", " ".join("".join(kept).split()))
    return line.lstrip("".join((JOINERS, *map(chr, range(0xFE00, 0xFE10)))) + " ")


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") or "\U000e0100" <= character <= "\U000e01ef"


@functools.lru_cache(maxsize=_MOST_FILES)
def _contents(path: Path) -> tuple[npt.NDArray[np.uint32], bool]:
    """The code points a font can draw, and whether in colour."""
    codes: set[int] = set()
    coloured = False
    with (
        contextlib.suppress(*_UNREADABLE),
        path.open("rb") as file,
        TTFont(file, fontNumber=0, lazy=True) as font,
    ):
        # FreeType draws pictures and flat layers; of newer colour fonts nothing would be seen.
        layers = "COLR" in font
        coloured = "CBDT" in font or "sbix" in font or (layers and font["COLR"].version == 0)
        outlines = any(table in font for table in ("glyf", "CFF ", "CFF2"))
        if coloured or (outlines and not layers):
            codes = set(font["cmap"].getBestCmap() or ())
    return np.sort(np.fromiter(codes, np.uint32, len(codes))), coloured


def _opens(path: Path) -> bool:
    try:
        ImageFont.truetype(path, _TRIED_SIZE)
    except OSError:
        return any(_is_strike(path, size) for size in _STRIKES)
    return True


def _is_strike(path: Path, size_px: int) -> bool:
    try:
        ImageFont.truetype(path, size_px)
    except OSError:
        return False
    return True


@functools.cache
def _text_faces() -> tuple[Face, ...]:
    system = sorted((p for p in _system_files() if not _is_for_emoji(p)), key=_fitness)
    return _distinct((*_pip_files(_PIP_TEXT), *system))


@functools.cache
def _emoji_faces() -> tuple[Face, ...]:
    """Those in colour first."""
    system = sorted(p for p in _system_files() if _is_for_emoji(p))
    faces = _distinct((*system, *_pip_files(_PIP_EMOJI)))
    return tuple(sorted(faces, key=lambda face: not face.in_colour))


def _distinct(paths: tuple[Path, ...]) -> tuple[Face, ...]:
    return tuple(Face(path) for path in dict.fromkeys(paths))


def _pip_files(packages: tuple[tuple[str, str], ...]) -> Iterator[Path]:
    for package, pattern in packages:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            found = sorted(Path(spec.origin).parent.glob(pattern))
            yield from (path for path in found if not _has(path, _SLANTED))


@functools.cache
def _system_files() -> tuple[Path, ...]:
    found: list[Path] = []
    for folder in _system_folders():
        for where, _, names in os.walk(folder):
            found += [Path(where, n) for n in sorted(names) if n.lower().endswith(_SUFFIXES)]
            if len(found) > _MOST_FILES:
                break
    return tuple(path for path in found[:_MOST_FILES] if not _has(path, (*_EMPTY, *_SLANTED)))


def _system_folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
        return [Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts"), local / "Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]


def _is_for_emoji(path: Path) -> bool:
    return _has(path, ("emoji", "seguiemj"))


def _fitness(path: Path) -> tuple[bool, bool, bool, str]:
    """Upright, bold letters without serifs first."""
    return _has(path, _THIN), not _has(path, ("bold", "bd")), not _has(path, ("sans",)), path.name


def _has(path: Path, words: tuple[str, ...]) -> bool:
    name = path.stem.lower().replace("-", "").replace(" ", "")
    return any(word in name for word in words)
