"""Every chat format a user may have on disk: recognised by its content, read with its own kind of times."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hypecut.chat import read_chat
from hypecut.chat.importing import FORMATS
from hypecut.errors import ChatFormatError

SAMPLES = Path(__file__).parent / "samples"
START = datetime(2026, 11, 19, 18, tzinfo=UTC)
FIRST = (3.0, "viewer1", "LUL what a play KEKW")

# What each sample holds: its format, how many messages, the second one, and whether it needs the start.
WHOLE = {
    "twitchdownloader.json": ("TwitchDownloader JSON", 2, (5.0, "nihon", "cheer100 gg")),
    "twitch_dl.json": ("twitch-dl JSON", 2, (5.0, "", "from a deleted account")),
    "gql_page.json": ("Twitch GraphQL pages", 2, (5.0, "", "from a deleted account")),
    "rechattool.json": ("RechatTool JSON", 2, (5.0, "", "from a deleted account")),
    "chat_downloader.json": ("chat-downloader JSON", 2, (5.0, "", "from a deleted account")),
    "chat_downloader.jsonl": ("chat-downloader JSON lines", 2, (5.0, "", "from a deleted account")),
    "chat_downloader.txt": ("chat-downloader text", 2, (5.0, "viewer1", "gg")),
    "tcd_default.txt": ("tcd text", 2, (90_001.0, "viewer1", "past a day")),
    "tcd_irc.log": ("tcd text", 1, None),
    "twitchdownloader_relative.txt": ("TwitchDownloader text", 3, (5.0, "日本", "cheer100 gg")),
}
FRACTIONS = {
    "tcd.json": ("Twitch v5 JSON (tcd, yt-dlp)", 1, None),
    "yt_dlp_old_rechat.json": ("Twitch v5 JSON (tcd, yt-dlp)", 1, None),
    "tcd.srt": ("SubRip subtitles (tcd)", 1, None),
    "generic.csv": ("CSV", 2, (5.01, "日本", 'a "quoted", comma\nand newline')),
    "yt_dlp_youtube.live_chat.json": ("YouTube live chat (yt-dlp)", 1, None),
}
WALL = {
    "chatterino.log": ("Chatterino log", 2, (5.0, "nihon", "gg"), 3.0),
    "chatty.log": ("Chatty log", 2, (5.0, "viewer2", "waves"), 3.0),
    "justlog.txt": ("justlog text", 1, None, 3.0),
    "justlog.json": ("justlog JSON", 1, None, 3.42),
    "irc_raw.txt": ("raw IRC", 3, (5.01, "viewer2", "waves"), 3.42),
    "twitchdownloader_utc.txt": ("TwitchDownloader text in UTC", 2, (5.0, "日本", "cheer100 gg"), 3.0),
    "twitchdownloader_utcfull.txt": ("TwitchDownloader text in UTC", 1, None, 3.42),
}
CASES = [
    *((name, *facts, 3.0, None) for name, facts in WHOLE.items()),
    *((name, *facts, 3.42, None) for name, facts in FRACTIONS.items()),
    *((name, *facts, START) for name, facts in WALL.items()),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "gzip"])
@pytest.mark.parametrize(("name", "expected", "total", "second", "first_s", "start"), CASES)
def test_each_sample_in_each_encoding(
    name: str,
    expected: str,
    total: int,
    second: tuple[float, str, str] | None,
    first_s: float,
    start: datetime | None,
    encoding: str,
    tmp_path: Path,
) -> None:
    text = (SAMPLES / name).read_bytes().decode()
    encoded = {
        "gzip": lambda: gzip.compress(text.encode(), mtime=0),
        "utf-16-le with mark": lambda: b"\xff\xfe" + text.encode("utf-16-le"),
    }.get(encoding, lambda: text.encode(encoding))()
    path = tmp_path / "misleading.mp4"
    path.write_bytes(encoded)
    chat = read_chat(path, start)
    assert (chat.format, chat.total, len(chat.log), chat.unreadable) == (expected, total, total, 0)
    first = chat.log[0]
    assert first.time_s == pytest.approx(first_s, abs=1e-6)
    assert first.user.lower() == "viewer1"
    assert first.text == ("hello :joy:" if "youtube" in name else FIRST[2])
    if second is not None:
        found = chat.log[1]
        assert (round(found.time_s, 6), found.user.lower(), found.text) == second


def test_the_cases_cover_all_formats_but_those_tested_elsewhere() -> None:
    elsewhere = {"normalised JSON lines", "RechatTool JSON (old)"}
    assert {case[1] for case in CASES} | elsewhere == {chat_format.name for chat_format in FORMATS}


def test_a_flattened_table_is_the_chat_that_its_json_is() -> None:
    table = read_chat(SAMPLES / "chat_downloader_flattened.csv")
    assert (table.format, table.total, table.unreadable) == ("CSV", 75, 0)
    assert [tuple(message) for message in table.log][:2] == [
        (0.0, "viewer0", "PogChamp what KEKW"),
        (1.0, "viewer1", "hello there"),
    ]


@pytest.mark.parametrize("name", sorted(WALL))
def test_the_time_of_day_needs_the_start_and_says_so(name: str) -> None:
    with pytest.raises(ChatFormatError, match=r"time of day.*--vod-start 2026-"):
        read_chat(SAMPLES / name)


def test_a_text_without_times_is_refused() -> None:
    with pytest.raises(ChatFormatError, match="without times"):
        read_chat(SAMPLES / "twitchdownloader_none.txt")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chat"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def times(path: Path, start: datetime | None = None) -> list[float]:
    chat = read_chat(path, start)
    assert chat.unreadable == 0
    return [message.time_s for message in chat.log]


def test_midnight_passes_where_only_the_time_of_day_is_told(tmp_path: Path) -> None:
    log = "# Start logging at 2026-11-19 23:59:00 UTC\n[23:59:58] a: x\n[00:00:02] b: y\n[00:10:00] c: z\n"
    start = datetime(2026, 11, 19, 23, 59, tzinfo=UTC)
    assert times(written(tmp_path, log), start) == [58.0, 62.0, 660.0]


def test_a_second_day_of_logging_is_told_by_its_header(tmp_path: Path) -> None:
    log = (
        "# Start logging at 2026-11-19 18:00:00 UTC\n[18:00:03] a: x\n# Stop logging at 2026-11-19 18:30:00\n"
        "# Start logging at 2026-11-20 17:00:00 UTC\n[17:00:00] a: y\n"
    )
    assert times(written(tmp_path, log), START) == [3.0, 82_800.0]


@pytest.mark.parametrize(
    ("header", "start", "expected"),
    [
        # A name such as CET is no offset: the zone is that of the start.
        ("2026-11-19 19:00:00 CET", START.astimezone(timezone(timedelta(hours=1))), 3.0),
        ("2026-11-19 19:00:00 UTC+01:00", START, 3.0),
        ("2026-11-19 19:00:00", START.astimezone(timezone(timedelta(hours=1))), 3.0),
    ],
)
def test_local_times_of_chatterino(header: str, start: datetime, expected: float, tmp_path: Path) -> None:
    log = f"# Start logging at {header}\n[19:00:03] viewer1: gg\n"
    assert times(written(tmp_path, log), start) == [expected]


def test_local_times_of_chatty_follow_the_offset_in_its_header(tmp_path: Path) -> None:
    log = "# Log started: 2026-11-19 13:00:00 -0500\n[2026-11-19 13:00:03] <a> gg\n[13:00:04] <b> x\n"
    assert times(written(tmp_path, log), START) == [3.0, 4.0]


def test_days_without_a_leading_zero(tmp_path: Path) -> None:
    log = "[2026-11-9 18:00:03] #alpha viewer1: gg\n[2026-11-10 18:00:03] #alpha viewer1: gg\n"
    assert times(written(tmp_path, log), START.replace(day=9)) == [3.0, 86_403.0]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-0:05 | viewer1: waiting", -5.0),
        ("[-0:00:05] viewer1: waiting", -5.0),
        ("[-1 day, 23:59:55] <viewer1> waiting", -5.0),
        ("[2 days, 0:00:05] <viewer1> still here", 172_805.0),
        ("26:00:01 | (Moderator, Subscriber) viewer1: late", 93_601.0),
    ],
)
def test_negative_times_and_times_past_a_day(line: str, expected: float, tmp_path: Path) -> None:
    assert times(written(tmp_path, line + "\n")) == [expected]


def test_times_before_the_start_by_the_clock(tmp_path: Path) -> None:
    assert times(SAMPLES / "chatty.log", START + timedelta(seconds=10)) == [-7.0, -5.0]


def test_live_chats_of_chat_downloader_have_microseconds_alone(tmp_path: Path) -> None:
    item = {"author": {"name": "a"}, "message": "x", "timestamp": int(START.timestamp() * 1e6) + 3_420_000}
    path = written(tmp_path, json.dumps([{**item, "message_id": "1"}]))
    assert times(path, START) == [3.42]
    with pytest.raises(ChatFormatError, match="--vod-start"):
        read_chat(path)


def test_old_and_paged_json(tmp_path: Path) -> None:
    v5 = json.loads((SAMPLES / "tcd.json").read_text(encoding="utf-8"))["comments"]
    old = read_chat(written(tmp_path, json.dumps(v5)))
    assert (old.format, len(old.log)) == ("RechatTool JSON (old)", 1)
    page = json.loads((SAMPLES / "gql_page.json").read_text(encoding="utf-8"))[0]
    for text in (json.dumps(page), json.dumps(page, indent=2), f"{json.dumps(page)}\n{json.dumps(page)}\n"):
        pages = read_chat(written(tmp_path, text))
        assert pages.format == "Twitch GraphQL pages"
        assert {message.user for message in pages.log} == {"viewer1", ""}
    failed = {"errors": [{"message": "service timeout"}], "data": {"video": None}}
    assert len(read_chat(written(tmp_path, json.dumps([page, failed]))).log) == 2


def test_lines_that_are_no_messages_are_no_loss_but_garbage_is(tmp_path: Path) -> None:
    lines = [f"[2026-11-19 18:00:{i:02d}] #alpha viewer1: gg" for i in range(20)]
    lines[5] = "[2026-11-19 18:00:05] #alpha viewer2 has been timed out for 600 seconds"
    lines[9] = "garbage"
    chat = read_chat(written(tmp_path, "\r\n".join(lines)), START)
    assert (chat.total, chat.unreadable, len(chat.log)) == (19, 1, 18)
    assert chat.first_unreadable == "line 10: it is no message ('garbage')"
    lines[0:4] = ["garbage"] * 4
    with pytest.raises(ChatFormatError, match=r"5 of 19 .*line 1: "):
        read_chat(written(tmp_path, "\n".join(lines)), START)


def test_texts_may_hold_anything_but_a_line_end(tmp_path: Path) -> None:
    said = 'a: b | [0:00:09] <x> \u2028 \x0b ,"; 日本 😂'
    chat = read_chat(written(tmp_path, f"[0:00:03] viewer1: {said}\n[0:00:04] viewer1:\n"))
    assert [message.text for message in chat.log] == [said, ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_by_any_common_delimiter_and_column_order(delimiter: str, tmp_path: Path) -> None:
    rows = [["Message", "user", "time"], ["gg", "a", "1:00:02"], ["x", "", "3.5"], ["y", "b", "soon"]]
    rows += [["z", "c", str(i)] for i in range(20)]
    chat = read_chat(written(tmp_path, "\n".join(delimiter.join(row) for row in rows)))
    assert (chat.total, chat.unreadable) == (23, 1)
    assert chat.first_unreadable.startswith("line 4: 'soon' is no time")
    assert (3602.0, "a", "gg") in [tuple(message) for message in chat.log]


def test_irc_without_a_time_is_unreadable_and_notices_without_words_are_none(tmp_path: Path) -> None:
    sent = "@login=b;msg-id=sub;tmi-sent-ts=1795111207000 :tmi.twitch.tv USERNOTICE #alpha"
    good = "@id=1;tmi-sent-ts=1795111203420 :a!a@a.tmi.twitch.tv PRIVMSG #alpha :gg"
    path = written(tmp_path, "\n".join([good] * 20 + [sent, "@id=2 :a!a@a PRIVMSG #alpha :x", "PING :x"]))
    chat = read_chat(path, START)
    assert (chat.total, chat.unreadable) == (21, 1)
    assert "tmi-sent-ts" in chat.first_unreadable
