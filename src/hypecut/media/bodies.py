"""Which part of a cut can be copied although its ends can't."""

from __future__ import annotations

from dataclasses import dataclass

from hypecut.errors import MediaError
from hypecut.media.inspect import InspectedCut, SourcePool
from hypecut.media.snap import closed_ends, pictures_before


@dataclass(frozen=True)
class Body:
    """What may be copied of a cut, in units of its source.

    Attributes:
        earliest: where copying may begin, at an IDR picture.
        end: where it stops; all pictures before are decoded before those after.
        needed_from: the keyframe from which the pictures at `end` can be decoded.
    """

    earliest: int
    end: int
    needed_from: int

    def begins_at(self, unit: int) -> bool:
        """Whether an IDR picture there begins it."""
        return self.earliest <= unit < self.end


def find_body(pool: SourcePool, cut: InspectedCut, head_s: float, tail_s: float) -> Body | None:
    """What may be copied of a cut; None where it has to be encoded whole.

    Args:
        pool: where the cut's source is.
        cut: the cut.
        head_s: for how long from its start it can't be copied.
        tail_s: for how long at its end.
    """
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
        pictures = pictures_before(source, float(clock.seconds(latest)), latest)
    except MediaError:  # rendering will meet it, too, and tell
        return None
    if not all(picture.on_grid for picture in pictures):
        return None
    ends = {*closed_ends(pictures), *(picture.unit for picture in pictures if picture.idr)}
    end = max((unit for unit in ends if earliest < unit <= latest), default=None)
    return None if end is None else Body(earliest, end, pictures[0].unit)
