"""The normalised chat: JSON lines of `time_s`, `user` and `text`, hypecut's own format."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from hypecut.chat.content import Content
from hypecut.chat.decoding import EntryDecoder
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Columns, Intake
from hypecut.chat.pieces import lines
from hypecut.files import written_aside
from hypecut.models import ChatLog

_MARK = re.compile(rb'^\s*\{[^\n]*"time_s"\s*:', re.MULTILINE)
_LINES_AT_ONCE = 20_000


class _Line(msgspec.Struct, gc=False):
    time_s: float
    text: str | None
    user: str | None = None


class _Row(msgspec.Struct, gc=False):
    """A line as written; the order of the fields is that of the file."""

    time_s: float
    user: str
    text: str


def write_chat(log: ChatLog, path: Path) -> None:
    """Write `log` to `path` as normalised JSON lines, aside and renamed.

    Raises:
        BadInputError: the place can't be written to.
        DiskFullError: there is no room.
    """
    encoder = msgspec.json.Encoder()
    with written_aside(path) as part, part.open("wb") as file:
        for first in range(0, len(log), _LINES_AT_ONCE):
            some = range(first, min(len(log), first + _LINES_AT_ONCE))
            file.write(encoder.encode_lines([_Row(*log[i]) for i in some]))


def _sniff(head: bytes) -> bool:
    return bool(_MARK.search(head))


def _read(content: Content, intake: Intake) -> None:
    for batch in lines(content, EntryDecoder(_Line)):
        columns = Columns(
            [line.time_s for line in batch.entries],
            [line.user or "" for line in batch.entries],
            [line.text or "" for line in batch.entries],
        )
        intake.take(batch, columns)


NORMALISED = ChatFormat("normalised JSON lines", _sniff, _read)
