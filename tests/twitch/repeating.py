"""Long recordings made cheaply: a short one, of which each repetition is the same but for its time stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from tests.twitch.fixture import Message

_PACKET = 188
_CLOCK = 90_000
_WRAP = 1 << 33


def later(segment: bytes, by_s: float) -> bytes:
    """A segment of a transport stream (ISO/IEC 13818-1) whose every time stamp is `by_s` seconds later."""
    ticks = round(by_s * _CLOCK)
    moved = bytearray(segment)
    for at in range(0, len(moved), _PACKET):
        begins, adapts, pays = moved[at + 1] & 0x40, moved[at + 3] & 0x20, moved[at + 3] & 0x10
        payload = at + 4
        if adapts:
            payload += 1 + moved[at + 4]
            if moved[at + 4] and moved[at + 5] & 0x10:
                _move_pcr(moved, at + 6, ticks)
        if begins and pays and moved[payload : payload + 3] == b"\0\0\1":
            stamps = moved[payload + 7] >> 6
            if stamps & 2:
                _move_stamp(moved, payload + 9, ticks)
            if stamps == 3:
                _move_stamp(moved, payload + 14, ticks)
    return bytes(moved)


def _move_pcr(data: bytearray, at: int, ticks: int) -> None:
    """The program clock reference: 33 bits of 1/90,000 s, then what is finer."""
    value = int.from_bytes(data[at : at + 6], "big")
    base = ((value >> 15) + ticks) % _WRAP
    data[at : at + 6] = (base << 15 | value & 0x7FFF).to_bytes(6, "big")


def _move_stamp(data: bytearray, at: int, ticks: int) -> None:
    """A presentation or decoding time: 33 bits in three pieces, each followed by a marker bit."""
    value = int.from_bytes(data[at : at + 5], "big")
    stamp = (value >> 3 & 7 << 30) | (value >> 2 & 0x7FFF << 15) | (value >> 1 & 0x7FFF)
    stamp = (stamp + ticks) % _WRAP
    pieces = (stamp >> 30) << 33 | (stamp >> 15 & 0x7FFF) << 17 | (stamp & 0x7FFF) << 1
    markers = value & (0xF << 36 | 1 << 32 | 1 << 16 | 1)
    data[at : at + 5] = (markers | pieces).to_bytes(5, "big")


@dataclass(frozen=True)
class Crowd(Sequence[Message]):
    """A chat in which several people say what one says in another; each message is made when it is read.

    Attributes:
        said: the other chat.
        people: how many say each of its messages, at the same moment.
    """

    said: Sequence[Message]
    people: int

    def __len__(self) -> int:
        return len(self.said) * self.people

    @overload
    def __getitem__(self, at: int) -> Message: ...
    @overload
    def __getitem__(self, at: slice) -> list[Message]: ...

    def __getitem__(self, at: int | slice) -> Message | list[Message]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        number, person = divmod(at, self.people)
        first = self.said[number]
        if not person:
            return first
        return Message(first.offset, f"{first.user}{person}", f"{first.text} {person}")
