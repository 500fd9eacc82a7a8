"""chat-downloader's JSON array and JSON lines."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import msgspec

from hypecut.chat.clock import needs_start
from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Batch, Columns, Intake
from hypecut.chat.pieces import array_at_root, lines

_MARK = re.compile(rb'"(?:time_in_seconds|message_id)"\s*:')
_EMPTY_ARRAY = re.compile(rb"\s*\[\s*\]\s*")


class _Author(msgspec.Struct, gc=False):
    name: str | None = None
    display_name: str | None = None


class _Item(msgspec.Struct, gc=False):
    time_in_seconds: float | None = None
    timestamp: float | None = None
    author: _Author | None = None
    message: str | None = None

    @property
    def user(self) -> str:
        author = self.author
        return "" if author is None else author.name or author.display_name or ""

    def time_s(self, origin_s: float | None) -> float:
        """Seconds since the recording's start; live chats have only `timestamp`, microseconds of 1970."""
        if self.time_in_seconds is not None:
            return self.time_in_seconds
        if self.timestamp is None:
            return math.nan
        return math.nan if origin_s is None else round(self.timestamp / 1e6 - origin_s, 6)


def _sniff_array(head: bytes) -> bool:
    if _EMPTY_ARRAY.fullmatch(head):
        return True
    return head.lstrip().startswith(b"[") and bool(_MARK.search(head))


def _sniff_lines(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and bool(_MARK.search(head))


def _read_array(content: Content, intake: Intake) -> None:
    _take(content, array_at_root(content, EntryDecoder(_Item)), intake)


def _read_lines(content: Content, intake: Intake) -> None:
    _take(content, lines(content, EntryDecoder(_Item)), intake)


def _take(content: Content, batches: Iterable[Batch[_Item]], intake: Intake) -> None:
    origin_s = intake.vod_start.timestamp() if intake.vod_start else None
    for batch in batches:
        items = batch.entries
        if origin_s is None and any(_is_live(item) for item in items):
            raise needs_start(content.name, "chat-downloader's, of a live stream")
        columns = Columns(
            [item.time_s(origin_s) for item in items],
            [item.user for item in items],
            [item.message or "" for item in items],
        )
        intake.take(batch, columns)


def _is_live(item: _Item) -> bool:
    return item.time_in_seconds is None and item.timestamp is not None


CHAT_DOWNLOADER_ARRAY = ChatFormat("chat-downloader JSON", _sniff_array, _read_array)
CHAT_DOWNLOADER_LINES = ChatFormat("chat-downloader JSON lines", _sniff_lines, _read_lines)
