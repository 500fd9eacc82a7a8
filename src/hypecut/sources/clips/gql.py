"""Clips by Twitch's own GraphQL API, asked with raw query text: without an account, and with all facts."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from hypecut.errors import ClipGoneError, SourceUnavailableError, UnknownStreamerError
from hypecut.models import Clip
from hypecut.sources.clips.addresses import clip_slug
from hypecut.sources.clips.downloading import download_resolved
from hypecut.sources.clips.listing import Collected
from hypecut.sources.clips.protocol import ClipList, ClipSpan, OnBytes, Period, ignore_bytes
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient

_PERIODS = {
    Period.DAY: "LAST_DAY",
    Period.WEEK: "LAST_WEEK",
    Period.MONTH: "LAST_MONTH",
    Period.ALL: "ALL_TIME",
}
_FACTS = (
    "slug url title viewCount createdAt durationSeconds game { name } broadcaster { login displayName }"
    " curator { displayName } video { id } videoOffsetSeconds"
)
_VIDEO = (
    "query($slug: ID!) { clip(slug: $slug) { videoQualities { quality sourceURL }"
    " assets { videoQualities { quality sourceURL } }"
    ' playbackAccessToken(params: {platform: "web", playerBackend: "mediaplayer", playerType: "site"})'
    " { signature value } } }"
)
_PAGE = 100


class _Named(msgspec.Struct):
    name: str | None = None
    login: str | None = None
    display_name: str | None = msgspec.field(name="displayName", default=None)


class _Video(msgspec.Struct):
    id: str | None = None


class _Node(msgspec.Struct, rename="camel"):
    slug: str | None = None
    url: str | None = None
    title: str | None = None
    view_count: int | None = None
    created_at: datetime | None = None
    duration_seconds: float | None = None
    game: _Named | None = None
    broadcaster: _Named | None = None
    curator: _Named | None = None
    video: _Video | None = None
    video_offset_seconds: float | None = None


class _Edge(msgspec.Struct):
    cursor: str | None = None
    node: _Node | None = None


class _PageInfo(msgspec.Struct):
    has_next: bool | None = msgspec.field(name="hasNextPage", default=None)


class _Connection(msgspec.Struct):
    edges: list[_Edge] | None = None
    page: _PageInfo | None = msgspec.field(name="pageInfo", default=None)


class _User(msgspec.Struct):
    clips: _Connection | None = None


class _Users(msgspec.Struct):
    user: _User | None = None


class _Found(msgspec.Struct):
    clip: _Node | None = None


class _Quality(msgspec.Struct):
    quality: str | None = None
    url: str | None = msgspec.field(name="sourceURL", default=None)


class _Asset(msgspec.Struct):
    qualities: list[_Quality] | None = msgspec.field(name="videoQualities", default=None)


class _Token(msgspec.Struct):
    signature: str
    value: str


class _Playable(msgspec.Struct):
    qualities: list[_Quality] | None = msgspec.field(name="videoQualities", default=None)
    assets: list[_Asset] | None = None
    token: _Token | None = msgspec.field(name="playbackAccessToken", default=None)


class _PlayableFound(msgspec.Struct):
    clip: _Playable | None = None


class GqlClips:
    """Clips by Twitch's GraphQL API.

    Args:
        gql: asks it.
        http: downloads the videos.
    """

    name = "gql"

    def __init__(self, gql: GqlClient, http: HttpClient) -> None:
        self._gql = gql
        self._http = http

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """See `ClipSource`."""
        found = Collected(span, limit)
        while not found.full:
            connection = self._page(streamer, span, found)
            edges = connection.edges or []
            clips = [_clip(edge.node, streamer) for edge in edges if edge.node is not None]
            cursor = next((edge.cursor for edge in reversed(edges) if edge.cursor), "")
            more = connection.page is None or connection.page.has_next is not False
            found.take([clip for clip in clips if clip is not None], cursor if more else "")
        return found.result()

    def _page(self, streamer: str, span: ClipSpan, found: Collected) -> _Connection:
        # As text, not as variables, so that no type's name can go out of date; JSON's strings are GraphQL's.
        after = f", after: {json.dumps(found.cursor)}" if found.cursor else ""
        query = (
            f"query {{ user(login: {json.dumps(streamer)}) {{ clips(first: {min(_PAGE, found.wanted)}{after},"
            f" criteria: {{period: {_PERIODS[span.period]}, sort: VIEWS_DESC}})"
            f" {{ pageInfo {{ hasNextPage }} edges {{ cursor node {{ {_FACTS} }} }} }} }} }}"
        )
        user = self._gql.query(query, {}, _Users, f"the clips of {streamer}").user
        if user is None:
            raise UnknownStreamerError(f"there is no streamer {streamer!r} on Twitch; correct the name.")
        if user.clips is None:
            raise SourceUnavailableError(f"Twitch gave no list of the clips of {streamer}; try again later.")
        return user.clips

    def find_clip(self, slug: str) -> Clip:
        """See `ClipSource`."""
        query = f"query($slug: ID!) {{ clip(slug: $slug) {{ {_FACTS} }} }}"
        node = self._gql.query(query, {"slug": slug}, _Found, f"the clip {slug}").clip
        clip = _clip(node, "") if node else None
        if clip is None:
            raise ClipGoneError(f"the clip {slug} is not on Twitch (any more); leave it out.")
        return clip

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """See `ClipSource`."""
        download_resolved(self._http, lambda: self._video_url(clip.id), target, on_bytes)

    def _video_url(self, slug: str) -> str:
        """The signed address of a clip's best video."""
        found = self._gql.stored(
            "ShareClipRenderStatus", {"slug": slug}, _PlayableFound, f"the video of the clip {slug}", _VIDEO
        ).clip
        if found is None:
            raise ClipGoneError(f"the clip {slug} is not on Twitch (any more); leave it out.")
        # The first asset is the clip as it was made, the second may be a portrait version of it.
        qualities = (found.assets[0].qualities if found.assets else None) or found.qualities or []
        usable = [quality for quality in qualities if quality.url]
        if not usable or found.token is None:
            raise SourceUnavailableError(f"Twitch names no video of the clip {slug}; try again later.")
        best = max(usable, key=lambda quality: _height(quality.quality))
        signed = urlencode({"sig": found.token.signature, "token": found.token.value})
        return f"{best.url}?{signed}"


def _height(quality: str | None) -> int:
    digits = (quality or "").partition("p")[0]
    return int(digits) if digits.isdecimal() else 0


def _clip(node: _Node, streamer: str) -> Clip | None:
    """What Twitch tells of a clip as our value; None when it doesn't even have a name."""
    if clip_slug(node.slug or "") != node.slug or not node.slug:
        return None  # it names files, so it must be one
    broadcaster = node.broadcaster or _Named()
    return Clip(
        id=node.slug,
        streamer=broadcaster.display_name or broadcaster.login or streamer,
        duration_s=max(0.0, node.duration_seconds or 0.0),
        url=node.url or f"https://clips.twitch.tv/{node.slug}",
        title=node.title or "",
        views=max(0, node.view_count or 0),
        created_at=node.created_at,
        creator=(node.curator and node.curator.display_name) or "",
        game=(node.game and node.game.name) or "",
        vod_id=(node.video and node.video.id) or "",
        vod_offset_s=node.video_offset_seconds,
    )
