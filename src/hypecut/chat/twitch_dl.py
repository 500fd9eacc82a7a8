"""twitch-dl's JSON (`twitch-dl chat json`): Twitch's own GraphQL comments in one list."""

from __future__ import annotations

import re

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Columns, Intake
from hypecut.chat.pieces import array_under

_MARK = re.compile(rb'"(?:video_comments|contentOffsetSeconds)"\s*:')


class _Commenter(msgspec.Struct, rename="camel", gc=False):
    login: str | None = None
    display_name: str | None = None


class _Fragment(msgspec.Struct, gc=False):
    text: str | None = None


class _Message(msgspec.Struct):
    fragments: list[_Fragment] | None = None


class GqlComment(msgspec.Struct, rename="camel"):
    """A comment as Twitch's GraphQL API gives it."""

    content_offset_seconds: float
    commenter: _Commenter | None = None
    message: _Message | None = None

    @property
    def user(self) -> str:
        """The author's login name; '' for one that is gone."""
        commenter = self.commenter
        return "" if commenter is None else commenter.login or commenter.display_name or ""

    @property
    def text(self) -> str:
        """The whole message."""
        fragments = self.message.fragments if self.message is not None else None
        return "".join([fragment.text or "" for fragment in fragments or ()])


def _sniff(head: bytes) -> bool:
    return head.lstrip().startswith(b"{") and bool(_MARK.search(head))


def _read(content: Content, intake: Intake) -> None:
    for batch in array_under(content, "comments", EntryDecoder(GqlComment)):
        intake.take(batch, comment_columns(batch.entries))


def comment_columns(comments: list[GqlComment]) -> Columns:
    """Comments as columns."""
    return Columns(
        [comment.content_offset_seconds for comment in comments],
        [comment.user for comment in comments],
        [comment.text for comment in comments],
    )


TWITCH_DL = ChatFormat("twitch-dl JSON", _sniff, _read)
