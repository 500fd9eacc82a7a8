"""VODs on Twitch: what is told of them, and what is said of those that can't be had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hypecut.errors import HttpStatusError, SourceGoneError, SourceUnavailableError, UsageError
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import Chapter, media_playlist, pick_quality, qualities, vod_info
from tests.twitch import LocalTwitch, Media, Vod

VOD = "2400000001"


@dataclass
class Out:
    http: HttpClient
    gql: GqlClient


@pytest.fixture
def out(twitch: LocalTwitch, tmp_path: Path) -> Iterator[Out]:
    with opened(twitch, tmp_path) as one:
        yield one


class opened:  # noqa: N801
    """Clients with some settings changed."""

    def __init__(self, twitch: LocalTwitch, folder: Path, **changes: Any) -> None:
        self.settings = twitch.settings(folder, **changes)
        self.http = HttpClient(self.settings, sleep=lambda seconds: None)

    def __enter__(self) -> Out:
        return Out(self.http, GqlClient(self.http, self.settings))

    def __exit__(self, *_: object) -> None:
        self.http.close()


def test_what_is_told_of_a_vod(out: Out, twitch: LocalTwitch) -> None:
    info = vod_info(out.gql, VOD)
    assert (info.title, info.streamer, info.streamer_name, info.duration_s) == (
        "Ranked grind",
        "alpha",
        "Alpha",
        60,
    )
    assert info.chapters == (Chapter(0, "Just Chatting"), Chapter(30, "Chess"))
    assert info.created_at is not None
    assert abs(twitch.fixture.made_at - timedelta(hours=26) - info.created_at) < timedelta(seconds=2)
    assert not info.recording


def test_chapters_are_worth_no_failure(out: Out, twitch: LocalTwitch) -> None:
    twitch.fault("gql:VideoPlayer_ChapterSelectButtonVideo", "gql_error", message="service error", times=-1)
    assert vod_info(out.gql, VOD).chapters == ()


def test_a_retired_query_for_chapters_is_asked_as_text(out: Out, twitch: LocalTwitch) -> None:
    twitch.retire_hash("71835d5ef425e154bf282453a926d99b328cdc5e32f36d3a209d0f4778b41203")
    assert len(vod_info(out.gql, VOD).chapters) == 2


def test_no_such_vod(out: Out) -> None:
    with pytest.raises(SourceGoneError, match=r"no VOD 99: it was deleted.*check the address"):
        vod_info(out.gql, "99")


def test_qualities_the_best_first(out: Out) -> None:
    found = qualities(out.http, out.gql, VOD)
    assert [quality.name for quality in found] == ["chunked", "160p30", "audio_only"]
    assert pick_quality(found, "source").name == "chunked"
    assert pick_quality(found, "160").name == "160p30"
    assert pick_quality(found, "160p").name == "160p30"
    for wanted in ("720p60", "audio_only"):
        with pytest.raises(UsageError, match=r"180p, 160p"):
            pick_quality(found, wanted)


@pytest.mark.parametrize(("container", "suffix"), [("ts", ".ts"), ("fmp4", ".mp4")])
def test_the_files_of_a_vod(out: Out, twitch: LocalTwitch, container: str, suffix: str) -> None:
    vod = Vod("11", "alpha", Media(seconds=12), container=container, segment_seconds=4, muted=((5, 6),))
    twitch.add(vod)
    playlist = media_playlist(out.http, qualities(out.http, out.gql, "11")[0])
    assert [round(s.duration_s) for s in playlist.segments] == [4, 4, 4]
    assert playlist.suffix == suffix
    assert list(playlist.muted) == [(4, 8)]
    assert playlist.ended
    vod.status = "RECORDING"
    assert vod_info(out.gql, "11").recording
    assert not media_playlist(out.http, qualities(out.http, out.gql, "11")[0]).ended


def test_a_vod_for_subscribers_needs_their_token(out: Out, twitch: LocalTwitch, tmp_path: Path) -> None:
    vod = twitch.fixture.vods[VOD]
    twitch.add(replace(vod, id="12", sub_only=True, subscriber_token="mine"))
    with pytest.raises(SourceGoneError, match=r"only subscribers.*set twitch_oauth_token"):
        qualities(out.http, out.gql, "12")
    with opened(twitch, tmp_path, twitch_oauth_token="mine") as mine:
        assert qualities(mine.http, mine.gql, "12")
    with (
        opened(twitch, tmp_path, twitch_oauth_token="another") as other,
        pytest.raises(SourceUnavailableError, match="only subscribers"),
    ):
        qualities(other.http, other.gql, "12")


def test_a_vod_that_nobody_may_play(out: Out, twitch: LocalTwitch) -> None:
    twitch.fixture.vods[VOD].null_token = True
    with pytest.raises(SourceUnavailableError, match=r"nobody play.*some minutes"):
        qualities(out.http, out.gql, VOD)


def test_a_token_that_expired_at_once(out: Out, twitch: LocalTwitch) -> None:
    twitch.expire_tokens()
    with pytest.raises(HttpStatusError, match="had expired"):
        qualities(out.http, out.gql, VOD)


def test_the_older_way_to_the_playlists(out: Out, twitch: LocalTwitch) -> None:
    twitch.fault("usher*/vod/v2/*", "status", code=404)
    assert qualities(out.http, out.gql, VOD)
    twitch.fault("usher*", "status", code=404, times=2)
    with pytest.raises(SourceUnavailableError, match="deleted or has expired"):
        qualities(out.http, out.gql, VOD)
