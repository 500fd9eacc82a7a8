"""Text chats whose times are offsets: TwitchDownloader's, tcd's and chat-downloader's."""

from __future__ import annotations

import re

from hypecut.chat.clock import OFFSET, offset_s
from hypecut.chat.content import Content
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake
from hypecut.chat.text_lines import USER, LinePattern, head_lines, login, looks_like, read_lines
from hypecut.models import ChatMessage

_NO_TIME = re.compile(USER + r": \S")

_BRACKETED = re.compile(rf"\[{OFFSET}\] {USER}: ?(?P<text>.*)", re.DOTALL)
# Moderators and the like have a mark before their name.
_ANGLED = re.compile(rf"\[{OFFSET}\] <[%@+~&!$*]*{USER}> ?(?P<text>.*)", re.DOTALL)
_BARRED = re.compile(rf"{OFFSET} \| (?:\([^)]{{0,200}}\) )?{USER}: ?(?P<text>.*)", re.DOTALL)


def holds_no_times(head: bytes) -> bool:
    """Whether a file that begins with `head` is a chat whose times were left out."""
    lines = head_lines(head)
    return bool(lines) and sum(bool(_NO_TIME.match(line)) for line in lines) > len(lines) / 2


def _format(name: str, message: re.Pattern[str]) -> ChatFormat:
    pattern = LinePattern(message)

    def parse(line: str) -> ChatMessage:
        match = message.fullmatch(line)
        if match is None:
            raise ValueError("it is no message")
        return ChatMessage(offset_s(match["offset"]), login(match["user"]), match["text"])

    def sniff(head: bytes) -> bool:
        return looks_like(head, pattern)

    def read(content: Content, intake: Intake) -> None:
        read_lines(content, intake, parse)

    return ChatFormat(name, sniff, read)


TWITCHDOWNLOADER_TEXT = _format("TwitchDownloader text", _BRACKETED)
TCD_TEXT = _format("tcd text", _ANGLED)
CHAT_DOWNLOADER_TEXT = _format("chat-downloader text", _BARRED)
