"""The public functions: get_clips, download_clip and extract_mp4_url_from_html."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import ClipGoneError, SourceUnavailableError, UnknownStreamerError, UsageError
from hypecut.sources.clips import download_clip, extract_mp4_url_from_html, get_clips
from hypecut.sources.clips.addresses import clip_slug, streamer_name
from tests.sources.clips.conftest import BRAVE, GONE, OLD, SLEEPY
from tests.twitch import LocalTwitch
from tests.twitch.exchange import Answer

MP4 = "https://cdn.example/v/clip.mp4?sig=1&token=%7B%22a%22%3A1%7D"


# --- extract_mp4_url_from_html -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        f'<video src="{html.escape(MP4)}"></video>',
        f"<VIDEO autoplay SRC='{html.escape(MP4)}'>",
        f'<video><source type="video/mp4" src="{html.escape(MP4)}"></video>',
        f'<video src="blob:https://x/1"><source src="{html.escape(MP4)}"></video>',
        f'<meta property="og:video" content="{html.escape(MP4)}">',
        f'<meta name="twitter:player:stream" content="{html.escape(MP4)}">',
        f'<script type="application/ld+json">{{"@type": "VideoObject", "contentUrl": "{MP4}"}}</script>',
        f'<script type="application/ld+json">{{"@graph": [{{"video": {{"contentUrl": "{MP4}"}}}}]}}</script>',
        f'<script type="application/ld+json">not JSON</script><meta property="og:video:url" content="{MP4}">',
        f'<video src="/other.webm"></video><source src="no.mp4"><meta property="og:video" content="{MP4}">',
    ],
)
def test_the_video_is_found_wherever_a_page_names_it(page: str) -> None:
    assert extract_mp4_url_from_html(f"<html><body>{page}<p>more</body>") == MP4


def test_the_video_element_comes_first_and_relative_addresses_are_completed() -> None:
    page = f'<meta property="og:video" content="{MP4}"><video src="../a/b.mp4?x=1&amp;y=2"></video>'
    assert extract_mp4_url_from_html(page, "https://x.example/c/d") == "https://x.example/a/b.mp4?x=1&y=2"
    assert extract_mp4_url_from_html(page) == MP4


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<p>This clip is no longer available</p>",
        "<video></video>",
        '<video src="blob:https://www.twitch.tv/123"></video>',
        '<video src="javascript:alert(1)//.mp4"></video>',
        '<video src="https://x.example/list.m3u8"></video>',
        '<video src="file:///etc/passwd.mp4"></video>',
        '<video src="https://[broken/x.mp4"></video>',
        '<script type="application/ld+json">{"contentUrl": 5}</script>',
        '<script type="application/ld+json">' + "[" * 100_000 + "</script>",
        "<source src='https://x.example/not-in-a-video.mp4'>",
    ],
)
def test_a_page_without_a_video_gives_none(page: str) -> None:
    assert extract_mp4_url_from_html(page) is None


@given(st.text(max_size=300) | st.text(alphabet="<>/\"'= videosrcmp4.htps:&;#x!-[]{}", max_size=300))
def test_no_page_breaks_it(page: str) -> None:
    found = extract_mp4_url_from_html(page, "https://x.example/")
    assert found is None or found.startswith(("http://", "https://"))


# --- names and addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        (f"https://clips.twitch.tv/{BRAVE}", BRAVE),
        (f"http://clips.twitch.tv/{BRAVE}?tt_medium=x#y", BRAVE),
        (f"https://clips.twitch.tv/embed?clip={BRAVE}&parent=x", BRAVE),
        (f"https://www.twitch.tv/alpha/clip/{BRAVE}?filter=clips&range=7d", BRAVE),
        (f"https://m.twitch.tv/clip/{BRAVE}/", BRAVE),
        (f"twitch.tv/alpha/clip/{BRAVE}", BRAVE),
        (f" {BRAVE} ", BRAVE),
        ("https://www.twitch.tv/alpha", None),
        ("https://www.twitch.tv/videos/123456", None),
        ("https://clips.twitch.tv/", None),
        ("https://clips.twitch.tv/..%2f..%2fetc", None),
        (f"https://evil.example/alpha/clip/{BRAVE}", None),
        ("https://[::1/clip/abcdef", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_clips_are_known_by_their_addresses(text: str, slug: str | None) -> None:
    assert clip_slug(text) == slug


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Alpha ", "alpha"),
        ("@alpha", "alpha"),
        ("https://www.twitch.tv/Alpha/clips?x", "alpha"),
        ("a_1", "a_1"),
    ],
)
def test_streamers_are_known_by_name_or_channel(text: str, name: str) -> None:
    assert streamer_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "  ", "a b", "x" * 26, "_alpha", "älpha", "-rm", "../x", "https://evil.example/a"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        streamer_name(text)


# --- get_clips ---------------------------------------------------------------------------------------------


def test_clips_are_listed_with_their_source(twitch: LocalTwitch, tmp_path: Path) -> None:
    settings = twitch.settings(tmp_path)
    found = get_clips(" Alpha ", period="day", settings=settings)
    assert [clip.id for clip in found.clips] == [BRAVE, SLEEPY]
    assert (found.streamer, found.source, found.failures, found.note) == ("alpha", "gql", (), "")
    start = datetime.now(UTC) - timedelta(days=6)
    end = datetime.now(UTC) - timedelta(days=1)
    assert [clip.id for clip in get_clips("alpha", start=start, end=end, settings=settings).clips] == [OLD]


def test_what_cant_be_listed_is_refused(twitch: LocalTwitch, tmp_path: Path) -> None:
    settings = twitch.settings(tmp_path)
    with pytest.raises(UnknownStreamerError, match="'nobody'"):
        get_clips("nobody", settings=settings)
    with pytest.raises(UsageError, match="'year' is no period"):
        get_clips("alpha", period="year", settings=settings)
    now = datetime.now(UTC)
    with pytest.raises(UsageError, match="swap the two"):
        get_clips("alpha", start=now, end=now - timedelta(days=1), settings=settings)
    with pytest.raises(UsageError, match="clip_sources has 'kraken'"):
        get_clips("alpha", settings=twitch.settings(tmp_path, clip_sources=("kraken",)))


# --- download_clip -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_as", ["https://clips.twitch.tv/{}", "https://www.twitch.tv/alpha/clip/{}", "{}"]
)
def test_a_clip_is_downloaded_by_page_or_slug(twitch: LocalTwitch, tmp_path: Path, given_as: str) -> None:
    settings = twitch.settings(tmp_path)
    video = download_clip(given_as.format(BRAVE), tmp_path, settings=settings)
    assert video.path == tmp_path / f"{BRAVE}.mp4"
    assert video.facts.duration_s == pytest.approx(6.0, abs=0.1)
    assert video.clip is not None
    assert video.clip.vod_offset_s == 20.0


def test_a_clip_is_downloaded_once(twitch: LocalTwitch, tmp_path: Path) -> None:
    settings = twitch.settings(tmp_path)
    for name in ("one.mp4", "two.mp4"):
        download_clip(BRAVE, tmp_path / name, settings=settings)
    assert len(twitch.book.requests("production.assets.clips.twitchcdn.net/*")) == 1
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_an_mp4_is_downloaded_by_its_own_address(twitch: LocalTwitch, tmp_path: Path) -> None:
    settings = twitch.settings(tmp_path)
    signed = signed_address(twitch)
    video = download_clip(signed, tmp_path / "direct.mp4", settings=settings)
    assert video.facts.duration_s == pytest.approx(6.0, abs=0.1)
    assert video.clip is None
    with pytest.raises(SourceUnavailableError, match="give the clip's page instead"):
        download_clip(f"{signed}x".replace("video-180", "video-90"), tmp_path, settings=settings)


def signed_address(twitch: LocalTwitch) -> str:
    """An address as a page would show it."""
    from urllib.parse import urlencode

    clip = twitch.sites.schema.clip(twitch.fixture.clips[BRAVE])
    token = clip["playbackAccessToken"]({})
    query = urlencode({"sig": token["signature"], "token": token["value"]})
    return f"{clip['videoQualities'][0]['sourceURL']}?{query}"


def test_a_page_that_shows_a_video_is_good_enough(twitch: LocalTwitch, tmp_path: Path) -> None:
    text = f'<video src="{html.escape(signed_address(twitch))}"></video>'
    twitch.sites._routes["m.twitch.tv"] = lambda request: Answer(text.encode(), kind="text/html")
    video = download_clip("https://m.twitch.tv/some/page", tmp_path, settings=twitch.settings(tmp_path))
    assert video.path.name == "video-180.mp4"


def test_no_video_source_is_a_clear_error(twitch: LocalTwitch, tmp_path: Path) -> None:
    settings = twitch.settings(tmp_path)
    with pytest.raises(SourceUnavailableError, match="has no video source"):
        download_clip("https://www.twitch.tv/alpha/about", tmp_path, settings=settings)
    with pytest.raises(ClipGoneError, match=GONE):
        download_clip(GONE, tmp_path, settings=settings)
    with pytest.raises(UsageError, match="is no clip"):
        download_clip("not a clip", tmp_path, settings=settings)
    with pytest.raises(SourceUnavailableError, match="allowed_hosts"):
        download_clip("https://evil.example/x.mp4", tmp_path, settings=settings)
    assert list(tmp_path.glob("*.mp4")) == []
    assert twitch.book.refused == []
