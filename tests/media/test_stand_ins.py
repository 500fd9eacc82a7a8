"""Cheap pictures in place of those that no wanted one refers to change nothing that is wanted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
import numpy as np
import pytest
from av.packet import PacketSideData, packet_sidedata_type_from_literal
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media import stand_ins as module
from hypecut.media.h264 import ParameterSets
from hypecut.media.runs import _needed
from hypecut.media.source import DESCRIPTION, AnyPacket, SourceReader
from hypecut.media.stand_ins import lightened, stand_ins
from tests.support.coded import write_coded

Shown: TypeAlias = "np.ndarray[Any, Any]"

PYRAMID = "bframes=3:b-pyramid=normal:ref=1:weightp=1"
KINDS = list(itertools.product(("none", "strict", "normal"), (1, 2, 3, 4), (0, 1, 2)))
# What else may differ is spread over the kinds, in cycles of lengths without a common divisor.
FRAMES = (2, 3, 1, 4, 7)
OTHERS = (
    "",
    "slices=3",
    "cabac=0",
    "direct=temporal",
    "slices=3:cabac=0:weightb=0",
    "open-gop=1",
    "direct=spatial:8x8dct=0",
)
SUFFIXES = (".mp4", ".ts", ".mkv", ".flv")


def span_packets(source: SourceReader, first: int, end: int) -> tuple[list[AnyPacket], list[bool]]:
    """What a span is decoded from, and which of it comes before the span."""
    packets = _needed(source, source.clock, first, end, range(0))
    return packets, [source.clock.place(cast(int, packet.pts)) < first for packet in packets]


def decoded(source: SourceReader, packets: list[AnyPacket]) -> dict[int, Shown]:
    """The pictures by their unit."""
    decoder = source.new_decoder()
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return {source.clock.unit(cast(int, frame.pts)): frame.to_ndarray() for frame in frames}


def count_replaced(packets: list[AnyPacket], light: list[AnyPacket]) -> int:
    """How many packets are not the same any more."""
    return sum(one is not other for one, other in zip(packets, light, strict=True))


def whole(path: Path) -> list[Shown]:
    """All pictures in order, decoded from the first one on."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind)))
def test_wanted_pictures_stay_the_same_bit_for_bit(tmp_path: Path, kind: tuple[str, int, int]) -> None:
    number = KINDS.index(kind)
    pyramid, references, weights = kind
    params = f"bframes={FRAMES[number % 5]}:b-pyramid={pyramid}:ref={references}:weightp={weights}"
    path = write_coded(tmp_path / f"stream{SUFFIXES[number % 4]}", f"{params}:{OTHERS[number % 7]}")
    truth, replaced = whole(path), 0
    choice = random.Random(number)
    with SourceReader(path) as source:
        for first in [23, 22, *choice.sample(range(1, 47), 8)]:
            end = min(len(truth), first + choice.choice((1, 3, 30)))
            packets, unwanted = span_packets(source, first, end)
            light = lightened(packets, unwanted, source.sets)
            replaced += count_replaced(packets, light)
            shown = decoded(source, light)
            assert all(np.array_equal(shown[n], truth[n]) for n in range(first, end)), (first, end)
    # With more references x264's P pictures may refer to the B pictures before them.
    if (pyramid, references) == ("normal", 1):
        assert replaced > 10


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceReader]:
    """A stream of the most usual kind."""
    path = write_coded(tmp_path_factory.mktemp("usual") / "stream.mp4", PYRAMID + ":slices=2")
    with SourceReader(path) as source:
        yield source


def found_in(source: SourceReader, packets: Sequence[bytes], first: int = 20) -> dict[int, bytes]:
    """The stand-ins in a span's packets as far as these are given, for its pictures from `first` on."""
    _, unwanted = span_packets(source, first, first + 1)
    sets = source.copyable_sets
    return stand_ins([memoryview(packet) for packet in packets], unwanted[: len(packets)], sets)


def test_other_pictures_would_not_do(usual: SourceReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were more replaced than may be, the first test would tell."""
    monkeypatch.setattr(module, "needed", lambda *_: set())
    packets, unwanted = span_packets(usual, 20, 22)
    light = lightened(packets, unwanted, usual.sets)
    assert count_replaced(packets, light) > 5
    assert not np.array_equal(decoded(usual, light)[20], decoded(usual, packets)[20])


def test_stand_ins_are_small_and_leave_the_rest_of_a_picture(usual: SourceReader) -> None:
    packets, _ = span_packets(usual, 20, 21)
    information = b"\0\0\0\6\6\1\1\0\x80\0"
    described = [information + bytes(packet) for packet in packets]
    found = found_in(usual, described)
    assert len(found) >= 4
    for at, data in found.items():
        assert data.startswith(information)
        assert len(data) < len(information) + (40 if at == min(found) else 24)


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_pictures_made_anew_by_columns_are_decoded_from_where_they_are_whole(
    tmp_path: Path, suffix: str
) -> None:
    path = write_coded(tmp_path / f"stream{suffix}", "intra-refresh=1:bframes=2:weightp=0")
    truth = whole(path)
    with SourceReader(path) as source:
        for first in range(1, 47, 5):
            packets, unwanted = span_packets(source, first, first + 2)
            shown = decoded(source, lightened(packets, unwanted, source.sets))
            assert all(np.array_equal(shown[n], truth[n]) for n in (first, first + 1)), first


def test_pictures_before_an_idr_picture_are_left_out(tmp_path: Path) -> None:
    # A transport stream is read from somewhat earlier.
    path = write_coded(tmp_path / "stream.ts", PYRAMID)
    with SourceReader(path) as source:
        packets, _ = span_packets(source, 25, 27)
        assert [source.clock.unit(cast(int, packet.pts)) for packet in packets if packet.is_keyframe] == [24]
        assert {25, 26} <= decoded(source, packets).keys()


@pytest.mark.parametrize(
    "params", ["bframes=0", PYRAMID + ":interlaced=1", PYRAMID + ":fake-interlaced=1:pic-struct=1"]
)
def test_unusual_streams_are_left_alone(tmp_path: Path, params: str) -> None:
    with SourceReader(write_coded(tmp_path / "stream.mp4", params)) as source:
        packets, unwanted = span_packets(source, 20, 22)
        assert any(unwanted)
        assert lightened(packets, unwanted, source.sets) == packets


def test_other_codecs_and_descriptions_are_left_alone(usual: SourceReader) -> None:
    packets, unwanted = span_packets(usual, 20, 22)
    assert lightened(packets, unwanted, None) == packets
    described = av.Packet(bytes(packets[0]))
    described.set_sidedata(PacketSideData(packet_sidedata_type_from_literal(DESCRIPTION), 8))  # type: ignore[call-arg]
    others = [described, *packets[1:]]
    assert lightened(others, unwanted, usual.sets) == others


def broken_streams(packets: list[bytes], sets: ParameterSets) -> dict[str, list[bytes]]:
    """The packets with something that is not looked into, or is not right."""
    set_unit = sets.pps[0] + b"\x80"
    return {
        "no keyframe": packets[1:],
        "a picture missing": [*packets[:2], *packets[3:]],
        "twice the same": [*packets[:2], *packets[1:]],
        "other sets": [len(set_unit).to_bytes(4, "big") + set_unit + packets[0], *packets[1:]],
        "start codes": [b"\0\0\0\1" + packet[4:] for packet in packets],
        "cut off": [packets[0], packets[1][:-1], *packets[2:]],
        "not all of it": [packets[0], packets[1][4 + int.from_bytes(packets[1][:4], "big") :], *packets[2:]],
        "slices of two": [packets[0], packets[1] + packets[2], *packets[3:]],
        "nothing": [packets[0], b"", *packets[2:]],
        "partitions": [packets[0], b"\0\0\0\2\x62\x80" + packets[1], *packets[2:]],
        "too many units": [b"\0\0\0\2\x06\x80" * 100 + packets[0], *packets[1:]],
    }


def test_what_is_not_looked_into_is_left_alone(usual: SourceReader) -> None:
    packets = [bytes(packet) for packet in span_packets(usual, 20, 21)[0]]
    assert found_in(usual, packets)
    for name, broken in broken_streams(packets, usual.copyable_sets).items():
        assert found_in(usual, broken) == {}, name


def test_sets_that_are_not_looked_into_leave_all_alone(usual: SourceReader) -> None:
    sets = usual.copyable_sets
    packets, unwanted = span_packets(usual, 20, 21)
    for others in (
        replace(sets, sps=sets.sps * 2),
        replace(sets, pps=sets.pps * 2),
        replace(sets, sps=(sets.sps[0][:6],)),
        replace(sets, pps=(sets.pps[0][:2],)),
    ):
        assert lightened(packets, unwanted, others) == packets


@settings(max_examples=150)
@given(data=st.data())
def test_no_bytes_break_it(usual: SourceReader, data: st.DataObject) -> None:
    """Headers with flipped bits: whatever is found, nothing raises, and nothing wanted is touched."""
    packets, unwanted = span_packets(usual, 20, 21)
    broken = [bytearray(packet) for packet in packets]
    for at, bit in data.draw(st.lists(st.tuples(st.integers(0, len(packets) - 1), st.integers(0, 200)))):
        broken[at][bit // 8] ^= 128 >> bit % 8
    sets = data.draw(
        st.sampled_from([usual.copyable_sets, replace(usual.copyable_sets, length_prefixed=False)])
    )
    found = stand_ins([memoryview(packet) for packet in broken], unwanted, sets)
    assert all(unwanted[at] for at in found)
