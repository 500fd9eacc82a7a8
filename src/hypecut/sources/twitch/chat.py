"""The chat replay of a VOD, page by page, as Twitch's player asks for it.

Each page leads to the next by a cursor. Where Twitch refuses cursors, pages are asked for by the second. That
gives some messages twice, told apart by their ids, and of a second with more messages than a page holds only
the first: such seconds are counted and reported.

What came in is kept as it was received, in a gzip file to which a member is added every so many pages. Beside
it stands how far it is; so a fetch that was cut off goes on there.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import msgspec

from hypecut.chat.builder import ChatLogBuilder
from hypecut.chat.gql import ChatPage
from hypecut.chat.repeats import RecentIds
from hypecut.chat.twitch_dl import GqlComment, comment_columns
from hypecut.errors import IntegrityRefusedError, NothingFoundError, SourceUnavailableError
from hypecut.files import told_as_write_error, written_aside
from hypecut.models import ChatLog
from hypecut.progress import Progress
from hypecut.sources.twitch.gql import GqlClient
from hypecut.times import format_time

log = logging.getLogger(__name__)

_OPERATION = "VideoCommentsByOffsetOrCursor"
_TEXT = """query($videoID: ID!, $cursor: String, $contentOffsetSeconds: Int) { video(id: $videoID) { id
  comments(contentOffsetSeconds: $contentOffsetSeconds, after: $cursor) { pageInfo { hasNextPage }
    edges { cursor node { id createdAt contentOffsetSeconds commenter { login displayName }
      message { fragments { text } } } } } } }"""
# Twitch gives pages without comments now and then, and the right one a little later.
_NULL_TRIES = 10
_PAGES_A_MEMBER = 64
_MAX_PAGES = 2_000_000
_MAX_LISTED = 1000
_IMPORT = "give a chat file with --chat, as TwitchDownloader and others write them"


class ChatState(msgspec.Struct, kw_only=True):
    """How far a fetch is.

    Attributes:
        video_id: the VOD.
        size: bytes of the raw pages that are written.
        where: what to ask for next: a cursor or a second.
        by_offset: cursors are refused.
        pages: how many came in.
        messages: how many different ones.
        last_s: the second of the last one.
        crowded: seconds with more messages than a page, of which some are missing.
        crowded_count: how many seconds these are; the list is bounded.
        recent: the ids of the last messages.
        done: all of it is there.
    """

    video_id: str
    size: int = 0
    where: dict[str, Any] = msgspec.field(default_factory=lambda: {"contentOffsetSeconds": 0})
    by_offset: bool = False
    pages: int = 0
    messages: int = 0
    last_s: int = 0
    crowded: list[int] = []
    crowded_count: int = 0
    recent: list[str] = []
    done: bool = False


class _Comment(GqlComment):
    id: str = ""


class _Edge(msgspec.Struct):
    cursor: str | None = None
    node: _Comment | None = None


class _PageInfo(msgspec.Struct, rename="camel"):
    has_next_page: bool = False


class _Comments(msgspec.Struct, rename="camel"):
    edges: list[_Edge] | None = None
    page_info: _PageInfo = msgspec.field(default_factory=_PageInfo)


_Page: TypeAlias = ChatPage[_Comments]


def fetch_chat(
    gql: GqlClient,
    video_id: str,
    duration_s: float,
    raw: Path,
    progress: Progress,
    wait: Callable[[int], object],
) -> ChatState:
    """Fetch the whole chat of a VOD, or what is missing of it.

    Args:
        gql: Twitch's web API.
        video_id: the VOD.
        duration_s: its length, for the progress.
        raw: the gzip file of pages, one a line; what an earlier fetch left beside it is taken up.
        progress: told of the seconds that are done.
        wait: waits before the second, third, ... attempt, given its number.

    Returns:
        What came in, and what is known to be missing.

    Raises:
        SourceUnavailableError: Twitch can't be asked or gives no chat; what came in is kept.
        NothingFoundError: the VOD has no chat.
        DiskFullError, BadInputError: the file can't be written.
    """
    state_file = raw.with_name(f".{raw.name}.state")
    part = raw.with_name(f".{raw.name}.part")
    state = _left_off(state_file, part, video_id)
    progress.start("chat", max(duration_s, 1.0))
    with told_as_write_error(raw):
        raw.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            file.truncate(state.size)
            file.seek(state.size)
            pages: list[bytes] = []
            paging = _Paging(gql, state, wait)
            try:
                for page in paging.pages():
                    pages.append(page)
                    progress.update(min(state.last_s, duration_s))
                    if len(pages) >= _PAGES_A_MEMBER:
                        _keep(file, pages, paging, state_file)
            except SourceUnavailableError as error:
                raise SourceUnavailableError(_stopped(state, error)) from error
            finally:
                _keep(file, pages, paging, state_file)
        if not state.messages:
            raise NothingFoundError(f"the VOD {video_id} has no chat replay; {_IMPORT}.")
        part.replace(raw)
        state_file.unlink(missing_ok=True)
    progress.finish()
    return state


def read_pages(raw: Path) -> ChatLog:
    """The messages in a file of raw pages, each once."""
    builder = ChatLogBuilder()
    seen = RecentIds()
    with gzip.open(raw, "rb") as lines:
        for line in lines:
            edges = _comments(line).edges or []
            nodes = [edge.node for edge in edges if edge.node is not None and seen.is_new(edge.node.id)]
            columns = comment_columns(cast(list[GqlComment], nodes))
            builder.extend(columns.time_s, columns.users, columns.texts)
    return builder.build()


class _Paging:
    """Asks for page after page, and keeps the state."""

    def __init__(self, gql: GqlClient, state: ChatState, wait: Callable[[int], object]) -> None:
        self._gql = gql
        self._state = state
        self._wait = wait
        self._recent = RecentIds(state.recent)

    def pages(self) -> Iterator[bytes]:
        """The pages that are left, as received; when one is handed out, the state says that it was."""
        state = self._state
        while not state.done:
            try:
                raw, comments = self._page(state.where)
            except IntegrityRefusedError:
                if "cursor" not in state.where:
                    raise
                log.warning(
                    "Twitch refuses cursors of the chat of %s: asked for by the second", state.video_id
                )
                state.by_offset = True
                state.where = {"contentOffsetSeconds": state.last_s}
                continue
            state.pages += 1
            self._take(comments)
            yield raw
            if state.pages >= _MAX_PAGES:
                raise SourceUnavailableError("its pages have no end.")

    def noted(self, size: int) -> bytes:
        """The state, to be written down when the raw pages take `size` bytes."""
        self._state.size = size
        self._state.recent = self._recent.listed()
        return msgspec.json.encode(self._state)

    def _page(self, where: dict[str, Any]) -> tuple[bytes, _Comments]:
        what = f"the chat of the VOD {self._state.video_id}"
        variables = {"videoID": self._state.video_id, **where}
        for attempt in range(1, _NULL_TRIES + 1):
            raw = self._gql.raw_stored(_OPERATION, variables, what, _TEXT)
            try:
                page = msgspec.json.decode(raw, type=_Page)
            except msgspec.MsgspecError as error:
                raise SourceUnavailableError(f"its pages are not understood ({error}).") from error
            if page.comments is not None and page.comments.edges is not None:
                return b" ".join(raw.splitlines()), page.comments
            if attempt < _NULL_TRIES:
                self._wait(attempt)
        raise SourceUnavailableError("Twitch gives empty pages.")

    def _take(self, comments: _Comments) -> None:
        """Count what is new on a page, and find out what to ask for next."""
        state = self._state
        edges = comments.edges or []
        nodes = [edge.node for edge in edges if edge.node is not None]
        if state.by_offset and nodes and state.messages and nodes[0].id not in self._recent:
            # It does not begin with anything known: what lay before is missing.
            self._crowded(state.last_s)
        fresh = sum(self._recent.is_new(node.id) for node in nodes)
        state.messages += fresh
        last_s = max((int(node.content_offset_seconds) for node in nodes), default=state.last_s)
        asked_s = int(state.where.get("contentOffsetSeconds", -1))
        state.last_s = max(state.last_s, last_s)
        cursor = next((edge.cursor for edge in reversed(edges) if edge.cursor), None)
        if not comments.page_info.has_next_page:
            state.done = True
        elif state.by_offset:
            # The same second again would give the same page.
            state.where = {"contentOffsetSeconds": last_s if last_s > asked_s else asked_s + 1}
        elif cursor is None or (not fresh and {"cursor": cursor} == state.where):
            raise SourceUnavailableError("its pages lead nowhere.")
        else:
            state.where = {"cursor": cursor}

    def _crowded(self, second: int) -> None:
        state = self._state
        state.crowded_count += 1
        if len(state.crowded) < _MAX_LISTED:
            state.crowded.append(second)


def _comments(raw: bytes) -> _Comments:
    return msgspec.json.decode(raw, type=_Page).comments or _Comments()


def _left_off(state_file: Path, part: Path, video_id: str) -> ChatState:
    """Where an earlier fetch was cut off; the beginning if there was none."""
    try:
        state = msgspec.json.decode(state_file.read_bytes(), type=ChatState)
        if state.video_id == video_id and part.stat().st_size >= state.size:
            log.info("the chat of %s goes on after %d messages", video_id, state.messages)
            return state
    except FileNotFoundError:
        pass
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("%s can't be read (%s): the chat is fetched from the beginning", state_file, error)
    return ChatState(video_id=video_id)


def _keep(file: IO[bytes], pages: list[bytes], paging: _Paging, state_file: Path) -> None:
    """Add the pages as a member of their own, then note how far it is."""
    if pages:
        file.write(gzip.compress(b"".join(page + b"\n" for page in pages), compresslevel=6))
        file.flush()
        pages.clear()
    with written_aside(state_file) as aside:
        aside.write_bytes(paging.noted(file.tell()))


def _stopped(state: ChatState, error: SourceUnavailableError) -> str:
    reason = str(error).partition(";")[0].rstrip(".")
    where = (
        f"after {state.messages} messages, at {format_time(state.last_s)}" if state.messages else "at once"
    )
    return (
        f"the chat of the VOD {state.video_id} broke off {where}: {reason}; run it again to go on, or"
        f" {_IMPORT}."
    )
