"""Twitch's GraphQL API: what it may answer, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypecut.errors import IntegrityRefusedError, QueryRetiredError, SourceUnavailableError
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient
from tests.twitch import LocalTwitch

TITLE = "query($id: ID!) { video(id: $id) { title } }"
COMMENTS = "VideoCommentsByOffsetOrCursor"


class Titled(msgspec.Struct):
    title: str


class Video(msgspec.Struct):
    video: Titled | None = None


@pytest.fixture
def gql(twitch: LocalTwitch, tmp_path: Path) -> Iterator[GqlClient]:
    settings = twitch.settings(
        tmp_path, twitch_client_ids=("one", "two"), twitch_query_hashes=(f"{COMMENTS}:old", f"{COMMENTS}:new")
    )
    with HttpClient(settings, sleep=lambda seconds: None) as http:
        yield GqlClient(http, settings)


def ask(gql: GqlClient, vod: str = "2400000001") -> Video:
    return gql.query(TITLE, {"id": vod}, Video, f"the VOD {vod}")


def test_an_answer_becomes_a_value(gql: GqlClient) -> None:
    assert ask(gql) == Video(Titled("Ranked grind"))
    assert ask(gql, "1") == Video(None)


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("not_json", {"times": -1}, "something else than data when asked for the VOD 2400000001"),
        ("empty", {"times": -1}, "something else than data"),
        (
            "gql_error",
            {"message": "service timeout", "times": -1},
            r"no data for .*service timeout.*try again",
        ),
        ("gql_error", {"message": "PersistedQueryNotFound"}, "update hypecut"),
        ("gql_error", {"message": "failed integrity check", "times": 2}, "takes hypecut for a robot.*VPN"),
        ("status", {"code": 400}, "twitch_client_ids"),
        ("status", {"code": 503, "times": -1}, "has trouble"),
    ],
)
def test_what_goes_wrong_is_told_with_its_cure(
    gql: GqlClient, twitch: LocalTwitch, kind: Any, options: dict[str, Any], told: str
) -> None:
    twitch.fault("gql*", kind, **options)
    with pytest.raises(SourceUnavailableError, match=told):
        ask(gql)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"code": 429}),
        ("status", {"code": 503}),
        ("not_json", {}),
        ("empty", {}),
        ("gql_error", {}),
    ],
)
def test_trouble_that_passes_is_not_noticed(
    gql: GqlClient, twitch: LocalTwitch, kind: Any, options: dict[str, Any]
) -> None:
    twitch.fault("gql*", kind, times=2, **options)
    assert ask(gql).video is not None


def test_an_answer_of_another_shape(gql: GqlClient) -> None:
    with pytest.raises(SourceUnavailableError, match=r"not understood.*update hypecut"):
        gql.query("query { video(id: 2400000001) { title: lengthSeconds } }", {}, Video, "a VOD")


def comments(gql: GqlClient, text: str = "") -> bytes:
    return gql.raw_stored(COMMENTS, {"videoID": "2400000001", "cursor": cursor(gql)}, "the chat", text)


def cursor(gql: GqlClient) -> str:
    page = gql.raw_stored(COMMENTS, {"videoID": "2400000001", "contentOffsetSeconds": 0}, "the chat")
    edges = msgspec.json.decode(page)["data"]["video"]["comments"]["edges"]
    return str(edges[-1]["cursor"])


def test_the_client_id_that_is_let_in_is_kept(gql: GqlClient, twitch: LocalTwitch) -> None:
    twitch.fixture.integrity_client_ids = {"one"}
    comments(gql)
    comments(gql)
    asked = [served.headers["Client-ID"] for served in twitch.book.requests("gql*")]
    assert asked == ["one", "one", "two", "two", "two"]


def test_no_client_id_is_let_in(gql: GqlClient, twitch: LocalTwitch) -> None:
    twitch.fixture.integrity_client_ids = {"*"}
    with pytest.raises(IntegrityRefusedError, match="robot"):
        comments(gql)


def test_a_retired_query_is_asked_by_its_next_hash_then_by_its_text(
    gql: GqlClient, twitch: LocalTwitch
) -> None:
    twitch.retire_hash("old")
    assert b'"edges"' in comments(gql)
    twitch.retire_hash("new")
    with pytest.raises(QueryRetiredError, match="twitch_query_hashes"):
        comments(gql)
    text = "query($videoID: ID!) { video(id: $videoID) { title } }"
    answer = gql.stored(COMMENTS, {"videoID": "2400000001"}, Video, "the chat", text)
    assert answer == Video(Titled("Ranked grind"))


def test_the_users_token_goes_to_twitch_and_nowhere_else(
    twitch: LocalTwitch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "hypecut")
    settings = twitch.settings(tmp_path, twitch_oauth_token="s3cret")
    with HttpClient(settings) as http:
        ask(GqlClient(http, settings))
        twitch.fault("gql*", "status", code=401)
        with pytest.raises(SourceUnavailableError, match=r"twitch_oauth_token.*renew") as caught:
            ask(GqlClient(http, settings))
    assert twitch.book.requests("gql*")[0].headers["Authorization"] == "OAuth s3cret"
    assert "s3cret" not in caplog.text + str(caught.value) + repr(settings) + settings.model_dump_json()
