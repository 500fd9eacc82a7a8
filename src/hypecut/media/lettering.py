"""Setting one line of text in as many fonts and directions as it needs.

Pillow shapes and draws a run of one font and one direction (by Raqm, where it is there); which runs a line
has and in which order they stand is found here.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from hypecut.errors import MediaError
from hypecut.media.fonts import Face, Sized, face_of, shapes_scripts, sized
from hypecut.media.graphemes import clusters, is_emoji, levels

Colour = tuple[int, int, int, int]
_ELLIPSIS = "…"
# No script piles up more on one letter than four marks; an emoji family is longer.
_LONGEST_LETTER = 5
_LONGEST_EMOJI = 16


@dataclass(frozen=True)
class _Run:
    """Neighbouring clusters of one face that run one way; `text` is in the order of reading."""

    text: str
    level: int
    in_colour: bool
    sized: Sized

    @functools.cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is drawn, seen from the base line's left end."""
        with _told_as_damaged(self.sized):
            edges = self.sized.font.getbbox(self.text, anchor="ls", direction=self._direction)
        left, top, right, bottom = (edge * self.sized.scale for edge in edges)
        return left, top, right, bottom

    @functools.cached_property
    def advance(self) -> float:
        """How far the next run stands from this one."""
        with _told_as_damaged(self.sized):
            return self.sized.font.getlength(self.text, direction=self._direction) * self.sized.scale

    @property
    def _direction(self) -> str | None:
        if not shapes_scripts():
            return None
        return "rtl" if self.level % 2 else "ltr"

    def draw(self, image: Image.Image, x: float, y: float, fill: Colour, edge: Colour, edge_px: int) -> None:
        """Draw it with its base line's left end at (x, y)."""
        if self.sized.scale != 1.0:
            self._draw_scaled(image, x, y)
            return
        ImageDraw.Draw(image).text(
            (x, y),
            self.text,
            fill=fill,
            font=self.sized.font,
            anchor="ls",
            embedded_color=self.in_colour,
            stroke_width=0 if self.in_colour else edge_px,
            stroke_fill=edge,
            direction=self._direction,
        )

    def _draw_scaled(self, image: Image.Image, x: float, y: float) -> None:
        """Draw it in the one size the font has, and bring that to the size asked for."""
        scale = self.sized.scale
        left, top, right, bottom = self.sized.font.getbbox(self.text, anchor="ls", direction=self._direction)
        large = Image.new("RGBA", (max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))))
        ImageDraw.Draw(large).text(
            (-left, -top),
            self.text,
            font=self.sized.font,
            anchor="ls",
            embedded_color=True,
            direction=self._direction,
        )
        size = (max(1, round(large.width * scale)), max(1, round(large.height * scale)))
        small = large.resize(size, Image.Resampling.LANCZOS)
        place = (max(0, round(x + left * scale)), max(0, round(y + top * scale)))
        image.alpha_composite(small, place)


class Line:
    """A line of text, measured and ready to be drawn.

    Args:
        text: what to set; clusters that no font has are left out.
        size_px: the size of the letters.
        own: a face that goes before the usual ones.

    Attributes:
        text: what is shown.
        left: how many pixels reach out to the left of the line's beginning.
        width: in pixels, to the rightmost one drawn.
        ascent: pixels over the base line, at least those of plain letters.
        descent: pixels below it.
    """

    def __init__(self, text: str, size_px: int, own: Face | None = None) -> None:
        pieces = _spaces_joined([pair for piece in clusters(text) for pair in _shown(piece, own)])
        self.text = "".join(piece for piece, _ in pieces).strip()
        self._runs = _in_order_of_sight(_runs(pieces, size_px))
        self._starts = list(itertools.accumulate((run.advance for run in self._runs), initial=0.0))
        placed = list(zip(self._starts, self._runs, strict=False))
        above, below = _plain_metrics(size_px, own)
        self.left = max([0.0, *(-at - run.box[0] for at, run in placed)])
        self.width = max([self._starts[-1], *(at + run.box[2] for at, run in placed)])
        self.ascent = max([above, *(-run.box[1] for run in self._runs)])
        self.descent = max([below, *(run.box[3] for run in self._runs)])

    def draw(self, image: Image.Image, x: float, y: float, fill: Colour, edge: Colour, edge_px: int) -> None:
        """Draw it onto an RGBA image, its base line beginning at (x, y), with an edge round the letters."""
        for start, run in zip(self._starts, self._runs, strict=False):
            with _told_as_damaged(run.sized):
                run.draw(image, x + start, y, fill, edge, edge_px)


def fitted(text: str, size_px: int, smallest_px: int, widest_px: float, own: Face | None = None) -> Line:
    """The line in a width: in smaller letters if need be, then shortened; empty when nothing of it fits."""
    line = Line(text if widest_px > 0 else "", size_px, own)
    if not line.text or line.width + line.left <= widest_px:
        return line
    smaller_px = max(smallest_px, math.floor(size_px * widest_px / (line.width + line.left)))
    line = Line(text, min(size_px, smaller_px), own)
    if line.width + line.left <= widest_px:
        return line
    pieces = clusters(line.text)
    low, high = 0, len(pieces) - 1
    while low < high:
        middle = (low + high + 1) // 2
        shorter = Line(_shortened(pieces, middle), smallest_px, own)
        low, high = (middle, high) if shorter.width + shorter.left <= widest_px else (low, middle - 1)
    return Line(_shortened(pieces, low) if low else "", smallest_px, own)


@contextlib.contextmanager
def _told_as_damaged(ready: Sized) -> Iterator[None]:
    """Raise what FreeType says against a glyph as an error for people."""
    try:
        yield
    except OSError as error:
        raise MediaError(f"the font {ready.path} is damaged ({error}); take another one.") from error


def _shortened(pieces: Sequence[str], count: int) -> str:
    return "".join(pieces[:count]).rstrip() + _ELLIPSIS


def _shown(piece: str, own: Face | None) -> list[tuple[str, Face]]:
    """The cluster with its face, and not all of the marks jokers pile up; its base if no face has all."""
    for part in (piece[: _LONGEST_EMOJI if is_emoji(piece) else _LONGEST_LETTER], piece[0]):
        face = face_of(part, own)
        if face is not None:
            return [(part, face)]
    return []


def _plain_metrics(size_px: int, own: Face | None) -> tuple[float, float]:
    """How far plain letters reach over and below the base line."""
    plain = face_of("A", own)
    if plain is None:
        return 0.0, 0.0
    ready = sized(plain, size_px)
    above, below = ready.font.getmetrics()
    return above * ready.scale, below * ready.scale


def _runs(pieces: Sequence[tuple[str, Face]], size_px: int) -> list[_Run]:
    runs: list[_Run] = []
    at = levels([piece for piece, _ in pieces])
    for (face, level), group in itertools.groupby(
        zip(pieces, at, strict=True), key=lambda item: (item[0][1], item[1])
    ):
        text = "".join(piece for (piece, _), _ in group)
        runs.append(_Run(_by_hand(text, level), level, face.in_colour, sized(face, size_px)))
    return runs


def _by_hand(text: str, level: int) -> str:
    """Turned round where Pillow can't do it; letters don't join then."""
    return "".join(reversed(clusters(text))) if level % 2 and not shapes_scripts() else text


def _spaces_joined(pieces: Sequence[tuple[str, Face]]) -> list[tuple[str, Face]]:
    """Spaces in the face of the word before them, so that they part no runs; emoji's are too wide."""
    joined: list[tuple[str, Face]] = []
    for piece, face in pieces:
        before = joined[-1][1] if joined else face
        joins = piece.isspace() and not before.in_colour and before.shows(piece)
        joined.append((piece, before if joins else face))
    return joined


def _in_order_of_sight(runs: list[_Run]) -> list[_Run]:
    """From left to right (UAX #9, rule L2)."""
    ordered = list(runs)
    highest = max((run.level for run in runs), default=0)
    for level in range(highest, 0, -1):
        at = 0
        while at < len(ordered):
            end = at
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            ordered[at:end] = reversed(ordered[at:end])
            at = max(end, at + 1)
    return ordered
