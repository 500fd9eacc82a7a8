"""What a reader takes for one character, which of them are emoji, and which way they run."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from bidi import algorithm

JOINERS = "\u200c\u200d"
_ZERO_WIDTH_JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
TEXT_STYLE = "\ufe0e"
_KEYCAP = "\u20e3"
_MARKS = ("Mn", "Mc", "Me")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_FIRST_EMOJI = 0x1F000
# Characters of the basic plane that show as emoji without being asked to (Unicode's Emoji_Presentation).
_BASIC_EMOJI = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)


def clusters(text: str) -> list[str]:
    """The text in pieces that must not be taken apart: a base with its marks, a joined emoji, a flag."""
    pieces: list[str] = []
    for character in text:
        if pieces and _belongs(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _belongs(piece: str, character: str) -> bool:
    """Whether a character goes on with the piece before it."""
    code = ord(character)
    if code in _FLAG_LETTERS:
        return len(piece) == 1 and ord(piece) in _FLAG_LETTERS
    if piece[-1] == _ZERO_WIDTH_JOINER and is_emoji(piece):
        return True
    return (
        unicodedata.category(character) in _MARKS
        or character in JOINERS
        or code in _SKIN_TONES
        or code in _TAGS
    )


def is_emoji(cluster: str) -> bool:
    """Whether it is to be shown as a small picture, in colour where a font has it."""
    if TEXT_STYLE in cluster:
        return False
    picture = ord(cluster[0]) >= _FIRST_EMOJI and unicodedata.category(cluster[0]) in ("So", "Sk", "Cn")
    return picture or cluster[0] in _BASIC_EMOJI or EMOJI_STYLE in cluster or _KEYCAP in cluster


def is_ignorable(character: str) -> bool:
    """Whether a font need not have it: it has no shape of its own."""
    return character in JOINERS or "\ufe00" <= character <= "\ufe0f" or ord(character) in _TAGS


def levels(pieces: Sequence[str]) -> list[int]:
    """The level of embedding of each cluster: odd ones run from right to left.

    By the Unicode Bidirectional Algorithm (UAX #9); the first strong character says how the line runs.
    """
    # A cluster runs as its base does, so that one character stands for it.
    line = "".join(piece[0] for piece in pieces)
    storage = algorithm.get_empty_storage()
    storage["base_level"] = base = algorithm.get_base_level(line)
    storage["base_dir"] = ("L", "R")[base]
    algorithm.get_embedding_levels(line, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    found = [int(character["level"]) for character in storage["chars"]]
    if len(found) != len(pieces):  # a formatting character stood alone: none has a place in a title
        raise ValueError(f"the line {line!r} has formatting characters")
    return found
