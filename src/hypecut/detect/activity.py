"""The activity of a chat: how many different people write, second by second, and how unusual that is.

Counts are of distinct chatters, so that one spammer counts once, and are compared as square roots, which
have the same spread in a quiet and in a busy chat (Anscombe 1948), so that quiet stretches don't explode
into spikes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from hypecut.detect.texts import find_shouts, is_command, is_paste
from hypecut.detect.wordlist import BOTS
from hypecut.models import ChatLog, FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

WINDOW_S: Final = 25.0
BASELINE_S: Final = 600
_BASELINE_STEP_S: Final = 10
# The square root of a Poisson count spreads by one half, whatever its mean: less than that is never a signal.
_CHANCE_SPREAD: Final = 0.5
_ANSCOMBE: Final = 3 / 8
_HALF_LEVEL: Final = 2.0
_EVEN_MIX_S: Final = 3600.0


class Crowd:
    """The messages that count, each with its author, on the time line of the VOD.

    Args:
        log: the chat.
        lag_s: how long chat takes to react; messages are moved earlier by so much.
        seconds: the length of the curves to make.

    Attributes:
        moment_s: shape (n,), when what each message reacts to was.
        counts: shape (n,), False for messages of bots, commands and pasted texts.
        shouts: the shouts among the messages.
        hype: shape (n,), whether a message counts and is a shout.
    """

    def __init__(self, log: ChatLog, lag_s: float, seconds: int) -> None:
        self.moment_s: FloatArray = log.time_s - lag_s
        self.seconds = seconds
        self.counts = ~(is_command(log) | is_paste(log) | _is_bot(log))
        self.shouts = find_shouts(log)
        self.hype = self.shouts.flags & self.counts
        # Authors that are not known are taken for different people.
        self._author = np.where(log.user >= 0, log.user, len(log.users) + np.arange(len(log)))
        # Of the smallest type they fit in, since 16 bits are sorted several times faster than 64.
        small = np.min_scalar_type(int(self._author.max(initial=0)))
        self._order = np.argsort(self._author.astype(small), kind="stable")

    def chatters(self, among: BoolArray) -> FloatArray:
        """Shape (seconds,): how many people wrote one of the messages `among` in the 25 s around each second.

        A message adds its author to the windows that hold it, save those that hold an earlier one by the
        author.
        """
        order = self._order[among[self._order]]
        moment, author = self.moment_s[order], self._author[order]
        before = np.full(len(order), -np.inf)
        before[1:] = np.where(author[1:] == author[:-1], moment[:-1], -np.inf)
        begin = np.maximum(moment - WINDOW_S / 2, before + WINDOW_S / 2)
        return _covering(begin, moment + WINDOW_S / 2, self.seconds)

    def messages(self, among: BoolArray, start_s: float, end_s: float) -> IntArray:
        """The indices of the messages `among` whose moment is in start_s <= moment < end_s."""
        low, high = np.searchsorted(self.moment_s, [start_s, end_s])
        return int(low) + np.flatnonzero(among[low:high])


def local_weight(duration_s: float) -> float:
    """How much the surroundings count against the whole VOD: half and half at one hour, 0.9 at nine.

    A match builds to a climax that must not be measured against its own surroundings only; over a long
    stream the audience comes and goes, and only the surroundings tell what is unusual.
    """
    return duration_s / (duration_s + _EVEN_MIX_S)


def unusual(chatters: FloatArray, local: float) -> FloatArray:
    """Shape (n,), 0..1: how far each second is above the usual; 0.5 at two standard deviations.

    Args:
        chatters: shape (n,), people a second.
        local: 0..1, how much the 600 s around count; the rest is measured against the whole VOD.
    """
    root = np.sqrt(chatters + _ANSCOMBE)
    here = root - rolling_median(root)
    deviation = local * here / _spread(here) + (1 - local) * (root - root.mean()) / _spread(root)
    return saturating(deviation, _HALF_LEVEL)


def saturating(value: FloatArray, half: float) -> FloatArray:
    """`value` brought to 0..1, keeping its order: 0 and less to 0, `half` to 0.5."""
    positive = np.maximum(value, 0.0)
    return positive / (positive + half)


def rolling_median(values: FloatArray) -> FloatArray:
    """Shape (n,): the median of the 600 values around each one.

    Every tenth value is looked at, and the medians there are joined by straight lines: the curves it is
    for change slowly against that. At the ends the window stays inside; it is all there is if there are
    fewer values.
    """
    some = values[::_BASELINE_STEP_S]
    width = min(BASELINE_S // _BASELINE_STEP_S, len(some))
    first = np.clip(np.arange(len(some)) - width // 2, 0, len(some) - width)
    windows = np.lib.stride_tricks.sliding_window_view(some, width)
    # Not by `np.median`, which loads numpy's masked arrays to begin with.
    low, high = (width - 1) // 2, width // 2
    parted = np.partition(windows, (low, high), axis=1)
    medians = ((parted[:, low] + parted[:, high]) / 2)[first]
    return np.interp(np.arange(len(values)), np.arange(len(some)) * _BASELINE_STEP_S, medians)


def _covering(begin: FloatArray, end: FloatArray, seconds: int) -> FloatArray:
    """Shape (seconds,): how many of the intervals begin < second <= end hold each whole second."""
    first = np.clip(np.floor(begin) + 1, 0, seconds).astype(np.int64)
    after = np.maximum(first, np.clip(np.floor(end) + 1, 0, seconds).astype(np.int64))
    change = np.bincount(first, minlength=seconds + 1) - np.bincount(after, minlength=seconds + 1)
    return np.cumsum(change[:seconds]).astype(np.float64)


def _spread(values: FloatArray) -> float:
    return max(float(values.std()), _CHANCE_SPREAD)


def _is_bot(log: ChatLog) -> BoolArray:
    # The last place is that of index -1, the author who is not known.
    bots = np.array([user.lower() in BOTS for user in log.users] + [False])
    flags: BoolArray = bots[log.user]
    return flags
