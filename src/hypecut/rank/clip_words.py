"""Words that people put into the titles of clips worth seeing, written by hand, the same for every game."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WORDS: Final = """
    ace aced cheated choke choked chokes clip clutch clutched comeback craziest crazy destroyed destroys
    epic faceplant fail fails funniest funny goat headshot highlight hilarious huge hype impossible insane
    jumpscare kekw lmao lol lucky luckiest mvp nuts omegalul omg outplayed pentakill perfect pog pogchamp
    poggers quadra rage rages rekt savage scared screams solo troll trolled unbelievable unlucky unreal
    wholesome winner wins wtf жесть лол やばい すごい 卧槽 ㅋㅋㅋ 대박 golazo wahnsinn incroyable increible
"""
_PHRASES: Final = (
    "1v2 1v3 1v4 1v5 1vs3 1vs4 1vs5",
    "world record|no way|jump scare|game winning|last second|play of the|one shot|first try|triple kill"
    "|quad kill|penta kill|new record|personal best|what just happened|how did",
)
TITLE_WORDS: frozenset[str] = frozenset((*_WORDS.split(), *_PHRASES[0].split(), *_PHRASES[1].split("|")))

_WORD = re.compile(r"\w+")


def plain_title(title: str) -> str:
    """A title in lower case, its words parted by single spaces, without punctuation."""
    return " ".join(_WORD.findall(title.casefold()))


def title_hits(title: str, keywords: Iterable[str] = ()) -> tuple[str, ...]:
    """The words and phrases of `TITLE_WORDS` and `keywords` that the title holds as a whole, in its order."""
    text = f" {plain_title(title)} "
    wanted = TITLE_WORDS.union(filter(None, map(plain_title, keywords)))
    return tuple(
        sorted((word for word in wanted if f" {word} " in text), key=lambda w: (text.find(f" {w} "), w))
    )
