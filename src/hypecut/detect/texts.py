"""Finding shouts and pasted texts in all messages at once, on the bytes of the log instead of on strings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hypecut.detect.wordlist import HYPE_WORDS
from hypecut.models import ChatLog, IntArray

BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
KeyArray = npt.NDArray[np.uint64]

PASTE_BYTES: Final = 40
PASTE_MEMORY_S: Final = 300.0
_PASTE_WORDS: Final = 5
_MESSAGES_AT_ONCE: Final = 50_000
_WORD_BYTES: Final = 16
_PADDING: Final = bytes(PASTE_BYTES + 8)
# Odd constants of SplitMix64 (Steele et al. 2014), to mix eight bytes at a time into one key.
_MIX: Final = (
    0x9E3779B97F4A7C15,
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)
# (period in bytes, matching bytes in a row): "nooo", "hahaha", and characters of two, three and four bytes.
_REPEATS: Final = ((1, 3), (2, 4), (3, 6), (4, 8))
_ASCII_REPEATS: Final = _REPEATS[:2]


def is_command(log: ChatLog) -> BoolArray:
    """Shape (n,): whether each message begins with "!", and so talks to a bot."""
    commands: BoolArray = _first_byte(log) == ord("!")
    return commands


def is_paste(log: ChatLog) -> BoolArray:
    """Shape (n,): whether each message repeats a long text that was posted within the 300 s before it.

    Long is 40 bytes and five different words; walls of one or two emotes are shouts, not pastes. Texts
    are compared by their first 40 bytes without regard to case, since pasters add a letter to get past
    Twitch's own filter of repeated messages.
    """
    pasted = np.zeros(len(log), dtype=np.bool_)
    long = np.flatnonzero(np.diff(log.text_start) >= PASTE_BYTES)
    if len(long) < 2:
        return pasted
    keys = _prefix_keys(log, long)
    order = np.argsort(keys, kind="stable")
    again = keys[order][1:] == keys[order][:-1]
    soon = np.diff(log.time_s[long[order]]) < PASTE_MEMORY_S
    repeats = order[1:][again & soon]
    judged: dict[int, bool] = {}
    for i in repeats.tolist():
        key = int(keys[i])
        if key not in judged:
            judged[key] = _is_prose(log.text(int(long[i])))
        pasted[long[i]] = judged[key]
    return pasted


@dataclass(frozen=True)
class Shouts:
    """The shouts in a chat.

    Attributes:
        flags: shape (n,), whether each message is a shout: has a word of the list, "!!", "??" or a
        stretched word. message: shape (m,), ascending: for each word of the list that was found, the
        message it is in. word: shape (m,), which word it is; a number without further meaning. place:
        shape (m,), where in the log's bytes it begins. length: shape (m,), how many bytes it has.
    """

    flags: BoolArray
    message: IntArray
    word: IntArray
    place: IntArray
    length: IntArray


def find_shouts(log: ChatLog) -> Shouts:
    """All shouts in a chat."""
    flags = np.zeros(len(log), dtype=np.bool_)
    found = [np.zeros((4, 0), dtype=np.int64)]
    for first in range(0, len(log), _MESSAGES_AT_ONCE):
        last = min(len(log), first + _MESSAGES_AT_ONCE)
        start = log.text_start[first : last + 1]
        text = log.text_utf8[int(start[0]) : int(start[-1])].lower()
        if text:
            words, flags[first:last] = _shouts_in(text, start - start[0])
            found.append(words + np.array([[first], [0], [start[0]], [0]]))
    return Shouts(flags, *np.concatenate(found, axis=1))


def _shouts_in(text: bytes, start: IntArray) -> tuple[IntArray, BoolArray]:
    """The words found, as rows of message, word, place and length; and which messages are shouts."""
    # One more than the texts, so that an empty last message has a place too.
    opens = np.zeros(len(text) + 1, dtype=np.bool_)
    opens[start] = True
    word, place, length = _listed_words(text, opens)
    message = np.searchsorted(start, place, side="right") - 1
    flags = np.zeros(len(start) - 1, dtype=np.bool_)
    flags[message] = True
    for places, span in _stretches(text):
        within = np.searchsorted(start, places, side="right") - 1
        flags[within[places + span <= start[within + 1]]] = True
    return np.stack((message, word, place, length)), flags


def _listed_words(text: bytes, opens: BoolArray) -> tuple[IntArray, IntArray, IntArray]:
    """The words of the list in the texts: which one, where, how long."""
    first = _looked_up(text, _IS_WORD)
    last = first.copy()
    parted = ~(first[:-1] & first[1:]) | opens[1:-1]
    first[1:] &= parted
    last[:-1] &= parted
    begins, ends = np.flatnonzero(first), np.flatnonzero(last) + 1
    padded = text + _PADDING
    likely = _HYPE_BEGINNINGS[_numbers(padded, "<u2")[begins]]
    begins, length = begins[likely], (ends - begins)[likely]
    begins, length = begins[length <= _WORD_BYTES], length[length <= _WORD_BYTES]
    keys = _word_keys(_numbers(padded, "<u8"), begins, length)
    word = np.minimum(np.searchsorted(_HYPE_KEYS, keys), len(_HYPE_KEYS) - 1)
    hit = _HYPE_KEYS[word] == keys
    return word[hit], begins[hit], length[hit]


def _stretches(text: bytes) -> list[tuple[IntArray, int]]:
    """Where a letter, a syllable or an emoji is repeated, or "!!" or "??" begins, and its length in bytes."""
    data = np.frombuffer(text, dtype=np.uint8)
    twice = np.flatnonzero(data[1:] == data[:-1])
    found = [(twice[_IS_MARK[data[twice]]], 2)]
    can_stretch = _looked_up(text, _CAN_STRETCH)
    periods = _ASCII_REPEATS if text.isascii() else _REPEATS
    for period, run in periods:
        if len(data) > period + run:
            equal = (data[period:] == data[:-period]) & can_stretch[period:]
            found.append((np.flatnonzero(_runs(equal, run)), period + run))
    return found


def _runs(flags: BoolArray, length: int) -> BoolArray:
    """Where `length` set flags in a row begin."""
    row, done = flags, 1
    while done < length:
        step = min(done, length - done)
        row, done = row[:-step] & row[step:], done + step
    return row


def _first_byte(log: ChatLog) -> ByteArray:
    text = np.frombuffer(log.text_utf8 + b"\0", dtype=np.uint8)
    empty = np.diff(log.text_start) == 0
    first: ByteArray = np.where(empty, 0, text[log.text_start[:-1]]).astype(np.uint8)
    return first


def _is_prose(text: str) -> bool:
    words = set(text.lower().split())
    return len(words) >= _PASTE_WORDS or (len(words) == 1 and len(set(text)) >= 3 * _PASTE_WORDS)


def _prefix_keys(log: ChatLog, messages: IntArray) -> KeyArray:
    words = _numbers(log.text_utf8.lower() + _PADDING, "<u8")
    keys = np.zeros(len(messages), dtype=np.uint64)
    for i, factor in enumerate(_MIX):
        keys = _mixed(keys ^ words[log.text_start[messages] + 8 * i], factor)
    return keys


def _word_keys(words: KeyArray, begins: IntArray, length: IntArray) -> KeyArray:
    """One number for each word: its bytes if they are eight at most, else mixed with those that follow."""
    keys: KeyArray = words[begins] & _BYTE_MASKS[np.minimum(length, 8)]
    long = np.flatnonzero(length > 8)
    keys[long] ^= _mixed(words[begins[long] + 8] & _BYTE_MASKS[length[long] - 8], _MIX[0])
    return keys


def _mixed(keys: KeyArray, factor: int) -> KeyArray:
    mixed: KeyArray = keys * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(29))


def _numbers(text: bytes, kind: str) -> npt.NDArray[Any]:
    """A view of `text` in which item i is the bytes from i on, as a number of `kind`."""
    size = np.dtype(kind).itemsize
    return np.ndarray((len(text) - size + 1,), dtype=kind, buffer=text, strides=(1,))


def _looked_up(text: bytes, table: BoolArray) -> BoolArray:
    """Shape (len(text),): what `table` says of each byte, much faster than by indexing."""
    return np.frombuffer(bytearray(text.translate(table.tobytes())), dtype=np.bool_)


def _table(characters: str, others: bool = False) -> BoolArray:
    """A table by byte: the ASCII `characters`, and all bytes above ASCII if `others`."""
    table = np.zeros(256, dtype=np.bool_)
    table[[ord(character) for character in characters]] = True
    table[128:] = others
    return table


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_IS_WORD = _table(_LETTERS + "0123456789_", others=True)
_IS_MARK = _table("!?")
_CAN_STRETCH = _table(_LETTERS + "0123456789!?", others=True)
_BYTE_MASKS: KeyArray = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


def _keys_of(words: list[bytes]) -> KeyArray:
    length = np.array([len(word) for word in words], dtype=np.int64)
    text = b"".join(words) + _PADDING
    return np.sort(_word_keys(_numbers(text, "<u8"), np.cumsum(length) - length, length))


def _beginnings_of(words: list[bytes]) -> BoolArray:
    """A table by the first two bytes of a word; what follows a word of one letter may be anything."""
    table = np.zeros((256, 256), dtype=np.bool_)
    for word in words:
        table[word[1] if len(word) > 1 else slice(None), word[0]] = True
    return table.ravel()


_WORDS = [word.encode() for word in sorted(HYPE_WORDS)]
_HYPE_KEYS = _keys_of(_WORDS)
_HYPE_BEGINNINGS = _beginnings_of(_WORDS)
