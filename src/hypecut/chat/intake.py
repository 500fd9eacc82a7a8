"""What an import has taken in so far: the log being built, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import numpy as np

from hypecut.chat.builder import ChatColumns, ChatLogBuilder
from hypecut.errors import ChatFormatError

T = TypeVar("T")
# Of so many entries some must be readable; else the rest of the file, perhaps a gigabyte, is not read.
_ENOUGH_TO_JUDGE = 20_000
_HOPELESS_SHARE = 0.9
DAY_S = 86_400.0
# Twitch keeps recordings of at most two days; what is far outside comes from a broken file.
EARLIEST_S = -DAY_S
LATEST_S = 7 * DAY_S


# Columns, how many entries, how many unreadable, and the first of these: position, reason, place.
IntakeState = tuple[ChatColumns, int, int, tuple[int, str, str] | None]


@dataclass(frozen=True)
class Unreadable:
    """An entry that is not a message: its place in its batch, from 0, why, and its place for people."""

    position: int
    reason: str
    place: str = ""


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
    """Takes in batches of messages and counts what it had to leave out.

    Args:
        vod_start: when the recording began (aware), for formats whose times are the clock's; None if unknown.
        name: what the file is called in messages.
    """

    def __init__(self, vod_start: datetime | None = None, name: str = "the chat") -> None:
        self.vod_start = vod_start
        self._name = name
        self.builder = ChatLogBuilder()
        self.total = 0
        self.unreadable = 0
        self._first_fault: tuple[int, str, str] | None = None

    @property
    def first_unreadable(self) -> str:
        """Which entry was the first that could not be read, and why; '' if there was none."""
        if self._first_fault is None:
            return ""
        position, reason, place = self._first_fault
        return f"{place or f'message {position + 1}'}: {reason}"

    def state(self) -> IntakeState:
        """What it has taken in, for another one's `merge`."""
        return self.builder.columns(), self.total, self.unreadable, self._first_fault

    def merge(self, state: IntakeState) -> None:
        """Take in what another one, that read what follows, has taken in."""
        columns, total, unreadable, fault = state
        self.builder.merge(columns)
        if self._first_fault is None and fault is not None:
            self._first_fault = (self.total + fault[0], fault[1], fault[2])
        self.total += total
        self.unreadable += unreadable

    def take(self, batch: Batch[T], columns: Columns) -> None:
        """Add a batch, given its entries as columns; those at impossible times are left out and counted.

        Raises:
            ChatFormatError: nearly nothing of a lot of entries could be read.
        """
        faults = [(fault.position, fault.reason, fault.place) for fault in batch.unreadable]
        time_s = np.array(columns.time_s, dtype=np.float64)
        good = (time_s >= EARLIEST_S) & (time_s <= LATEST_S)
        if bool(good.all()):
            self.builder.extend(time_s, columns.users, columns.texts)
        else:
            places = np.delete(np.arange(len(batch)), [fault[0] for fault in faults])
            bad = np.flatnonzero(~good)
            faults += [(int(places[i]), f"its time is {columns.time_s[i]} s", "") for i in bad.tolist()]
            for i in np.flatnonzero(good).tolist():
                self.builder.append(columns.time_s[i], columns.users[i], columns.texts[i])
        self._count(len(batch), faults)

    def _count(self, entries: int, faults: list[tuple[int, str, str]]) -> None:
        if faults and self._first_fault is None:
            position, reason, place = min(faults)
            self._first_fault = (self.total + position, reason, place)
        self.total += entries
        self.unreadable += len(faults)
        if self.total >= _ENOUGH_TO_JUDGE and self.unreadable > _HOPELESS_SHARE * self.total:
            raise ChatFormatError(
                f"{self.unreadable} of the first {self.total} messages in {self._name} can't be read"
                f" ({self.first_unreadable}); download the chat again."
            )
