"""Moving soft boundaries outward to where a source can be copied, and telling where that is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from hypecut.errors import MediaError
from hypecut.media.source import MAX_REORDER, SHORT_S, AnyPacket, SourceReader

log = logging.getLogger(__name__)

# How far before an end to look first for the last picture that can be read.
_BACK_S = 5.0


@dataclass(frozen=True)
class Picture:
    """A coded picture in decoding order.

    Attributes:
        unit: its place on the source's clock.
        end: the unit at which it ends.
        idr: copying can begin at it.
        on_grid: its time is that of its unit.
    """

    unit: int
    end: int
    idr: bool
    on_grid: bool = True


def _picture(source: SourceReader, packet: AnyPacket) -> Picture:
    clock = source.clock
    place = clock.place(cast(int, packet.pts))
    end = clock.end_of(place, packet.duration)
    return Picture(round(place), round(end), source.is_idr(packet), isinstance(place, int))


def pictures_around(source: SourceReader, time_s: float, until_unit: int) -> list[Picture]:
    """The coded pictures from a keyframe at or before `time_s` until none below `until_unit` can follow."""
    found: list[Picture] = []
    beyond = 0
    for packet in source.packets_from(time_s, sound=False):
        picture = _picture(source, packet)
        found.append(picture)
        beyond = beyond + 1 if picture.unit >= until_unit else 0
        if beyond > MAX_REORDER:
            break
    return found


def pictures_before(source: SourceReader, end_s: float, until_unit: int) -> list[Picture]:
    """As `pictures_around`, but sure to hold the picture before `end_s`."""
    frame_s = float(1 / source.fps)
    return pictures_around(source, max(0.0, end_s - max(1.5 * frame_s, 0.05)), until_unit)


def last_pictures(source: SourceReader, first: int, until_unit: int) -> list[Picture]:
    """The last coded pictures of a source that breaks off between two units, from a keyframe on.

    Behind a frame that is missing there is none: what was to be shown after it is not taken.

    Args:
        source: what breaks off.
        first: a picture that can be read.
        until_unit: pictures from here on are not wanted.
    """
    clock = source.clock
    from_s, to_s = (float(clock.seconds(unit)) for unit in (first, until_unit))
    back_s = _BACK_S
    found: list[Picture] = []
    while not found and to_s - back_s > from_s:
        found = _readable(source, to_s - back_s, first, until_unit)
        back_s *= 2
    return _without_holes(source, found or _readable(source, from_s, first, until_unit))


def _readable(source: SourceReader, time_s: float, first: int, until_unit: int) -> list[Picture]:
    """The pictures that can be read from a keyframe before `time_s` on; none if no wanted one is there."""
    found: list[Picture] = []
    try:
        for packet in source.packets_from(time_s, sound=False):
            picture = _picture(source, packet)
            if picture.unit < until_unit:
                found.append(picture)
    except MediaError as error:
        log.debug("%s", error)
    return found if any(picture.unit >= first for picture in found) else []


def _without_holes(source: SourceReader, pictures: list[Picture]) -> list[Picture]:
    """The pictures up to the first one that is missing, by the order in which they are shown."""
    if not source.clock.constant:
        return pictures
    shown = sorted(picture.unit for picture in pictures)
    end = next((a + 1 for a, b in pairwise(shown) if b > a + 1), shown[-1] + 1)
    return [picture for picture in pictures if picture.unit < end]


def closed_ends(pictures: list[Picture]) -> list[int]:
    """Units at which copying can end: all pictures before are decoded, and displayed, before those after.

    The last one is the end of what was given.
    """
    ends: list[int] = []
    lowest_after = [0] * len(pictures)
    lowest = max((p.end for p in pictures), default=0)
    for i in range(len(pictures) - 1, -1, -1):
        lowest_after[i] = lowest
        lowest = min(lowest, pictures[i].unit)
    highest = -1
    for picture, after in zip(pictures, lowest_after, strict=True):
        highest = max(highest, picture.unit)
        if after > highest:
            ends.append(after)
    return ends


def snap(source: SourceReader, start_s: float, end_s: float, max_shift_s: float = 5.0) -> tuple[float, float]:
    """Widen a soft window to boundaries at which the source can be copied whole.

    The start moves to the keyframe at or before it and the end to the next place where copying can stop, each
    by at most `max_shift_s` outward. Where that can't be had, both keep their place, to the frame.

    Returns:
        (start_s, end_s), times of frames of the source; the end may be the end of the source.

    Raises:
        MediaError: the source can't be read there.
    """
    exact = exact_bounds(source, start_s, end_s)
    if not source.copyable:
        return exact
    clock = source.clock
    head = pictures_around(source, exact[0], clock.unit_from(exact[0]) + 1)
    tail = pictures_before(source, exact[1], clock.unit_from(exact[1] + max_shift_s))
    if clock.constant and not all(p.on_grid for p in (*head, *tail)):
        source.loosen()
        return snap(source, start_s, end_s, max_shift_s)
    start = _snapped_start(source, head, exact[0], max_shift_s)
    end = _snapped_end(source, tail, exact[1], max_shift_s)
    return exact if start is None or end is None else (start, end)


def exact_bounds(source: SourceReader, start_s: float, end_s: float) -> tuple[float, float]:
    """The same window on frame times: the frame shown at `start_s`, and the first one at or after `end_s`.

    Where the rate varies, it is the window itself.

    Raises:
        MediaError: there is nothing of the source in that window.
    """
    clock = source.clock
    before, after = (clock.unit_before, clock.unit_from) if clock.constant else (clock.nearest, clock.nearest)
    first = max(0, before(start_s))
    last = min(after(end_s), after(source.duration_s))
    if last <= first:
        raise MediaError(f"{source.path} ends at {source.duration_s:.3f} s, before {start_s:.3f} s.")
    return float(clock.seconds(first)), float(clock.seconds(last))


def _snapped_start(
    source: SourceReader, head: list[Picture], start_s: float, max_shift_s: float
) -> float | None:
    clock = source.clock
    unit = clock.unit_before(start_s)
    # Pictures before 0 are there for decoding only: an edit list hides them.
    keys = [p.unit for p in head if p.idr and 0 <= p.unit <= unit]
    if not keys:
        return None
    key_s = float(clock.seconds(max(keys)))
    return key_s if start_s - key_s <= max_shift_s else None


def _snapped_end(source: SourceReader, tail: list[Picture], end_s: float, max_shift_s: float) -> float | None:
    clock = source.clock
    unit, latest = clock.unit_from(end_s), clock.unit_before(end_s + max_shift_s)
    if tail and all(p.unit < unit for p in tail):
        # The source ends here; its header may promise a little more.
        last = max(p.end for p in tail)
        return float(clock.seconds(last)) if clock.seconds(unit - last) <= SHORT_S else None
    ends = [end for end in closed_ends(tail) if unit <= end <= latest]
    return float(clock.seconds(min(ends))) if ends else None
