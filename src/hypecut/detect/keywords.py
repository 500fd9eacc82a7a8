"""Finding the user's keywords in the messages."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from hypecut.models import ChatLog, IntArray


def has_keyword(log: ChatLog, keywords: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Shape (n,): whether each message holds one of `keywords` as a word or phrase, in any case."""
    hits = np.zeros(len(log), dtype=np.bool_)
    pattern = keyword_pattern(keywords)
    if pattern is not None:
        for i in _candidates(log, keywords).tolist():
            hits[i] = pattern.search(log.text(i)) is not None
    return hits


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
