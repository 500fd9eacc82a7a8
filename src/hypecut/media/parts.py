"""A montage's pictures as parts that follow each other: stretches to copy, and stretches to encode.

Each encoded part is independent of all others, begins with an IDR picture, and can be made at any time: most
hold the end of one cut and the beginning of the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from hypecut.media.bodies import Body
from hypecut.media.inspect import InspectedCut
from hypecut.media.pacing import FrameGrid
from hypecut.media.timeline import Placement

# An encoded part of this length keeps a core busy, and its packets take little memory.
PART_S = 8


@dataclass(frozen=True)
class PlacedCut:
    """A cut and its place in the montage.

    Attributes:
        cut: the cut.
        place: where its frames go.
        end_tick: where it ends; the next one begins there, or before by what the two overlap.
        is_first: it opens the montage.
        is_last: it ends the montage.
        grid: the montage's frames, to whose rate its own are brought; None where they are left as they are.
    """

    cut: InspectedCut
    place: Placement
    end_tick: int
    is_first: bool
    is_last: bool
    grid: FrameGrid | None = None


@dataclass(frozen=True)
class Span:
    """Pictures of one cut that follow each other: the units of its source from `first` to before `end`."""

    placed: PlacedCut
    first: int
    end: int

    @property
    def start_tick(self) -> int:
        """Where it begins in the montage."""
        return self.placed.place.tick(self.first)

    @property
    def end_tick(self) -> int:
        """Where it ends in the montage."""
        whole = self.end >= self.placed.cut.end
        return self.placed.end_tick if whole else self.placed.place.tick(self.end)


@dataclass(frozen=True)
class CopiedPart:
    """Pictures that are copied."""

    span: Span

    @property
    def start_tick(self) -> int:
        """Where it begins in the montage."""
        return self.span.start_tick

    @property
    def end_tick(self) -> int:
        """Where it ends in the montage."""
        return self.span.end_tick


@dataclass(frozen=True)
class EncodedPart:
    """Pictures of one encoder run: spans of different cuts, each of which may overlap the next one."""

    spans: tuple[Span, ...]

    @property
    def start_tick(self) -> int:
        """Where it begins in the montage."""
        return self.spans[0].start_tick

    @property
    def end_tick(self) -> int:
        """Where it ends in the montage."""
        return self.spans[-1].end_tick


Part: TypeAlias = CopiedPart | EncodedPart


def placed_cuts(
    cuts: Sequence[InspectedCut], scale: int, overlap: int, grids: Mapping[int, FrameGrid] | None = None
) -> list[PlacedCut]:
    """Place cuts one after another.

    Args:
        cuts: the cuts, in order.
        scale: output ticks a second.
        overlap: by how many ticks each cut begins before the end of the one before.
        grids: the montage's frames, for each cut that is brought to its rate; such a cut ends with a frame.
    """
    placed: list[PlacedCut] = []
    at = 0
    for number, cut in enumerate(cuts):
        place = Placement(cut.clock, cut.first, at, scale)
        grid = (grids or {}).get(cut.number)
        end = place.tick(cut.end) if grid is None else max(grid.nearest(place.tick(cut.end)), at + 1)
        placed.append(PlacedCut(cut, place, end, number == 0, number == len(cuts) - 1, grid))
        at = end - overlap
    return placed


def montage_parts(
    placed: Iterable[PlacedCut], bodies: Mapping[int, Body], breaks: Mapping[int, Sequence[int]], overlap: int
) -> list[Part]:
    """The parts of a montage, in order.

    Args:
        placed: its cuts.
        bodies: what is copied of which cut, by its number; the rest is encoded.
        breaks: units at which cuts that are encoded whole may be parted, by the cut's number.
        overlap: by how many ticks neighbouring cuts overlap.
    """
    parts: list[Part] = []
    joined: list[Span] = []

    def close() -> None:
        if joined:
            parts.append(EncodedPart(tuple(joined)))
            joined.clear()

    for one in placed:
        cut, body = one.cut, bodies.get(one.cut.number)
        if body is not None:
            joined += _span(one, cut.first, body.first)
            close()
            parts.append(CopiedPart(Span(one, body.first, body.end)))
            joined += _span(one, body.end, cut.end)
            continue
        for first, end in _pieces(one, breaks.get(cut.number, ()), overlap):
            joined.append(Span(one, first, end))
            length_s = Fraction(one.place.tick(end) - joined[0].start_tick, one.place.scale)
            if end < cut.end or (not overlap and length_s >= PART_S / 2):
                close()
    close()
    return parts


def _span(placed: PlacedCut, first: int, end: int) -> list[Span]:
    return [Span(placed, first, end)] if end > first else []


def _pieces(placed: PlacedCut, breaks: Iterable[int], overlap: int) -> Iterator[tuple[int, int]]:
    """Parts a cut at some of the breaks, outside of what it shares with its neighbours."""
    cut, place = placed.cut, placed.place
    first = cut.first
    start, end = place.out_start + overlap, placed.end_tick - overlap
    for unit in breaks:
        long = Fraction(place.tick(unit) - place.tick(first), place.scale) >= PART_S
        if long and start <= place.tick(unit) <= end:
            yield first, unit
            first = unit
    yield first, cut.end
