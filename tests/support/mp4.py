"""Reading an mp4 file's sample tables as they stand, with nothing corrected as FFmpeg would.

Boxes after ISO/IEC 14496-12, and 14496-15 for avcC.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
_VISUAL_ENTRY = 8 + 78


@dataclass
class Track:
    """One track's tables; times are in its own time scale, those of edits in the movie's as well.

    Attributes:
        kind: `vide` or `soun`.
        scale: ticks a second.
        movie_scale: ticks a second of the whole movie.
        durations: of each sample.
        offsets: of each sample's presentation from its decoding.
        syncs: the numbers, from 0, of samples at which decoding can begin; None for all.
        sizes: of each sample in bytes.
        places: of each sample in the file.
        edits: (length in the movie's scale, first media time or -1 for none).
        stated: its length by its header.
        config: the content of avcC.
    """

    kind: str = ""
    scale: int = 1
    movie_scale: int = 1
    durations: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    syncs: list[int] | None = None
    sizes: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    edits: list[tuple[int, int]] = field(default_factory=list)
    stated: int = 0
    config: bytes = b""

    @property
    def presented(self) -> list[int]:
        """The presentation time of each sample, in decoding order, before edits."""
        times: list[int] = []
        at = 0
        for i, duration in enumerate(self.durations):
            times.append(at + (self.offsets[i] if self.offsets else 0))
            at += duration
        return times


def read_tracks(path: Path) -> tuple[list[Track], list[str]]:
    """The tracks of a file, and the names of its outermost boxes in order."""
    data = path.read_bytes()
    tracks: list[Track] = []
    outer = [name.decode("ascii") for name, _, _ in _boxes(data, 0, len(data))]
    movie_scale = 1
    for name, first, end in _inner(data, 0, len(data)):
        if name == b"mvhd":
            movie_scale = _u32(data, first + (12 if data[first] == 0 else 20))
        elif name == b"trak":
            tracks.append(Track(movie_scale=movie_scale))
        elif tracks:
            _take(tracks[-1], name, data[first:end])
    return tracks, outer


def samples(path: Path, track: Track) -> Iterator[bytes]:
    """The bytes of each sample."""
    with path.open("rb") as file:
        for place, size in zip(track.places, track.sizes, strict=True):
            file.seek(place)
            yield file.read(size)


def picture_problems(path: Path, track: Track) -> list[str]:
    """Everything a strict player could stumble over in a picture track of H.264, in words."""
    presented, count = track.presented, len(track.sizes)
    kinds = [_unit_kinds(sample) for sample in samples(path, track)]
    idr = [i for i, units in enumerate(kinds) if any(kind == _IDR for kind, _ in units)]
    syncs = track.syncs if track.syncs is not None else list(range(count))
    known = _picture_sets(track.config)
    used = {sets for units in kinds for kind, sets in units if kind in (_IDR, _SLICE)}
    found = [
        (len(track.durations) != count, f"{len(track.durations)} durations for {count} samples"),
        (bool(track.offsets) and len(track.offsets) != count, "offsets are missing"),
        (min(track.durations) <= 0, "a sample lasts no time"),
        (bool(track.offsets) and min(track.offsets) < 0, "a picture is shown before it is decoded"),
        (len(set(presented)) != count, "two pictures are shown at one time"),
        (syncs != sorted(set(syncs)) or not syncs or syncs[0] != 0, f"sync samples: {syncs[:5]}"),
        (
            bool(set(idr) - set(syncs)),
            f"IDR pictures that are no sync samples: {sorted(set(idr) - set(syncs))[:5]}",
        ),
        (
            any(kind in (_SPS, _PPS) for units in kinds for kind, _ in units),
            "parameter sets stand in pictures, not in the header alone",
        ),
        (not used <= known, f"pictures refer to sets {sorted(used)}, the header has {sorted(known)}"),
        (len(track.edits) != 1, f"edits: {track.edits}"),
        (
            bool(track.edits) and track.edits[0][1] != min(presented),
            f"the edit begins at {track.edits[:1]}, the first picture at {min(presented)}",
        ),
    ]
    return [text for bad, text in found if bad]


def _take(track: Track, name: bytes, box: bytes) -> None:
    """Read one box into a track."""
    version = box[0] if box else 0
    if name == b"hdlr" and not track.kind:
        track.kind = box[8:12].decode("ascii")
    elif name == b"mdhd":
        track.scale = _u32(box, 12 if version == 0 else 20)
        track.stated = _u32(box, 16) if version == 0 else struct.unpack_from(">Q", box, 24)[0]
    elif name == b"elst":
        entry = ">Ii4x" if version == 0 else ">Qq4x"
        track.edits = [struct.unpack_from(entry, box, at) for at in _entries(box, struct.calcsize(entry))]
    elif name == b"stts":
        track.durations = [d for n, d in _pairs(box, ">II") for _ in range(n)]
    elif name == b"ctts":
        track.offsets = [o for n, o in _pairs(box, ">Ii" if version else ">II") for _ in range(n)]
    elif name == b"stss":
        track.syncs = [_u32(box, at) - 1 for at in _entries(box, 4)]
    elif name == b"stsz":
        fixed, count = struct.unpack_from(">II", box, 4)
        track.sizes = [fixed] * count if fixed else list(struct.unpack_from(f">{count}I", box, 12))
    elif name == b"stsd" and box[12:16] == b"avc1":
        inner = {kind: box[a:b] for kind, a, b in _boxes(box, 8 + _VISUAL_ENTRY, len(box))}
        track.config = inner[b"avcC"]
    elif name == b"stsc":
        track.places = [*struct.unpack(f">{(len(box) - 8) // 4}I", box[8:])]
    elif name in (b"stco", b"co64"):
        code, width = ("I", 4) if name == b"stco" else ("Q", 8)
        chunks = struct.unpack_from(f">{_u32(box, 4)}{code}", box, 8)
        assert len(box) == 8 + width * len(chunks)
        track.places = list(_sample_places(track.places, chunks, track.sizes))


def _sample_places(runs: list[int], chunks: tuple[int, ...], sizes: list[int]) -> Iterator[int]:
    """Where each sample is; `runs` is stsc: first chunk, samples in a chunk, description, and so on."""
    firsts, counts = runs[0::3], runs[1::3]
    sample = run = 0
    for number, at in enumerate(chunks, 1):
        while run + 1 < len(firsts) and firsts[run + 1] <= number:
            run += 1
        for _ in range(counts[run]):
            yield at
            at += sizes[sample]
            sample += 1


def _boxes(data: bytes, first: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, begin and end of the content) of each box between `first` and `end`."""
    while first + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, first)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", data, first + 8)[0], 16
        assert header <= size <= end - first, f"box {name!r} of {size} bytes at {first} of {end}"
        yield name, first + header, first + size
        first += size
    assert first == end, f"{end - first} bytes after the last box"


def _inner(data: bytes, first: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """All boxes, those within others after them."""
    for name, begin, after in _boxes(data, first, end):
        yield name, begin, after
        if name in _CONTAINERS:
            yield from _inner(data, begin, after)


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _entries(box: bytes, size: int) -> range:
    return range(8, 8 + size * _u32(box, 4), size)


def _pairs(box: bytes, entry: str) -> Iterator[tuple[int, int]]:
    return (struct.unpack_from(entry, box, at) for at in _entries(box, 8))


def _unit_kinds(sample: bytes) -> list[tuple[int, int]]:
    """(kind, id of the picture parameter set; -1 for what is no slice) of each NAL unit."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(sample):
        size = _u32(sample, at)
        assert 0 < size <= len(sample) - at - 4, "a NAL unit is longer than its sample"
        unit = sample[at + 4 : at + 4 + size]
        kind = unit[0] & 31
        found.append((kind, _golombs(unit[1:24], 3)[2] if kind in (_IDR, _SLICE) else -1))
        at += 4 + size
    return found


def _picture_sets(config: bytes) -> set[int]:
    """The ids of the picture parameter sets in an avcC box."""
    at = 6
    for _ in range(config[5] & 31):
        at += 2 + int.from_bytes(config[at : at + 2], "big")
    count, at = config[at], at + 1
    ids: set[int] = set()
    for _ in range(count):
        size = int.from_bytes(config[at : at + 2], "big")
        ids.add(_golombs(config[at + 3 : at + 2 + size], 1)[0])
        at += 2 + size
    return ids


def _golombs(data: bytes, count: int) -> list[int]:
    """The first unsigned Exp-Golomb numbers of a bit stream."""
    bits = "".join(f"{byte:08b}" for byte in data)
    numbers: list[int] = []
    at = 0
    for _ in range(count):
        zeros = bits.index("1", at) - at
        numbers.append(int(bits[at + zeros : at + 2 * zeros + 1], 2) - 1)
        at += 2 * zeros + 1
    return numbers
