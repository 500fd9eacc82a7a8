"""Chats as the IRC server sent them: raw lines with IRCv3 tags, and justlog's JSON around them."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Batch, Columns, Intake
from hypecut.chat.pieces import array_under
from hypecut.chat.text_lines import LinePattern, looks_like, read_lines
from hypecut.models import ChatMessage

_LINE = re.compile(
    r"@(?P<tags>\S+) :(?P<prefix>\S+) (?P<command>PRIVMSG|USERNOTICE) #\S+(?: :?(?P<text>.*))?", re.DOTALL
)
_OTHER = re.compile(r"(?:@\S+ )?:\S+ [A-Z0-9]{3,20}(?: |$)|PING|PONG")
_PATTERN = LinePattern(_LINE, _OTHER)
_SENT_MS = re.compile(r"(?:^|;)tmi-sent-ts=(\d{1,16})(?:;|$)")
_LOGIN_TAG = re.compile(r"(?:^|;)login=(\w{1,64})(?:;|$)")
_ACTION = re.compile("\x01?ACTION (?P<text>.*?)\x01?", re.DOTALL)

_JUSTLOG_MARK = re.compile(rb'^\s*\{\s*"messages"\s*:\s*\[')
_JUSTLOG_KEYS = re.compile(rb'"(?:systemText|displayName|raw)"\s*:')


class _Tags(msgspec.Struct, rename="kebab", gc=False):
    tmi_sent_ts: str | None = None


class _Logged(msgspec.Struct, rename="camel", gc=False):
    timestamp: datetime
    text: str | None = None
    username: str | None = None
    display_name: str | None = None
    type: int | None = None
    tags: _Tags | None = None

    @property
    def sent_s(self) -> float:
        """Seconds since 1970; to the millisecond where the server's own tag is kept."""
        sent_ms = self.tags.tmi_sent_ts if self.tags else None
        if sent_ms and sent_ms.isascii() and sent_ms.isdigit() and len(sent_ms) <= 16:
            return int(sent_ms) / 1000
        return self.timestamp.timestamp() if self.timestamp.tzinfo else float("nan")


# What justlog keeps besides messages: CLEARCHAT is a ban or a time-out.
_CLEARCHAT = 4


def _sniff(head: bytes) -> bool:
    return looks_like(head, _PATTERN)


def _read(content: Content, intake: Intake) -> None:
    origin_s = _origin_s(intake)

    def parse(line: str) -> ChatMessage | None:
        match = _LINE.fullmatch(line)
        if match is None:
            if _OTHER.match(line):
                return None
            raise ValueError("it is no line of IRC")
        sent = _SENT_MS.search(match["tags"])
        if sent is None:
            raise ValueError("it has no tmi-sent-ts, which tells its time")
        text = match["text"] or ""
        if match["command"] == "USERNOTICE" and not text:
            return None  # told by Twitch, said by nobody
        user = _LOGIN_TAG.search(match["tags"])
        name = user[1] if user else match["prefix"].partition("!")[0]
        return ChatMessage(round(int(sent[1]) / 1000 - origin_s, 6), name, _plain(text))

    read_lines(content, intake, parse)


def _plain(text: str) -> str:
    action = _ACTION.fullmatch(text)
    return action["text"] if action else text


def _sniff_justlog(head: bytes) -> bool:
    return bool(_JUSTLOG_MARK.match(head) and _JUSTLOG_KEYS.search(head))


def _read_justlog(content: Content, intake: Intake) -> None:
    origin_s = _origin_s(intake)
    for batch in array_under(content, "messages", EntryDecoder(_Logged)):
        said = [row for row in batch.entries if row.type != _CLEARCHAT]
        columns = Columns(
            [round(row.sent_s - origin_s, 6) for row in said],
            [row.username or row.display_name or "" for row in said],
            [_plain(row.text or "") for row in said],
        )
        intake.take(Batch(said, batch.unreadable), columns)


def _origin_s(intake: Intake) -> float:
    if intake.vod_start is None:
        raise RuntimeError("a wall-clock format is read without the recording's start")
    return intake.vod_start.timestamp()


IRC = ChatFormat("raw IRC", _sniff, _read, wall_clock=True)
JUSTLOG_JSON = ChatFormat("justlog JSON", _sniff_justlog, _read_justlog, wall_clock=True)
