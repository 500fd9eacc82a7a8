"""Finding the user's keywords in the messages."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from hypecut.models import ChatLog, IntArray

_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_BYTES = np.arange(256)
_IS_ASCII_WORD = np.array([chr(byte).isalnum() or byte == ord("_") for byte in range(128)] + [False] * 128)
# A byte beyond ASCII is part of a character that may belong to a word.
_IS_WORD = _IS_ASCII_WORD | (_BYTES >= 128)


def has_keyword(log: ChatLog, keywords: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Shape (n,): whether each message holds one of `keywords` as a word or phrase, in any case."""
    hits = np.zeros(len(log), dtype=np.bool_)
    pattern = keyword_pattern(keywords)
    if pattern is not None:
        plain = tuple(word for word in keywords if _PLAIN.fullmatch(word.strip()))
        hits[_with_plain_words(log, plain)] = True
        rest = tuple(word for word in keywords if word not in plain)
        for i in _candidates(log, rest).tolist():
            hits[i] = hits[i] or pattern.search(log.text(i)) is not None
    return hits


def _with_plain_words(log: ChatLog, words: tuple[str, ...]) -> IntArray:
    """The messages that hold one of some words of ASCII letters, digits and underscores as a whole.

    All texts are searched at once; only beside a character that is not ASCII must a message be looked at.
    """
    if not words:
        return np.empty(0, dtype=np.int64)
    found = _places(log.text_utf8.lower(), words)
    message = np.searchsorted(log.text_start, found[:, 0], side="right") - 1
    before, after = _sides(log, found, message)
    sure = ~(_IS_WORD[before] | _IS_WORD[after])
    unsure = (_IS_WORD[before] | _IS_WORD[after]) & ~(_IS_ASCII_WORD[before] | _IS_ASCII_WORD[after])
    pattern = keyword_pattern(words)
    doubtful = [i for i in np.unique(message[unsure]).tolist() if pattern and pattern.search(log.text(i))]
    return np.union1d(message[sure], np.array(doubtful, dtype=np.int64))


def _places(lowered: bytes, words: tuple[str, ...]) -> IntArray:
    """Shape (n, 2): where each occurrence of the words begins and ends, in bytes."""
    longest_first = sorted({word.strip().lower() for word in words}, key=len, reverse=True)
    spans = [found.span() for word in longest_first for found in re.finditer(word.encode(), lowered)]
    return np.array(spans, dtype=np.int64).reshape(-1, 2)


def _sides(
    log: ChatLog, found: IntArray, message: IntArray
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The bytes before and after each place; a space at the ends of its message."""
    text = np.frombuffer(log.text_utf8, dtype=np.uint8)
    space = np.uint8(32)
    first = found[:, 0] == log.text_start[message]
    last = found[:, 1] == log.text_start[message + 1]
    before = np.where(first, space, text[np.maximum(found[:, 0] - 1, 0)])
    after = np.where(last, space, text[np.minimum(found[:, 1], len(text) - 1)])
    return before, after


def keyword_pattern(keywords: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern that finds any of the words as a whole; None if there are none."""
    words = {" ".join(keyword.split()) for keyword in keywords}
    phrases = [r"\s+".join(map(re.escape, word.split())) for word in sorted(words) if word]
    if not phrases:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


def _candidates(log: ChatLog, keywords: tuple[str, ...]) -> IntArray:
    """The messages that may hold a keyword: those with the longest ASCII word of one in their bytes."""
    lowered = log.text_utf8.lower()
    places: list[int] = []
    for keyword in filter(str.strip, keywords):
        piece = max(filter(str.isascii, keyword.split()), key=len, default="")
        if not piece:
            return np.arange(len(log))
        places += [found.start() for found in re.finditer(re.escape(piece.lower().encode()), lowered)]
    return np.unique(np.searchsorted(log.text_start, places, side="right") - 1)
