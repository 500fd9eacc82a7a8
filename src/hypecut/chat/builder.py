"""Filling the columns of a chat log without keeping an object per message."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hypecut.models import ChatLog, FloatArray, IntArray, UserArray

# Times, indices of names (-1: not known), names, texts in UTF-8 one after the other, their lengths in bytes.
ChatColumns = tuple[FloatArray, UserArray, tuple[str, ...], bytes, IntArray]


class ChatLogBuilder:
    """Collects messages in columns and makes a `ChatLog` of them."""

    def __init__(self) -> None:
        self._time_s: list[FloatArray] = []
        self._user: list[UserArray] = []
        self._length: list[IntArray] = []
        self._text: list[bytes] = []
        self._count = 0
        # The author that is not known has the name "" and the index -1.
        self._ids = _Indices({"": -1})

    def __len__(self) -> int:
        return self._count

    def append(self, time_s: float, user: str, text: str) -> None:
        """Add one message; an empty `user` means that the author is not known."""
        self.extend((time_s,), (user,), (text,))

    def extend(
        self, time_s: Sequence[float] | FloatArray, users: Sequence[str], texts: Sequence[str]
    ) -> None:
        """Add many messages at once: equally long columns of seconds, names and texts.

        Raises:
            ValueError: the columns are not equally long.
        """
        if not len(time_s) == len(users) == len(texts):
            raise ValueError("the columns of a chat log must be equally long")
        text, length = _encoded(texts)
        self._time_s.append(np.array(time_s, dtype=np.float64))
        self._user.append(np.array(list(map(self._ids.__getitem__, users)), dtype=np.int32))
        self._length.append(length)
        self._text.append(text)
        self._count += len(texts)

    def columns(self) -> ChatColumns:
        """What it holds, in the order it came in."""
        time_s = np.concatenate([*self._time_s, np.empty(0)])
        user = np.concatenate([*self._user, np.empty(0, np.int32)])
        length = np.concatenate([*self._length, np.empty(0, np.int64)])
        return time_s, user, tuple(self._ids)[1:], b"".join(self._text), length

    def merge(self, columns: ChatColumns) -> None:
        """Add what another builder's `columns` gave."""
        time_s, user, names, text, length = columns
        known = np.array([*map(self._ids.__getitem__, names), -1], dtype=np.int32)
        self._time_s.append(time_s)
        self._user.append(known[user])
        self._length.append(length)
        self._text.append(text)
        self._count += len(time_s)

    def build(self) -> ChatLog:
        """The log, in order of time; messages of one time stay in the order they came in."""
        time_s, user, names, text, length = self.columns()
        start = np.concatenate([[0], length]).cumsum()
        if len(time_s) > 1 and bool(np.any(np.diff(time_s) < 0)):
            order = np.argsort(time_s, kind="stable")
            time_s, user = time_s[order], user[order]
            text, start = _reordered(text, start, order)
        return ChatLog(time_s, user, names, text, start)


class _Indices(dict[str, int]):
    """Numbers names in the order they are first asked for."""

    def __missing__(self, name: str) -> int:
        index = self[name] = len(self) - 1
        return index


def _encoded(texts: Sequence[str]) -> tuple[bytes, IntArray]:
    """The texts in UTF-8, one after the other, and the length of each in bytes."""
    together = "\0".join(texts)
    # A call per message would take longer than decoding it, so all are encoded at once and told apart after.
    # Half a surrogate pair, which JSON can hold and UTF-8 can't, becomes a question mark.
    utf8 = together.encode("utf-8", "replace")
    ends = np.flatnonzero(np.frombuffer(utf8 + b"\0", dtype=np.uint8) == 0)
    if len(ends) != len(texts):  # no text at all, or one that holds the separator
        encoded = [text.encode("utf-8", "replace") for text in texts]
        return b"".join(encoded), np.array([len(one) for one in encoded], dtype=np.int64)
    return utf8.replace(b"\0", b""), np.diff(ends, prepend=-1) - 1


def _reordered(text: bytes, start: IntArray, order: npt.NDArray[np.intp]) -> tuple[bytes, IntArray]:
    """The texts and their starts, put into `order`."""
    bounds = start.tolist()
    moved = b"".join([text[bounds[i] : bounds[i + 1]] for i in order.tolist()])
    return moved, np.concatenate(([0], np.cumsum(np.diff(start)[order])))
