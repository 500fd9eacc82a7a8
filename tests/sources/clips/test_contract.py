"""The one contract of all sources of clips, each against the local Twitch; only the memory has none."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hypecut.errors import ClipGoneError, SourceUnavailableError, UnknownStreamerError
from hypecut.models import Clip
from hypecut.sources.clips.browser import BrowserClips
from hypecut.sources.clips.gql import GqlClips
from hypecut.sources.clips.helix import HelixClips
from hypecut.sources.clips.memory import MemoryClips
from hypecut.sources.clips.probing import probe_clip
from hypecut.sources.clips.protocol import ClipSource, ClipSpan, Period
from hypecut.sources.clips.ytdlp import YtDlpClips
from hypecut.sources.twitch.gql import GqlClient
from tests.sources.clips.conftest import BRAVE, GONE, HELIX, OLD, SLEEPY, impatient
from tests.twitch import Clip as ServedClip
from tests.twitch import LocalTwitch, standard_fixture

NAMES = ("helix", "gql", "yt-dlp", "browser", "memory")
# What each tells of a clip beyond its id, address and title.
FACTS = {"views", "created_at", "duration_s"}
MORE_FACTS = {
    "helix": FACTS | {"creator", "game", "vod_id", "vod_offset_s", "featured"},
    "gql": FACTS | {"creator", "game", "vod_id", "vod_offset_s"},
    "yt-dlp": FACTS,
    "browser": set(),
    "memory": FACTS | {"creator", "game", "vod_id", "vod_offset_s", "featured"},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTwitch]:
    """A local Twitch for the whole suite: nobody changes it here."""
    fixture = standard_fixture()
    fixture.clips[BRAVE].featured = True
    fixture.add(*(ServedClip(f"Many{n:03}-eeeeeeeeeeee", "gamma", views=n) for n in range(250)))
    with LocalTwitch(fixture, tmp_path_factory.mktemp("twitch")) as running:
        yield running


@pytest.fixture(scope="module")
def every_source(
    served: LocalTwitch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, ClipSource]]:
    settings = served.settings(tmp_path_factory.mktemp("sources"), browser_wait_s=120, **HELIX)
    with impatient(settings) as http, contextlib.ExitStack() as stack:
        yield {
            "helix": HelixClips(http, settings),
            "gql": GqlClips(GqlClient(http, settings), http),
            "yt-dlp": YtDlpClips(http),
            "browser": stack.enter_context(BrowserClips(http, settings)),
            "memory": in_memory(served),
        }


def in_memory(served: LocalTwitch) -> MemoryClips:
    """What the local Twitch serves, held in memory."""
    here = [clip for clip in served.fixture.clips.values() if not clip.gone]
    return MemoryClips(
        [expected(served, clip) for clip in here],
        {clip.slug: served.media.clip_file(clip, 180) for clip in here if clip.channel == "alpha"},
        served.fixture.channels,
    )


def expected(served: LocalTwitch, clip: ServedClip) -> Clip:
    return Clip(
        id=clip.slug,
        streamer=served.fixture.channels[clip.channel].name,
        duration_s=served.media.seconds(clip.media),
        url=f"https://clips.twitch.tv/{clip.slug}",
        title=clip.title,
        views=clip.views,
        created_at=served.fixture.when(clip.created_at).replace(microsecond=0),
        creator=clip.curator,
        game=clip.game or "",
        vod_id=clip.vod or "",
        vod_offset_s=clip.vod_offset,
        featured=clip.featured,
    )


@pytest.fixture(params=NAMES)
def source(request: pytest.FixtureRequest, every_source: dict[str, ClipSource]) -> ClipSource:
    found = every_source[request.param]
    assert found.name == request.param
    return found


def last(period: Period) -> ClipSpan:
    return ClipSpan.last(period, datetime.now(UTC))


@pytest.mark.parametrize(
    ("period", "slugs"),
    [(Period.DAY, {BRAVE, SLEEPY}), (Period.WEEK, {BRAVE, SLEEPY, OLD}), (Period.ALL, {BRAVE, SLEEPY, OLD})],
)
def test_the_clips_of_a_period_are_listed_the_most_viewed_first(
    source: ClipSource, served: LocalTwitch, period: Period, slugs: set[str]
) -> None:
    found = source.list_clips("alpha", last(period), 10)
    by_views = sorted(slugs, key=lambda slug: -served.fixture.clips[slug].views)
    assert [clip.id for clip in found.clips] == by_views
    assert found.note == ""


def test_a_listed_clip_has_the_facts_that_the_source_tells(source: ClipSource, served: LocalTwitch) -> None:
    clip = next(c for c in source.list_clips("alpha", last(Period.DAY), 10).clips if c.id == BRAVE)
    whole = expected(served, served.fixture.clips[BRAVE])
    assert clip.title == "What a play"
    assert clip.streamer.casefold() == "alpha"
    assert BRAVE in clip.url
    for name in MORE_FACTS[source.name]:
        assert getattr(clip, name) == getattr(whole, name), name


def test_no_more_are_listed_than_asked_for(source: ClipSource) -> None:
    assert [clip.id for clip in source.list_clips("alpha", last(Period.ALL), 1).clips] == [OLD]


def test_long_lists_are_read_page_by_page(source: ClipSource) -> None:
    found = source.list_clips("gamma", last(Period.WEEK), 230)
    assert [clip.id for clip in found.clips] == [f"Many{n:03}-eeeeeeeeeeee" for n in range(249, 19, -1)]


def test_one_clip_is_found_by_its_slug(source: ClipSource) -> None:
    clip = source.find_clip(SLEEPY)
    assert (clip.id, clip.title) == (SLEEPY, "Second <best> & more")


def test_a_video_is_downloaded_or_it_is_said_that_the_source_has_none(
    source: ClipSource, tmp_path: Path
) -> None:
    clip, target = source.find_clip(BRAVE), tmp_path / "clip.mp4"
    seen: list[int] = []
    if source.name == "helix":
        with pytest.raises(SourceUnavailableError, match="Helix gives no video"):
            source.download(clip, target)
        return
    source.download(clip, target, seen.append)
    facts = probe_clip(target)
    assert facts.duration_s == pytest.approx(6.0, abs=0.1)
    assert (facts.width, facts.height) == (320, 180)  # the best of its qualities
    assert sum(seen) == target.stat().st_size


def test_limits_of_ones_own_are_kept_or_it_is_said_that_the_source_cant(source: ClipSource) -> None:
    now = datetime.now(UTC)
    span = ClipSpan.between(now - timedelta(days=6), now - timedelta(hours=10), now)
    if source.name == "browser":
        with pytest.raises(SourceUnavailableError, match="don't tell when"):
            source.list_clips("alpha", span, 10)
    else:
        assert [clip.id for clip in source.list_clips("alpha", span, 10).clips] == [OLD, SLEEPY]


# A browser can only wait until nothing more is to be expected: test_browser.py.
@pytest.mark.parametrize("source", ["helix", "gql", "yt-dlp", "memory"], indirect=True)
class TestWhatIsNotThere:
    def test_an_unknown_streamer_is_named(self, source: ClipSource) -> None:
        kind = SourceUnavailableError if source.name == "yt-dlp" else UnknownStreamerError
        with pytest.raises(kind, match="nobody"):
            source.list_clips("nobody", last(Period.WEEK), 10)

    def test_no_clips_are_no_error_where_they_can_be_told_from_nobody(self, source: ClipSource) -> None:
        if source.name == "yt-dlp":
            with pytest.raises(SourceUnavailableError, match="no clips of beta"):
                source.list_clips("beta", last(Period.WEEK), 10)
        else:
            assert source.list_clips("beta", last(Period.WEEK), 10).clips == ()

    @pytest.mark.parametrize("slug", [GONE, "NeverWas-123456"])
    def test_a_clip_that_is_gone_is_named(self, source: ClipSource, slug: str, tmp_path: Path) -> None:
        with pytest.raises(ClipGoneError, match=slug):
            source.find_clip(slug)
        if source.name != "helix":
            gone = Clip(id=slug, streamer="alpha", duration_s=1.0)
            with pytest.raises(ClipGoneError):
                source.download(gone, tmp_path / "gone.mp4")
