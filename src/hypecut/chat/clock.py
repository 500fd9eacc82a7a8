"""Times in chat texts: offsets into the recording, and the clock's times of those who chatted."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from hypecut.errors import ChatFormatError

DAY_S = 86_400.0
OFFSET = r"(?P<offset>-?(?:\d{1,3} days?, )?(?:\d{1,4}:)?\d{1,4}:\d\d(?:[.,]\d{1,9})?)"
DATE = r"(?P<date>\d{4}-\d{1,2}-\d{1,2})"
TIME = r"(?P<time>\d{1,2}:\d\d:\d\d(?:\.\d{1,9})?)"
EXAMPLE = "2026-11-19T18:00:00Z"

_OFFSET = re.compile(
    r"(?P<sign>-?)(?:(?P<days>\d+) days?, )?(?:(?P<h>\d+):)?(?P<m>\d+):(?P<s>\d\d(?:[.,]\d+)?)"
)
_ZONE = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?):?(\d\d)?")


def offset_s(text: str) -> float:
    """The seconds that an offset stands for: `0:03`, `25:00:01`, `1 day, 1:00:01`, `-0:05`, `00:00:03,420`.

    Raises:
        ValueError: it is none.
    """
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no time")
    days, hours, minutes = (int(match[part] or 0) for part in ("days", "h", "m"))
    seconds = float(match["s"].replace(",", "."))
    # Python writes a negative time as whole days before and the rest after: `-1 day, 23:59:55`.
    if match["sign"] and match["days"]:
        return -days * DAY_S + hours * 3600 + minutes * 60 + seconds
    total_s = days * DAY_S + hours * 3600 + minutes * 60 + seconds
    return -total_s if match["sign"] else total_s


def zone_of(text: str) -> tzinfo | None:
    """The time zone that a log's header names: `UTC`, `+0100`, `UTC+01:00`; None for a name such as `CET`."""
    if text in ("UTC", "GMT", "Z"):
        return UTC
    match = _ZONE.fullmatch(text)
    if match is None or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-shift if match[1] == "-" else shift)


def needs_start(name: str, what: str) -> ChatFormatError:
    """The error for a chat whose times are the clock's when the recording's start is not known."""
    return ChatFormatError(
        f"{name} ({what}) holds the time of day of its messages; say when the recording began, "
        f"e.g. --vod-start {EXAMPLE}."
    )


class WallClock:
    """Turns the clock's times into seconds since the recording's start.

    Args:
        vod_start: when the recording began; aware.
        zone: the zone of the times; None takes that of `vod_start`.
    """

    def __init__(self, vod_start: datetime, zone: tzinfo | None = None) -> None:
        self._vod_start = vod_start
        self.zone = zone or vod_start.tzinfo
        self._day = vod_start.astimezone(self.zone).date()
        self._last_s = -DAY_S

    def begin(self, day: str, time: str, zone: tzinfo | None) -> None:
        """A header says the date, the time of day and the zone from here on."""
        if zone is not None:
            self.zone = zone
        self._day = _date(day)
        self._last_s = _time_s(time)

    def at_s(self, time: str, day: str | None = None) -> float:
        """The seconds from the recording's start to a time of day; without a date, on the day it has become.

        Raises:
            ValueError: it is no date or no time of day.
        """
        time_s = _time_s(time)
        if day is None:
            if time_s < self._last_s - DAY_S / 2:
                self._day += timedelta(days=1)
            self._last_s = time_s
            midnight_s = _midnight_s(self._day, self.zone)
        else:
            midnight_s = _midnight_s(_date(day), self.zone)
        return round(midnight_s + time_s - self._vod_start.timestamp(), 6)


@lru_cache(maxsize=64)
def _date(text: str) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, day)


@lru_cache(maxsize=64)
def _midnight_s(day: date, zone: tzinfo | None) -> float:
    try:
        return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
    except OverflowError as error:
        raise ValueError(f"{day} is no date of a chat") from error


def _time_s(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 61:
        raise ValueError(f"{text} is no time of day")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
