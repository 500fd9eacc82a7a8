"""Half-made choices in columns, for the search in `hypecut.rank.knapsack`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hypecut.models import FloatArray, IntArray

_BANDS = 8
_BUCKETS = 32
_ALIKE = 1e-4


class Front(NamedTuple):
    """Half-made choices, one per row.

    Attributes:
        value: what they are worth so far.
        total: what they cost so far.
        share: what they cost so far in the section they stand in.
        trail: the items they took, as a number that `Trails` gave; -1 for none.
    """

    value: IntArray
    total: IntArray
    share: IntArray
    trail: IntArray

    @classmethod
    def empty_choice(cls) -> Front:
        """The one choice that took nothing yet."""
        zero = np.zeros(1, np.int64)
        return cls(zero, zero, zero, np.full(1, -1, np.int64))

    def where(self, rows: npt.NDArray[np.bool_] | IntArray) -> Front:
        """The chosen rows."""
        return Front(self.value[rows], self.total[rows], self.share[rows], self.trail[rows])


def joined(fronts: Sequence[Front]) -> Front:
    """All rows of all fronts."""
    if len(fronts) == 1:
        return fronts[0]
    if not fronts:
        none = np.zeros(0, np.int64)
        return Front(none, none, none, none)
    return Front(*(np.concatenate(columns) for columns in zip(*fronts, strict=True)))


def undominated(front: Front, hope: FloatArray, *, shorter_is_better: bool) -> tuple[Front, FloatArray]:
    """The rows, cheapest first, without those to which another is at least as good.

    At least as good is: worth no less, and no more of the section used, at no higher cost or, when shorter is
    not better, at the same cost. Some dominated rows may stay.
    """
    order = np.lexsort((front.share, -front.value, front.total))
    front, hope = front.where(order), hope[order]
    if len(order) < 2:
        return front, hope
    keep = np.ones(len(order), np.bool_)
    if not shorter_is_better:
        same = (front.total[1:] == front.total[:-1]) & (front.share[1:] >= front.share[:-1])
        keep[1:] = ~same
    else:
        ranks = np.linspace(0, len(order) - 1, _BANDS).astype(np.int64)
        for limit in np.unique(np.sort(front.share)[ranks]):
            worth = np.where(front.share <= limit, front.value, -1)
            best_before = np.maximum.accumulate(worth)[:-1]
            keep[1:] &= (front.share[1:] < limit) | (best_before < front.value[1:])
    return front.where(keep), hope[keep]


def most_promising(front: Front, hope: FloatArray, width: int, high: int) -> Front:
    """At most `width` rows: the highest hopes, taken from all lengths in turn; of like ones the longer."""
    if len(hope) <= width:
        return front
    bucket = front.total * _BUCKETS // (high + 1)
    grade = np.floor(hope / (_ALIKE * max(1.0, float(np.max(np.abs(hope))))))
    order = np.lexsort((-front.total, -grade, bucket))
    first = np.searchsorted(bucket[order], bucket[order], side="left")
    place = np.arange(len(order)) - first
    return front.where(np.sort(order[np.lexsort((-grade[order], place))[:width]]))


class Trails:
    """The items that choices took, each choice as a link to the one it came from."""

    def __init__(self) -> None:
        self._parents: list[IntArray] = []
        self._items: list[int] = []
        self._starts: list[int] = [0]

    def extended(self, parents: IntArray, item: int) -> IntArray:
        """The trails that add `item` to each of `parents`."""
        start = self._starts[-1]
        self._parents.append(parents)
        self._items.append(item)
        self._starts.append(start + len(parents))
        return np.arange(start, start + len(parents), dtype=np.int64)

    def items(self, trail: int) -> tuple[int, ...]:
        """The items of a trail in the order they were taken."""
        items = []
        while trail >= 0:
            block = int(np.searchsorted(self._starts, trail, side="right")) - 1
            items.append(self._items[block])
            trail = int(self._parents[block][trail - self._starts[block]])
        return tuple(reversed(items))
