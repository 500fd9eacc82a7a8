"""Times as people write them, to and from float seconds.

Accepted everywhere a time is given (options, settings): `90`, `90s`, `8m`, `1h02m`, `1h02m03s`, `1:30`,
`1:02:03`; seconds may have decimals.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

from hypecut.errors import UsageError

TIME_FORMS = "90, 90s, 8m, 1:30, 1:02:03 or 1h02m"

_SECONDS = re.compile(r"(?P<s>\d+(?:\.\d+)?)s?")
_CLOCK = re.compile(r"(?:(?P<h>\d+):(?=\d\d:))?(?P<m>\d+):(?P<s>\d\d(?:\.\d+)?)")
_UNITS = re.compile(r"(?=\d)(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?")


def parse_time_s(text: str, *, signed: bool = False) -> float:
    """The seconds that `text` stands for.

    Args:
        text: a time in one of the forms of `TIME_FORMS`.
        signed: whether it may begin with a minus or plus sign.

    Raises:
        UsageError: it is in none of these forms, or its minutes or seconds are 60 or more although a larger
            unit is given.
    """
    body = text.strip()
    sign = -1.0 if signed and body.startswith("-") else 1.0
    if signed:
        body = body.removeprefix("-") if sign < 0 else body.removeprefix("+")
    match = _SECONDS.fullmatch(body) or _CLOCK.fullmatch(body) or _UNITS.fullmatch(body)
    if match is None:
        raise UsageError(f"{text!r} is not a time; write it as {TIME_FORMS}.")
    parts = match.groupdict()
    hours, minutes, seconds = (float(parts.get(unit) or 0) for unit in "hms")
    if (seconds >= 60 and parts.get("m")) or (minutes >= 60 and parts.get("h")):
        raise UsageError(
            f"{text!r} is not a time: its minutes or seconds are 60 or more; write it as {TIME_FORMS}."
        )
    return sign * (hours * 3600 + minutes * 60 + seconds)


def format_time(time_s: float) -> str:
    """`time_s`, rounded to whole seconds, as `1:02:03`, or `2:03` below an hour; '?' when it isn't finite."""
    if not math.isfinite(time_s):
        return "?"
    sign = "-" if round(time_s) < 0 else ""
    minutes, seconds = divmod(abs(round(time_s)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def parse_datetime(text: str) -> datetime:
    """The moment that `text` stands for, aware; without a zone it is local time.

    Args:
        text: a date and a time as ISO 8601 has them, e.g. `2026-11-19T18:00:00Z` or `2026-11-19 19:00+01:00`.

    Raises:
        UsageError: it is none.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone() if moment.tzinfo is None else moment
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text!r} is not a date and time; write it as 2026-11-19T18:00:00Z (UTC)"
            " or 2026-11-19 18:00 (local time)."
        ) from error
