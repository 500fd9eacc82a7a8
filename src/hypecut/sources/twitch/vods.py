"""What Twitch tells of a VOD, and where its files are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from hypecut.errors import HttpStatusError, SourceGoneError, SourceUnavailableError, UsageError
from hypecut.sources.hls import MediaPlaylist, Quality, parse_master, parse_media
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient

log = logging.getLogger(__name__)

SOURCE_QUALITY = "chunked"
_USHER = "https://usher.ttvnw.net"
_MAX_PLAYLIST_BYTES = 64 * 1024**2
_MAX_TITLE = 500

_VIDEO = """query($id: ID!) { video(id: $id) { id title createdAt lengthSeconds status broadcastType
  owner { login displayName } game { displayName } } }"""
_TOKEN = """query($id: ID!) { videoPlaybackAccessToken(id: $id,
  params: {platform: "web", playerBackend: "mediaplayer", playerType: "site"}) { value signature } }"""
_CHAPTERS = """query($videoID: ID!) { video(id: $videoID) {
  moments(momentRequestType: VIDEO_CHAPTER_MARKERS, types: [GAME_CHANGE]) {
    edges { node { positionMilliseconds description } } } } }"""
_CHAPTERS_NAME = "VideoPlayer_ChapterSelectButtonVideo"


class Chapter(msgspec.Struct, frozen=True):
    """A part of a VOD, mostly a game: where it begins, in seconds, and its name."""

    start_s: float
    name: str


class VodInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What Twitch tells of a VOD.

    Attributes:
        id: its number.
        title: as the streamer gave it.
        streamer: the channel's login name.
        streamer_name: as it is written.
        created_at: when the broadcast began.
        duration_s: its length, in whole seconds.
        recording: the broadcast still goes on.
        kind: archive, highlight or upload.
        game: the last game played.
        chapters: in order.
    """

    id: str
    title: str
    streamer: str
    streamer_name: str
    created_at: datetime | None
    duration_s: float
    recording: bool = False
    kind: str = "archive"
    game: str = ""
    chapters: tuple[Chapter, ...] = ()


class _Named(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    login: str | None = None


class _Video(msgspec.Struct, rename="camel"):
    id: str
    title: str | None = None
    created_at: datetime | None = None
    length_seconds: float | None = None
    status: str | None = None
    broadcast_type: str | None = None
    owner: _Named | None = None
    game: _Named | None = None


class _VideoData(msgspec.Struct):
    video: _Video | None = None


class _Token(msgspec.Struct):
    value: str
    signature: str


class _TokenData(msgspec.Struct, rename="camel"):
    video_playback_access_token: _Token | None = None


class _Moment(msgspec.Struct, rename="camel"):
    position_milliseconds: float = 0.0
    description: str | None = None


class _MomentEdge(msgspec.Struct):
    node: _Moment | None = None


class _Moments(msgspec.Struct):
    edges: list[_MomentEdge] | None = None


class _ChapterVideo(msgspec.Struct):
    moments: _Moments | None = None


class _ChapterData(msgspec.Struct):
    video: _ChapterVideo | None = None


def vod_info(gql: GqlClient, video_id: str) -> VodInfo:
    """What Twitch tells of a VOD; without chapters where these can't be had.

    Raises:
        SourceGoneError: there is no such VOD.
        SourceUnavailableError: Twitch can't be asked.
    """
    what = f"the VOD {video_id}"
    video = gql.query(_VIDEO, {"id": video_id}, _VideoData, what).video
    if video is None:
        raise SourceGoneError(
            f"Twitch has no VOD {video_id}: it was deleted, has expired or never was; check the address."
        )
    owner = video.owner or _Named()
    return VodInfo(
        id=video_id,
        title=(video.title or "")[:_MAX_TITLE],
        streamer=owner.login or "",
        streamer_name=owner.display_name or owner.login or "",
        created_at=video.created_at,
        duration_s=video.length_seconds or 0.0,
        recording=video.status == "RECORDING",
        kind=(video.broadcast_type or "archive").lower(),
        game=(video.game.display_name or "") if video.game else "",
        chapters=_chapters(gql, video_id),
    )


def qualities(http: HttpClient, gql: GqlClient, video_id: str) -> tuple[Quality, ...]:
    """The qualities in which a VOD can be had, best first, sound alone last.

    Raises:
        SourceGoneError: only subscribers may see it, or it is gone.
        SourceUnavailableError: Twitch can't be asked, or lets nobody play it yet.
    """
    token = gql.query(_TOKEN, {"id": video_id}, _TokenData, f"the VOD {video_id}").video_playback_access_token
    if token is None:
        raise SourceUnavailableError(
            f"Twitch lets nobody play the VOD {video_id} yet or any more; if it is new, try again in some"
            " minutes, else check the address."
        )
    try:
        url, text = _usher(http, video_id, token)
    except HttpStatusError as error:
        raise _refusal(error, video_id) from error
    found = parse_master(text, url)
    return tuple(sorted(found, key=lambda q: (q.height == 0, q.name != SOURCE_QUALITY, -q.height, -q.fps)))


def pick_quality(found: tuple[Quality, ...], wanted: str) -> Quality:
    """The quality that goes by a name: Twitch's own (`chunked`), its label (`720p60`), a height, or `source`.

    Raises:
        UsageError: there is none; the message names those there are.
    """
    name = {"source": SOURCE_QUALITY, "best": SOURCE_QUALITY}.get(wanted.lower(), wanted)
    pictured = [quality for quality in found if quality.height]
    for quality in pictured:
        if name in (quality.name, quality.label, str(quality.height), f"{quality.height}p"):
            return quality
    if name == SOURCE_QUALITY and pictured:
        return pictured[0]
    known = ", ".join(quality.label or quality.name for quality in pictured) or "none"
    raise UsageError(f"the VOD is not there in the quality {wanted}; choose one of: {known}.")


def media_playlist(http: HttpClient, quality: Quality) -> MediaPlaylist:
    """The files of a quality.

    Raises:
        HttpStatusError: its address is not let in any more.
        SourceUnavailableError: it can't be had or used.
    """
    answer = http.get(quality.url, max_bytes=_MAX_PLAYLIST_BYTES)
    return parse_media(answer.body.decode("utf-8", "replace"), answer.url)


def _usher(http: HttpClient, video_id: str, token: _Token) -> tuple[str, str]:
    """The master playlist's address and text, by the newer way or the older one."""
    query = {
        "allow_source": "true",
        "allow_audio_only": "true",
        "player": "twitchweb",
        "platform": "web",
        "supported_codecs": "h264",
        "playlist_include_framerate": "true",
    }
    newer = query | {"token": token.value, "sig": token.signature}
    older = query | {"nauth": token.value, "nauthsig": token.signature}
    try:
        answer = http.get(f"{_USHER}/vod/v2/{video_id}.m3u8?{urlencode(newer)}")
    except HttpStatusError as error:
        if error.status not in (400, 404, 410):
            raise
        answer = http.get(f"{_USHER}/vod/{video_id}?{urlencode(older)}")
    return answer.url, answer.body.decode("utf-8", "replace")


_CAUSES: tuple[tuple[bytes, Callable[[str], str]], ...] = (
    (
        b"vod_manifest_restricted",
        lambda vod: (
            f"only subscribers may see the VOD {vod}; if you are one, set twitch_oauth_token"
            " (HYPECUT_TWITCH_OAUTH_TOKEN) to your own token."
        ),
    ),
    (b"not_found", lambda vod: f"Twitch has no VOD {vod} any more: it was deleted or has expired."),
    (b"geoblocked", lambda vod: f"Twitch does not show the VOD {vod} in your country."),
)


def _refusal(error: HttpStatusError, video_id: str) -> SourceUnavailableError:
    """What a refusal of the playlists means."""
    for mark, words in _CAUSES:
        if mark in error.body:
            return SourceGoneError(words(video_id))
    if error.status == 404:
        return SourceGoneError(_CAUSES[1][1](video_id))
    if error.status == 403:
        return HttpStatusError(
            f"Twitch refused the playlists of the VOD {video_id}: the permission to play it had expired, or"
            " it is not for everybody; try again, and if you are a subscriber, set twitch_oauth_token.",
            403,
            error.body,
        )
    return error


def _chapters(gql: GqlClient, video_id: str) -> tuple[Chapter, ...]:
    try:
        variables: dict[str, Any] = {"videoID": video_id}
        data = gql.stored(_CHAPTERS_NAME, variables, _ChapterData, f"the chapters of {video_id}", _CHAPTERS)
    except SourceUnavailableError as error:
        log.warning("the chapters of %s are left out: %s", video_id, error)
        return ()
    moments = data.video.moments if data.video else None
    nodes = [edge.node for edge in (moments.edges if moments else None) or () if edge.node]
    found = [
        Chapter(max(0.0, node.position_milliseconds / 1000), (node.description or "")[:_MAX_TITLE])
        for node in nodes
    ]
    return tuple(sorted(found, key=lambda chapter: chapter.start_s))
