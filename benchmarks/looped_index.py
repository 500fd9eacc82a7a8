"""A long mp4 file made of a shorter one: its index names the same pictures and sounds over and over.

So an index of eight hours is there to be read, as large as a real one, without the bytes of eight hours. The
boxes are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hypecut.files import written_aside

_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"edts")
# Where the lengths are in version 0 of these boxes, the only one that is written for less than 24 hours.
_LENGTHS = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16, b"elst": 8}


def make_looped(short: Path, out: Path, times: int) -> Path:
    """Write `short` to `out`, unless that is there already, with an index `times` as long."""
    if out.exists():
        return out
    with written_aside(out) as part:
        shutil.copyfile(short, part)
        with part.open("r+b") as file:
            at, size = next((at, size) for name, at, size in _outer(part) if name == b"moov")
            file.seek(at)
            index = file.read(size)
            file.seek(at + 4)
            file.write(b"free")
            file.seek(0, 2)
            file.write(_box(b"moov", _looped(index[8:], times)))
    return out


def _outer(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of each outermost box."""
    at, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while at < end:
            file.seek(at)
            size, name, large = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
            size = large if size == 1 else size
            yield name, at, size
            at += size


def _inner(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        size, name = struct.unpack_from(">I4s", content, at)
        yield name, content[at + 8 : at + size]
        at += size


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _looped(content: bytes, times: int) -> bytes:
    return b"".join(_box(name, _changed(name, body, times)) for name, body in _inner(content))


def _changed(name: bytes, body: bytes, times: int) -> bytes:
    if name in _CONTAINERS:
        return _looped(body, times)
    if name in _LENGTHS:
        at = _LENGTHS[name]
        longer = struct.unpack_from(">I", body, at)[0] * times
        return body[:at] + struct.pack(">I", longer) + body[at + 4 :]
    return _tables(dict(_inner(body)), times) if name == b"stbl" else body


def _tables(boxes: dict[bytes, bytes], times: int) -> bytes:
    """A track's tables, repeated."""
    samples = struct.unpack_from(">I", boxes[b"stsz"], 8)[0]
    chunks = struct.unpack_from(">I", boxes[b"co64" if b"co64" in boxes else b"stco"], 4)[0]
    # How wide an entry is, in 32-bit words, and how much its first word grows from turn to turn.
    growth = {
        b"stts": (2, 0),
        b"ctts": (2, 0),
        b"stss": (1, samples),
        b"stsc": (3, chunks),
        b"stco": (1, 0),
        b"co64": (2, 0),
    }
    made = dict(boxes)
    for name in growth.keys() & boxes.keys():
        made[name] = _repeated(boxes[name], *growth[name], times)
    sizes = boxes[b"stsz"]
    made[b"stsz"] = sizes[:8] + struct.pack(">I", samples * times) + sizes[12:] * times
    return b"".join(_box(name, body) for name, body in made.items())


def _repeated(body: bytes, words: int, grows: int, times: int) -> bytes:
    entries = np.frombuffer(body[8:], ">u4").reshape(-1, words)
    turns = [entries.astype(np.int64) for _ in range(times)]
    for turn, shifted in enumerate(turns):
        shifted[:, 0] += turn * grows
    count = struct.pack(">I", len(entries) * times)
    return body[:4] + count + np.concatenate(turns).astype(">u4").tobytes()
