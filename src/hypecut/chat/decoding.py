"""Typed decoding of one piece of JSON, with the entries that don't fit told apart from broken JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from hypecut.chat.intake import Batch, Unreadable

T = TypeVar("T")
U = TypeVar("U")
_STRING_OR_NOT_NUMBER = re.compile(rb'("(?:[^"\\]|\\.)*+")|-?(?:NaN|Infinity)')
_MAX_REASON = 120


class BrokenJsonError(Exception):
    """A piece of text is not JSON; `str()` of it says where and how."""


class EntryDecoder(Generic[T]):
    """Decodes arrays and lines of entries of one type.

    Numbers written as strings are accepted. An array with an entry of a wrong shape is decoded entry by
    entry, so that the others are not lost.
    """

    def __init__(self, entry: type[T]) -> None:
        self._one = msgspec.json.Decoder(entry, strict=False)
        self._many = msgspec.json.Decoder(list[entry], strict=False)  # type: ignore[valid-type]

    def array(self, text: bytes) -> Batch[T]:
        """The entries of a JSON array.

        Raises:
            BrokenJsonError: `text` is not a JSON array.
        """
        try:
            return Batch(self._many.decode(text))
        except (ValueError, RecursionError):
            return self._sorted_out(decoded(_RAW_ARRAY.decode, text))

    def lines(self, text: bytes) -> Batch[T]:
        """The entries of JSON lines; blank lines are skipped."""
        try:
            return Batch(self._one.decode_lines(text))
        except (ValueError, RecursionError):
            return self._sorted_out(row for row in text.split(b"\n") if row.strip())

    def _sorted_out(self, items: Iterable[bytes | msgspec.Raw]) -> Batch[T]:
        entries: list[T] = []
        unreadable: list[Unreadable] = []
        for position, item in enumerate(items):
            try:
                entries.append(decoded(self._one.decode, bytes(item)))
            except BrokenJsonError as error:
                unreadable.append(Unreadable(position, str(error)[:_MAX_REASON]))
        return Batch(entries, tuple(unreadable))


def decoded(decode: Callable[[bytes], U], text: bytes) -> U:
    """What `decode` makes of `text`; NaN and Infinity, which some writers put into JSON, are read as null.

    Raises:
        BrokenJsonError: it is not JSON, of another shape, not UTF-8, or nested too deeply.
    """
    try:
        return decode(text)
    except RecursionError:
        raise BrokenJsonError("it is nested too deeply") from None
    except ValueError as error:
        repaired = _without_not_numbers(text)
        if repaired == text:
            reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise BrokenJsonError(reason) from None
    return decoded(decode, repaired)


def _without_not_numbers(text: bytes) -> bytes:
    if b"NaN" not in text and b"Infinity" not in text:
        return text
    return _STRING_OR_NOT_NUMBER.sub(lambda found: found[1] or b"null", text)


_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
