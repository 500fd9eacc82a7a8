"""An invented chat replay: chatter all along, and bursts where something happened in the recording.

It feeds `hypecut demo` and the tests. The same arguments give the same chat.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hypecut.chat.sample_words import (
    BOT_LINES,
    BOT_NAME,
    CHATTERS,
    COMMANDS,
    FALLBACK_CHEERS,
    MOMENTS,
    SMALL_TALK,
    SPAM_TEXT,
    SPAMMER_NAME,
)
from hypecut.models import ChatMessage

REACTION_LAG_S = 15.0
"""How long after a moment the chat's answer is at its height: the broadcast's delay and the time to type."""

_CHATTER_PER_S = 0.7
_MOMENT_EVERY_S = 100.0
_EDGE_S = 40.0
_BOT_EVERY_S = 110.0
_SPAM_MESSAGES = 30


@dataclass(frozen=True)
class PlantedMoment:
    """Something worth showing that happens in the recording.

    Attributes:
        at_s: when it happens, in the recording's time.
        title: what it is.
    """

    at_s: float
    title: str


def planted_moments(duration_s: float, seed: int) -> tuple[PlantedMoment, ...]:
    """Moments spread over a recording of `duration_s`, about one in 100 s, in order and never two at once."""
    rng = np.random.default_rng((seed, 1))
    count = max(1, int(duration_s / _MOMENT_EVERY_S))
    edge_s = min(_EDGE_S, duration_s / 4)
    room_s = (duration_s - 2 * edge_s) / count
    titles = rng.permutation(list(MOMENTS))
    return tuple(
        PlantedMoment(round(edge_s + room_s * (i + rng.uniform(0.45, 0.55)), 2), str(titles[i % len(titles)]))
        for i in range(count)
    )


def sample_chat(
    duration_s: float, moments: Sequence[PlantedMoment], seed: int, lag_s: float = REACTION_LAG_S
) -> list[ChatMessage]:
    """The chat of a recording in which `moments` happen.

    Some sixty people chat, and several times as much around `lag_s` after each moment, for 10 to 30 s. A bot
    posts now and then and answers commands, and one user floods the chat when nothing happens: neither is a
    highlight.

    Args:
        duration_s: length of the recording.
        moments: what happens in it.
        seed: another seed, another chat.
        lag_s: from a moment to the middle of the chat's reaction.

    Returns:
        The messages in order of time, all before `duration_s`.
    """
    rng = np.random.default_rng((seed, 2))
    messages = [*_small_talk(duration_s, rng), *_bot_and_commands(duration_s, rng)]
    for moment in moments:
        messages += _burst(moment, lag_s, rng)
    messages += _flood(_quietest_s(duration_s, moments, lag_s), rng)
    return sorted(message for message in messages if 0 <= message.time_s < duration_s)


def _message(time_s: float, user: str, text: str) -> ChatMessage:
    return ChatMessage(round(float(time_s), 3), user, text)


def _small_talk(duration_s: float, rng: np.random.Generator) -> Iterator[ChatMessage]:
    """Chatter that swells and ebbs a little; some people say much more than others."""
    weights = 1.0 / (8.0 + np.arange(len(CHATTERS)))
    weights /= weights.sum()
    for time_s in rng.uniform(0, duration_s, rng.poisson(_CHATTER_PER_S * duration_s)):
        if rng.random() < 0.8 + 0.2 * np.sin(time_s / 50):
            yield _message(
                time_s, CHATTERS[rng.choice(len(CHATTERS), p=weights)], str(rng.choice(SMALL_TALK))
            )


def _burst(moment: PlantedMoment, lag_s: float, rng: np.random.Generator) -> Iterator[ChatMessage]:
    """Nearly everyone reacts: a steep rise, a slower decline, mostly emotes."""
    cheers = MOMENTS.get(moment.title, FALLBACK_CHEERS)
    length_s = rng.uniform(12.0, 26.0)
    begin_s = moment.at_s + lag_s - length_s / 3 + rng.uniform(-1.0, 1.0)
    people = rng.permutation(len(CHATTERS))
    count = rng.poisson(_CHATTER_PER_S * rng.uniform(5.0, 8.0) * length_s * 0.7)
    for i in range(count):
        time_s = begin_s + length_s * rng.beta(1.5, 3.0)
        text = str(rng.choice(cheers))
        if rng.random() < 0.35:
            text = " ".join([text.split()[0]] * int(rng.integers(2, 5)))
        yield _message(time_s, CHATTERS[people[i % len(people)]], text)


def _bot_and_commands(duration_s: float, rng: np.random.Generator) -> Iterator[ChatMessage]:
    for i, time_s in enumerate(np.arange(20.0, duration_s, _BOT_EVERY_S)):
        yield _message(time_s, BOT_NAME, BOT_LINES[i % len(BOT_LINES)])
    for time_s in rng.uniform(0, duration_s, rng.poisson(duration_s / 40)):
        command, answer = COMMANDS[rng.integers(len(COMMANDS))]
        yield _message(time_s, CHATTERS[rng.integers(len(CHATTERS))], command)
        yield _message(time_s + 1.2, BOT_NAME, answer)


def _flood(begin_s: float, rng: np.random.Generator) -> Iterator[ChatMessage]:
    """One user pastes the same text over and over."""
    for time_s in begin_s + np.cumsum(rng.uniform(0.3, 1.0, _SPAM_MESSAGES)):
        yield _message(time_s, SPAMMER_NAME, SPAM_TEXT)


def _quietest_s(duration_s: float, moments: Sequence[PlantedMoment], lag_s: float) -> float:
    """The whole second farthest from any reaction."""
    edge_s = min(_EDGE_S, duration_s / 4)
    seconds = np.arange(edge_s, max(edge_s + 1.0, duration_s - edge_s))
    distance = np.full(len(seconds), np.inf)
    for moment in moments:
        distance = np.minimum(distance, np.abs(seconds - (moment.at_s + lag_s)))
    return float(seconds[int(np.argmax(distance))])
