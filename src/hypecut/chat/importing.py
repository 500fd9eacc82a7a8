"""Reading a chat file of any known format, recognised by its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hypecut.chat.chat_downloader import CHAT_DOWNLOADER_ARRAY, CHAT_DOWNLOADER_LINES
from hypecut.chat.clock import needs_start
from hypecut.chat.content import Content, opened
from hypecut.chat.formats import ChatFormat
from hypecut.chat.gql import GQL_PAGES, RECHATTOOL, RECHATTOOL_V5
from hypecut.chat.halves import read_whole
from hypecut.chat.intake import Intake
from hypecut.chat.irc import IRC, JUSTLOG_JSON
from hypecut.chat.normalised import NORMALISED
from hypecut.chat.subtitles import SUBTITLES
from hypecut.chat.tables import TABLE
from hypecut.chat.texts import CHAT_DOWNLOADER_TEXT, TCD_TEXT, TWITCHDOWNLOADER_TEXT, holds_no_times
from hypecut.chat.twitch_dl import TWITCH_DL
from hypecut.chat.twitchdownloader import TWITCH_V5, TWITCHDOWNLOADER
from hypecut.chat.wall_clock_texts import CHATTERINO, CHATTY, JUSTLOG_TEXT, TWITCHDOWNLOADER_UTC
from hypecut.chat.youtube import YOUTUBE
from hypecut.errors import ChatFormatError
from hypecut.models import ChatLog

# The first that recognises a file reads it, so the more particular stand before the more general.
FORMATS: tuple[ChatFormat, ...] = (
    YOUTUBE,
    JUSTLOG_JSON,
    GQL_PAGES,
    TWITCHDOWNLOADER,
    TWITCH_DL,
    TWITCH_V5,
    RECHATTOOL,
    RECHATTOOL_V5,
    CHAT_DOWNLOADER_ARRAY,
    CHAT_DOWNLOADER_LINES,
    NORMALISED,
    IRC,
    CHATTERINO,
    CHATTY,
    TWITCHDOWNLOADER_UTC,
    JUSTLOG_TEXT,
    TWITCHDOWNLOADER_TEXT,
    TCD_TEXT,
    CHAT_DOWNLOADER_TEXT,
    SUBTITLES,
    TABLE,
)
MAX_UNREADABLE_SHARE = 0.1


@dataclass(frozen=True)
class ChatImport:
    """A chat file that was read.

    Attributes:
        log: its messages, in order of time.
        format: the name of its format, for people.
        total: how many messages or lines it holds, readable or not.
        unreadable: how many of them had to be left out.
        first_unreadable: which one was the first of these and why; '' if there was none.
    """

    log: ChatLog
    format: str
    total: int
    unreadable: int
    first_unreadable: str


def read_chat(path: Path, vod_start: datetime | None = None) -> ChatImport:
    """The messages of the chat file at `path`; single messages that can't be read are left out and counted.

    Args:
        path: a chat file of any format in `FORMATS`.
        vod_start: when the recording began (aware); needed by formats that hold the time of day.

    Raises:
        BadInputError: the file is missing, a folder, empty or not permitted.
        ChatFormatError: its format is unknown, it is broken, more than a tenth of it can't be read, or it
            holds the time of day and `vod_start` is missing.
    """
    with opened(path) as content:
        chat_format = _recognised(content)
        if chat_format.wall_clock and vod_start is None:
            raise needs_start(str(path), chat_format.name)
        intake = read_whole(chat_format, content, Intake(vod_start, content.name))
    if intake.unreadable > MAX_UNREADABLE_SHARE * intake.total:
        raise ChatFormatError(
            f"{intake.unreadable} of {intake.total} messages in {path} can't be read as {chat_format.name}"
            f" ({intake.first_unreadable}); download the chat again."
        )
    return ChatImport(
        intake.builder.build(), chat_format.name, intake.total, intake.unreadable, intake.first_unreadable
    )


def recognised_format(path: Path) -> str:
    """The name of the format of the chat file at `path`, told by its beginning; no message is read.

    Raises:
        BadInputError: the file is missing, a folder, empty or not permitted.
        ChatFormatError: its format is unknown.
    """
    with opened(path) as content:
        return _recognised(content).name


def _recognised(content: Content) -> ChatFormat:
    for chat_format in FORMATS:
        if chat_format.sniff(content.head):
            return chat_format
    if holds_no_times(content.head):
        raise ChatFormatError(
            f"{content.name} is a chat without times, so nothing can be placed; download it again with them."
        )
    known = ", ".join(chat_format.name for chat_format in FORMATS)
    raise ChatFormatError(f"{content.name} is in no chat format known here; use one of: {known}.")
