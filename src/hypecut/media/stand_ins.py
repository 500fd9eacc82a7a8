"""Pictures that need not be decoded, although others are decoded after them.

Decoding begins at a keyframe. Of the pictures between it and the first one wanted, those that no wanted one
refers to, not even by way of others, can't be left out if they are kept for reference: frame_num would have a
gap, and a decoder put a picture of its own there. So each is coded anew, as one P slice without anything but
skipped macroblocks (ITU-T H.264, 7.3.4), a copy of the picture before. As number, order and marking stay, the
decoder's buffer is the same as before for all that follows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from av.packet import Packet

from hypecut.media.bits import BitWriter, UnusualStreamError
from hypecut.media.h264 import IDR, PPS, SLICE, SPS, ParameterSets, nal_units, packed
from hypecut.media.references import Picture, ReferenceBuffer, needed
from hypecut.media.slices import SequenceSet, Slice, StreamSets, read_sets, read_slice
from hypecut.media.source import DESCRIPTION, AnyPacket

log = logging.getLogger(__name__)

_FILLER = 12
# Supplemental information, delimiter, filler: they don't tell how others are decoded.
_HARMLESS = (6, 9, _FILLER)
_PPS_IDS = 256
_MAX_UNITS = 64


def lightened(
    packets: Sequence[AnyPacket], unwanted: Sequence[bool], sets: ParameterSets | None
) -> list[AnyPacket]:
    """The same packets, some of the unwanted ones with a stand-in's data.

    Args:
        packets: in decoding order, without any that is needed for no other one and not wanted.
        unwanted: for each, whether its picture is not wanted.
        sets: the stream's parameter sets, if it is H.264.
    """
    if sets is None or any(packet.has_sidedata(DESCRIPTION) for packet in packets):
        return list(packets)
    data = stand_ins([memoryview(packet) for packet in packets], unwanted, sets)
    return [_with_data(packet, data[at]) if at in data else packet for at, packet in enumerate(packets)]


def _with_data(packet: AnyPacket, data: bytes) -> AnyPacket:
    made = Packet(data)
    made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
    return made


def stand_ins(
    packets: Sequence[memoryview], unwanted: Sequence[bool], sets: ParameterSets
) -> dict[int, bytes]:
    """Access units to be decoded instead of some of the unwanted ones, by their place.

    All others decode to the same pictures as before. Empty for a stream that uses what is not looked into.

    Args:
        packets: access units in decoding order.
        unwanted: for each, whether its picture is not wanted.
        sets: the stream's parameter sets.
    """
    try:
        return _stand_ins(packets, unwanted, sets)
    except UnusualStreamError as error:
        log.debug("all pictures are decoded: %s", error)
        return {}


def _stand_ins(
    packets: Sequence[memoryview], unwanted: Sequence[bool], sets: ParameterSets
) -> dict[int, bytes]:
    stream = read_sets(sets)
    free_id = min(set(range(_PPS_IDS)) - {*stream.pictures}, default=None)
    if free_id is None or not any(unwanted):
        return {}
    pictures, replaceable = _read(packets, unwanted, sets, stream)
    keep = needed(pictures, [not each for each in unwanted[: len(pictures)]])
    found: dict[int, bytes] = {}
    for at, picture in enumerate(pictures):
        if picture in replaceable and picture not in keep:
            units = [*_others(packets[at], sets), _coded(picture.head, free_id, stream.sequence)]
            if not found:
                units.insert(-1, _picture_set(free_id, stream.sequence))
            found[at] = packed(units, sets.length_prefixed)
    return found


def _read(
    packets: Sequence[memoryview], unwanted: Sequence[bool], sets: ParameterSets, stream: StreamSets
) -> tuple[list[Picture], set[Picture]]:
    """The pictures up to the last that can refer to an unwanted one, and which of them may be replaced."""
    pictures: list[Picture] = []
    replaceable: set[Picture] = set()
    candidates: set[Picture] = set()
    last = max(at for at, each in enumerate(unwanted) if each)
    buffer = ReferenceBuffer(stream.sequence)
    for at, packet in enumerate(packets):
        if at > last and candidates.isdisjoint(buffer.kept):
            break
        picture = buffer.enter(_slices(packet, sets, stream))
        pictures.append(picture)
        if unwanted[at]:
            candidates.add(picture)
            if _is_replaceable(picture):
                replaceable.add(picture)
    return pictures, replaceable


def _is_replaceable(picture: Picture) -> bool:
    """Whether a decoder takes a P picture instead of this one for the same.

    FFmpeg's concludes from a B picture that pictures may be out of order, from its place if not its kind; and
    keyframes may mean that decoding is sound from there on.
    """
    return not picture.intra and not (picture.head.predicted > 1 and picture.in_order)


def _slices(packet: memoryview, sets: ParameterSets, stream: StreamSets) -> list[Slice]:
    """The headers of an access unit's slices."""
    found: list[Slice] = []
    data, at = bytes(packet), 0
    for count, unit in enumerate(nal_units(data, sets.length_prefixed)):
        if count == _MAX_UNITS or (
            sets.length_prefixed and int.from_bytes(data[at : at + 4], "big") != len(unit)
        ):
            raise UnusualStreamError("too many units, or one that is cut off")
        at += 4 + len(unit)
        kind = unit[0] & 31
        if kind in (SLICE, IDR):
            found.append(read_slice(unit, stream))
        elif kind in (SPS, PPS):
            if unit not in sets.sps and unit not in sets.pps:
                raise UnusualStreamError("other parameter sets")
        elif kind not in _HARMLESS:
            raise UnusualStreamError(f"a unit of type {kind}")
    if not found or (sets.length_prefixed and at != len(data)):
        raise UnusualStreamError("no slice, or bytes behind the last")
    return found


def _others(packet: memoryview, sets: ParameterSets) -> Iterator[bytes]:
    """What an access unit holds besides slices, without filler."""
    for unit in nal_units(bytes(packet), sets.length_prefixed):
        if unit[0] & 31 not in (SLICE, IDR, _FILLER):
            yield unit


def _picture_set(number: int, sequence: SequenceSet) -> bytes:
    """The picture parameter set of all stand-ins (7.3.2.2)."""
    bits = BitWriter()
    bits.unsigned(number)
    bits.unsigned(sequence.id)
    bits.number(0b01, 2)  # CAVLC; the order of the bottom field is told
    bits.unsigned(0)  # no slice groups
    bits.unsigned(0)  # one reference in list 0
    bits.unsigned(0)  # and in list 1
    bits.number(0, 3)  # no weights
    for _ in range(3):
        bits.signed(0)  # quantisers, not used
    bits.number(0b100, 3)  # slices tell how they are deblocked
    return bits.unit(0x60 | PPS)


def _coded(head: Slice, picture_set: int, sequence: SequenceSet) -> bytes:
    """A slice of skipped macroblocks that takes the place of the picture with this header (7.3.3, 7.3.4)."""
    bits = BitWriter()
    bits.unsigned(0)  # first_mb_in_slice
    bits.unsigned(5)  # slice_type: all of the picture's slices are P
    bits.unsigned(picture_set)
    bits.number(head.frame_num, sequence.frame_num_bits)
    bits.number(head.poc_lsb, sequence.poc_bits)
    bits.signed(head.poc_bottom)
    bits.number(0, 2)  # neither another number of references nor another order
    if head.dropped is None:
        bits.number(0, 1)
    else:
        bits.number(1, 1)
        for difference in head.dropped:
            bits.unsigned(1)
            bits.unsigned(difference)
        bits.unsigned(0)
    bits.signed(0)  # slice_qp_delta
    bits.unsigned(1)  # disable_deblocking_filter_idc
    bits.unsigned(sequence.macroblocks)  # mb_skip_run
    return bits.unit(head.reference << 5 | SLICE)
