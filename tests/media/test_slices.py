"""Bits, slice headers, and the buffer of pictures that are kept for reference, against ITU-T H.264."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.media.bits import BitReader, BitWriter, UnusualStreamError
from hypecut.media.h264 import ParameterSets
from hypecut.media.references import Picture, ReferenceBuffer, needed
from hypecut.media.slices import PictureSet, SequenceSet, Slice, StreamSets, read_sets, read_slice

SEQUENCE = SequenceSet(id=0, monochrome=False, frame_num_bits=4, poc_bits=6, references=3, macroblocks=30)
PICTURES = PictureSet(id=0, bottom_poc=False, active=(1, 1), weighted_p=True, weighted_b=False)
SETS = StreamSets(SEQUENCE, {0: PICTURES})
NUMBERS = st.lists(
    st.one_of(
        st.tuples(st.just("unsigned"), st.integers(0, 2**31)),
        st.tuples(st.just("signed"), st.integers(-(2**30), 2**30)),
        st.tuples(st.just("number"), st.integers(0, 2**20 - 1)),
    )
)


@given(NUMBERS)
def test_what_is_written_is_read_and_looks_like_no_start_code(numbers: list[tuple[str, int]]) -> None:
    bits = BitWriter()
    write: dict[str, Callable[[int], None]] = {
        "unsigned": bits.unsigned,
        "signed": bits.signed,
        "number": lambda value: bits.number(value, 20),
    }
    for kind, value in numbers:
        write[kind](value)
    unit = bits.unit(0x41)
    assert not any(b"\0\0" + bytes([low]) in unit for low in range(3))
    assert unit[0] == 0x41
    assert unit[-1] != 0
    reader = BitReader(unit[1:])
    read: dict[str, Callable[[], int]] = {
        "unsigned": reader.unsigned,
        "signed": reader.signed,
        "number": lambda: reader.number(20),
    }
    assert [read[kind]() for kind, _ in numbers] == [value for _, value in numbers]
    assert reader.flag()


def test_the_codes_of_the_standard() -> None:
    # Tables 9-2 and 9-3.
    reader = BitReader(bytes([0b1_010_011_0, 0b0100_0010, 0b1_1_010_011, 0b00100_001, 0b01_000000]))
    assert [reader.unsigned() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert [reader.signed() for _ in range(5)] == [0, 1, -1, 2, -2]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0" * 5, b"\0" * 20, b"\0\1"])
def test_a_number_without_end_is_refused(data: bytes) -> None:
    with pytest.raises(UnusualStreamError):
        BitReader(data).unsigned()


def test_bits_behind_the_end_are_refused() -> None:
    reader = BitReader(b"\xff")
    assert reader.number(8) == 255
    readings: list[Callable[[], int]] = [
        reader.flag,
        lambda: reader.number(1),
        reader.unsigned,
        reader.signed,
    ]
    for read in readings:
        with pytest.raises(UnusualStreamError):
            read()


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_no_bytes_break_the_readers(sps: bytes, pps: bytes, unit: bytes) -> None:
    with contextlib.suppress(UnusualStreamError):
        read_sets(ParameterSets((b"\x67\x64\0\x1f" + sps,), (b"\x68" + pps,), True))
    with contextlib.suppress(UnusualStreamError):
        read_slice(b"\x41" + unit, SETS)


def header(kind: int, rest: str) -> bytes:
    """A slice unit: first_mb_in_slice 0, its kind, set 0, frame_num 5, pic_order_cnt_lsb 6, and the rest."""
    bits = BitWriter()
    for value in (0, kind, 0):
        bits.unsigned(value)
    bits.number(5, 4)
    bits.number(6, 6)
    for each in rest:
        bits.number(int(each), 1)
    return bits.unit(0x41)


def test_a_header_of_a_p_slice() -> None:
    # Two references; the second to the front; weights: luma of the first, chroma of the second; one dropped.
    rest = (
        "1" + "010" + "1" + "1" + "010" + "00100" + "1" + "1" + "1" + "010" + "1" + "0" + "0" + "1" + "1111"
    )
    found = read_slice(header(0, rest + "1" + "010" + "011" + "1"), SETS)
    assert found == Slice(0, 1, False, 2, 5, 6, 0, (2,), (((0, 1),),), (2,))


def test_a_header_of_a_b_slice() -> None:
    found = read_slice(header(6, "1" + "0" + "0" + "1" + "010" + "010" + "00100" + "0"), SETS)
    assert found == Slice(0, 2, False, 2, 5, 6, 0, (1, 1), ((), ((1, 1),)), None)


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (3, "0" * 9 + "1" * 9),  # SP
        (10, "1" * 20),
        (0, "1" + "000010010" + "0" * 9),  # 17 references
        (5, "0" + "1" + "011" + "1" + "00100" + "1"),  # a long-term picture to the front
        (5, "0" + "1" + "11" + "11" + "00100" + "1"),  # more changes than entries
        (5, "0" + "0" + "1" + "1" + "0" + "0" + "1" + "011" + "1" + "1"),  # a long-term picture dropped
        (5, "0" + "0" + "1" + "1" + "0" + "0" + "1" + "00110" + "1"),  # all dropped
        (5, "0" + "0"),
    ],
)
def test_headers_that_are_not_looked_into(kind: int, rest: str) -> None:
    with pytest.raises(UnusualStreamError):
        read_slice(header(kind, rest), SETS)


def coded(frame_num: int, poc: int, predicted: int = 1, **changes: Any) -> Slice:
    usual = Slice(0, predicted, False, 2, frame_num, poc, 0, (1,) * predicted, ((),) * predicted, None)
    return replace(usual, **changes)


START = coded(0, 0, 0, idr=True)


def entered(*slices: Slice, sequence: SequenceSet = SEQUENCE) -> tuple[ReferenceBuffer, list[Picture]]:
    buffer = ReferenceBuffer(sequence)
    return buffer, [buffer.enter([each]) for each in slices]


def shown(pictures: Any) -> list[int]:
    """When pictures are shown, as numbers."""
    return [picture.poc for picture in pictures]


def test_the_window_slides_and_pictures_are_dropped() -> None:
    buffer, _ = entered(START, coded(1, 8), coded(2, 4, 2), coded(3, 16))
    assert shown(buffer.kept) == [8, 4, 16]
    buffer.enter([coded(4, 12, 2, dropped=(1, 2))])
    assert shown(buffer.kept) == [16, 12]
    buffer.enter([coded(5, 14, 2, reference=0)])
    assert shown(buffer.kept) == [16, 12]
    buffer.enter([START])
    assert shown(buffer.kept) == [0]


def test_lists_of_p_slices_follow_the_decoding_order_across_a_wrap() -> None:
    steps = [coded(number % 16, 2 * number % 64) for number in range(1, 18)]
    _, pictures = entered(START, *steps, coded(2, 36, active=(2,)))
    assert pictures[-1].refers_to == {*pictures[-3:-1]}


def test_lists_of_b_slices_follow_the_order_shown() -> None:
    # Lists: 0, 8, 4 kept; seen from 6 they are 4 0 8 and 8 4 0, from 10 both 8 4 0 and so the second 4 8 0.
    start = (START, coded(1, 8), coded(2, 4, 2))
    for poc, active, expected in (
        (6, (1, 1), {4, 8}),
        (6, (2, 1), {4, 0, 8}),
        (10, (1, 1), {8, 4}),
        (2, (1, 2), {0, 4, 8}),
    ):
        _, pictures = entered(*start, coded(3, poc, 2, active=active))
        assert {*shown(pictures[-1].refers_to)} == expected


def test_lists_are_changed_and_may_hold_a_picture_twice() -> None:
    start = (START, coded(1, 8), coded(2, 4, 2))
    for active, changes, expected in (
        (1, ((0, 1),), {8}),  # CurrPicNum 3 less 2
        (1, ((0, 2),), {0}),
        (2, ((0, 2), (1, 1)), {0, 4}),  # 0, then 2 more
        (4, ((0, 0), (0, 15)), {4, 8, 0}),  # the same again, a whole round further
    ):
        _, pictures = entered(*start, coded(3, 16, active=(active,), changes=(changes,)))
        assert {*shown(pictures[-1].refers_to)} == expected


def test_the_order_goes_on_where_its_number_begins_anew() -> None:
    _, pictures = entered(START, coded(1, 30), coded(2, 60), coded(3, 20), coded(4, 10, 2))
    assert shown(pictures) == [0, 30, 60, 84, 74]
    assert [picture.in_order for picture in pictures] == [True, True, True, True, False]


@pytest.mark.parametrize(
    "slices",
    [
        (coded(0, 0, 0),),
        (coded(1, 0, 0, idr=True),),
        (START, coded(2, 8)),
        (START, coded(1, 0)),
        (START, coded(1, 8, active=(2,))),
        (START, coded(1, 8, changes=(((0, 1),),))),
        (START, coded(1, 8, changes=(((0, 16),),))),
        (START, coded(1, 8, dropped=(1,))),
        (START, coded(1, 8), coded(2, 16), coded(3, 24, dropped=())),
        (START, coded(1, 8, first=3)),
    ],
)
def test_what_cannot_be_right_is_refused(slices: tuple[Slice, ...]) -> None:
    with pytest.raises(UnusualStreamError):
        entered(*slices)


def test_slices_of_two_pictures_are_refused() -> None:
    buffer, _ = entered(START)
    with pytest.raises(UnusualStreamError):
        buffer.enter([coded(1, 8), coded(1, 10)])


def test_all_slices_of_a_picture_count() -> None:
    buffer, pictures = entered(START, coded(1, 8))
    mixed = buffer.enter([coded(2, 4), coded(2, 4, changes=(((0, 1),),), first=9), coded(2, 4, 0, first=18)])
    assert mixed.refers_to == {*pictures}
    assert mixed.intra


def test_what_is_needed_is_needed_by_way_of_others() -> None:
    _, pictures = entered(
        START, coded(1, 8), coded(2, 4, 2), coded(3, 16, changes=(((0, 1),),)), coded(4, 24)
    )
    assert needed(pictures, [False, False, False, False, True]) == {*pictures} - {pictures[2]}
    assert needed(pictures, [False, False, True, False, False]) == {*pictures[:3]}
