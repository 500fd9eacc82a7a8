"""Clips from Twitch: listing, downloading, and finding the video in a page.

from hypecut.sources.clips import download_clip, get_clips

listing = get_clips("alpha", period="week", limit=20)
for clip in listing.clips:
    video = download_clip(clip.url, Path("clips"))
    print(video.path, video.facts.duration_s)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hypecut.errors import HttpStatusError, SourceUnavailableError, UsageError
from hypecut.models import Clip
from hypecut.settings import Settings, load_settings
from hypecut.sources.cache import open_cache
from hypecut.sources.clips.addresses import clip_slug, is_address, streamer_name
from hypecut.sources.clips.chain import Listing
from hypecut.sources.clips.downloading import MAX_CLIP_BYTES
from hypecut.sources.clips.opening import opened_sources
from hypecut.sources.clips.pages import extract_mp4_url_from_html
from hypecut.sources.clips.probing import ClipFacts, probe_clip
from hypecut.sources.clips.protocol import ClipSpan, Period
from hypecut.sources.clips.store import SUFFIX, ClipStore
from hypecut.sources.http import HttpClient

__all__ = ["ClipVideo", "download_clip", "extract_mp4_url_from_html", "get_clips"]

_MAX_PAGE_BYTES = 8 * 1024**2


class ClipVideo(msgspec.Struct, frozen=True, kw_only=True):
    """A downloaded clip: the file, what it tells of itself, and the clip, if it was given by page or slug."""

    path: Path
    facts: ClipFacts
    clip: Clip | None = None


def get_clips(
    name: str,
    *,
    period: Period | str = Period.WEEK,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
    settings: Settings | None = None,
) -> Listing:
    """The most viewed clips of a streamer, from the first source that answers.

    Args:
        name: the streamer's login name, or the channel's address.
        period: day, week, month or all; not used when `start` or `end` is given.
        start: not before this moment (aware).
        end: not after this moment (aware).
        limit: so many at most.
        settings: None reads them from where they usually are.

    Raises:
        UsageError: the name, the period or the span can't be.
        UnknownStreamerError: Twitch knows no such streamer.
        SourceUnavailableError: no source can answer; the message has each one's reason.
    """
    login, now = streamer_name(name), datetime.now(UTC)
    try:
        span = ClipSpan.last(Period(period), now)
    except ValueError as error:
        raise UsageError(f"{period!r} is no period; give day, week, month or all.") from error
    if start is not None or end is not None:
        span = ClipSpan.between(start, end, now)
    with opened_sources(settings or load_settings().settings) as sources:
        return sources.list_clips(login, span, limit)


def download_clip(clip: str, target: Path, *, settings: Settings | None = None) -> ClipVideo:
    """Download a clip; what was downloaded before comes from the cache.

    Args:
        clip: the address of its page, its slug, the address of an MP4, or of a page that shows one.
        target: the file to write, or a folder, in which the file is named after the clip.
        settings: None reads them from where they usually are.

    Raises:
        UsageError: `clip` is none of these.
        ClipGoneError: there is no such clip (any more).
        SourceUnavailableError: there is no video source, or it can't be had.
        MediaError: the video is damaged.
        DiskFullError, BadInputError: it can't be written.
    """
    settings = settings or load_settings().settings
    slug = clip_slug(clip)
    if slug is None and not is_address(clip):
        raise UsageError(f"{clip!r} is no clip; give the address of its page, its slug, or an MP4's address.")
    cache = open_cache(settings)
    with HttpClient(settings) as http:
        if slug is not None:
            place = _place(target, slug)
            with opened_sources(settings, http) as sources:
                found = sources.find_clip(slug)
                return ClipVideo(path=place, facts=ClipStore(sources, cache).fetch(found, place), clip=found)
        address = _video_address(http, clip.strip())
        place = _place(target, Path(urlsplit(address).path).stem or "clip")

        def make(part: Path) -> Mapping[str, Any]:
            _download(http, address, part)
            facts: dict[str, Any] = msgspec.to_builtins(probe_clip(part))
            return facts

        # What is behind the question mark is the signature, another one each time.
        asset = cache.fetch(f"video {address.partition('?')[0]}", SUFFIX, make, place)
    return ClipVideo(path=place, facts=msgspec.convert(asset.meta, ClipFacts))


def _place(target: Path, name: str) -> Path:
    return target / f"{name}{SUFFIX}" if target.is_dir() else target


def _video_address(http: HttpClient, address: str) -> str:
    """The address of the MP4 that `address` is, or that its page shows."""
    if urlsplit(address).path.lower().endswith(SUFFIX):
        return address
    page = http.get(address, max_bytes=_MAX_PAGE_BYTES)
    found = extract_mp4_url_from_html(page.body.decode("utf-8", "replace"), page.url)
    if found is None:
        raise SourceUnavailableError(f"{address} has no video source; give the clip's own page or an MP4.")
    return found


def _download(http: HttpClient, address: str, part: Path) -> None:
    try:
        http.download(address, part, max_bytes=MAX_CLIP_BYTES)
    except HttpStatusError as error:
        if error.status in (401, 403):
            raise SourceUnavailableError(
                f"{urlsplit(address).hostname} refuses the video: its address is out of date; give the"
                " clip's page instead."
            ) from error
        raise
