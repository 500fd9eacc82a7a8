"""Filling the columns of a chat log without keeping an object per message."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hypecut.models import ChatLog, IntArray


class ChatLogBuilder:
    """Collects messages in growing columns and makes a `ChatLog` of them."""

    def __init__(self) -> None:
        self._time_s = array("d")
        self._user = array("i")
        self._length = array("q")
        self._text = bytearray()
        # The author that is not known has the name "" and the index -1.
        self._ids = _Indices({"": -1})

    def __len__(self) -> int:
        return len(self._time_s)

    def append(self, time_s: float, user: str, text: str) -> None:
        """Add one message; an empty `user` means that the author is not known."""
        self.extend((time_s,), (user,), (text,))

    def extend(self, time_s: Sequence[float], users: Sequence[str], texts: Sequence[str]) -> None:
        """Add many messages at once: equally long columns of seconds, names and texts.

        Raises:
            ValueError: the columns are not equally long.
        """
        if not len(time_s) == len(users) == len(texts):
            raise ValueError("the columns of a chat log must be equally long")
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            # Half a surrogate pair, which JSON can hold and UTF-8 can't.
            encoded = [text.encode("utf-8", "replace") for text in texts]
        self._time_s.extend(time_s)
        self._user.extend([self._ids[user] for user in users])
        self._length.extend(map(len, encoded))
        self._text += b"".join(encoded)

    def build(self) -> ChatLog:
        """The log, in order of time; messages of one time stay in the order they came in."""
        time_s = np.array(self._time_s, dtype=np.float64)
        user = np.array(self._user, dtype=np.int32)
        start = np.concatenate(([0], np.cumsum(np.array(self._length, dtype=np.int64))))
        text = bytes(self._text)
        if len(time_s) > 1 and bool(np.any(np.diff(time_s) < 0)):
            order = np.argsort(time_s, kind="stable")
            time_s, user = time_s[order], user[order]
            text, start = _reordered(text, start, order)
        return ChatLog(time_s, user, tuple(self._ids)[1:], text, start)


class _Indices(dict[str, int]):
    """Numbers names in the order they are first asked for."""

    def __missing__(self, name: str) -> int:
        index = self[name] = len(self) - 1
        return index


def _reordered(text: bytes, start: IntArray, order: npt.NDArray[np.intp]) -> tuple[bytes, IntArray]:
    """The texts and their starts, put into `order`."""
    bounds = start.tolist()
    moved = b"".join([text[bounds[i] : bounds[i + 1]] for i in order.tolist()])
    return moved, np.concatenate(([0], np.cumsum(np.diff(start)[order])))
