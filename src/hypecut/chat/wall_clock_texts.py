"""Text chats whose times are the clock's: TwitchDownloader's UTC text, justlog, Chatterino and Chatty.

Chatterino writes the local time of day, with the date in a header; Chatty the local time, with the offset
from UTC in a header. Where the zone is not told, it is that of the recording's start as the user gave it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, tzinfo

from hypecut.chat.clock import DATE, TIME, WallClock, zone_of
from hypecut.chat.content import Content
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake
from hypecut.chat.text_lines import USER, LinePattern, login, looks_like, read_lines
from hypecut.models import ChatMessage

_ZONE = r"(?P<zone>[A-Za-z]{1,5}(?:[+-]\d\d?:?(?:\d\d)?)?|[+-]\d\d:?\d\d)?"

_UTC = LinePattern(re.compile(rf"\[{DATE} {TIME} UTC\] {USER}: ?(?P<text>.*)", re.DOTALL))
_JUSTLOG = LinePattern(
    re.compile(rf"\[{DATE} {TIME}\] #\w{{1,64}} {USER}: ?(?P<text>.*)", re.DOTALL),
    re.compile(rf"\[{DATE} {TIME}\] #\w"),
)
_CHATTERINO = LinePattern(
    re.compile(rf"\[{TIME}\] {USER}: ?(?P<text>.*)", re.DOTALL), re.compile(rf"# St|\[{TIME}\] ")
)
_CHATTY = LinePattern(
    re.compile(rf"\[(?:{DATE} )?{TIME}\] <[%@+~&!$*]*{USER}>(?P<action>\*?) ?(?P<text>.*)", re.DOTALL),
    re.compile(rf"# |- |\[(?:{DATE} )?{TIME}\] "),
)
_CHATTERINO_START = re.compile(rf"# Start logging at {DATE} {TIME} ?{_ZONE}")
_CHATTY_START = re.compile(rf"# Log started: {DATE} {TIME} ?{_ZONE}")


def _format(
    name: str, pattern: LinePattern, zone: tzinfo | None = UTC, header: re.Pattern[str] | None = None
) -> ChatFormat:
    """A format whose files, with a `header`, begin with one and are told by it."""

    def sniff(head: bytes) -> bool:
        if header is not None and not re.search(rb"(?m)^" + header.pattern.encode(), head):
            return False
        return looks_like(head, pattern)

    def read(content: Content, intake: Intake) -> None:
        if intake.vod_start is None:
            raise RuntimeError("a wall-clock format is read without the recording's start")
        clock = WallClock(intake.vod_start, zone)
        read_lines(content, intake, _parser(pattern, header, clock))

    return ChatFormat(name, sniff, read, wall_clock=True)


def _parser(
    pattern: LinePattern, header: re.Pattern[str] | None, clock: WallClock
) -> Callable[[str], ChatMessage | None]:
    def parse(line: str) -> ChatMessage | None:
        match = pattern.message.fullmatch(line)
        if match is not None:
            day = match.groupdict().get("date")
            return ChatMessage(clock.at_s(match["time"], day), login(match["user"]), match["text"])
        start = header.match(line) if header is not None else None
        if start is not None:
            clock.begin(start["date"], start["time"], zone_of(start["zone"] or ""))
        elif pattern.other is None or not pattern.other.match(line):
            raise ValueError("it is no message")
        return None

    return parse


TWITCHDOWNLOADER_UTC = _format("TwitchDownloader text in UTC", _UTC)
JUSTLOG_TEXT = _format("justlog text", _JUSTLOG)
CHATTERINO = _format("Chatterino log", _CHATTERINO, None, _CHATTERINO_START)
CHATTY = _format("Chatty log", _CHATTY, None, _CHATTY_START)
