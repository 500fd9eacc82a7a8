"""What is said about one segment: its terms, with reasons in words and numbers, and a few of its messages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from hypecut.detect.activity import WINDOW_S, Crowd, rolling_median
from hypecut.detect.keywords import keyword_pattern
from hypecut.detect.windows import Window, curve_at
from hypecut.detect.wordlist import HYPE_WORDS
from hypecut.models import ChatLog, FloatArray, IntArray, Segment, Term

TYPICAL_MESSAGES = 3
_MAX_TEXT = 200
# An even sample of so many tells what people write as well as all of them.
_ENOUGH_MESSAGES = 200


@dataclass(frozen=True)
class Component:
    """One component of the curve: its level, 0..1, and how many people are behind it, each second."""

    level: FloatArray
    chatters: FloatArray


class Evidence:
    """Makes segments of windows.

    Args:
        log: the chat.
        crowd: its messages that count.
        components: those of the curve, by name: `activity`, `hype` and, if there are keywords, `keywords`.
        keywords: the user's.
    """

    def __init__(
        self, log: ChatLog, crowd: Crowd, components: dict[str, Component], keywords: tuple[str, ...]
    ) -> None:
        self._log = log
        self._crowd = crowd
        self._components = components
        self._pattern = keyword_pattern(keywords)
        self._usual = rolling_median(components["activity"].chatters)

    def segment(self, window: Window) -> Segment:
        """The segment of a window, with its terms and some typical messages; its score is left to ranking."""
        half = WINDOW_S / 2
        indices = self._crowd.messages(self._crowd.counts, window.peak_s - half, window.peak_s + half)
        reasons = {"activity": self._activity_reason(window)}
        reasons["hype"] = self._hype_reason(indices)
        reasons["keywords"] = self._keyword_reason(indices)
        terms = {
            name: Term(curve_at(component.level, window.peak_s), reasons[name])
            for name, component in self._components.items()
        }
        return Segment(
            start_s=window.start_s,
            end_s=window.end_s,
            peak_s=window.peak_s,
            terms=terms,
            messages=typical(self._texts(indices[:: 1 + len(indices) // _ENOUGH_MESSAGES])),
        )

    def _texts(self, indices: IntArray) -> list[bytes]:
        utf8, start = self._log.text_utf8, self._log.text_start
        bounds = zip(start[indices].tolist(), start[indices + 1].tolist(), strict=True)
        return [utf8[first:last] for first, last in bounds]

    def _activity_reason(self, window: Window) -> str:
        people = round(curve_at(self._components["activity"].chatters, window.peak_s))
        usual = curve_at(self._usual, window.peak_s)
        against = f"{people / usual:.2g}x usual" if usual >= 1 else "where it is usually silent"
        return f"{people} {_plural('chatter', people)} in {WINDOW_S:.0f} s, {against}"

    def _hype_reason(self, indices: IntArray) -> str:
        """The word that most of the messages shout; failing that, how many shout at all."""
        excited = indices[self._crowd.hype[indices]]
        if not len(excited):
            return ""
        shouts = self._crowd.shouts
        low, high = np.searchsorted(shouts.message, [excited[0], excited[-1] + 1])
        some = low + np.flatnonzero(self._crowd.hype[shouts.message[low:high]])
        # A word counts once a message, however often it stands there.
        _, once = np.unique(shouts.message[some] * len(HYPE_WORDS) + shouts.word[some], return_index=True)
        words, first, counts = np.unique(shouts.word[some[once]], return_index=True, return_counts=True)
        if not len(words) or counts.max() < 2:
            return f"{len(excited)} excited {_plural('message', len(excited))}"
        top = int(counts.argmax())
        place, length = (int(column[some[once[first[top]]]]) for column in (shouts.place, shouts.length))
        return f"{_decoded(self._log.text_utf8[place : place + length])} x{counts[top]}"

    def _keyword_reason(self, indices: IntArray) -> str:
        if self._pattern is None:
            return ""
        counts: Counter[str] = Counter()
        # Much of what a chat writes at such a moment is the same.
        for text, times in Counter(self._texts(indices)).items():
            for word in {found.lower() for found in self._pattern.findall(_decoded(text))}:
                counts[word] += times
        order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return ", ".join(f'"{word}" x{count}' for word, count in order)


def typical(texts: list[bytes]) -> tuple[str, ...]:
    """Up to three different messages that stand for all: the most repeated, the earlier first if equal."""
    kinds = Counter(texts).most_common(2 * TYPICAL_MESSAGES)
    shown = dict.fromkeys(_decoded(text).strip()[:_MAX_TEXT] for text, _ in kinds)
    shown.pop("", None)
    return tuple(shown)[:TYPICAL_MESSAGES]


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
