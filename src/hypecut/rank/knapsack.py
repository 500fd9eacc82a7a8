"""The exact choice: the non-overlapping items worth most whose costs keep to the limits.

It is a weighted-interval problem and a knapsack at once, solved by dynamic programming over the items in
order of time. A half-made choice is (value, cost so far, cost in the section it stands in); one that can't
beat the best choice known, by the bounds of `hypecut.rank.bounds`, is dropped, as is one that another is at
least as good as in every way. A quick narrow search finds a good choice first; the wide one then proves it or
finds a better one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hypecut.models import FloatArray, IntArray
from hypecut.rank.bounds import Bounds, Prices, Problem, bounds, tightened
from hypecut.rank.fronts import Front, Trails, joined, most_promising, undominated

_NARROW = 100
_WIDE = 4000
_ROUNDS = 80
# Bounds are floats, values exact integers: what the rounding of the bounds could hide must not be dropped.
_ROUNDING = 1e-11


class _Found(NamedTuple):
    """A complete choice."""

    value: int
    items: tuple[int, ...]


def best_choice(task: Problem) -> tuple[int, ...] | None:
    """The indices of the items worth most in all that keep to the limits, in order of time.

    None when nothing keeps to them. The answer is exact as long as no more than 4,000 half-made choices that
    might still win stand side by side, which hundreds of items with scores of their own never need; beyond
    (hundreds of items all but alike) the most promising ones are kept. The same problem always has the same
    answer.
    """
    # Most often the best choice under the upper limits is long enough as well, and then it is the answer.
    found = _solved(task._replace(low=0))
    if found is not None and sum(task.items[i].cost for i in found) >= task.low:
        return found
    return _solved(task) if _longest(task)[0] >= task.low else None


def _solved(task: Problem) -> tuple[int, ...] | None:
    """The best choice for one set of limits, or None."""
    prices = tightened(task, Prices(0.0, dict.fromkeys(task.caps, 0.0)), 0.0, _ROUNDS)
    first = _Search(task, bounds(task, prices)).best(None, _NARROW)
    prices = tightened(task, prices, float(first.value) if first else 0.0, _ROUNDS)
    final = _Search(task, bounds(task, prices)).best(first, _WIDE)
    return final.items if final else None


class _Search:
    """One pass over the items with all half-made choices that may still win."""

    def __init__(self, task: Problem, limits: Bounds) -> None:
        self._task = task
        self._limits = limits
        self._trails = Trails()
        self._waiting: list[list[Front]] = [[] for _ in range(len(task.items) + 1)]
        self._longest = _longest(task)
        self._longest_in_section = _longest_in_section(task)

    def best(self, known: _Found | None, width: int) -> _Found | None:
        """The best complete choice, or `known` if none is better; `width` half-made ones are kept at most."""
        floor = known.value - _ROUNDING * self._limits.root if known else -np.inf
        self._waiting[0].append(Front.empty_choice())
        for position in range(len(self._task.items)):
            front = self._standing(position, floor, width)
            self._waiting[position] = []
            if len(front.value):
                self._send(front, position, position + 1)
                self._send(self._taking(front, position), position, self._task.after[position])
        return self._better(joined(self._waiting[-1]), known)

    def _standing(self, position: int, floor: float, width: int) -> Front:
        """The half-made choices that wait at `position`, without those that can't win."""
        front = joined(self._waiting[position])
        item = self._task.items[position]
        if item.section in self._task.caps:
            # A share that can no longer run out is as good as none, so that more choices become comparable.
            free = front.share + self._longest_in_section[position] <= self._task.caps[item.section]
            front = front._replace(share=np.where(free, 0, front.share))
        hope = self._hope(front, position)
        reaching = front.total + self._longest[position] >= self._task.low
        promising = (hope >= floor) & reaching
        front, hope = front.where(promising), hope[promising]
        front, hope = undominated(front, hope, shorter_is_better=self._task.low <= 0)
        return most_promising(front, hope, width, self._task.high)

    def _hope(self, front: Front, position: int) -> FloatArray:
        """What each half-made choice can be worth at most when it is complete."""
        prices, section = self._limits.prices, self._task.items[position].section
        paid = prices.overall * front.total + prices.by_section.get(section, 0.0) * front.share
        return np.asarray(front.value - paid + self._limits.rest[position], np.float64)

    def _taking(self, front: Front, position: int) -> Front:
        """The choices made by adding the item at `position` to those where it keeps to the limits."""
        item = self._task.items[position]
        cap = self._task.caps.get(item.section, self._task.high)
        fits = (front.total + item.cost <= self._task.high) & (front.share + item.cost <= cap)
        front = front.where(fits)
        return Front(
            front.value + item.value,
            front.total + item.cost,
            front.share + item.cost,
            self._trails.extended(front.trail, position),
        )

    def _send(self, front: Front, position: int, to: int) -> None:
        """Let the choices wait at position `to`; what they used of a section left behind no longer counts."""
        items = self._task.items
        section = items[position].section
        if to >= len(items) or items[to].section != section or section not in self._task.caps:
            front = front._replace(share=np.zeros_like(front.share))
        self._waiting[to].append(front)

    def _better(self, ends: Front, known: _Found | None) -> _Found | None:
        """The best of the complete choices and the one known."""
        ends = ends.where(ends.total >= self._task.low)
        if not len(ends.value):
            return known
        at = int(np.argmax(ends.value))
        if known and known.value >= int(ends.value[at]):
            return known
        return _Found(int(ends.value[at]), self._trails.items(int(ends.trail[at])))


def _longest(task: Problem) -> IntArray:
    """The greatest sum of costs from each position on, whatever the upper limits."""
    ahead = np.zeros(len(task.items) + 1, np.int64)
    for i in range(len(task.items) - 1, -1, -1):
        ahead[i] = max(ahead[i + 1], task.items[i].cost + ahead[task.after[i]])
    return ahead


def _longest_in_section(task: Problem) -> IntArray:
    """The greatest sum of costs from each position on within the section of the item there."""
    sections = [item.section for item in task.items] + [-1]
    ahead = np.zeros(len(task.items) + 1, np.int64)
    for i in range(len(task.items) - 1, -1, -1):
        without = ahead[i + 1] if sections[i + 1] == sections[i] else 0
        after = task.after[i]
        taken = task.items[i].cost + (ahead[after] if sections[after] == sections[i] else 0)
        ahead[i] = max(without, taken)
    return ahead
