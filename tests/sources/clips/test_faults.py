"""What Twitch may do instead of answering, and what is made of it: all of the list, or what is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hypecut.errors import ClipGoneError, HypecutError, MediaError, SourceUnavailableError
from hypecut.models import Clip
from hypecut.sources.clips.chain import ClipSources, Listing
from hypecut.sources.clips.probing import ClipFacts, probe_clip
from hypecut.sources.clips.protocol import ClipSpan, Period
from tests.sources.clips.conftest import BRAVE, SLEEPY, Open
from tests.twitch import Clip as ServedClip
from tests.twitch import LocalTwitch, Media
from tests.twitch.exchange import Answer, Request, as_json

GQL, HELIX, IDS = "gql.twitch.tv/*", "api.twitch.tv/*", "id.twitch.tv/*"
VIDEO = "production.assets.clips.twitchcdn.net/*"
BOTH = [BRAVE, SLEEPY]


def listing(sources: ClipSources, limit: int = 10, streamer: str = "alpha") -> Listing:
    return sources.list_clips(streamer, ClipSpan.last(Period.DAY, datetime.now(UTC)), limit)


def fetched(sources: ClipSources, folder: Path, slug: str = BRAVE) -> ClipFacts:
    clip = Clip(id=slug, streamer="alpha", duration_s=6.0)
    return sources.download(clip, folder / "clip.mp4", probe_clip)


# --- lists -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "kind", "options", "reason"),
    [
        (GQL, "status", {"code": 401}, "twitch_client_ids"),
        (GQL, "status", {"code": 404}, "404"),
        (GQL, "status", {"code": 429}, "no more requests"),
        (GQL, "status", {"code": 429, "retry_after": 5000}, "try again in 5000 s"),
        (GQL, "status", {"code": 503}, "503"),
        (GQL, "not_json", {}, "something else than data"),
        (GQL, "empty", {}, "something else than data"),
        (GQL, "reset", {}, "try again later"),
        (GQL, "truncate", {}, "try again later"),
        (GQL, "gql_error", {"message": "service error"}, "service error"),
        (GQL, "gql_error", {"message": "failed integrity check"}, "takes hypecut for a robot"),
    ],
)
def test_a_source_that_fails_is_named_with_its_reason_and_the_next_one_answers(
    sources: Open, twitch: LocalTwitch, where: str, kind: Any, options: dict[str, Any], reason: str
) -> None:
    opened = sources("gql", "helix")
    twitch.fault(where, kind, times=-1, **options)
    found = listing(opened)
    assert [clip.id for clip in found.clips] == BOTH
    assert found.source == "helix"
    assert [failure.source for failure in found.failures] == ["gql"]
    assert reason in found.failures[0].reason


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_trouble_that_passes_goes_unnoticed(sources: Open, twitch: LocalTwitch, code: int) -> None:
    twitch.fault("g*.twitch.tv/*", "status", code=code, times=2)
    found = listing(sources("gql", "helix"))
    assert (found.source, found.failures) == ("gql", ())


def test_all_reasons_are_told_when_no_source_answers(sources: Open, twitch: LocalTwitch) -> None:
    for host in ("gql", "api"):
        twitch.fault(f"{host}.twitch.tv/*", "status", code=503, times=-1)
    with pytest.raises(SourceUnavailableError) as raised:
        listing(sources("helix", "gql", "yt-dlp"))
    for name in ("helix: ", "gql: ", "yt-dlp: ", "503"):
        assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_retired_query_of_ytdlps_is_told_with_the_cure(sources: Open, twitch: LocalTwitch) -> None:
    from yt_dlp.extractor.twitch import TwitchBaseIE

    for sha256 in TwitchBaseIE._OPERATION_HASHES.values():
        twitch.retire_hash(sha256)
    with pytest.raises(SourceUnavailableError, match="yt-dlp"):
        listing(sources("yt-dlp"))
    assert [clip.id for clip in listing(sources("yt-dlp", "gql")).clips] == BOTH


def test_a_retired_query_for_the_video_falls_back_to_its_text(
    sources: Open, twitch: LocalTwitch, tmp_path: Path
) -> None:
    opened = sources("gql", twitch_query_hashes=("ShareClipRenderStatus:old",))
    twitch.retire_hash("old")
    assert fetched(opened, tmp_path).duration_s == pytest.approx(6.0, abs=0.1)


def test_helix_renews_a_token_that_was_taken_back(sources: Open, twitch: LocalTwitch) -> None:
    opened = sources("helix")
    listing(opened)
    twitch.sites.helix.bearers.clear()
    assert [clip.id for clip in listing(opened).clips] == BOTH
    assert len(twitch.book.requests("id.twitch.tv/oauth2/token")) == 2


def test_a_wrong_client_secret_is_told_with_the_settings_names(sources: Open) -> None:
    with pytest.raises(SourceUnavailableError, match="twitch_client_secret"):
        listing(sources("helix", twitch_client_secret="wrong"))


def test_helix_out_of_requests_says_when_to_come_back(sources: Open, twitch: LocalTwitch) -> None:
    twitch.sites.helix.left = 1
    found = listing(sources("helix", "gql", network_tries=1))
    assert found.source == "gql"
    assert "takes no more requests for now; try again in" in found.failures[0].reason


def test_null_facts_are_no_trouble(sources: Open, twitch: LocalTwitch) -> None:
    node: dict[str, Any] = dict.fromkeys(
        (
            "url",
            "title",
            "viewCount",
            "createdAt",
            "durationSeconds",
            "game",
            "broadcaster",
            "curator",
            "video",
        )
    )
    edges = [{"cursor": None, "node": node | {"slug": "Bare-12345"}}, {"cursor": None, "node": None}]
    answer_gql(twitch, {"edges": edges, "pageInfo": None})
    (clip,) = listing(sources("gql")).clips
    assert clip == Clip(
        id="Bare-12345", streamer="alpha", duration_s=0.0, url="https://clips.twitch.tv/Bare-12345"
    )


@pytest.mark.parametrize(
    "clips", [{"edges": None, "pageInfo": None}, {"edges": [], "pageInfo": {"hasNextPage": True}}]
)
def test_empty_pages_are_an_empty_list(sources: Open, twitch: LocalTwitch, clips: dict[str, Any]) -> None:
    answer_gql(twitch, clips)
    assert listing(sources("gql")).clips == ()


def test_a_missing_list_is_no_empty_list(sources: Open, twitch: LocalTwitch) -> None:
    answer_gql(twitch, None)
    with pytest.raises(SourceUnavailableError, match="gave no list"):
        listing(sources("gql"))


@pytest.mark.parametrize("source", ["gql", "helix"])
def test_a_cursor_that_repeats_for_ever_ends_with_a_word_about_what_may_be_missing(
    sources: Open, twitch: LocalTwitch, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if source == "gql":
        edges = [{"cursor": "same", "node": {"slug": f"Again-{n:05}"}} for n in range(3)]
        answer_gql(twitch, {"edges": edges, "pageInfo": {"hasNextPage": True}})
    else:
        real = twitch.sites._routes["api.twitch.tv"]

        def same_page(request: Request) -> Answer:
            request.query.pop("after", None)
            answer = real(request)
            assert isinstance(answer.body, bytes)
            return as_json(json.loads(answer.body) | {"pagination": {"cursor": "same"}})

        monkeypatch.setitem(twitch.sites._routes, "api.twitch.tv", same_page)
    found = listing(sources(source), limit=50)
    assert len(found.clips) == (3 if source == "gql" else 2)
    assert "repeats the same pages" in found.note


def answer_gql(twitch: LocalTwitch, clips: object) -> None:
    """Let every list of clips be this one."""
    twitch.sites._routes["gql.twitch.tv"] = lambda request: as_json({"data": {"user": {"clips": clips}}})


# --- videos ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["gql", "yt-dlp"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("truncate", {"times": 2}),
        ("reset", {"times": 2}),
        ("status", {"code": 503, "times": 2}),
        ("status", {"code": 403, "times": 1}),  # an expired signature: a new one is asked for
        ("status", {"code": 401, "times": 1}),
    ],
)
def test_a_download_that_breaks_is_completed(
    sources: Open, twitch: LocalTwitch, tmp_path: Path, source: str, kind: Any, options: dict[str, Any]
) -> None:
    twitch.fault(VIDEO, kind, **options)
    assert fetched(sources(source), tmp_path).duration_s == pytest.approx(6.0, abs=0.1)
    whole = twitch.media.clip_file(twitch.fixture.clips[BRAVE], 180)
    assert (tmp_path / "clip.mp4").read_bytes() == whole.read_bytes()


def test_what_came_before_the_break_is_not_fetched_again(
    sources: Open, twitch: LocalTwitch, tmp_path: Path
) -> None:
    twitch.fault(VIDEO, "truncate", fraction=0.75)
    fetched(sources("gql"), tmp_path)
    size = (tmp_path / "clip.mp4").stat().st_size
    assert twitch.book.bytes_sent(VIDEO) <= size + 1


def test_an_expired_signature_is_resolved_again(sources: Open, twitch: LocalTwitch, tmp_path: Path) -> None:
    opened = sources("gql")
    twitch.fixture.token_seconds = -1
    with pytest.raises(SourceUnavailableError, match="401"):
        fetched(opened, tmp_path)
    twitch.fixture.token_seconds = 60
    assert fetched(opened, tmp_path).duration_s > 5


@pytest.mark.parametrize(
    ("kind", "error", "told"),
    [
        ("corrupt", MediaError, "damaged"),
        ("empty", MediaError, "damaged or no video"),
        ("not_json", MediaError, "damaged or no video"),
    ],
)
def test_a_damaged_video_is_found_out(
    sources: Open, twitch: LocalTwitch, tmp_path: Path, kind: Any, error: type[HypecutError], told: str
) -> None:
    twitch.fault(VIDEO, kind, times=-1)
    with pytest.raises(error, match=told):
        fetched(sources("gql", "yt-dlp"), tmp_path)


def test_a_damaged_video_is_taken_from_the_next_source(
    sources: Open, twitch: LocalTwitch, tmp_path: Path
) -> None:
    twitch.fault(VIDEO, "corrupt", times=1)
    assert fetched(sources("gql", "yt-dlp"), tmp_path).duration_s > 5


def test_a_video_that_is_gone_is_not_looked_for_elsewhere(
    sources: Open, twitch: LocalTwitch, tmp_path: Path
) -> None:
    twitch.fault(VIDEO, "status", code=404, times=-1)
    with pytest.raises(ClipGoneError):
        fetched(sources("gql", "yt-dlp"), tmp_path)
    assert len(twitch.book.requests(VIDEO)) == 1


def test_a_clip_without_qualities_has_no_video(sources: Open, twitch: LocalTwitch, tmp_path: Path) -> None:
    twitch.fixture.clips[BRAVE].qualities = None
    with pytest.raises(SourceUnavailableError, match="names no video"):
        fetched(sources("gql"), tmp_path)


@pytest.mark.parametrize("source", ["gql", "yt-dlp"])
def test_no_host_but_the_allowed_ones_is_ever_asked(
    sources: Open, twitch: LocalTwitch, tmp_path: Path, source: str
) -> None:
    twitch.fault("gql*", "redirect", to="https://evil.example/steal")
    twitch.fault(VIDEO, "redirect", to="https://evil.example/video.mp4", times=-1)
    opened = sources(source)
    with pytest.raises(SourceUnavailableError, match="not among the addresses that may be asked"):
        listing(opened)
    with pytest.raises(SourceUnavailableError, match=r"evil\.example"):
        fetched(opened, tmp_path)
    assert twitch.book.refused == []


@pytest.mark.parametrize("source", ["gql", "yt-dlp"])
def test_no_video_is_longer_than_believable(
    sources: Open, twitch: LocalTwitch, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypecut.sources.clips.downloading.MAX_CLIP_BYTES", 10_000)
    with pytest.raises(SourceUnavailableError, match="not believable"):
        fetched(sources(source), tmp_path)
    assert (tmp_path / "clip.mp4").stat().st_size <= 10_000


def test_out_of_reach_is_said_at_once(twitch: LocalTwitch, sources: Open, unused_port: int) -> None:
    opened = sources("gql", "yt-dlp", "browser", proxy=f"http://127.0.0.1:{unused_port}", network_tries=1)
    with pytest.raises(SourceUnavailableError) as raised:
        listing(opened)
    assert "yt-dlp" not in str(raised.value)  # no way leads to Twitch for anybody


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_portrait_and_odd_clips_are_measured_as_they_are(
    sources: Open, twitch: LocalTwitch, tmp_path: Path
) -> None:
    twitch.add(
        ServedClip("Tall-12345678", "alpha", Media(seconds=3, width=180, height=320), qualities=(320,))
    )
    facts = fetched(sources("gql"), tmp_path, "Tall-12345678")
    assert facts.height == 320
    assert facts.duration_s == pytest.approx(3.0, abs=0.1)
