"""Twitch's own comments, as its GraphQL API gives them and RechatTool keeps them: pages, or one bare list."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeAlias, TypeVar

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import BrokenJsonError, EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Batch, Intake, Unreadable
from hypecut.chat.pieces import MAX_REST_BYTES, array_at_root, lines
from hypecut.chat.repeats import RecentIds
from hypecut.chat.twitch_dl import GqlComment, comment_columns
from hypecut.chat.twitchdownloader import V5Comment, v5_columns

C = TypeVar("C")

_PAGE_MARK = re.compile(rb'"comments"\s*:\s*\{\s*"edges"\s*:|"edges"\s*:\s*\[\s*\{\s*"(?:cursor|node)"')
_NODE_MARK = re.compile(rb'"contentOffsetSeconds"\s*:')
_V5_MARK = re.compile(rb'"content_offset_seconds"\s*:')


class _Node(GqlComment):
    id: str | int | None = None


class _Edge(msgspec.Struct):
    node: _Node | None = None


class _Comments(msgspec.Struct):
    edges: list[_Edge] | None = None


class _Video(msgspec.Struct, Generic[C]):
    comments: C | None = None


class _Data(msgspec.Struct, Generic[C]):
    video: _Video[C] | None = None


class ChatPage(msgspec.Struct, Generic[C]):
    """What the API answers when it is asked for a page of a chat; `C` is as much of it as is wanted."""

    data: _Data[C] | None = None

    @property
    def comments(self) -> C | None:
        """What is on it; None where the API answered with an error or there is no such video."""
        video = self.data.video if self.data else None
        return video.comments if video else None


_Page: TypeAlias = ChatPage[_Comments]


def _sniff_pages(head: bytes) -> bool:
    return head.lstrip()[:1] in (b"{", b"[") and bool(_PAGE_MARK.search(head))


def _read_pages(content: Content, intake: Intake) -> None:
    seen = RecentIds()
    for batch in _page_batches(content):
        nodes: list[GqlComment] = [
            node for page in batch.entries for node in _nodes(page) if seen.is_new(str(node.id or ""))
        ]
        faults = tuple(
            Unreadable(len(nodes) + i, fault.reason, f"page {fault.position + 1}")
            for i, fault in enumerate(batch.unreadable)
        )
        intake.take(Batch(nodes, faults), comment_columns(nodes))


def _nodes(page: _Page) -> Iterator[_Node]:
    edges = page.comments.edges if page.comments else None
    return (edge.node for edge in edges or () if edge.node is not None)


def _page_batches(content: Content) -> Iterable[Batch[_Page]]:
    decoder = EntryDecoder(_Page)
    if content.head.lstrip().startswith(b"["):
        return array_at_root(content, decoder)
    if len(content.data) <= MAX_REST_BYTES:
        with contextlib.suppress(BrokenJsonError):  # else it is a page a line
            return [decoder.array(b"".join((b"[", content.data[content.start :], b"]")))]
    return lines(content, decoder)


def _sniff_nodes(head: bytes) -> bool:
    return head.lstrip().startswith(b"[") and bool(_NODE_MARK.search(head))


def _read_nodes(content: Content, intake: Intake) -> None:
    for batch in array_at_root(content, EntryDecoder(GqlComment)):
        intake.take(batch, comment_columns(batch.entries))


def _sniff_v5_nodes(head: bytes) -> bool:
    return head.lstrip().startswith(b"[") and bool(_V5_MARK.search(head))


def _read_v5_nodes(content: Content, intake: Intake) -> None:
    for batch in array_at_root(content, EntryDecoder(V5Comment)):
        intake.take(batch, v5_columns(batch.entries))


GQL_PAGES = ChatFormat("Twitch GraphQL pages", _sniff_pages, _read_pages)
RECHATTOOL = ChatFormat("RechatTool JSON", _sniff_nodes, _read_nodes)
RECHATTOOL_V5 = ChatFormat("RechatTool JSON (old)", _sniff_v5_nodes, _read_v5_nodes)
