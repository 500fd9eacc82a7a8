"""What an import has taken in so far: the log being built, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from hypecut.chat.builder import ChatLogBuilder

T = TypeVar("T")
DAY_S = 86_400.0
# Twitch keeps recordings of at most two days; what is far outside comes from a broken file.
EARLIEST_S = -DAY_S
LATEST_S = 7 * DAY_S


@dataclass(frozen=True)
class Unreadable:
    """An entry that is not a message: its place in its batch, from 0, and why."""

    position: int
    reason: str


@dataclass(frozen=True)
class Batch(Generic[T]):
    """Some entries of a chat file in order, and those between them that are not what they should be."""

    entries: list[T]
    unreadable: tuple[Unreadable, ...] = ()

    def __len__(self) -> int:
        return len(self.entries) + len(self.unreadable)


@dataclass
class Columns:
    """Messages as columns; a time that is missing is NaN, an author that is not known is ''."""

    time_s: Sequence[float]
    users: Sequence[str]
    texts: Sequence[str]


class Intake:
    """Takes in batches of messages and counts what it had to leave out."""

    def __init__(self) -> None:
        self.builder = ChatLogBuilder()
        self.total = 0
        self.unreadable = 0
        self.first_unreadable = ""

    def take(self, batch: Batch[T], columns: Columns) -> None:
        """Add a batch, given its entries as columns; those at impossible times are left out and counted."""
        faults = [(fault.position, fault.reason) for fault in batch.unreadable]
        time_s = np.array(columns.time_s, dtype=np.float64)
        good = (time_s >= EARLIEST_S) & (time_s <= LATEST_S)
        if bool(good.all()):
            self.builder.extend(columns.time_s, columns.users, columns.texts)
        else:
            places = np.delete(np.arange(len(batch)), [position for position, _ in faults])
            bad = np.flatnonzero(~good)
            faults += [(int(places[i]), f"its time is {columns.time_s[i]} s") for i in bad.tolist()]
            for i in np.flatnonzero(good).tolist():
                self.builder.append(columns.time_s[i], columns.users[i], columns.texts[i])
        self._count(len(batch), faults)

    def _count(self, entries: int, faults: list[tuple[int, str]]) -> None:
        if faults and not self.unreadable:
            position, reason = min(faults)
            self.first_unreadable = f"message {self.total + position + 1}: {reason}"
        self.total += entries
        self.unreadable += len(faults)
