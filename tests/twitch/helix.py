"""api.twitch.tv: Helix, and id.twitch.tv, where its tokens come from."""

from __future__ import annotations

import base64
import secrets
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from tests.twitch.exchange import Answer, Request, as_json
from tests.twitch.fixture import Clip, Fixture, iso, parse_time
from tests.twitch.gql import Schema
from tests.twitch.media import MediaStore


class Helix:
    """Helix over a fixture; `left` is how many requests it still takes this minute."""

    def __init__(self, fixture: Fixture, media: MediaStore, schema: Schema) -> None:
        self.fixture = fixture
        self.media = media
        self.schema = schema
        self.bearers: dict[str, tuple[str, float]] = {}
        self.left = 800

    def oauth(self, r: Request) -> Answer:
        form = {k: v[0] for k, v in parse_qs(r.body.decode()).items()} | r.query
        if r.path == "/oauth2/validate":
            known = self.bearers.get(r.headers.get("Authorization", "").split(" ")[-1])
            if not known or known[1] < time.time():
                return as_json({"status": 401, "message": "invalid access token"}, 401)
            return as_json({"client_id": known[0], "scopes": None, "expires_in": int(known[1] - time.time())})
        client = form.get("client_id", "")
        if client not in self.fixture.helix_clients:
            return as_json({"status": 400, "message": "invalid client"}, 400)
        if form.get("client_secret") != self.fixture.helix_clients[client]:
            return as_json({"status": 403, "message": "invalid client secret"}, 403)
        bearer = secrets.token_hex(15)
        self.bearers[bearer] = (client, time.time() + self.fixture.token_seconds)
        return as_json(
            {"access_token": bearer, "expires_in": int(self.fixture.token_seconds), "token_type": "bearer"}
        )

    def answer(self, r: Request) -> Answer:
        known = self.bearers.get(r.headers.get("Authorization", "").removeprefix("Bearer "))
        if not known or known[1] < time.time():
            return as_json({"error": "Unauthorized", "status": 401, "message": "Invalid OAuth token"}, 401)
        if known[0] != r.headers.get("Client-Id"):
            return as_json(
                {"error": "Unauthorized", "status": 401, "message": "Client ID and OAuth token do not match"},
                401,
            )
        self.left = max(0, self.left - 1)
        limits = {
            "Ratelimit-Limit": "800",
            "Ratelimit-Remaining": str(self.left),
            "Ratelimit-Reset": str(int(time.time()) + 60),
        }
        if self.left == 0:
            return as_json({"error": "Too Many Requests", "status": 429, "message": ""}, 429, limits)
        rows = {
            "/helix/users": self._users,
            "/helix/clips": self._clips,
            "/helix/games": self._games,
            "/helix/videos": self._videos,
        }.get(r.path)
        if rows is None:
            return as_json({"error": "Not Found", "status": 404, "message": ""}, 404, limits)
        found = rows(r)
        if found is None:
            return as_json(
                {"error": "Bad Request", "status": 400, "message": "missing required parameter"}, 400
            )
        if r.path in ("/helix/users", "/helix/games"):
            return as_json({"data": found}, headers=limits)
        first = min(int(r.query.get("first", 20)), 100)
        start = int(base64.b64decode(r.query["after"])) if r.query.get("after") else 0
        more = start + first < len(found)
        page = {"cursor": base64.b64encode(str(start + first).encode()).decode()} if more else {}
        return as_json({"data": found[start : start + first], "pagination": page}, headers=limits)

    def _users(self, r: Request) -> list[dict[str, Any]]:
        logins, ids = r.multi.get("login", []), r.multi.get("id", [])
        return [
            {
                "id": c.id,
                "login": c.login,
                "display_name": c.name,
                "type": "",
                "broadcaster_type": "partner",
                "description": "",
                "profile_image_url": "",
                "offline_image_url": "",
                "view_count": 0,
                "created_at": "2016-01-01T00:00:00Z",
            }
            for c in self.fixture.channels.values()
            if c.login in logins or c.id in ids
        ]

    def _games(self, r: Request) -> list[dict[str, Any]]:
        names = {clip.game for clip in self.fixture.clips.values()}
        games = [game for game in map(self.schema.game, names) if game]
        return [
            {"id": g["id"], "name": g["name"], "box_art_url": "", "igdb_id": ""}
            for g in games
            if g["id"] in r.multi.get("id", [])
        ]

    def _clips(self, r: Request) -> list[dict[str, Any]] | None:
        if ids := r.multi.get("id"):
            found = [self.fixture.clips[i] for i in ids if i in self.fixture.clips]
            return [self._helix_clip(clip) for clip in found if not clip.gone]
        channel = next(
            (c for c in self.fixture.channels.values() if c.id == r.query.get("broadcaster_id")), None
        )
        if channel is None:
            return [] if "broadcaster_id" in r.query else None
        since, until = r.query.get("started_at"), r.query.get("ended_at")
        begin = parse_time(since, self.fixture.made_at) if since else None
        # As documented: without ended_at the window is one week from started_at.
        end = (
            parse_time(until, self.fixture.made_at) if until else begin + timedelta(days=7) if begin else None
        )
        return [self._helix_clip(c) for c in self.fixture.clips_of(channel.login, begin, end)]

    def _helix_clip(self, clip: Clip) -> dict[str, Any]:
        whole = self.schema.clip(clip)
        return {
            "id": clip.slug,
            "url": f"https://clips.twitch.tv/{clip.slug}",
            "embed_url": whole["embedURL"],
            "broadcaster_id": whole["broadcaster"]["id"],
            "broadcaster_name": whole["broadcaster"]["displayName"],
            "creator_id": whole["curator"]["id"],
            "creator_name": clip.curator,
            "video_id": clip.vod or "",
            "game_id": (whole["game"] or {"id": ""})["id"],
            "language": clip.language,
            "title": clip.title,
            "view_count": clip.views,
            "created_at": whole["createdAt"],
            "thumbnail_url": whole["thumbnailURL"]({}),
            "duration": round(self.media.seconds(clip.media), 1),
            "vod_offset": clip.vod_offset,
            "is_featured": clip.featured,
        }

    def _videos(self, r: Request) -> list[dict[str, Any]] | None:
        ids, user = r.multi.get("id"), r.query.get("user_id")
        if not ids and not user:
            return None
        out = []
        for vod in sorted(
            self.fixture.vods.values(), key=lambda v: self.fixture.when(v.created_at), reverse=True
        ):
            channel = self.fixture.channels[vod.channel]
            if vod.id not in (ids or []) and channel.id != user:
                continue
            seconds = int(self.media.seconds(vod.media))
            created = iso(self.fixture.when(vod.created_at))
            out.append(
                {
                    "id": vod.id,
                    "stream_id": vod.id + "00",
                    "user_id": channel.id,
                    "user_login": channel.login,
                    "user_name": channel.name,
                    "title": vod.title,
                    "description": "",
                    "created_at": created,
                    "published_at": created,
                    "url": f"https://www.twitch.tv/videos/{vod.id}",
                    "thumbnail_url": "",
                    "viewable": "public",
                    "view_count": vod.views,
                    "language": "en",
                    "type": vod.broadcast_type.lower(),
                    "duration": f"{seconds // 3600}h{seconds % 3600 // 60}m{seconds % 60}s",
                    "muted_segments": [{"duration": int(b - a), "offset": int(a)} for a, b in vod.muted]
                    or None,
                }
            )
        return out
