"""gql.twitch.tv: the schema the clients see, and the operations they name by hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from bisect import bisect_left
from datetime import timedelta
from typing import Any

from tests.twitch.fixture import Clip, Fixture, Message, Vod, iso
from tests.twitch.graphql import FieldError, execute
from tests.twitch.media import MediaStore
from tests.twitch.operations import OPERATIONS

CDN = "d2nvs31859zcd8.cloudfront.net"
CLIP_CDN = "production.assets.clips.twitchcdn.net"
_SECRET = b"local Twitch signing key"
_PERIOD = {"LAST_DAY": 1, "LAST_WEEK": 7, "LAST_MONTH": 30}


def sign(value: str) -> str:
    return hmac.new(_SECRET, value.encode(), hashlib.sha1).hexdigest()


def token(claims: dict[str, Any], seconds: float) -> dict[str, Any]:
    """A playback access token: a JSON text and its signature."""
    body = {
        "authorization": {"forbidden": False, "reason": ""},
        "expires": int(time.time() + seconds),
        "device_id": None,
        "user_id": None,
        "version": 2,
        **claims,
    }
    value = json.dumps(body, separators=(",", ":"))
    return {"__typename": "PlaybackAccessToken", "value": value, "signature": sign(value)}


def check_token(value: str, signature: str, **claims: Any) -> str | None:
    """Why a token is not good, or None."""
    if not value or not hmac.compare_digest(sign(value), signature):
        return "invalid signature"
    body = json.loads(value)
    if body["expires"] < time.time():
        return "token has expired"
    return next(
        (f"token is not for this {name}" for name, want in claims.items() if str(body.get(name)) != want),
        None,
    )


def special_id(vod: Vod, fixture: Fixture) -> str:
    """The folder a VOD's files are in on the CDN."""
    stamp = int(fixture.when(vod.created_at).timestamp())
    return f"{hashlib.sha1(vod.id.encode()).hexdigest()[:20]}_{vod.channel}_{vod.id}00_{stamp}"


def clip_url(clip: Clip, quality: int) -> str:
    return f"https://{CLIP_CDN}/v2/media/{clip.slug}/{clip.id}/video-{quality}.mp4"


def _cursor(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()


class Schema:
    """The graph over a fixture."""

    def __init__(self, fixture: Fixture, media: MediaStore) -> None:
        self.fixture = fixture
        self.media = media

    def run(self, request: dict[str, Any], client_id: str, oauth: str, retired: set[str]) -> dict[str, Any]:
        """Answers one operation."""
        name = request.get("operationName")
        text = request.get("query")
        if text is None:
            wanted = request.get("extensions", {}).get("persistedQuery", {}).get("sha256Hash")
            text = OPERATIONS.get(name or "")
            if text is None or wanted is None or wanted in retired:
                return {"errors": [{"message": "PersistedQueryNotFound"}]}
        guarded = bool({client_id, "*"} & self.fixture.integrity_client_ids)
        answer = execute(text, request.get("variables") or {}, self._root(guarded, oauth))
        extensions: dict[str, Any] = {"durationMilliseconds": 12, "requestID": "01LOCAL"}
        if name:
            extensions["operationName"] = name
        if any(e["message"] == "failed integrity check" for e in answer.get("errors", [])):
            extensions["challenge"] = {"type": "integrity"}
        return {**answer, "extensions": extensions}

    def _root(self, guarded: bool, oauth: str) -> dict[str, Any]:
        def video(a: dict[str, Any]) -> dict[str, Any] | None:
            vod = self.fixture.vods.get(str(a.get("id")))
            return self.vod(vod, guarded) if vod else None

        def clip(a: dict[str, Any]) -> dict[str, Any] | None:
            found = self.fixture.clips.get(str(a.get("slug")))
            return self.clip(found) if found and not found.gone else None

        def playback(a: dict[str, Any]) -> dict[str, Any] | None:
            vod = self.fixture.vods.get(str(a.get("id")))
            if vod is None or vod.null_token:
                return None
            subscriber = bool(oauth) and oauth == vod.subscriber_token
            claims: dict[str, Any] = {
                "vod_id": vod.id,
                "chansub": {"restricted_bitrates": []},
                "user_id": 77 if subscriber else None,
            }
            return token(claims, self.fixture.token_seconds)

        return {
            "__typename": "Query",
            "video": video,
            "clip": clip,
            "videoPlaybackAccessToken": playback,
            "streamPlaybackAccessToken": None,
            "badges": [self._badge("moderator", "1", "")],
            "user": lambda a: self.user(str(a.get("login") or ""), guarded, missing_ok=True),
            "game": lambda a: self.game(a.get("name")),
        }

    def user(self, login: str, guarded: bool = False, missing_ok: bool = False) -> dict[str, Any] | None:
        channel = self.fixture.channels.get(login.lower())
        if channel is None and missing_ok:
            return None
        name = channel.name if channel else login
        number = channel.id if channel else str(int(hashlib.sha1(login.encode()).hexdigest()[:7], 16))

        def clips(a: dict[str, Any]) -> dict[str, Any]:
            criteria = a.get("criteria") or {}
            period = criteria.get("filter") or criteria.get("period") or "LAST_WEEK"
            days = _PERIOD.get(period)
            since = self.fixture.made_at - timedelta(days=days) if days else None
            return self._connection([self.clip(c) for c in self.fixture.clips_of(login, since)], a, "Clip")

        def videos(a: dict[str, Any]) -> dict[str, Any]:
            if guarded and a.get("after"):
                raise FieldError("failed integrity check")
            kind = a.get("type")
            found = [v for v in self.fixture.vods_of(login) if kind in (None, v.broadcast_type)]
            if a.get("sort") == "VIEWS":
                found.sort(key=lambda v: -v.views)
            return self._connection([self.vod(v, guarded) for v in found], a, "Video")

        return {
            "__typename": "User",
            "id": number,
            "login": login.lower(),
            "displayName": name,
            "clips": clips,
            "videos": videos,
            "isPartner": True,
            "followers": {"totalCount": 1000},
            "channel": {"id": number},
            "profileImageURL": lambda a: f"https://static-cdn.jtvnw.net/jtv_user_pictures/{number}-70x70.png",
            "primaryColorHex": "9146FF",
            "broadcastBadges": [self._badge("subscriber", "0", number)],
            "stream": None,
        }

    def clip(self, clip: Clip) -> dict[str, Any]:
        thumb = f"https://static-cdn.jtvnw.net/twitch-clips-thumbnails-prod/{clip.slug}/preview-480x272.jpg"
        qualities = (
            [
                {
                    "__typename": "ClipVideoQuality",
                    "frameRate": clip.media.fps,
                    "quality": str(q),
                    "sourceURL": clip_url(clip, q),
                }
                for q in sorted(clip.qualities, reverse=True)
            ]
            if clip.qualities
            else None
        )
        claims = {"clip_slug": clip.slug, "clip_uri": ""}
        return {
            "__typename": "Clip",
            "id": clip.id,
            "slug": clip.slug,
            "title": clip.title,
            "viewCount": clip.views,
            "url": f"https://www.twitch.tv/{clip.channel}/clip/{clip.slug}",
            "language": clip.language,
            "embedURL": f"https://clips.twitch.tv/embed?clip={clip.slug}",
            "thumbnailURL": lambda a: thumb,
            "createdAt": iso(self.fixture.when(clip.created_at)),
            "videoOffsetSeconds": clip.vod_offset,
            "durationSeconds": round(self.media.seconds(clip.media)),
            "videoQualities": qualities,
            "assets": [{"aspectRatio": 16 / 9, "thumbnailURL": thumb, "videoQualities": qualities}],
            "playbackAccessToken": lambda a: token(claims, self.fixture.token_seconds),
            "game": self.game(clip.game),
            "broadcaster": self.user(clip.channel),
            "curator": self.user(clip.curator),
            "video": {
                "__typename": "Video",
                "id": clip.vod,
                "createdAt": iso(self.fixture.when(self.fixture.vods[clip.vod].created_at))
                if clip.vod in self.fixture.vods
                else None,
            }
            if clip.vod
            else None,
        }

    def vod(self, vod: Vod, guarded: bool) -> dict[str, Any]:
        created = iso(self.fixture.when(vod.created_at))
        folder = special_id(vod, self.fixture)
        live = vod.status == "RECORDING"
        thumb = (
            "https://vod-secure.twitch.tv/_404/404_processing_320x180.png"
            if live
            else f"https://static-cdn.jtvnw.net/cf_vods/{folder}/thumb/thumb0-320x180.jpg"
        )
        return {
            "__typename": "Video",
            "id": vod.id,
            "title": vod.title,
            "description": None,
            "createdAt": created,
            "recordedAt": created,
            "publishedAt": created,
            "updatedAt": created,
            "status": vod.status,
            "broadcastType": vod.broadcast_type,
            "viewCount": vod.views,
            "language": "en",
            "lengthSeconds": int(self.media.seconds(vod.media)),
            "game": self.game(vod.game),
            "owner": self.user(vod.channel),
            "creator": self.user(vod.channel),
            "seekPreviewsURL": f"https://{CDN}/{folder}/storyboards/{vod.id}-info.json",
            "previewThumbnailURL": lambda a: thumb,
            "thumbnailURLs": lambda a: [thumb],
            "moments": lambda a: self._moments(vod),
            "comments": lambda a: self._comments(vod, a, guarded),
        }

    def _moments(self, vod: Vod) -> dict[str, Any]:
        length = self.media.seconds(vod.media)
        ends = [start for start, _ in vod.chapters[1:]] + [
            length
        ]  # one more than chapters when there are none
        return {
            "edges": [
                {
                    "cursor": "",
                    "node": {
                        "id": hashlib.sha1(f"{vod.id}{start}".encode()).hexdigest(),
                        "type": "GAME_CHANGE",
                        "description": name,
                        "subDescription": "",
                        "thumbnailURL": "",
                        "positionMilliseconds": int(start * 1000),
                        "durationMilliseconds": int((end - start) * 1000),
                        "details": {"game": self.game(name)},
                        "moments": {"edges": []},
                    },
                }
                for (start, name), end in zip(vod.chapters, ends, strict=False)
            ]
        }

    def _comments(self, vod: Vod, a: dict[str, Any], guarded: bool) -> dict[str, Any]:
        """A page of chat. By offset it starts a few messages early, as the real one does."""
        chat = vod.chat
        if a.get("after"):
            if guarded:
                raise FieldError("failed integrity check")
            try:
                first = json.loads(base64.b64decode(a["after"]))["n"] + 1
            except (ValueError, KeyError, TypeError):
                raise FieldError("invalid cursor") from None
        else:
            offset = a.get("contentOffsetSeconds") or 0
            at = bisect_left(chat, offset, key=lambda m: int(m.offset))
            first = max(0, at - vod.chat_backfill)
        page = chat[first : first + vod.chat_page]
        edges = [
            {
                "cursor": base64.b64encode(json.dumps({"id": f"{vod.id}-{n}", "n": n}).encode()).decode(),
                "node": self._message(vod, n, m),
            }
            for n, m in enumerate(page, first)
        ]
        return {
            "edges": edges,
            "pageInfo": {"hasPreviousPage": first > 0, "hasNextPage": first + len(page) < len(chat)},
        }

    def _message(self, vod: Vod, number: int, message: Message) -> dict[str, Any]:
        emotes = self.fixture.channels[vod.channel].emotes
        fragments: list[dict[str, Any]] = []
        at = 0
        for position, word in enumerate(message.text.split(" ")):
            text = (" " if position else "") + word
            if word in emotes:
                if position:
                    fragments.append({"text": " ", "emote": None})
                start = at + (position > 0)
                code = f"emotesv2_{hashlib.sha1(word.encode()).hexdigest()[:8]}"
                fragments.append(
                    {
                        "text": word,
                        "emote": {
                            "id": f"{code};{start};{start + len(word) - 1}",
                            "emoteID": code,
                            "from": start,
                        },
                    }
                )
            elif fragments and fragments[-1]["emote"] is None:
                fragments[-1]["text"] += text
            else:
                fragments.append({"text": text, "emote": None})
            at += len(text)
        moment = self.fixture.when(vod.created_at) + timedelta(seconds=message.offset)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
        user = {"id": message.user_id, "login": message.user.lower(), "displayName": message.user}
        return {
            "__typename": "VideoComment",
            "id": hashlib.sha1(f"{vod.id}-{number}".encode()).hexdigest(),
            "createdAt": stamp,
            "contentOffsetSeconds": int(message.offset),
            "commenter": None if message.deleted_user else user,
            "message": {
                "fragments": fragments,
                "userColor": message.color,
                "userBadges": [self._badge(b, "1", "") for b in message.badges],
            },
        }

    @staticmethod
    def game(name: str | None) -> dict[str, Any] | None:
        number = str(int(hashlib.sha1((name or "").encode()).hexdigest()[:6], 16))
        return (
            {
                "__typename": "Game",
                "id": number,
                "name": name,
                "displayName": name,
                "boxArtURL": "https://static-cdn.jtvnw.net/ttv-boxart/1-40x53.jpg",
            }
            if name
            else None
        )

    @staticmethod
    def _badge(name: str, version: str, channel: str) -> dict[str, Any]:
        return {
            "id": base64.b64encode(f"{name};{version};{channel}".encode()).decode(),
            "setID": name,
            "version": version,
            "title": name.title(),
            "image1x": "https://static-cdn.jtvnw.net/badges/v1/x/1",
        }

    @staticmethod
    def _connection(nodes: list[dict[str, Any]], a: dict[str, Any], kind: str) -> dict[str, Any]:
        first = min(int(a.get("first") or 20), 100)
        try:
            start = int(base64.b64decode(a.get("after") or _cursor(0)))
        except ValueError:
            raise FieldError("invalid cursor") from None
        page = nodes[start : start + first]
        more = start + len(page) < len(nodes)
        return {
            "__typename": f"{kind}Connection",
            "totalCount": len(nodes),
            "pageInfo": {"hasNextPage": more, "hasPreviousPage": start > 0},
            "edges": [
                {"__typename": f"{kind}Edge", "node": node, "cursor": _cursor(start + n) if more else None}
                for n, node in enumerate(page, 1)
            ],
        }
