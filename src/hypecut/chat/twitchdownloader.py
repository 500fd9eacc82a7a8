"""TwitchDownloader's JSON (`TwitchDownloaderCLI chatdownload`), also gzipped."""

from __future__ import annotations

import re

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Columns, Intake
from hypecut.chat.pieces import array_under

_OFFSET = re.compile(rb'"content_offset_seconds"\s*:')
_HEADER = re.compile(rb'"(?:FileInfo|streamer)"\s*:')
_COMMENTS = re.compile(rb'"comments"\s*:\s*\[')


class _Commenter(msgspec.Struct, gc=False):
    name: str | None = None
    display_name: str | None = None


class _Message(msgspec.Struct, gc=False):
    body: str | None = None


class _Comment(msgspec.Struct, gc=False):
    content_offset_seconds: float
    commenter: _Commenter | None = None
    message: _Message | None = None


def _sniff(head: bytes) -> bool:
    if not head.lstrip().startswith(b"{"):
        return False
    return bool(_OFFSET.search(head) or (_HEADER.search(head) and _COMMENTS.search(head)))


def _read(content: Content, intake: Intake) -> None:
    for batch in array_under(content, "comments", EntryDecoder(_Comment)):
        intake.take(batch, _columns(batch.entries))


def _columns(comments: list[_Comment]) -> Columns:
    # Spelled out in comprehensions because a call per message would take longer than decoding it.
    commenters = [comment.commenter for comment in comments]
    messages = [comment.message for comment in comments]
    return Columns(
        [comment.content_offset_seconds for comment in comments],
        [one.name or one.display_name or "" if one is not None else "" for one in commenters],
        [one.body or "" if one is not None else "" for one in messages],
    )


TWITCHDOWNLOADER = ChatFormat("TwitchDownloader JSON", _sniff, _read)
