"""The headers of H.264 parameter sets and slices, as far as they tell which pictures a picture refers to.

Syntax after ITU-T H.264 (7.3.2.1, 7.3.2.2, 7.3.3). Only what common encoders make of whole frames is read;
anything else raises `UnusualStreamError`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypecut.media.bits import BitReader, UnusualStreamError
from hypecut.media.h264 import IDR, ParameterSets

_P, _B, _I = 0, 1, 2
_HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
_CHROMA_444 = 3
_SET_BYTES = 4096
# The longest header there is, with weights for all pictures referred to, takes about as much.
_HEADER_BYTES = 512
_MAX_REFERENCES = 16


@dataclass(frozen=True)
class SequenceSet:
    """What a sequence parameter set says.

    Attributes:
        id: seq_parameter_set_id.
        monochrome: there is luma only.
        frame_num_bits: how long frame_num is.
        poc_bits: how long pic_order_cnt_lsb is.
        references: how many pictures are kept for reference at most.
        macroblocks: how many a picture has.
    """

    id: int
    monochrome: bool
    frame_num_bits: int
    poc_bits: int
    references: int
    macroblocks: int


@dataclass(frozen=True)
class PictureSet:
    """What a picture parameter set says.

    Attributes:
        id: pic_parameter_set_id.
        bottom_poc: slices tell the order of the bottom field, too.
        active: how many pictures P and B slices refer to by list 0 and by list 1, unless they say otherwise.
        weighted_p: P slices have weights.
        weighted_b: B slices have weights.
    """

    id: int
    bottom_poc: bool
    active: tuple[int, int]
    weighted_p: bool
    weighted_b: bool


@dataclass(frozen=True)
class StreamSets:
    """A stream's sets, read."""

    sequence: SequenceSet
    pictures: dict[int, PictureSet]


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice's header says.

    Attributes:
        first: the number of its first macroblock.
        predicted: how many lists it has: 0 for an I slice, 1 for P, 2 for B.
        idr: it is of an IDR picture.
        reference: nal_ref_idc.
        frame_num: frame_num.
        poc_lsb: pic_order_cnt_lsb.
        poc_bottom: delta_pic_order_cnt_bottom.
        active: how many entries of each list it may refer to.
        changes: for each list (modification_of_pic_nums_idc, abs_diff_pic_num_minus1) one after the other.
        dropped: difference_of_pic_nums_minus1 of each picture that is kept no more; None to slide the window.
    """

    first: int
    predicted: int
    idr: bool
    reference: int
    frame_num: int
    poc_lsb: int
    poc_bottom: int
    active: tuple[int, ...]
    changes: tuple[tuple[tuple[int, int], ...], ...]
    dropped: tuple[int, ...] | None


def read_sets(sets: ParameterSets) -> StreamSets:
    """Read a stream's parameter sets.

    Raises:
        UnusualStreamError: there are several sequences, or they allow what is not looked into.
    """
    if len(sets.sps) != 1:
        raise UnusualStreamError("several sequence parameter sets")
    sequence = _read_sequence(sets.sps[0][:_SET_BYTES])
    pictures = [_read_picture_set(pps[:_SET_BYTES], sequence) for pps in sets.pps]
    found = {each.id: each for each in pictures}
    if len(found) < len(pictures):
        raise UnusualStreamError("two picture parameter sets of one id")
    return StreamSets(sequence, found)


def _read_sequence(sps: bytes) -> SequenceSet:
    profile, bits = sps[1], BitReader(sps[4:])
    number = bits.unsigned()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.unsigned()
        if chroma >= _CHROMA_444:
            raise UnusualStreamError("4:4:4")
        bits.unsigned()  # bit_depth_luma_minus8
        bits.unsigned()  # bit_depth_chroma_minus8
        bits.flag()  # qpprime_y_zero_transform_bypass_flag
        if bits.flag():
            _skip_scaling_lists(bits)
    frame_num_bits = bits.unsigned() + 4
    if bits.unsigned() != 0:
        raise UnusualStreamError("an order of pictures that no coded number tells")
    poc_bits = bits.unsigned() + 4
    references = bits.unsigned()
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    macroblocks = (bits.unsigned() + 1) * (bits.unsigned() + 1)
    if not bits.flag():
        raise UnusualStreamError("fields")
    if frame_num_bits > 16 or poc_bits > 16 or not 1 <= references <= _MAX_REFERENCES:
        raise UnusualStreamError("a number out of its range")
    return SequenceSet(number, chroma == 0, frame_num_bits, poc_bits, references, macroblocks)


def _skip_scaling_lists(bits: BitReader) -> None:
    """Pass over seq_scaling_matrix (7.3.2.1.1.1)."""
    for size in (16,) * 6 + (64,) * 2:
        if not bits.flag():
            continue
        last = 8
        for _ in range(size):
            last = (last + bits.signed()) % 256
            if not last:
                break


def _read_picture_set(pps: bytes, sequence: SequenceSet) -> PictureSet:
    bits = BitReader(pps[1:])
    number = bits.unsigned()
    if bits.unsigned() != sequence.id:
        raise UnusualStreamError("a set of another sequence")
    bits.flag()  # entropy_coding_mode_flag
    bottom_poc = bits.flag()
    if bits.unsigned():
        raise UnusualStreamError("slice groups")
    active = (bits.unsigned() + 1, bits.unsigned() + 1)
    weighted_p = bits.flag()
    weighted_b = bits.number(2) == 1
    for _ in range(3):
        bits.signed()  # pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
    bits.number(2)  # deblocking_filter_control_present_flag, constrained_intra_pred_flag
    if bits.flag():
        raise UnusualStreamError("redundant pictures")
    return PictureSet(number, bottom_poc, active, weighted_p, weighted_b)


def read_slice(unit: bytes, sets: StreamSets) -> Slice:
    """Read the header of a slice.

    Args:
        unit: a NAL unit with header byte, of type 1 or 5.
        sets: the stream's parameter sets.

    Raises:
        UnusualStreamError: it can't be read, or says what is not looked into.
    """
    idr, reference = unit[0] & 31 == IDR, unit[0] >> 5 & 3
    bits = BitReader(unit[1:_HEADER_BYTES])
    first, kind = bits.unsigned(), bits.unsigned()
    pps = sets.pictures.get(bits.unsigned())
    if pps is None or kind > 9 or kind % 5 > _I:
        raise UnusualStreamError("a slice of unknown kind or set")
    predicted = {_P: 1, _B: 2, _I: 0}[kind % 5]
    if idr and (predicted or not reference):
        raise UnusualStreamError("an IDR picture that is none")
    frame_num = bits.number(sets.sequence.frame_num_bits)
    if idr:
        bits.unsigned()  # idr_pic_id
    poc_lsb = bits.number(sets.sequence.poc_bits)
    poc_bottom = bits.signed() if pps.bottom_poc else 0
    if predicted == 2:
        bits.flag()  # direct_spatial_mv_pred_flag
    active = _read_active(bits, pps, predicted)
    changes = tuple(_read_changes(bits, count) for count in active)
    if (predicted == 1 and pps.weighted_p) or (predicted == 2 and pps.weighted_b):
        _skip_weights(bits, active, sets.sequence.monochrome)
    dropped = _read_marking(bits, idr) if reference else None
    return Slice(first, predicted, idr, reference, frame_num, poc_lsb, poc_bottom, active, changes, dropped)


def _read_active(bits: BitReader, pps: PictureSet, predicted: int) -> tuple[int, ...]:
    if not predicted:
        return ()
    active = pps.active[:predicted]
    if bits.flag():  # num_ref_idx_active_override_flag
        active = tuple(bits.unsigned() + 1 for _ in range(predicted))
    if max(active) > _MAX_REFERENCES:
        raise UnusualStreamError("too many references")
    return active


def _read_changes(bits: BitReader, count: int) -> tuple[tuple[int, int], ...]:
    """Read ref_pic_list_modification (7.3.3.1) of one list."""
    if not bits.flag():
        return ()
    found: list[tuple[int, int]] = []
    while (kind := bits.unsigned()) != 3:
        if kind > 1 or len(found) == count:
            raise UnusualStreamError("a list changed by long-term pictures, or beyond its end")
        found.append((kind, bits.unsigned()))
    return tuple(found)


def _skip_weights(bits: BitReader, active: tuple[int, ...], monochrome: bool) -> None:
    """Pass over pred_weight_table (7.3.3.2)."""
    bits.unsigned()  # luma_log2_weight_denom
    if not monochrome:
        bits.unsigned()  # chroma_log2_weight_denom
    for _ in range(sum(active)):
        if bits.flag():
            bits.signed(), bits.signed()
        if not monochrome and bits.flag():
            bits.signed(), bits.signed(), bits.signed(), bits.signed()


def _read_marking(bits: BitReader, idr: bool) -> tuple[int, ...] | None:
    """Read dec_ref_pic_marking (7.3.3.3)."""
    if idr:
        bits.flag()  # no_output_of_prior_pics_flag
        if bits.flag():
            raise UnusualStreamError("a long-term picture")
        return None
    if not bits.flag():
        return None
    found: list[int] = []
    while (operation := bits.unsigned()) != 0:
        if operation != 1 or len(found) == _MAX_REFERENCES:
            raise UnusualStreamError("a long-term picture, or too many operations")
        found.append(bits.unsigned())
    return tuple(found)
