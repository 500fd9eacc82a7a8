"""Chats as text, a message a line: what the formats of this kind have in common."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hypecut.chat.content import Content
from hypecut.chat.intake import Batch, Columns, Intake, Unreadable
from hypecut.chat.pieces import line_blocks
from hypecut.models import ChatMessage

# Twitch's own limit is 500 characters; names, badges and IRC tags come on top.
MAX_LINE = 32 * 1024
USER = r"(?P<user>[^\s:<>\[\]]{1,64}(?: [^\s:<>\[\]]{1,64})?)"

_LOOKED_AT = 200
_SHOWN = 60

# Gives a line's message, None for a line that need not be one; ValueError for one that can't be read.
ParseLine = Callable[[str], ChatMessage | None]


class LinePattern(NamedTuple):
    """What the lines of a format look like: the messages, and what else stands in such files."""

    message: re.Pattern[str]
    other: re.Pattern[str] | None = None

    def known(self, line: str) -> bool:
        """Whether such a file may hold this line."""
        return bool(self.message.match(line) or (self.other and self.other.match(line)))


def head_lines(head: bytes) -> list[str]:
    """The first lines of a file, without empty ones and without one that is cut off."""
    text = head.decode("utf-8", "replace")
    whole = text if text.endswith("\n") else text.rpartition("\n")[0] or text
    return [line for line in whole.splitlines()[:_LOOKED_AT] if line.strip()]


def looks_like(head: bytes, pattern: LinePattern) -> bool:
    """Whether a file that begins with `head` holds messages of this look, and little else."""
    lines = [line[:MAX_LINE] for line in head_lines(head)]
    known = sum(pattern.known(line) for line in lines)
    return known > len(lines) / 2 and any(pattern.message.match(line) for line in lines)


def read_lines(content: Content, intake: Intake, parse: ParseLine) -> None:
    """Put the messages of a text into `intake`, line by line.

    Raises:
        ChatFormatError: a line is too long to be one of a chat.
    """
    for first, lines in _numbered(content):
        messages: list[ChatMessage] = []
        unreadable: list[Unreadable] = []
        for number, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                message = parse(_checked(line))
            except ValueError as error:
                reason = f"{error} ({line[:_SHOWN]!r})"
                place = len(messages) + len(unreadable)
                unreadable.append(Unreadable(place, reason, f"line {number}"))
            else:
                if message is not None:
                    messages.append(message)
        take(intake, messages, unreadable)


def take(intake: Intake, messages: list[ChatMessage], unreadable: list[Unreadable] | None = None) -> None:
    """Put some messages, and what was found among them, into `intake`."""
    columns = Columns(
        [message.time_s for message in messages],
        [message.user for message in messages],
        [message.text for message in messages],
    )
    intake.take(Batch(messages, tuple(unreadable or ())), columns)


def text_of(content: Content) -> Iterator[str]:
    """The lines of a text, their ends included."""
    for block in line_blocks(content):
        # Not by `splitlines`, which also splits at characters that messages may hold.
        yield from io.StringIO(block.decode("utf-8", "replace"), newline="\n")


def login(user: str) -> str:
    """The login name where a log shows a name in another script before it: `日本 nihon`."""
    return user.rpartition(" ")[2]


def _checked(line: str) -> str:
    if len(line) > MAX_LINE:
        raise ValueError("it is too long")
    return line


def _numbered(content: Content) -> Iterator[tuple[int, list[str]]]:
    """The lines of a text in pieces, each with the number of its first line."""
    number = 1
    for block in line_blocks(content):
        lines = block.decode("utf-8", "replace").removesuffix("\n").split("\n")
        yield number, [line.removesuffix("\r") for line in lines]
        number += len(lines)
