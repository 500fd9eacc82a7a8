from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hypecut.chat.sample import REACTION_LAG_S, PlantedMoment, planted_moments, sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.chat.sample_words import BOT_NAME, SPAMMER_NAME
from hypecut.models import ChatMessage

DURATION_S = 360.0


def people(messages: list[ChatMessage]) -> list[ChatMessage]:
    return [m for m in messages if m.user not in (BOT_NAME, SPAMMER_NAME)]


def per_second(messages: list[ChatMessage], from_s: float, to_s: float) -> float:
    return sum(from_s <= m.time_s < to_s for m in messages) / (to_s - from_s)


@pytest.mark.parametrize("seed", range(5))
def test_the_chat_bursts_after_each_moment_and_nowhere_else(seed: int) -> None:
    moments = planted_moments(DURATION_S, seed)
    messages = people(sample_chat(DURATION_S, moments, seed))
    usual = float(np.median(np.histogram([m.time_s for m in messages], np.arange(0, 361, 10))[0])) / 10
    for moment in moments:
        height_s = moment.at_s + REACTION_LAG_S
        assert per_second(messages, height_s - 4, height_s + 6) > 2.5 * usual
        assert per_second(messages, height_s - 20, height_s - 11) < 2.5 * usual


def test_the_flood_is_one_user_away_from_all_moments() -> None:
    moments = planted_moments(DURATION_S, 3)
    flood = [m for m in sample_chat(DURATION_S, moments, 3) if m.user == SPAMMER_NAME]
    assert len(flood) == 30
    assert len({m.text for m in flood}) == 1
    assert all(abs(flood[0].time_s - m.at_s - REACTION_LAG_S) > 15 for m in moments)


def test_many_people_chat_in_order_of_time() -> None:
    messages = sample_chat(DURATION_S, planted_moments(DURATION_S, 1), 1)
    times = [m.time_s for m in messages]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < DURATION_S
    assert 50 <= len({m.user for m in people(messages)}) <= 60
    assert Counter(m.user for m in messages)[BOT_NAME] >= 3
    assert any(m.text.startswith("!") for m in messages)


def test_the_same_arguments_give_the_same_chat() -> None:
    moments = planted_moments(DURATION_S, 4)
    assert moments == planted_moments(DURATION_S, 4)
    assert sample_chat(DURATION_S, moments, 4) == sample_chat(DURATION_S, moments, 4)
    assert sample_chat(DURATION_S, moments, 4) != sample_chat(DURATION_S, moments, 5)


@pytest.mark.parametrize("duration_s", [2.0, 20.0, 61.0, 3600.0])
def test_moments_lie_apart_inside_the_recording(duration_s: float) -> None:
    times = [m.at_s for m in planted_moments(duration_s, 1)]
    assert times[0] > 0
    assert times[-1] < duration_s
    assert all(b - a > 20 for a, b in itertools.pairwise(times))


def test_a_moment_with_a_title_of_its_own_is_cheered_too() -> None:
    messages = sample_chat(120.0, [PlantedMoment(50.0, "Something else")], 1)
    assert per_second(messages, 61, 71) > 3 * per_second(messages, 0, 50)


def test_the_file_is_as_twitchdownloader_writes_it(tmp_path: Path) -> None:
    messages = sample_chat(DURATION_S, planted_moments(DURATION_S, 1), 1)
    path = tmp_path / "chat.json"
    write_twitchdownloader(messages, path, "Night drive", "Neon_Otter", DURATION_S)
    document = json.loads(path.read_text(encoding="utf-8"))
    comments = document["comments"]
    assert document["streamer"]["login"] == "neon_otter"
    assert document["video"]["length"] == 360
    assert [c["content_offset_seconds"] for c in comments] == [int(m.time_s) for m in messages]
    assert [c["message"]["body"] for c in comments] == [m.text for m in messages]
    for comment in comments:
        assert "".join(f["text"] for f in comment["message"]["fragments"]) == comment["message"]["body"]
    assert any(f["emoticon"] for c in comments for f in c["message"]["fragments"])
