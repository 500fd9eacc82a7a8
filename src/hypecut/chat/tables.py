"""Chats as tables (CSV): chat-downloader's flattened one, and any with a column of times and one of texts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypecut.chat.clock import offset_s
from hypecut.chat.content import Content
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake, Unreadable
from hypecut.chat.text_lines import take, text_of
from hypecut.models import ChatMessage

# The names that columns go by, the best first.
_TIMES = (
    "time_in_seconds",
    "offset_seconds",
    "content_offset_seconds",
    "time_s",
    "offset",
    "time",
    "time_text",
)
_USERS = ("author.name", "author.display_name", "user", "username", "user_name", "name", "author")
_TEXTS = ("message", "text", "body")

_DELIMITERS = ",;\t"
_ROWS_AT_ONCE = 20_000
_MAX_HEADER = 64 * 1024
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")


@dataclass(frozen=True)
class _Header:
    """Which column holds what; `users` are tried in order, as names are missing in some rows."""

    delimiter: str
    time: int
    text: int
    users: tuple[int, ...]

    def message(self, row: Sequence[str]) -> ChatMessage:
        """The message in a row.

        Raises:
            ValueError: there is none.
        """
        if len(row) <= max(self.time, self.text):
            raise ValueError(f"it has only {len(row)} columns")
        user = next((row[i] for i in self.users if i < len(row) and row[i]), "")
        return ChatMessage(_seconds(row[self.time].strip()), user, row[self.text])


def _seconds(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else offset_s(text)


def _header(head: bytes) -> _Header | None:
    line = head[:_MAX_HEADER].decode("utf-8", "replace").lstrip("\r\n").partition("\n")[0].strip("\r")
    for delimiter in _DELIMITERS:
        names = [name.strip().strip('"').lower() for name in line.split(delimiter)]
        time = next((names.index(name) for name in _TIMES if name in names), None)
        text = next((names.index(name) for name in _TEXTS if name in names), None)
        if time is not None and text is not None:
            return _Header(
                delimiter, time, text, tuple(names.index(name) for name in _USERS if name in names)
            )
    return None


def _sniff(head: bytes) -> bool:
    return _header(head) is not None


def _read(content: Content, intake: Intake) -> None:
    header = _header(content.head)
    if header is None:
        raise RuntimeError("a table is read that was not recognised")
    messages: list[ChatMessage] = []
    unreadable: list[Unreadable] = []
    for line, row in _rows(content, header.delimiter):
        place = len(messages) + len(unreadable)
        try:
            if isinstance(row, csv.Error):
                raise ValueError(str(row))
            messages.append(header.message(row))
        except ValueError as error:
            unreadable.append(Unreadable(place, str(error), f"line {line}"))
        if place >= _ROWS_AT_ONCE:
            take(intake, messages, unreadable)
            messages, unreadable = [], []
    take(intake, messages, unreadable)


def _rows(content: Content, delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """The rows below the header, each with the line it ends at; empty ones are skipped."""
    reader = csv.reader(text_of(content), delimiter=delimiter)
    header_read = False
    while True:
        try:
            row: list[str] | csv.Error = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            row = error
        if not row:
            continue
        if header_read:
            yield reader.line_num, row
        header_read = True


TABLE = ChatFormat("CSV", _sniff, _read)
