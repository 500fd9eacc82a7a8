"""Characters as readers see them, and which way they run."""

from __future__ import annotations

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.graphemes import clusters, is_emoji, levels


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("abc", ["a", "b", "c"]),
        ("e\u0301a", ["e\u0301", "a"]),
        ("हिन्दी", ["हि", "न्", "दी"]),
        ("👨‍👩‍👧👋🏽", ["👨‍👩‍👧", "👋🏽"]),
        ("🇩🇪🇫🇷🇯", ["🇩🇪", "🇫🇷", "🇯"]),
        ("1️⃣2", ["1️⃣", "2"]),
        ("❤️x", ["❤️", "x"]),
        ("🏴\U000e0067\U000e0062\U000e007fa", ["🏴\U000e0067\U000e0062\U000e007f", "a"]),
        ("می\u200cشود", ["م", "ی\u200c", "ش", "و", "د"]),
    ],
)
def test_what_belongs_together_stays_together(text: str, pieces: list[str]) -> None:
    assert clusters(text) == pieces


@given(text=st.text(max_size=30))
@settings(derandomize=True)
def test_no_character_is_lost(text: str) -> None:
    assert "".join(clusters(text)) == text


@pytest.mark.parametrize("cluster", ["😀", "👨‍👩‍👧", "🇩🇪", "1️⃣", "❤️", "⚡", "✅", "🥇", "👋🏽"])
def test_emoji_are_told_from_text(cluster: str) -> None:
    assert is_emoji(cluster)


@pytest.mark.parametrize("cluster", ["a", "1", "語", "★", "♥", "⚡\ufe0e", "…", "\U00020000", "\U0001d400"])
def test_text_is_told_from_emoji(cluster: str) -> None:
    assert not is_emoji(cluster)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", "000"),
        ("אבג", "111"),
        ("ab אב cd", "00011000"),
        ("אב ab 12", "11122222"),
        ("a-b", "000"),
        ("אב 12 גד", "11122111"),
        ("12 אב", "22111"),
    ],
)
def test_levels_of_embedding(text: str, expected: str) -> None:
    assert "".join(map(str, levels(clusters(text)))) == expected


@given(text=st.text(alphabet="abאבج123 .-", max_size=12).map(str.strip))
@settings(derandomize=True, max_examples=200)
def test_runs_reversed_by_level_give_the_order_of_sight(text: str) -> None:
    found = list(zip(levels(clusters(text)), clusters(text), strict=True))
    for level in range(2, 0, -1):
        at = 0
        while at < len(found):
            end = at
            while end < len(found) and found[end][0] >= level:
                end += 1
            found[at:end] = reversed(found[at:end])
            at = max(end, at + 1)
    assert "".join(piece for _, piece in found) == get_display(text)
