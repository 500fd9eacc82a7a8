"""The running order of a clip montage: a strong opening, a strong ending, and streamers that take turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypecut.models import Clip


def running_order(picks: Sequence[Clip]) -> list[Clip]:
    """The picks in the order in which they are shown.

    The best opens and the second best ends. Between them the better come first, as far as the same streamer
    is not shown twice in a row more often than can't be helped.
    """
    best_first = sorted(picks, key=lambda clip: (-clip.score.total, clip.streamer, clip.id))
    if len(best_first) < 3:
        return best_first
    opening, ending, *rest = best_first
    order = [opening]
    while rest:
        counts = Counter(clip.streamer for clip in rest)
        least = _repeats(order[-1].streamer, counts, ending.streamer)
        chosen = next(clip for clip in rest if _cost(order[-1], clip, counts, ending) == least)
        rest.remove(chosen)
        order.append(chosen)
    return [*order, ending]


def _cost(last: Clip, clip: Clip, counts: Counter[str], ending: Clip) -> int:
    """How often a streamer follows himself at least, from `last` on, when `clip` comes next."""
    left = counts - Counter([clip.streamer])
    return (clip.streamer == last.streamer) + _repeats(clip.streamer, left, ending.streamer)


def _repeats(before: str, between: Counter[str], after: str) -> int:
    """How often a streamer follows himself at least when `between` are arranged between the two ends.

    All but one of somebody's clips need another's between them and the one before.
    """
    total = between.total()
    if not total:
        return int(before == after)
    return max(
        0,
        *(
            count + (before == streamer) + (after == streamer) - 1 - (total - count)
            for streamer, count in between.items()
        ),
    )
