"""Chat replays: every message once, what is missing is told, and nothing that came in is lost."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypecut.chat import read_chat
from hypecut.errors import InterruptedByUserError, NothingFoundError, SourceUnavailableError
from hypecut.progress import SilentProgress
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch import chat
from hypecut.sources.twitch.chat import ChatState, fetch_chat, read_pages
from hypecut.sources.twitch.gql import GqlClient
from tests.twitch import LocalTwitch, Message, Vod, some_chat

VOD = "41"
HASH = "b70a3591ff0f4e0313d126c6a1502d79a1c02baebb288227c582044aa76adf6a"


class Session:
    def __init__(self, twitch: LocalTwitch, folder: Path) -> None:
        self.raw = folder / "chat_raw.jsonl.gz"
        settings = twitch.settings(folder, network_tries=3)
        self.http = HttpClient(settings, sleep=lambda seconds: None)
        self.gql = GqlClient(self.http, settings)

    def fetch(self, progress: SilentProgress | None = None, vod: str = VOD) -> ChatState:
        return fetch_chat(self.gql, vod, 60, self.raw, progress or SilentProgress(), self.http.wait)


@pytest.fixture
def session(twitch: LocalTwitch, tmp_path: Path) -> Iterator[Session]:
    one = Session(twitch, tmp_path)
    yield one
    one.http.close()


def with_chat(twitch: LocalTwitch, chat: list[Message], page: int = 20) -> list[tuple[float, str, str]]:
    """Serve a chat; what of it must come out."""
    twitch.fixture.add(Vod(VOD, "alpha", chat=chat, chat_page=page))
    return [(int(m.offset), "" if m.deleted_user else m.user.lower(), m.text) for m in chat]


def messages(raw: Path) -> list[tuple[float, str, str]]:
    return [tuple(message) for message in read_pages(raw)]  # type: ignore[misc]


def a_burst(count: int, at_s: float = 30.0) -> list[Message]:
    """A minute of chat in which one second has very many messages."""
    burst = [Message(at_s + n / (count + 1), f"u{n}", f"KEKW {n}") for n in range(count)]
    return sorted([*some_chat(60, 1.0), *burst], key=lambda message: message.offset)


def test_every_message_comes_once(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    state = session.fetch()
    assert messages(session.raw) == expected
    assert (state.messages, state.pages, state.crowded_count) == (150, 8, 0)
    # The pages as received are a chat file like any other, too.
    assert len(read_chat(session.raw).log) == 150
    assert [file.name for file in session.raw.parent.iterdir() if "chat" in file.name] == [session.raw.name]


def test_authors_that_are_gone_and_emotes(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(
        twitch, [Message(1, "A", "KEKW so KEKW"), Message(2, "B", "x", None, deleted_user=True)]
    )
    session.fetch()
    assert messages(session.raw) == expected


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"code": 503, "times": 2}),
        ("status", {"code": 429, "times": 2}),
        ("gql_error", {"message": "service timeout", "times": 2}),
        ("not_json", {}),
        ("reset", {}),
        ("truncate", {}),
        ("null_comments", {"times": 5}),
    ],
)
def test_trouble_on_a_later_page_is_got_over(
    session: Session, twitch: LocalTwitch, kind: Any, options: dict[str, Any]
) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    twitch.fault("gql:VideoCommentsByOffsetOrCursor", kind, skip=1, **options)
    session.fetch()
    assert messages(session.raw) == expected


def test_where_cursors_are_refused_it_goes_on_by_the_second(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    twitch.fixture.integrity_client_ids = {"*"}
    state = session.fetch()
    assert messages(session.raw) == expected
    assert (state.by_offset, state.crowded_count, state.messages) == (True, 0, 150)
    # The pages overlap; imported like any other chat file, each message counts once, too.
    assert [tuple(message) for message in read_chat(session.raw).log] == expected


def test_seconds_with_more_than_a_page_are_counted(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, a_burst(60))
    twitch.fixture.integrity_client_ids = {"*"}
    state = session.fetch()
    found = messages(session.raw)
    assert state.crowded == [30]
    assert set(found) < set(expected)
    assert [m for m in found if m[0] != 30] == [m for m in expected if m[0] != 30]
    assert len(found) == len(set(found)) == state.messages


def test_with_cursors_no_second_is_too_crowded(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, a_burst(200))
    assert session.fetch().crowded_count == 0
    assert messages(session.raw) == expected


def test_a_retired_query_is_asked_as_text(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, some_chat(60, 0.8))
    twitch.retire_hash(HASH)
    session.fetch()
    assert messages(session.raw) == expected


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("status", {"code": 503}, "has trouble"),
        ("gql_error", {"message": "failed integrity check"}, "takes hypecut for a robot"),
        ("gql_error", {"message": "service timeout"}, "service timeout"),
        ("null_comments", {}, "empty pages"),
        ("not_json", {}, "something else than data"),
    ],
)
def test_a_broken_off_fetch_tells_the_way_round_and_goes_on_later(
    session: Session, twitch: LocalTwitch, kind: Any, options: dict[str, Any], told: str
) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    fault = twitch.fault("gql:VideoCommentsByOffsetOrCursor", kind, skip=3, times=-1, **options)
    with pytest.raises(
        SourceUnavailableError, match=rf"broke off after 60 messages, at 0:2\d: .*{told}.*--chat"
    ):
        session.fetch()
    assert not session.raw.exists()
    fault.times = 0
    before = len(twitch.book.requests("gql:Video*"))
    session.fetch()
    assert messages(session.raw) == expected
    # By the second, each page repeats some of the one before; from the beginning it would be a page more.
    assert len(twitch.book.requests("gql:Video*")) - before <= 7


def test_a_killed_fetch_goes_on_where_its_pages_were_kept(
    session: Session, twitch: LocalTwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = with_chat(twitch, some_chat(60, 0.2))
    monkeypatch.setattr(chat, "_PAGES_A_MEMBER", 4)

    class Killed(SilentProgress):
        def update(self, done: float) -> None:
            if done >= 40:
                raise InterruptedByUserError("enough.")

    with pytest.raises(InterruptedByUserError):
        session.fetch(Killed())
    part = session.raw.with_name(f".{session.raw.name}.part")
    # As a process that is killed while it writes leaves it.
    part.write_bytes(part.read_bytes() + b"\x1f\x8b half a member")
    before = len(twitch.book.requests("gql:Video*"))
    session.fetch()
    assert messages(session.raw) == expected
    assert len(twitch.book.requests("gql:Video*")) - before == 5


def test_what_was_left_of_another_chat_is_not_taken_up(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    twitch.fault("gql:VideoCommentsByOffsetOrCursor", "status", code=503, skip=2, times=3)
    with pytest.raises(SourceUnavailableError):
        session.fetch(vod="2400000001")
    session.fetch()
    assert messages(session.raw) == expected


def test_a_state_that_can_not_be_read_begins_anew(session: Session, twitch: LocalTwitch) -> None:
    expected = with_chat(twitch, some_chat(60, 0.4))
    session.raw.with_name(f".{session.raw.name}.state").write_bytes(b"\0")
    session.fetch()
    assert messages(session.raw) == expected


def test_a_vod_without_chat(session: Session, twitch: LocalTwitch) -> None:
    with_chat(twitch, [])
    with pytest.raises(NothingFoundError, match=r"no chat replay.*--chat"):
        session.fetch()


def test_pages_are_kept_as_received(session: Session, twitch: LocalTwitch) -> None:
    with_chat(twitch, some_chat(60, 0.4))
    session.fetch()
    with gzip.open(session.raw, "rt") as lines:
        pages = list(lines)
    assert len(pages) == 8
    assert all('"extensions"' in page for page in pages)
