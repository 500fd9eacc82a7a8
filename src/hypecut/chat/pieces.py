"""Reading a big JSON array or JSON lines in pieces of a few megabytes.

A JSON array is split where one of its elements seems to end and the next to begin, told by the first keys
of the first element. A raw quote right after a brace can't be inside a string, so such a place is always
a real end of some object; whether it is one of the array's own elements is proved by decoding the piece:
only whole elements form an array. A piece that doesn't is made longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from hypecut.chat.content import HEAD_BYTES, Content
from hypecut.chat.decoding import BrokenJsonError, EntryDecoder, decoded
from hypecut.chat.intake import Batch
from hypecut.errors import ChatFormatError

T = TypeVar("T")
PIECE_BYTES = 1024 * 1024
# A piece that still has no end after so much is not part of a chat.
MAX_REST_BYTES = 64 * 1024 * 1024
_MAX_TRIES = 16
_FIRST_KEYS = re.compile(
    rb'\s*\{\s*("(?:[^"\\]|\\.){1,64}")\s*:\s*'
    rb'(?:(?:"(?:[^"\\]|\\.){0,256}"|[-+.\w]{1,64})\s*,\s*("(?:[^"\\]|\\.){1,64}")\s*:)?'
)
_SIMPLE_VALUE = rb'(?:"(?:[^"\\]|\\.){0,256}"|[-+.\w]{1,64})'


def array_under(content: Content, key: str, decoder: EntryDecoder[T]) -> Iterator[Batch[T]]:
    """The elements of the array at top-level `key` of the JSON object in `content`, piece by piece.

    Raises:
        ChatFormatError: the content is broken JSON, or has no such array.
    """
    opening = re.compile(rb'"' + re.escape(key.encode()) + rb'"\s*:\s*\[')
    # The key may also stand inside another value that comes before the list.
    position = content.start
    for _ in range(_MAX_TRIES):
        match = opening.search(content.data, position, content.start + MAX_REST_BYTES)
        if match is None:
            break
        position = match.end()
        if _is_object(content.data[content.start : position] + b"]}"):
            yield from _elements(content, position, b'{"' + key.encode() + b'":[', decoder)
            return
    if not _is_object(content.data[content.start : content.start + MAX_REST_BYTES]):
        raise _broken(content, "it is not one JSON object")
    raise ChatFormatError(f'{content.name} has no list of messages ("{key}"); download the chat again.')


def array_at_root(content: Content, decoder: EntryDecoder[T]) -> Iterator[Batch[T]]:
    """The elements of the JSON array that is the whole of `content`, piece by piece.

    Raises:
        ChatFormatError: the content is broken JSON, or is no array.
    """
    opening = re.compile(rb"\s*\[").match(content.data, content.start)
    if opening is None:
        raise _broken(content, "it is not one JSON array")
    yield from _elements(content, opening.end(), b"[", decoder)


def lines(content: Content, decoder: EntryDecoder[T]) -> Iterator[Batch[T]]:
    """The entries of the JSON lines in `content`, piece by piece.

    Raises:
        ChatFormatError: a line is too long to be one of a chat.
    """
    return map(decoder.lines, line_blocks(content))


def line_blocks(content: Content) -> Iterator[bytes]:
    """The text of `content` in pieces of whole lines.

    Raises:
        ChatFormatError: a line is too long to be one of a chat.
    """
    position, end = content.start, len(content.data)
    while position < end:
        newline = content.data.find(b"\n", min(end, position + PIECE_BYTES), position + MAX_REST_BYTES)
        if newline < 0 and end > position + MAX_REST_BYTES:
            raise _broken(content, "a line of it has no end")
        stop = end if newline < 0 else newline + 1
        yield content.data[position:stop]
        position = stop


def _elements(content: Content, position: int, prefix: bytes, decoder: EntryDecoder[T]) -> Iterator[Batch[T]]:
    boundary = _boundary(content.data[position : position + HEAD_BYTES])
    stop, suffix = len(content.data), b""
    if content.share != "all":
        middle = boundary.search(content.data, (position + stop) // 2) if boundary else None
        if middle is None:
            raise _broken(content, "it has no two halves")
        if content.share == "second":
            position = middle.start(1)
        else:
            stop, prefix, suffix = middle.start() + 1, b"[", b"]"
    while boundary is not None:
        piece = _next_piece(content, position, stop, boundary, decoder)
        if piece is None:
            break
        batch, position = piece
        yield batch
    if stop - position > MAX_REST_BYTES:
        raise _broken(content, "its messages have no end")
    try:
        yield decoder.array(_array_text(prefix + content.data[position:stop] + suffix))
    except BrokenJsonError as error:
        raise _broken(content, str(error)) from None


def _next_piece(
    content: Content, position: int, stop: int, boundary: re.Pattern[bytes], decoder: EntryDecoder[T]
) -> tuple[Batch[T], int] | None:
    """The next piece's entries and the place after it; None where the rest up to `stop` is read at once."""
    search_from = position + PIECE_BYTES
    for _ in range(_MAX_TRIES):
        match = boundary.search(content.data, search_from, stop)
        if match is None:
            return None
        with memoryview(content.data) as view:
            piece = b"".join((b"[", view[position : match.start() + 1], b"]"))
        try:
            return decoder.array(piece), match.start(1)
        except BrokenJsonError:
            search_from = match.start(1)
    return None


def _boundary(head: bytes) -> re.Pattern[bytes] | None:
    """What the end of one element and the beginning of the next look like."""
    first = _FIRST_KEYS.match(head)
    if first is None:
        return None
    beginning = rb"\{\s*" + re.escape(first[1]) + rb"\s*:"
    if first[2] is not None:
        beginning += rb"\s*" + _SIMPLE_VALUE + rb"\s*,\s*" + re.escape(first[2]) + rb"\s*:"
    return re.compile(rb"\}\s*,\s*(" + beginning + rb")")


def _array_text(text: bytes) -> bytes:
    """The array in `text`, which is that array or an object with the array under its first key."""
    if text.startswith(b"["):
        return text
    return bytes(next(iter(decoded(_OBJECT.decode, text).values())))


def _is_object(text: bytes) -> bool:
    try:
        decoded(_OBJECT.decode, text)
    except BrokenJsonError:
        return False
    return True


def _broken(content: Content, reason: str) -> ChatFormatError:
    return ChatFormatError(f"{content.name} is cut off or broken JSON ({reason}); download the chat again.")


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
