"""What cutting needs to know of an H.264 stream's bytes: NAL units, parameter sets, IDR pictures.

Syntax after ITU-T H.264 (7.3.1, 7.3.2) and the avcC box of ISO/IEC 14496-15.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hypecut.media.bits import BitReader, UnusualStreamError

SLICE, IDR, SPS, PPS = 1, 5, 7, 8
_SPS_IDS = 32
# The number that a set begins with, behind its header, is shorter.
_ID_BYTES = 8
_HIGH_PROFILES = (100, 110, 122, 144)
# The first slice of a picture stands behind a few small units: AUD, parameter sets, SEI.
_HEAD_BYTES = 4096
# Behind two numbers of at most 63 bits each.
_SLICE_TYPE_END = 20


@dataclass(frozen=True)
class ParameterSets:
    """The sequence and picture parameter sets of a stream, and how its packets delimit NAL units.

    Attributes:
        sps: sequence parameter sets, without start codes.
        pps: picture parameter sets, without start codes.
        length_prefixed: packets carry 4-byte lengths (mp4, mkv, flv) rather than start codes (ts).
    """

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    length_prefixed: bool

    @property
    def ids(self) -> set[int]:
        """All ids in use by these sets."""
        return {_id(s[4:]) for s in self.sps} | {_id(p[1:]) for p in self.pps}

    @property
    def free_id(self) -> int | None:
        """An id for another encoder's sets, to stand beside these in one track; None when all are taken."""
        return min(set(range(_SPS_IDS)) - self.ids, default=None)

    def joined(self, other: ParameterSets) -> ParameterSets:
        """Both streams' sets, for a track that holds pictures of both."""
        return ParameterSets(self.sps + other.sps, self.pps + other.pps, self.length_prefixed)

    def avcc(self) -> bytes:
        """The avcC box's content (AVCDecoderConfigurationRecord)."""
        first = self.sps[0]
        out = bytes([1, first[1], first[2], first[3], 0xFF, 0xE0 | len(self.sps)])
        out += b"".join(len(s).to_bytes(2, "big") + s for s in self.sps)
        out += bytes([len(self.pps)]) + b"".join(len(p).to_bytes(2, "big") + p for p in self.pps)
        # 4:2:0 in 8 bits, no SPS extensions: the only kind that is copied.
        return out + bytes([0xFD, 0xF8, 0xF8, 0]) if first[1] in _HIGH_PROFILES else out


def parameter_sets(extradata: bytes | None) -> ParameterSets | None:
    """Read a decoder's extradata, avcC or Annex B; None when missing, broken or of another length size."""
    if not extradata or len(extradata) < 7:
        return None
    if extradata[0] != 1:
        units = list(annexb_units(extradata))
        found = ParameterSets(
            tuple(u for u in units if u[0] & 31 == SPS), tuple(u for u in units if u[0] & 31 == PPS), False
        )
    elif extradata[4] & 3 != 3:
        return None
    else:
        sps, at = _avcc_sets(extradata, 6, extradata[5] & 31)
        if at >= len(extradata):
            return None
        pps, _ = _avcc_sets(extradata, at + 1, extradata[at])
        found = ParameterSets(sps, pps, True)
    usable = (
        found.sps and found.pps and all(len(s) > 4 for s in found.sps) and all(len(p) > 1 for p in found.pps)
    )
    return found if usable else None


def _avcc_sets(data: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    sets = []
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        sets.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(sets), at


def _id(data: bytes) -> int:
    """The id that `data`, a parameter set from there on, begins with; 0 if it can't be read."""
    try:
        return BitReader(data[:_ID_BYTES]).unsigned()
    except UnusualStreamError:
        return 0


def annexb_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream with start codes."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        unit = data[at + 3 :] if following < 0 else data[at + 3 : following]
        unit = unit.rstrip(b"\0")
        if unit:
            yield unit
        at = following


def packed(units: Iterable[bytes], prefixed: bool) -> bytes:
    """An access unit of these NAL units, with 4-byte lengths before them or start codes."""
    return b"".join((len(unit).to_bytes(4, "big") if prefixed else b"\0\0\0\1") + unit for unit in units)


def length_prefixed(data: bytes) -> bytes:
    """The same access unit with 4-byte lengths in place of start codes, its NAL units untouched."""
    return packed(annexb_units(data), prefixed=True)


def bare(packet: memoryview, prefixed: bool) -> bytes:
    """The access unit with 4-byte lengths, without parameter sets.

    In `avc1` tracks these stand in the header alone (ISO/IEC 14496-15, 5.3). Firefox takes those it meets in
    a picture for all there are, and can't decode the next picture of another encoder.
    """
    units = nal_units(bytes(packet), prefixed)
    return packed((unit for unit in units if unit[0] & 31 not in (SPS, PPS)), prefixed=True)


def nal_units(data: bytes, prefixed: bool) -> Iterator[bytes]:
    """The NAL units of an access unit; the last one may be cut off."""
    return _prefixed_units(data) if prefixed else annexb_units(data)


def is_idr(packet: memoryview, prefixed: bool) -> bool:
    """Whether the access unit's first slice is of an IDR picture: nothing after it looks further back."""
    head = bytes(packet[:_HEAD_BYTES])
    kinds = (byte & 31 for byte in _unit_headers(head, prefixed))
    return next((kind == IDR for kind in kinds if SLICE <= kind <= IDR), False)


def is_predicted(packet: memoryview, prefixed: bool) -> bool:
    """Whether the access unit's first slice is a P or B slice (slice_type, 7.4.3)."""
    for unit in nal_units(bytes(packet[:_HEAD_BYTES]), prefixed):
        if unit[0] & 31 in (SLICE, IDR):
            bits = BitReader(unit[1:_SLICE_TYPE_END])
            try:
                bits.unsigned()  # first_mb_in_slice
                return bits.unsigned() % 5 in (0, 1)
            except UnusualStreamError:
                return False
    return False


def parameter_units(packet: memoryview, prefixed: bool) -> Iterator[bytes]:
    """The parameter sets that stand before the access unit's first slice."""
    head = bytes(packet[:_HEAD_BYTES])
    for unit in nal_units(head, prefixed):
        kind = unit[0] & 31
        if SLICE <= kind <= IDR:
            return
        if kind in (SPS, PPS):
            yield unit


def _prefixed_units(head: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 < len(head):
        size = int.from_bytes(head[at : at + 4], "big")
        yield head[at + 4 : at + 4 + size] or b"\0"
        at += 4 + size


def is_disposable(packet: memoryview, prefixed: bool) -> bool:
    """Whether no other picture is predicted from this one (its slices have nal_ref_idc 0)."""
    head = bytes(packet[:_HEAD_BYTES])
    return next(
        (byte & 0x60 == 0 for byte in _unit_headers(head, prefixed) if SLICE <= byte & 31 <= IDR), False
    )


def _unit_headers(head: bytes, prefixed: bool) -> Iterator[int]:
    if not prefixed:
        at = head.find(b"\0\0\1")
        while 0 <= at < len(head) - 3:
            yield head[at + 3]
            at = head.find(b"\0\0\1", at + 3)
        return
    at = 0
    while at + 4 < len(head):
        yield head[at + 4]
        at += 4 + int.from_bytes(head[at : at + 4], "big")
