"""Messages that come twice count once; those without an id can't be told apart and all count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hypecut.chat import read_chat
from hypecut.chat.repeats import RecentIds


def page_of(*comments: tuple[str | int | None, float, str]) -> bytes:
    nodes = [
        {"id": number, "contentOffsetSeconds": at_s, "message": {"fragments": [{"text": text}]}}
        for number, at_s, text in comments
    ]
    edges = [{"cursor": None, "node": node} for node in nodes]
    return msgspec.json.encode({"data": {"video": {"comments": {"edges": edges}}}})


@pytest.mark.parametrize("between", [b"\n", b","])
def test_pages_that_overlap(tmp_path: Path, between: bytes) -> None:
    pages = [
        page_of(("a", 1, "one"), ("b", 2, "two"), (7, 2, "by number")),
        page_of(
            ("b", 2, "two"), (7, 2, "by number"), ("c", 3, "two"), (None, 3, "no id"), (None, 3, "no id")
        ),
    ]
    text = between.join(pages)
    file = tmp_path / "pages.json"
    file.write_bytes(text if between == b"\n" else b"[" + text + b"]")
    found = [message.text for message in read_chat(file).log]
    assert found == ["one", "two", "by number", "two", "no id", "no id"]


def test_only_the_last_ids_are_remembered() -> None:
    seen = RecentIds(["before"])
    assert [seen.is_new(one) for one in ("x", "x", "before", "", "")] == [True, False, False, True, True]
    for number in range(10_000):
        assert seen.is_new(str(number))
    assert "9999" in seen
    assert "x" not in seen
    assert len(seen.listed()) < 10_000
