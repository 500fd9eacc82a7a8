"""How much the rest of a choice can still be worth: bounds for the search in `hypecut.rank.knapsack`.

Each limit on time gets a price per microsecond. With the prices in place of the limits the best choice is a
plain weighted-interval problem, solved backwards in one pass; its worth (a Lagrangian bound) is never below
that of any choice that keeps to the limits. The tighter the prices, the fewer half-made choices the search
has to carry.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_PATIENCE = 5


class Item(NamedTuple):
    """Something to choose, in whole units so that sums are exact.

    Attributes:
        start: where it begins in the source, in microseconds.
        end: where it ends in the source, in microseconds.
        cost: how much longer it makes the montage, in microseconds; positive.
        value: what choosing it is worth; positive.
        section: the part of the source it begins in, counted from 0.
    """

    start: int
    end: int
    cost: int
    value: int
    section: int


class Problem(NamedTuple):
    """What to choose from and the limits to keep.

    Attributes:
        items: in order of start.
        after: for each item the first one that begins no earlier than it ends.
        low: the least sum of costs.
        high: the greatest sum of costs.
        caps: the greatest sum of costs by section; a section left out has no limit of its own.
    """

    items: tuple[Item, ...]
    after: tuple[int, ...]
    low: int
    high: int
    caps: Mapping[int, int]


def problem(items: Sequence[Item], low: int, high: int, caps: Mapping[int, int]) -> Problem:
    """The problem with its items' successors worked out.

    Raises:
        ValueError: the items are not in order of start, or one has a cost or value that is not positive.
    """
    starts = [item.start for item in items]
    if starts != sorted(starts):
        raise ValueError("items must be in order of start")
    if any(item.cost <= 0 or item.value <= 0 or item.end <= item.start for item in items):
        raise ValueError("items must have a length, a cost and a value above 0")
    after = tuple(bisect_left(starts, item.end) for item in items)
    return Problem(tuple(items), after, low, high, caps)


class Prices(NamedTuple):
    """What a microsecond of the montage costs: overall, and on top of that by section."""

    overall: float
    by_section: Mapping[int, float]


class Bounds(NamedTuple):
    """Upper bounds made from one set of prices.

    Attributes:
        prices: the prices.
        root: no choice that keeps to the limits is worth more.
        rest: for each position, what remains to be added to a half-made choice that stands there.
    """

    prices: Prices
    root: float
    rest: tuple[float, ...]


def bounds(task: Problem, prices: Prices) -> Bounds:
    """The bounds that `prices` give, with the limits still ahead of each position already paid for."""
    ahead, _ = _priced_best(task, prices)
    paid = prices.overall * (task.high if prices.overall >= 0 else task.low)
    shares = {section: price * task.caps[section] for section, price in prices.by_section.items()}
    sections = [item.section for item in task.items] + [math.inf]
    rest = tuple(
        worth + paid + sum(share for section, share in shares.items() if section >= here)
        for worth, here in zip(ahead, sections, strict=True)
    )
    return Bounds(prices, ahead[0] + paid + sum(shares.values()), rest)


def tightened(task: Problem, start: Prices, target: float, rounds: int) -> Prices:
    """Better prices: at most `rounds` steps of a subgradient descent towards the worth of a known choice."""
    prices, best, best_root = start, start, math.inf
    stalled, pace = 0, 1.0
    for _ in range(rounds):
        root, slack, slacks = _root_and_slack(task, prices)
        if root < best_root:
            best, best_root, stalled = prices, root, 0
        else:
            stalled += 1
            if stalled == _PATIENCE:
                pace, stalled = pace / 2, 0
        norm = slack * slack + sum(s * s for s in slacks.values())
        if norm == 0 or root <= target:
            break
        step = pace * (root - target) / norm
        overall = prices.overall - step * slack
        by_section = {s: max(0.0, price - step * slacks[s]) for s, price in prices.by_section.items()}
        # A price below 0 rewards time: of use only where there is a least sum to reach.
        prices = Prices(overall if task.low > 0 else max(0.0, overall), by_section)
    return best


def _root_and_slack(task: Problem, prices: Prices) -> tuple[float, float, dict[int, float]]:
    """The bound on every choice, and what the best priced one leaves of each limit: overall, by section."""
    ahead, chosen = _priced_best(task, prices)
    slacks = {section: float(task.caps[section]) for section in prices.by_section}
    root = ahead[0] + sum(price * slacks[section] for section, price in prices.by_section.items())
    total = 0
    for i in chosen:
        item = task.items[i]
        total += item.cost
        if item.section in slacks:
            slacks[item.section] -= item.cost
    limit = total
    if prices.overall > 0 or total > task.high:
        limit = task.high
    elif prices.overall < 0 or total < task.low:
        limit = task.low
    paid = prices.overall * (task.high if prices.overall >= 0 else task.low)
    return root + paid, float(limit - total), slacks


def _priced_best(task: Problem, prices: Prices) -> tuple[list[float], list[int]]:
    """The worth of the best priced choice from each position on, and the best choice of all."""
    count = len(task.items)
    ahead = [0.0] * (count + 1)
    taken = [False] * count
    for i in range(count - 1, -1, -1):
        item = task.items[i]
        price = prices.overall + prices.by_section.get(item.section, 0.0)
        worth = item.value - price * item.cost + ahead[task.after[i]]
        taken[i] = worth > ahead[i + 1]
        ahead[i] = max(worth, ahead[i + 1])
    chosen, i = [], 0
    while i < count:
        if taken[i]:
            chosen.append(i)
            i = task.after[i]
        else:
            i += 1
    return ahead, chosen
