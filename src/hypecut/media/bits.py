"""Reading and writing the bits of H.264 syntax (ITU-T H.264, 7.2, 7.4.1 and 9.1)."""

from __future__ import annotations

_ESCAPED = b"\0\0\3"
# Zeros behind the data let a number be looked for without asking where it ends.
_PAD_BITS = 64


class UnusualStreamError(Exception):
    """A stream is damaged, or uses what is not looked into; it is decoded as it is."""


class BitReader:
    """Reads an RBSP, or its beginning, bit by bit.

    Args:
        unit: the NAL unit behind its header byte, or its beginning.

    Raises:
        UnusualStreamError: by each reading, when the data is at an end or a number is longer than 32 bits.
    """

    __slots__ = ("_bits", "_left")

    def __init__(self, unit: bytes) -> None:
        data = unit.replace(_ESCAPED, b"\0\0") if _ESCAPED in unit else unit
        self._left = 8 * len(data) + _PAD_BITS
        self._bits = int.from_bytes(data, "big") << _PAD_BITS

    def number(self, bits: int) -> int:
        """The next so many bits, at most 64: u(n)."""
        left = self._left = self._left - bits
        if left < _PAD_BITS:
            raise UnusualStreamError("a header ends early")
        return (self._bits >> left) & ((1 << bits) - 1)

    def flag(self) -> bool:
        """The next bit."""
        left = self._left = self._left - 1
        if left < _PAD_BITS:
            raise UnusualStreamError("a header ends early")
        return bool((self._bits >> left) & 1)

    def unsigned(self) -> int:
        """The next unsigned Exp-Golomb number: ue(v)."""
        left = self._left
        if left <= _PAD_BITS:
            raise UnusualStreamError("a header ends early")
        zeros = 64 - ((self._bits >> (left - 64)) & 0xFFFFFFFFFFFFFFFF).bit_length()
        if zeros > 31:
            raise UnusualStreamError("a number is too long")
        left = self._left = left - 2 * zeros - 1
        if left < _PAD_BITS:
            raise UnusualStreamError("a header ends early")
        return ((self._bits >> left) & ((2 << zeros) - 1)) - 1

    def signed(self) -> int:
        """The next signed Exp-Golomb number: se(v)."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


class BitWriter:
    """Writes a NAL unit bit by bit."""

    def __init__(self) -> None:
        self._digits: list[str] = []

    def number(self, value: int, bits: int) -> None:
        """Append u(n)."""
        self._digits.append(f"{value:0{bits}b}")

    def unsigned(self, value: int) -> None:
        """Append ue(v)."""
        code = f"{value + 1:b}"
        self._digits.append("0" * (len(code) - 1) + code)

    def signed(self, value: int) -> None:
        """Append se(v)."""
        self.unsigned(2 * value - 1 if value > 0 else -2 * value)

    def unit(self, header: int) -> bytes:
        """The NAL unit: header byte, what was written, the stop bit; no start code can be seen in it."""
        digits = "".join((*self._digits, "1"))
        length = -(-len(digits) // 8)
        rbsp = int(digits.ljust(8 * length, "0"), 2).to_bytes(length, "big")
        out = bytearray([header])
        for value in rbsp:
            if value <= 3 and out.endswith(b"\0\0"):
                out.append(3)
            out.append(value)
        return bytes(out)
