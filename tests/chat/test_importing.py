"""Every chat format is told by its content and read into the same columns."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from hypecut.chat import pieces, read_chat, write_chat
from hypecut.errors import BadInputError, ChatFormatError

SAMPLES = Path(__file__).parent / "samples"


def comment(time_s: Any, name: str = "viewer", body: Any = "hello") -> dict[str, Any]:
    return {
        "_id": "00-1",
        "created_at": "2026-11-19T18:00:03.42Z",
        "content_offset_seconds": time_s,
        "commenter": {"display_name": name.title(), "_id": "501", "name": name},
        "message": {
            "body": body,
            "user_badges": [{"_id": "sub", "version": "6"}, {"_id": "bits", "version": "1"}],
        },
    }


def write_comments(path: Path, comments: list[Any], **layout: Any) -> Path:
    path.write_text(json.dumps({"streamer": {"id": 1}, "comments": comments, "embeddedData": None}, **layout))
    return path


@pytest.mark.parametrize(
    ("name", "expected_format", "second_author"),
    [
        ("twitchdownloader.json", "TwitchDownloader JSON", "nihon"),
        ("twitchdownloader.json.gz", "TwitchDownloader JSON", "nihon"),
        ("twitch_dl.json", "twitch-dl JSON", ""),
        ("chat_downloader.json", "chat-downloader JSON", ""),
        ("chat_downloader.jsonl", "chat-downloader JSON lines", ""),
    ],
)
def test_samples_of_each_tool(name: str, expected_format: str, second_author: str, tmp_path: Path) -> None:
    renamed = tmp_path / "chat.bin"
    renamed.write_bytes((SAMPLES / name).read_bytes())
    chat = read_chat(renamed)
    assert chat.format == expected_format
    assert (chat.total, chat.unreadable, chat.first_unreadable) == (2, 0, "")
    assert chat.log[0] == (3.0, "viewer1", "LUL what a play KEKW")
    assert (chat.log[1].time_s, chat.log[1].user) == (5.0, second_author)
    assert (int(chat.log.user[1]) == -1) == (second_author == "")


def test_normalised_round_trip(tmp_path: Path) -> None:
    chat = read_chat(SAMPLES / "twitchdownloader.json")
    write_chat(chat.log, tmp_path / "chat.jsonl")
    again = read_chat(tmp_path / "chat.jsonl")
    assert again.format == "normalised JSON lines"
    assert list(again.log) == list(chat.log)
    first = json.loads((tmp_path / "chat.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["time_s", "user", "text"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("packed", [False, True])
def test_byte_order_marks(encoding: str, packed: bool, tmp_path: Path) -> None:
    data = (SAMPLES / "twitchdownloader.json").read_text(encoding="utf-8").encode(encoding)
    path = tmp_path / "chat"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert [message.user for message in read_chat(path).log] == ["viewer1", "nihon"]


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_big_arrays_are_read_in_pieces(
    layout: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 700)
    tricky = ['},{"_id":"x","created_at":', "a]}", '"comments":[', "\\", "日本 😂"]
    comments = [comment(i / 4, f"v{i % 7}", tricky[i % 5] + str(i)) for i in range(300)]
    chat = read_chat(write_comments(tmp_path / "c.json", comments, **layout))
    assert [message.text for message in chat.log] == [tricky[i % 5] + str(i) for i in range(300)]
    assert len(chat.log.users) == 7


@pytest.mark.parametrize("layout", [{}, {"indent": 4}])
def test_big_chat_downloader_arrays_are_read_in_pieces(
    layout: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 500)
    items = [
        {
            "author": {"badges": [{"name": "a"}, {"name": "b"}], "name": f"v{i}"},
            "message": str(i),
            "time_in_seconds": i,
        }
        for i in range(200)
    ]
    path = tmp_path / "c.json"
    path.write_text(json.dumps(items, **layout))
    assert [message.text for message in read_chat(path).log] == [str(i) for i in range(200)]


def test_lines_are_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 100)
    path = tmp_path / "c.jsonl"
    path.write_text(
        "\r\n\r\n".join(json.dumps({"time_s": i, "user": "u", "text": str(i)}) for i in range(99))
    )
    assert [message.text for message in read_chat(path).log] == [str(i) for i in range(99)]


def test_messages_come_in_order_of_time(tmp_path: Path) -> None:
    comments = [
        comment(9, "a", "late"),
        comment(1, "b", "first"),
        comment(1, "c", "second"),
        comment(-2, "d", "early"),
    ]
    chat = read_chat(write_comments(tmp_path / "c.json", comments))
    assert [message.text for message in chat.log] == ["early", "first", "second", "late"]


def test_authors_go_by_login_then_display_name_then_unknown(tmp_path: Path) -> None:
    comments = [comment(i) for i in range(4)]
    comments[1]["commenter"] = {"display_name": "Shown", "name": None}
    comments[2]["commenter"] = None
    del comments[3]["commenter"]
    chat = read_chat(write_comments(tmp_path / "c.json", comments))
    assert [message.user for message in chat.log] == ["viewer", "Shown", "", ""]
    assert chat.log.user.tolist() == [0, 1, -1, -1]


@pytest.mark.parametrize(
    "bad",
    [
        comment("soon"),
        comment(None),
        comment(float("nan")),
        comment(float("inf")),
        comment(1e12),
        comment(-1e9),
        comment(3, body=["no", "text"]),
        "not an object",
        None,
        [[[]]],
        {"commenter": 5},
    ],
)
def test_single_unreadable_messages_are_counted_and_named(bad: Any, tmp_path: Path) -> None:
    comments: list[Any] = [comment(i) for i in range(30)]
    comments[17] = bad
    chat = read_chat(write_comments(tmp_path / "c.json", comments))
    assert (chat.total, chat.unreadable, len(chat.log)) == (30, 1, 29)
    assert chat.first_unreadable.startswith("message 18: ")


def test_numbers_as_strings_and_missing_texts_are_accepted(tmp_path: Path) -> None:
    comments = [comment("12.5"), comment(13, body=None)]
    comments[1]["message"] = None
    chat = read_chat(write_comments(tmp_path / "c.json", comments))
    assert [(message.time_s, message.text) for message in chat.log] == [(12.5, "hello"), (13.0, "")]


def test_broken_lines_are_counted(tmp_path: Path) -> None:
    rows = [json.dumps({"time_s": i, "user": "u", "text": "NaN"}) for i in range(40)]
    rows[4] = '{"time_s": NaN, "user": "u", "text": "x"}'
    rows[20] = '{"time_s": 3, "us'
    rows[30] = "[" * 100_000
    path = tmp_path / "c.jsonl"
    path.write_text("\n".join(rows) + "\n")
    chat = read_chat(path)
    assert (chat.total, chat.unreadable) == (40, 3)
    assert chat.first_unreadable.startswith("message 5: ")
    assert {message.text for message in chat.log} == {"NaN"}


def test_too_many_unreadable_messages(tmp_path: Path) -> None:
    comments = [comment(i if i % 5 else "x") for i in range(50)]
    with pytest.raises(ChatFormatError, match=r"10 of 50 messages in .*c\.json can't be read .*message 1: "):
        read_chat(write_comments(tmp_path / "c.json", comments))


def test_a_chat_without_messages_is_read(tmp_path: Path) -> None:
    assert len(read_chat(write_comments(tmp_path / "c.json", [])).log) == 0


DEEP = "[" * 200_000
GOOD = json.dumps({"streamer": {}, "comments": [comment(i) for i in range(5)]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"time,user\n1,2\n", "no chat format known"),
        (b"\x00\xff\x13", "no chat format known"),
        (b"[1, 2]", "no chat format known"),
        (GOOD[:-40].encode(), "cut off or broken"),
        (b'{"streamer": {}, "comments": [' + DEEP.encode(), "cut off or broken"),
        (b'{"streamer": {"comments": [' + b"]}, 5}", "cut off or broken"),
        (b'{"streamer": {"comments": []}}', "no list of messages"),
        (b'[{"time_in_seconds": 1, "author": ' + DEEP.encode(), "cut off or broken"),
        (gzip.compress(GOOD.encode())[:-30], "broken gzip"),
        (b"\x1f\x8bnonsense", "broken gzip"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\xff\xfe\x00\xd8\x00", "broken UTF-16"),
    ],
)
def test_files_that_cannot_be_used(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=message) as caught:
        read_chat(path)
    assert "chat.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="does not exist"):
        read_chat(tmp_path / "none.json")
    with pytest.raises(BadInputError, match="is a folder"):
        read_chat(tmp_path)
    with pytest.raises(BadInputError, match="is a folder"):
        write_chat(read_chat(SAMPLES / "twitch_dl.json").log, tmp_path)
