"""Whether a chat belongs to a recording and covers enough of it to judge."""

from __future__ import annotations

from hypecut.errors import BadInputError
from hypecut.models import ChatLog
from hypecut.times import format_time

MIN_COVERAGE = 0.5
OVERRIDE = "--allow-partial-chat"


def check_coverage(log: ChatLog, duration_s: float) -> None:
    """Make sure that a chat is that of a recording, and of most of it.

    Args:
        log: the chat, on the recording's time line.
        duration_s: the recording's length.

    Raises:
        BadInputError: most of the chat lies outside the recording, or it covers less than half of it.
    """
    if not len(log) or duration_s <= 0:
        return
    inside = log.between(0.0, duration_s)
    first_s, last_s = float(log.time_s[0]), float(log.time_s[-1])
    if len(inside) < len(log) / 2:
        raise BadInputError(
            f"{len(log) - len(inside)} of {len(log)} chat messages ({format_time(first_s)} to"
            f" {format_time(last_s)}) lie outside the recording, which is {format_time(duration_s)} long: it"
            " seems to be another recording's chat; give the right one, shift it with --chat-offset, or add"
            f" {OVERRIDE}."
        )
    covered_s = float(log.time_s[inside[-1]] - log.time_s[inside[0]])
    if covered_s < MIN_COVERAGE * duration_s:
        raise BadInputError(
            f"the chat covers {format_time(covered_s)} of {format_time(duration_s)}, less than half of the"
            f" recording; give the chat of all of it, or add {OVERRIDE} to choose from that part alone."
        )
