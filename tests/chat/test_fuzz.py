"""Whatever bytes a chat file holds: it is read, or refused in one sentence."""

from __future__ import annotations

import gzip
import json
import math
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.chat import read_chat
from hypecut.chat.intake import EARLIEST_S, LATEST_S
from hypecut.errors import HypecutError

SAMPLES = Path(__file__).parent / "samples"
CONTENTS = {path.name: path.read_bytes()[:20_000] for path in sorted(SAMPLES.iterdir())}
START = datetime(2026, 11, 19, 18, tzinfo=UTC)
NASTY = [
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 400,
    b"null",
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b'"\\ud800"',
    b"\xff\xfe",
    b"\x00",
    b"\xed\xa0\x80",
    b"9999-99-99",
    b"99:99:99",
    b"99999 days, 9999:00",
    b"\r",
    b'"',
    "\u2028".encode(),
]


def is_read_or_refused(data: bytes, folder: Path) -> None:
    path = folder / "chat"
    path.write_bytes(data)
    refusal = None
    try:
        chat = read_chat(path, START)
    except HypecutError as error:
        refusal = str(error)
    if refusal is not None:
        assert "\n" not in refusal
        assert len(refusal) < 1_000
        return
    assert len(chat.log) + chat.unreadable == chat.total
    for message in chat.log:
        assert math.isfinite(message.time_s)
        assert EARLIEST_S <= message.time_s <= LATEST_S
        message.text.encode()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(data=st.binary(max_size=3_000))
def test_any_bytes(data: bytes, folder: Path) -> None:
    is_read_or_refused(data, folder)


@given(data=st.binary(max_size=500), head=st.sampled_from([b"\x1f\x8b\x08\x00", b"\xff\xfe", b"\xfe\xff"]))
def test_any_bytes_that_begin_like_gzip_or_wide_text(data: bytes, head: bytes, folder: Path) -> None:
    is_read_or_refused(head + data, folder)


@given(data=st.binary(max_size=2_000))
def test_any_packed_bytes(data: bytes, folder: Path) -> None:
    is_read_or_refused(gzip.compress(data, mtime=0), folder)


@pytest.mark.parametrize("name", sorted(CONTENTS))
@given(data=st.data())
def test_samples_with_something_put_over(name: str, folder: Path, data: st.DataObject) -> None:
    content = CONTENTS[name]
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        over = data.draw(st.integers(0, 40))
        content = content[:at] + data.draw(st.sampled_from(NASTY)) + content[at + over :]
    is_read_or_refused(content, folder)


@pytest.mark.parametrize("name", sorted(CONTENTS))
@given(data=st.data())
def test_samples_cut_off_and_doubled(name: str, folder: Path, data: st.DataObject) -> None:
    content = CONTENTS[name]
    cut = data.draw(st.integers(0, len(content)))
    is_read_or_refused(content[:cut] + content[data.draw(st.integers(0, len(content))) :], folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "comments",
        "content_offset_seconds",
        "contentOffsetSeconds",
        "time_in_seconds",
        "time_s",
        "timestamp",
        "text",
        "user",
        "messages",
        "data",
        "video",
        "edges",
        "node",
        "FileInfo",
        "streamer",
        "replayChatItemAction",
        "videoOffsetTimeMsec",
        "systemText",
        "raw",
    ]
)
SHAPED = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)


@given(value=SHAPED)
def test_json_of_any_shape_with_known_names(value: object, folder: Path) -> None:
    is_read_or_refused(json.dumps(value).encode("utf-8", "surrogatepass"), folder)


def test_a_gzip_bomb_is_refused(folder: Path) -> None:
    path = folder / "bomb.gz"
    bomb = gzip.compress(b" " * 1_000_000, mtime=0) * 200
    path.write_bytes(bomb)
    with pytest.raises(HypecutError, match="200 times its size"):
        read_chat(path)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b'{"streamer": {}, "comments": [{"content_offset_seconds": 1, "a": "',
        b'[{"time_in_seconds": 1, "message": "',
        b'{"time_s": 1, "text": "',
        b'{"FileInfo": {}, "comments": 5, "x": "',
        b"0:03 | a: ",
    ],
)
def test_a_gigabyte_without_an_end_is_refused_without_being_held(start: bytes, folder: Path) -> None:
    # A hole in a file costs no disk and reads as zeros.
    path = folder / "garbage"
    with path.open("wb") as file:
        file.write(start)
        file.truncate(1_000_000_000)
    with pytest.raises(HypecutError) as caught:
        read_chat(path)
    assert "\n" not in str(caught.value)
    path.unlink()


def test_much_that_is_no_message_is_refused_before_its_end(folder: Path) -> None:
    """Entries of the right shape around nothing: reading all of them would take minutes a gigabyte."""
    path = folder / "hollow.json"
    entries = 2_000_000
    path.write_bytes(b'{"streamer": {}, "comments": [' + b'{"a":1},' * entries + b'{"a":1}]}')
    with pytest.raises(
        HypecutError, match=r"of the first \d+ messages in .*hollow\.json can't be read"
    ) as told:
        read_chat(path)
    seen = int(re.search(r"first (\d+)", str(told.value))[1])  # type: ignore[index]
    assert seen < entries / 10
    path.unlink()
