"""What a chat format is to the importer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hypecut.chat.content import Content
from hypecut.chat.intake import Intake


class Sniff(Protocol):
    """Tells by the beginning of a file, never by its name, whether it is in a format."""

    def __call__(self, head: bytes) -> bool:
        """Whether a file that begins with `head` (UTF-8, up to 256 KiB) is in this format."""


class Read(Protocol):
    """Reads a file of a format."""

    def __call__(self, content: Content, intake: Intake) -> None:
        """Put all messages of `content` into `intake`.

        Raises:
            ChatFormatError: the content is broken beyond single messages.
        """


@dataclass(frozen=True)
class ChatFormat:
    """One kind of chat file.

    Attributes:
        name: for people.
        sniff: how to tell it.
        read: how to read it.
        wall_clock: whether its times are the clock's, so that the recording's start must be known.
        in_halves: whether `read` heeds the content's `share`.
    """

    name: str
    sniff: Sniff
    read: Read
    wall_clock: bool = False
    in_halves: bool = False
