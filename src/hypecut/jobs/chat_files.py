"""The chat of a VOD as files: normalised, and as it was received."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hypecut.chat import write_chat
from hypecut.files import check_output
from hypecut.progress import Progress
from hypecut.settings import Settings
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.addresses import vod_id
from hypecut.sources.twitch.chat import read_pages
from hypecut.sources.twitch.chat_cache import chat_replay
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import vod_info


class ChatFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A chat that was fetched.

    Attributes:
        vod: the VOD's id.
        out: the normalised chat.
        raw: the pages as received, packed.
        messages: how many.
        chatters: by how many people.
        crowded_seconds: seconds of which some messages are missing, as Twitch gave only a page of them.
        note: what is missing, in words.
    """

    vod: str
    out: str
    raw: str
    messages: int
    chatters: int
    crowded_seconds: tuple[int, ...] = ()
    note: str = ""


def fetch_chat_files(
    address: str, out: Path, overwrite: bool, settings: Settings, progress: Progress
) -> ChatFiles:
    """Fetch the chat of a VOD; one that was cut off goes on where it was.

    Args:
        address: of the VOD, or its id.
        out: the normalised chat to write; the pages as received go beside it.
        overwrite: replace files that are there.
        settings: the way to Twitch, and the cache.
        progress: told of the seconds of the VOD that are done.

    Raises:
        UsageError: it is no address of a VOD, or a file is in the way.
        SourceUnavailableError: Twitch can't be asked, or has no such VOD.
        NothingFoundError: the VOD has no chat.
        DiskFullError, BadInputError: a file can't be written.
    """
    video_id = vod_id(address)
    raw = out.with_name(f"{out.stem}_raw.jsonl.gz")
    for file in (out, raw):
        check_output(file, overwrite, [])
    with HttpClient(settings) as http:
        info = vod_info(GqlClient(http, settings), video_id)
        fetched = chat_replay(http, settings, info, raw, progress)
    log = read_pages(raw)
    write_chat(log, out)
    return ChatFiles(
        vod=video_id,
        out=str(out),
        raw=str(raw),
        messages=len(log),
        chatters=len(log.users),
        crowded_seconds=fetched.crowded,
        note=fetched.note,
    )
