"""Reading a chat file of any known format, recognised by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypecut.chat.chat_downloader import CHAT_DOWNLOADER_ARRAY, CHAT_DOWNLOADER_LINES
from hypecut.chat.content import Content, opened
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake
from hypecut.chat.normalised import NORMALISED
from hypecut.chat.twitch_dl import TWITCH_DL
from hypecut.chat.twitchdownloader import TWITCHDOWNLOADER
from hypecut.errors import ChatFormatError
from hypecut.models import ChatLog

FORMATS: tuple[ChatFormat, ...] = (
    TWITCHDOWNLOADER,
    TWITCH_DL,
    CHAT_DOWNLOADER_ARRAY,
    CHAT_DOWNLOADER_LINES,
    NORMALISED,
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


def read_chat(path: Path) -> ChatImport:
    """The messages of the chat file at `path`; single messages that can't be read are left out and counted.

    Raises:
        BadInputError: the file is missing, a folder, empty or not permitted.
        ChatFormatError: its format is unknown, it is broken, or more than a tenth of it can't be read.
    """
    with opened(path) as content:
        chat_format = _recognised(content)
        intake = Intake()
        chat_format.read(content, intake)
    if intake.unreadable > MAX_UNREADABLE_SHARE * intake.total:
        raise ChatFormatError(
            f"{intake.unreadable} of {intake.total} messages in {path} can't be read as {chat_format.name}"
            f" ({intake.first_unreadable}); download the chat again."
        )
    return ChatImport(
        intake.builder.build(), chat_format.name, intake.total, intake.unreadable, intake.first_unreadable
    )


def _recognised(content: Content) -> ChatFormat:
    for chat_format in FORMATS:
        if chat_format.sniff(content.head):
            return chat_format
    known = ", ".join(chat_format.name for chat_format in FORMATS)
    raise ChatFormatError(f"{content.name} is in no chat format known here; use one of: {known}.")
