"""Clips of several kinds in one montage: whose format it takes, and whose rate has to change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from hypecut.media.encoder import PictureFormat
from hypecut.media.inspect import InspectedCut

T = TypeVar("T", bound=Hashable)


def main_format(cuts: Sequence[InspectedCut]) -> list[InspectedCut]:
    """The cuts of the size, rate and shape of pixels that most of the time has."""
    return _most(cuts, lambda cut: _shape(cut.picture))


def most_alike(cuts: Sequence[InspectedCut]) -> list[InspectedCut]:
    """The cuts whose pictures can be copied into one track, of the kind that has most of the time."""
    return _most(cuts, lambda cut: cut.fingerprint)


def montage_picture(cuts: Sequence[InspectedCut]) -> InspectedCut:
    """The cut whose pictures look as most of the time does, in colours too; the longest of several."""
    alike = _most(main_format(cuts), lambda cut: cut.picture)
    return max(alike, key=lambda cut: cut.length_s)


def cuts_to_pace(
    cuts: Iterable[InspectedCut], like: InspectedCut, copied: Iterable[int], every: bool = False
) -> frozenset[int]:
    """The numbers of the cuts whose frames must be brought to a steady rate.

    Args:
        cuts: all cuts.
        like: the cut whose format the montage has; a rate that varies is left as it is.
        copied: the numbers of cuts of which something is copied, so that their rate can't change.
        every: also those that have that rate already, as some of their pictures will be left out.
    """
    if not like.clock.constant:
        return frozenset()
    kept = set(copied)
    odd = (c for c in cuts if every or not c.clock.constant or c.picture.fps != like.picture.fps)
    return frozenset(c.number for c in odd if c.number not in kept)


def _shape(picture: PictureFormat) -> tuple[int, int, Fraction, Fraction]:
    return picture.width, picture.height, picture.fps, picture.sample_aspect_ratio


def _most(cuts: Sequence[InspectedCut], kind: Callable[[InspectedCut], T]) -> list[InspectedCut]:
    """The cuts of the kind that has most of the time; of several, the first one's."""
    time: dict[T, Fraction] = {}
    for cut in cuts:
        time[kind(cut)] = time.get(kind(cut), Fraction(0)) + cut.length_s
    if not time:
        return []
    main = max(time, key=lambda one: time[one])
    return [cut for cut in cuts if kind(cut) == main]
