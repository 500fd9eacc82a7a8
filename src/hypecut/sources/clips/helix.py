"""Clips by Helix, Twitch's official API; needs a client id and secret, and gives no videos."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec

from hypecut.errors import (
    ClipGoneError,
    HttpStatusError,
    SourceUnavailableError,
    UnknownStreamerError,
)
from hypecut.models import Clip
from hypecut.settings import Settings
from hypecut.sources.clips.addresses import clip_slug
from hypecut.sources.clips.listing import Collected
from hypecut.sources.clips.protocol import ClipList, ClipSpan, OnBytes, ignore_bytes
from hypecut.sources.http import HttpClient

_TOKEN_URL = "https://id.twitch.tv/oauth2/token"
_API = "https://api.twitch.tv/helix/"
_PAGE = 100

T = TypeVar("T")

log = logging.getLogger(__name__)


class _Token(msgspec.Struct):
    access_token: str


class _User(msgspec.Struct):
    id: str
    display_name: str | None = None


class _Clip(msgspec.Struct):
    id: str
    url: str | None = None
    broadcaster_name: str | None = None
    creator_name: str | None = None
    video_id: str | None = None
    game_id: str | None = None
    title: str | None = None
    view_count: int | None = None
    created_at: datetime | None = None
    duration: float | None = None
    vod_offset: float | None = None
    is_featured: bool | None = None


class _Game(msgspec.Struct):
    id: str
    name: str | None = None


class _Pagination(msgspec.Struct):
    cursor: str | None = None


class _Users(msgspec.Struct):
    data: list[_User] | None = None


class _Games(msgspec.Struct):
    data: list[_Game] | None = None


class _Clips(msgspec.Struct):
    data: list[_Clip] | None = None
    pagination: _Pagination | None = None


class HelixClips:
    """Clips by Helix.

    Args:
        http: asks it.
        settings: the client id and secret.
    """

    name = "helix"

    def __init__(self, http: HttpClient, settings: Settings) -> None:
        self._http = http
        self._client_id = settings.twitch_client_id
        self._secret = settings.twitch_client_secret
        self._token = ""
        self._games: dict[str, str] = {}

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """See `ClipSource`."""
        users = self._get("users", [("login", streamer)], _Users, f"the streamer {streamer}").data
        if not users:
            raise UnknownStreamerError(f"there is no streamer {streamer!r} on Twitch; correct the name.")
        found = Collected(span, limit)
        while not found.full:
            wanted = [("broadcaster_id", users[0].id), ("first", str(min(_PAGE, found.wanted)))]
            if span.start is not None:
                # Without an end Helix means a week.
                end = span.end or datetime.now(UTC)
                wanted += [("started_at", _moment(span.start)), ("ended_at", _moment(end))]
            if found.cursor:
                wanted.append(("after", found.cursor))
            page = self._get("clips", wanted, _Clips, f"the clips of {streamer}")
            found.take(
                self._values(page.data or [], streamer), (page.pagination and page.pagination.cursor) or ""
            )
        return found.result()

    def find_clip(self, slug: str) -> Clip:
        """See `ClipSource`."""
        page = self._get("clips", [("id", slug)], _Clips, f"the clip {slug}")
        found = self._values(page.data or [], "")
        if not found:
            raise ClipGoneError(f"the clip {slug} is not on Twitch (any more); leave it out.")
        return found[0]

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """Helix gives videos to their broadcaster alone.

        Raises:
            SourceUnavailableError: always.
        """
        del target, on_bytes
        raise SourceUnavailableError(f"Helix gives no video of {clip.id}; another source must.")

    def _values(self, clips: Iterable[_Clip], streamer: str) -> list[Clip]:
        # A slug names files, so it must be one.
        clips = [clip for clip in clips if clip_slug(clip.id) == clip.id]
        self._learn_games({clip.game_id for clip in clips if clip.game_id} - set(self._games))
        return [
            Clip(
                id=clip.id,
                streamer=clip.broadcaster_name or streamer,
                duration_s=max(0.0, clip.duration or 0.0),
                url=clip.url or f"https://clips.twitch.tv/{clip.id}",
                title=clip.title or "",
                views=max(0, clip.view_count or 0),
                created_at=clip.created_at,
                creator=clip.creator_name or "",
                game=self._games.get(clip.game_id or "", ""),
                vod_id=clip.video_id or "",
                vod_offset_s=clip.vod_offset,
                featured=bool(clip.is_featured),
            )
            for clip in clips
        ]

    def _learn_games(self, ids: set[str]) -> None:
        for first in range(0, len(ids), _PAGE):
            asked = [("id", game_id) for game_id in sorted(ids)[first : first + _PAGE]]
            try:
                games = self._get("games", asked, _Games, "the names of games").data or []
            except SourceUnavailableError as error:  # not worth to do without the clips
                log.warning("the names of games are not known: %s", error)
                return
            self._games |= {game.id: game.name or "" for game in games}

    def _get(self, path: str, params: list[tuple[str, str]], kind: type[T], what: str) -> T:
        try:
            body = self._ask(path, params)
        except HttpStatusError as error:
            if error.status != 401:
                raise
            self._token = ""  # it lasts 60 days at most, and may be taken back before
            body = self._ask(path, params)
        return _decoded(body, kind, what)

    def _ask(self, path: str, params: list[tuple[str, str]]) -> bytes:
        if not self._token:
            self._token = self._new_token()
        headers = {"Client-Id": self._client_id, "Authorization": f"Bearer {self._token}"}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params)
        return self._http.get(f"{_API}{path}?{query}", headers=headers).body

    def _new_token(self) -> str:
        form = {
            "client_id": self._client_id,
            "client_secret": self._secret.get_secret_value(),
            "grant_type": "client_credentials",
        }
        try:
            body = self._http.request("POST", _TOKEN_URL, form=form).body
        except HttpStatusError as error:
            if error.status in (400, 401, 403):
                raise SourceUnavailableError(
                    "Twitch does not take the settings twitch_client_id and twitch_client_secret; correct or"
                    " unset them."
                ) from error
            raise
        return _decoded(body, _Token, "an access token").access_token


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decoded(body: bytes, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise SourceUnavailableError(
            f"Helix's answer about {what} is not understood ({error}); try again later, or update hypecut."
        ) from error
