from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.h264 import ParameterSets, annexb_units, bare, is_idr, length_prefixed, parameter_sets

repeatable = settings(derandomize=True, deadline=None)

SLICE, IDR, SEI, SPS, PPS, DELIMITER = 1, 5, 6, 7, 8, 9


def unit(kind: int, body: bytes = b"\x88\x84\x01\xff") -> bytes:
    return bytes([0x60 | kind]) + body


def escaped(body: bytes) -> bytes:
    """A body as it stands in a NAL unit: no start code inside, no zero at its end."""
    out = bytearray()
    for value in body:
        if len(out) >= 2 and out[-2:] == b"\0\0" and value <= 3:
            out.append(3)
        out.append(value)
    return bytes(out) + b"\x80"


def exp_golomb(value: int) -> bytes:
    """The code of a number, then a stop bit, filled up to whole bytes."""
    bits = bin(value + 1)[2:]
    code = "0" * (len(bits) - 1) + bits + "1"
    return int(code.ljust(-(-len(code) // 8) * 8, "0"), 2).to_bytes(-(-len(code) // 8), "big")


def sps(number: int, profile: int = 100) -> bytes:
    return bytes([0x67, profile, 0, 31]) + exp_golomb(number) + b"\xac"


def pps(number: int) -> bytes:
    return b"\x68" + exp_golomb(number) + b"\xce"


UNITS = st.lists(
    st.tuples(st.integers(1, 23), st.binary(max_size=40)).map(lambda u: unit(u[0], escaped(u[1]))), min_size=1
)


@repeatable
@given(UNITS, st.lists(st.booleans(), min_size=1))
def test_start_codes_become_lengths_and_units_stay(units: list[bytes], long: list[bool]) -> None:
    codes = [b"\0\0\0\1" if long[i % len(long)] else b"\0\0\1" for i in range(len(units))]
    stream = b"".join(code + each for code, each in zip(codes, units, strict=True))
    assert list(annexb_units(stream)) == units
    packed, at, found = length_prefixed(stream), 0, []
    while at < len(packed):
        size = int.from_bytes(packed[at : at + 4], "big")
        found.append(packed[at + 4 : at + 4 + size])
        at += 4 + size
    assert found == units


@repeatable
@given(
    st.lists(st.integers(0, 31), min_size=1, max_size=5),
    st.lists(st.integers(0, 255), min_size=1, max_size=9),
)
def test_parameter_sets_survive_the_avcc_box(sps_ids: list[int], pps_ids: list[int]) -> None:
    sets = ParameterSets(tuple(map(sps, sps_ids)), tuple(map(pps, pps_ids)), True)
    assert parameter_sets(sets.avcc()) == sets
    assert sets.ids == {*sps_ids, *pps_ids}


def test_sets_of_two_streams_are_joined() -> None:
    one, two = (ParameterSets((sps(n),), (pps(n),), True) for n in (0, 3))
    joined = parameter_sets(one.joined(two).avcc())
    assert joined is not None
    assert joined.ids == {0, 3}
    assert joined.sps == (sps(0), sps(3))


def test_only_high_profiles_end_with_the_chroma_format() -> None:
    main, high = (ParameterSets((sps(0, profile),), (pps(0),), True).avcc() for profile in (77, 100))
    assert len(high) == len(main) + 4


def test_parameter_sets_of_a_byte_stream() -> None:
    found = parameter_sets(b"\0\0\0\1" + unit(DELIMITER, b"\xf0") + b"\0\0\1" + sps(0) + b"\0\0\1" + pps(0))
    assert found == ParameterSets((sps(0),), (pps(0),), False)


def test_what_is_no_parameter_set() -> None:
    whole = ParameterSets((sps(0),), (pps(0),), True).avcc()
    assert parameter_sets(None) is None
    assert parameter_sets(b"") is None
    assert parameter_sets(b"\0\0\1" + sps(0)) is None
    assert parameter_sets(whole[:8] + b"\0") is None
    short_lengths = bytearray(whole)
    short_lengths[4] = 0xFD
    assert parameter_sets(bytes(short_lengths)) is None


@repeatable
@given(st.binary(max_size=80))
def test_no_extradata_breaks_the_reader(data: bytes) -> None:
    for start in (b"", b"\1", b"\0\0\1"):
        parameter_sets(start + data)


def test_idr_pictures_are_told_by_their_first_slice() -> None:
    head = [unit(DELIMITER, b"\xf0"), unit(SEI, bytes(200) + b"\x80"), sps(0), pps(0)]
    for kind, expected in ((IDR, True), (SLICE, False)):
        stream = b"".join(b"\0\0\1" + each for each in [*head, unit(kind), unit(kind)])
        assert is_idr(memoryview(stream), prefixed=False) is expected
        assert is_idr(memoryview(length_prefixed(stream)), prefixed=True) is expected
    assert not is_idr(memoryview(b""), prefixed=True)
    assert not is_idr(memoryview(b"\0\0\1"), prefixed=False)


def test_parameter_sets_are_taken_out_of_pictures() -> None:
    units = [unit(DELIMITER), sps(0), pps(0), pps(1), unit(SEI), unit(IDR), unit(IDR)]
    stream = b"".join(b"\0\0\1" + each for each in units)
    wanted = length_prefixed(b"".join(b"\0\0\1" + each for each in [units[0], *units[4:]]))
    assert bare(memoryview(stream), False) == wanted
    assert bare(memoryview(length_prefixed(stream)), True) == wanted


def test_an_id_is_free_unless_all_are_taken() -> None:
    def with_pictures(count: int) -> ParameterSets:
        units = [bytes([0x68, *_exp_golomb_bytes(number)]) for number in range(count)]
        return ParameterSets((b"\x67\x64\x00\x1f\xac",), tuple(units), True)

    assert with_pictures(1).free_id == 1
    assert with_pictures(31).free_id == 31
    assert with_pictures(32).free_id is None


def _exp_golomb_bytes(number: int) -> bytes:
    code = f"{number + 1:b}"
    bits = "0" * (len(code) - 1) + code
    return int(bits.ljust(16, "0"), 2).to_bytes(2, "big")
