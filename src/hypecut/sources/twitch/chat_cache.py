"""Chat replays shared by jobs and processes: what one has fetched the next need not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hypecut.progress import Progress
from hypecut.settings import Settings
from hypecut.sources.cache import open_cache
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.chat import fetch_chat
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import VodInfo


class FetchedChat(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a fetched chat.

    Attributes:
        messages: how many came in, each counted once.
        pages: in how many pages.
        by_offset: Twitch refused the usual way, so it was asked for by the second.
        crowded_count: of so many seconds some messages are missing, as they are more than a page.
        crowded: these seconds, or the first thousand of them.
    """

    messages: int
    pages: int
    by_offset: bool = False
    crowded_count: int = 0
    crowded: tuple[int, ...] = ()

    @property
    def note(self) -> str:
        """What is missing, in words; '' if nothing is known to be."""
        if not self.crowded_count:
            return ""
        return (
            f"Twitch gave the chat by the second only: {self.crowded_count} seconds have more messages than"
            " it gives for one"
        )


def chat_replay(
    http: HttpClient, settings: Settings, info: VodInfo, place: Path, progress: Progress
) -> FetchedChat:
    """Have the raw pages of a VOD's chat at `place`: from the cache, or fetched and kept there.

    A fetch that was cut off, in whatever job, goes on where it was.

    Raises:
        SourceUnavailableError, NothingFoundError, DiskFullError, BadInputError: as `fetch_chat`.
    """
    unfinished = settings.cache_dir / "chats" / f"{info.id}.jsonl.gz"

    def make(part: Path) -> Mapping[str, Any]:
        gql = GqlClient(http, settings)
        state = fetch_chat(gql, info.id, info.duration_s, unfinished, progress, http.wait)
        unfinished.replace(part)
        found = FetchedChat(
            messages=state.messages,
            pages=state.pages,
            by_offset=state.by_offset,
            crowded_count=state.crowded_count,
            crowded=tuple(state.crowded),
        )
        return dict(msgspec.to_builtins(found))

    # A chat that still grows is another one later.
    key = f"twitch-chat/{info.id}" + (f"/{info.duration_s:.0f}" if info.recording else "")
    asset = open_cache(settings).fetch(key, ".jsonl.gz", make, place, lambda: progress.update(0))
    return msgspec.convert(asset.meta, FetchedChat)
