"""What every source of clips can do, and which clips are asked for."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, Self

import msgspec

from hypecut.errors import UsageError
from hypecut.models import Clip

OnBytes = Callable[[int], object]


def ignore_bytes(_count: int) -> None:
    """Nobody wants to know how far a download is."""


class Period(enum.StrEnum):
    """How far back clips are looked for: the periods that Twitch's own pages offer."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


_DAYS = {Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 30}


class ClipSpan(msgspec.Struct, frozen=True, kw_only=True):
    """The time in which the clips were made.

    Attributes:
        period: one of Twitch's periods, long enough to hold the span.
        start: not before this moment; None: no limit.
        end: not after this moment; None: no limit.
        exact: the limits were given as such, so sources must keep to them where Twitch's periods are wider.
    """

    period: Period
    start: datetime | None = None
    end: datetime | None = None
    exact: bool = False

    @classmethod
    def last(cls, period: Period, now: datetime) -> Self:
        """The last day, week or month until `now`, or all time."""
        days = _DAYS.get(period)
        return cls(period=period, start=now - timedelta(days=days) if days else None)

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None, now: datetime) -> Self:
        """From `start` to `end`, one of which may be missing.

        Raises:
            UsageError: the span ends before it starts, or starts in the future.
        """
        if start is not None and start >= (end or now):
            raise UsageError("the time that clips are wanted from is not before its end; swap the two.")
        ago = None if start is None else now - start
        period = next((p for p, days in _DAYS.items() if ago and ago <= timedelta(days=days)), Period.ALL)
        return cls(period=period, start=start, end=end, exact=True)

    def holds(self, made: datetime | None) -> bool:
        """Whether a clip made then is wanted; one whose time is not known only if no limits were given."""
        if not self.exact:
            return True
        if made is None:
            return False
        return (self.start is None or made >= self.start) and (self.end is None or made <= self.end)


class ClipList(msgspec.Struct, frozen=True, kw_only=True):
    """The clips that a source lists, most viewed first; `note` says what is missing, '' when nothing is."""

    clips: tuple[Clip, ...] = ()
    note: str = ""


class ClipSource(Protocol):
    """Where clips come from. One contract suite holds for all implementations.

    A clip's `id` is its slug, the last part of its address.
    """

    @property
    def name(self) -> str:
        """What people call it."""

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """A streamer's most viewed clips of that time, `limit` at most, each once.

        Raises:
            UnknownStreamerError: Twitch knows no such streamer.
            SourceUnavailableError: the source can't tell, for whatever reason; the message says why.
        """

    def find_clip(self, slug: str) -> Clip:
        """What is known of one clip.

        Raises:
            ClipGoneError: there is no such clip (any more).
            SourceUnavailableError: as `list_clips`.
        """

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """Write a clip's video, in its best quality, to the file `target`.

        Raises:
            ClipGoneError: there is no such clip (any more).
            SourceUnavailableError: the source has no video of it, or not all of it can be had.
            DiskFullError, BadInputError: it can't be written.
        """
