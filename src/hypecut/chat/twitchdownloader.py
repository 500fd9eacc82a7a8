"""Comments of version 5 of Twitch's API: TwitchDownloader's JSON, tcd's, and what yt-dlp once fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter

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


class V5Comment(msgspec.Struct, gc=False):
    """A comment as version 5 of Twitch's API gave it."""

    content_offset_seconds: float
    commenter: _Commenter | None = None
    message: _Message | None = None


_time_s: Callable[[V5Comment], float] = attrgetter("content_offset_seconds")
_login: Callable[[V5Comment], str] = attrgetter("commenter.name")
_body: Callable[[V5Comment], str] = attrgetter("message.body")


def _sniff(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and bool(_HEADER.search(head) and _COMMENTS.search(head))


def _sniff_v5(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and bool(_OFFSET.search(head))


def _read(content: Content, intake: Intake) -> None:
    for batch in array_under(content, "comments", EntryDecoder(V5Comment)):
        intake.take(batch, v5_columns(batch.entries))


def v5_columns(comments: list[V5Comment]) -> Columns:
    """Comments as columns."""
    return Columns(list(map(_time_s, comments)), _users(comments), _texts(comments))


def _users(comments: list[V5Comment]) -> list[str]:
    try:  # nearly always all there, and a call per message would take longer than decoding it
        users = list(map(_login, comments))
        if None not in users and "" not in users:
            return users
    except AttributeError:
        pass
    commenters = [comment.commenter for comment in comments]
    return [one.name or one.display_name or "" if one is not None else "" for one in commenters]


def _texts(comments: list[V5Comment]) -> list[str]:
    try:
        texts = list(map(_body, comments))
        if None not in texts:
            return texts
    except AttributeError:
        pass
    messages = [comment.message for comment in comments]
    return [one.body or "" if one is not None else "" for one in messages]


TWITCHDOWNLOADER = ChatFormat("TwitchDownloader JSON", _sniff, _read, in_halves=True)
TWITCH_V5 = ChatFormat("Twitch v5 JSON (tcd, yt-dlp)", _sniff_v5, _read)
