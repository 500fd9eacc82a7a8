"""What the people of the invented chat are called and what they say."""

from __future__ import annotations

_GREAT = (
    "PogChamp",
    "Pog",
    "POGGERS",
    "LETS GOOO",
    "HYPE HYPE",
    "no way",
    "Clap Clap",
    "CLIP IT",
    "insane",
    "EZ",
)
_FUNNY = (
    "KEKW",
    "LUL",
    "OMEGALUL",
    "LMAO",
    "hahaha",
    "KEKW what was that",
    "LUL LUL",
    "clip that",
    "I can't KEKW",
)
_SCARY = ("monkaS", "WutFace", "NotLikeThis", "OH NO", "AAAAA", "my heart", "monkaW", "clip it", "HOLY")

MOMENTS: dict[str, tuple[str, ...]] = {
    "Overtake on the last corner": _GREAT,
    "Spins out while waving to chat": _FUNNY,
    "Jump over the broken bridge": _GREAT,
    "Truck out of nowhere": _SCARY,
    "New lap record by 0.1 s": _GREAT,
    "Parks in the fountain": _FUNNY,
    "Photo finish with three cars": _GREAT,
    "Brakes fail in the tunnel": _SCARY,
    "Wins on two wheels": _GREAT,
    "Takes the wrong exit": _FUNNY,
}
"""Each title a planted moment can have, with what the chat answers to it."""

FALLBACK_CHEERS = _GREAT

BOT_NAME = "nightbot"
BOT_LINES = (
    "Enjoying the stream? Hit follow to never miss a race!",
    "Join the community: rules and schedule are in the panels below.",
    "Be kind to each other, and stay hydrated.",
)
COMMANDS = (
    ("!uptime", "The stream has been live for a while."),
    ("!car", "Tonight's car: the Nova GT, stock engine."),
    ("!record", "Best lap so far: 1:04.318"),
)
SPAMMER_NAME = "free_gift_4u"
SPAM_TEXT = "best prices for viewers at my page, look now!!!"

SMALL_TALK = (
    "hi all",
    "HeyGuys",
    "what game is this?",
    "the music is so good",
    "just got here, how is it going?",
    "what lap is this",
    "nice line through there",
    "you should brake later",
    "I think the blue car was faster",
    "lol",
    "good evening from Lisbon",
    "how long is the stream today",
    "that grid looks so clean",
    "soft tyres would help",
    "Kappa",
    "brb making coffee",
    "same",
    "yeah I saw that",
    "wait, really?",
    "this track is my favourite",
    "second monitor gang",
    "is this ranked?",
    "@grid_runner agreed",
    "the sunset stage again, nice",
    "gl hf",
    "hmm",
    "first time here, love it",
    "what settings do you play on",
    "my cat is watching too",
    "ok one more race then bed",
    "close one",
    "not bad",
)

_FIRST = (
    "neon",
    "pixel",
    "turbo",
    "quiet",
    "lucky",
    "midnight",
    "sour",
    "captain",
    "tiny",
    "grumpy",
    "velvet",
    "rusty",
)
_SECOND = ("otter", "comet", "waffle", "badger", "racer")

CHATTERS = tuple(f"{first}_{second}" for second in _SECOND for first in _FIRST)
"""Sixty login names."""
