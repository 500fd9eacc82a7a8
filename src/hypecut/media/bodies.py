"""Which part of a cut can be copied although its ends can't."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from hypecut.errors import MediaError
from hypecut.media.inspect import InspectedCut, SourcePool
from hypecut.media.snap import closed_ends, pictures_before
from hypecut.media.source import SourceReader


@dataclass(frozen=True)
class Body:
    """What is copied of a cut, in units of its source.

    Attributes:
        first: the IDR picture at which copying begins.
        end: where it stops: all pictures before are decoded, and displayed, before those after.
    """

    first: int
    end: int


def find_body(pool: SourcePool, cut: InspectedCut, head_s: float, tail_s: float) -> Body | None:
    """What may be copied of a cut; None where it has to be encoded whole.

    Args:
        pool: where the cut's source is.
        cut: the cut.
        head_s: for how long from its start it can't be copied.
        tail_s: for how long at its end.
    """
    if cut.copyable and not head_s and not tail_s:
        return Body(cut.first, cut.end)
    clock = cut.clock
    earliest = clock.unit_from(float(clock.seconds(cut.first)) + head_s) if head_s else cut.first
    latest = cut.end
    if tail_s:
        # A frame more, as times are rounded.
        frame = 1 if clock.constant else clock.frame_ticks
        latest = clock.unit_before(float(clock.seconds(cut.end)) - tail_s) - frame
    if latest <= earliest:
        return None
    try:
        source = pool.get(cut.path)
        if clock != source.clock:  # since found to be another one: the cut's units are not the source's
            return None
        end = _last_end(source, earliest, latest)
        first = None if end is None else _first_idr(source, earliest, end)
    except MediaError:  # rendering will meet it, too, and tell
        return None
    return None if first is None or end is None else Body(first, end)


def keyframe_units(pool: SourcePool, cut: InspectedCut, apart_s: float) -> list[int]:
    """Keyframes inside a cut, each about `apart_s` after the one before: at these it can be parted."""
    found: list[int] = []
    clock = cut.clock
    try:
        source = pool.get(cut.path)
        for step in range(1, int(float(cut.length_s) / apart_s)):
            time_s = clock.seconds(cut.first) + Fraction(step * apart_s)
            first = next(source.packets_from(time_s, sound=False), None)
            place = cut.first if first is None else clock.place(cast(int, first.pts))
            if isinstance(place, int) and max([cut.first, *found]) < place < cut.end:
                found.append(place)
    except MediaError:  # rendering will meet it, too, and tell
        return []
    return found


def _last_end(source: SourceReader, earliest: int, latest: int) -> int | None:
    """The last unit, `latest` at most, at which copying can stop."""
    pictures = pictures_before(source, float(source.clock.seconds(latest)), latest)
    if not all(picture.on_grid for picture in pictures):
        return None
    ends = {*closed_ends(pictures), *(picture.unit for picture in pictures if picture.idr)}
    return max((unit for unit in ends if earliest < unit <= latest), default=None)


def _first_idr(source: SourceReader, earliest: int, end: int) -> int | None:
    """The first IDR picture from `earliest` to before `end`."""
    for packet in source.packets_from(source.clock.seconds(earliest), sound=False):
        place = source.clock.place(cast(int, packet.pts))
        if not isinstance(place, int):
            return None
        if packet.is_keyframe:
            if place >= end:
                return None
            if place >= earliest and source.is_idr(packet):
                return place
    return None
