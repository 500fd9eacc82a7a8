"""Chats as SubRip subtitles, as tcd writes them: the time a message shows is the time it was sent."""

from __future__ import annotations

import itertools
import re

from hypecut.chat.clock import offset_s
from hypecut.chat.content import Content
from hypecut.chat.formats import ChatFormat
from hypecut.chat.intake import Intake
from hypecut.chat.text_lines import USER, head_lines, login, read_lines
from hypecut.models import ChatMessage

_TIMES = re.compile(r"(?P<offset>\d{1,4}:\d\d:\d\d[,.]\d{3}) --> \d{1,4}:\d\d:\d\d[,.]\d{3}.*")
_NUMBER = re.compile(r"\d{1,9}")
_SAID = re.compile(rf"{USER}: ?(?P<text>.*)", re.DOTALL)


def _sniff(head: bytes) -> bool:
    lines = head_lines(head)
    return any(
        _NUMBER.fullmatch(number.strip()) and _TIMES.fullmatch(times)
        for number, times in itertools.pairwise(lines[:4])
    )


class _Reader:
    """Reads line by line: the first line after a cue's times is its message; others are passed over."""

    def __init__(self) -> None:
        self._time_s: float | None = None

    def parse(self, line: str) -> ChatMessage | None:
        """The message in a line, None where there is none.

        Raises:
            ValueError: it can't be one.
        """
        times = _TIMES.fullmatch(line)
        if times is not None:
            self._time_s = offset_s(times["offset"])
            return None
        said, time_s = _SAID.fullmatch(line), self._time_s
        if said is not None and time_s is not None:
            self._time_s = None
            return ChatMessage(time_s, login(said["user"]), said["text"])
        if time_s is not None:
            raise ValueError("it is no message")
        return None


def _read(content: Content, intake: Intake) -> None:
    read_lines(content, intake, _Reader().parse)


SUBTITLES = ChatFormat("SubRip subtitles (tcd)", _sniff, _read)
