"""What each host answers, apart from gql: usher, CDN, clip files, and web pages."""

from __future__ import annotations

import base64
import html
import json
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from tests.twitch.exchange import Answer, Request, as_json
from tests.twitch.fixture import Clip, Fixture, Vod, iso
from tests.twitch.gql import CDN, CLIP_CDN, Schema, check_token, special_id
from tests.twitch.helix import Helix
from tests.twitch.media import HEIGHTS, MediaStore

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


class Sites:
    def __init__(self, fixture: Fixture, media: MediaStore) -> None:
        self.fixture = fixture
        self.media = media
        self.schema = Schema(fixture, media)
        self.retired: set[str] = set()
        self.helix = Helix(fixture, media, self.schema)
        # The clips that the pages of others show, as pages do that are not rebuilt yet.
        self.www_clips: dict[str, Clip] = {}
        # Stands in every address of the CDN; raising it makes those handed out before worthless.
        self.epoch = 1
        self._routes: dict[str, Callable[[Request], Answer]] = {
            "gql.twitch.tv": self.gql,
            "usher.ttvnw.net": self.usher,
            CDN: self.cdn,
            CLIP_CDN: self.clip_cdn,
            "id.twitch.tv": self.helix.oauth,
            "api.twitch.tv": self.helix.answer,
            "www.twitch.tv": self.www,
            "m.twitch.tv": self.www,
            "clips.twitch.tv": self.www,
            "static-cdn.jtvnw.net": lambda r: Answer(_PIXEL, kind="image/png"),
        }
        self.hosts = [*self._routes, "twitch.tv", "vod-secure.twitch.tv"]
        self._routes["twitch.tv"] = self.www
        self._routes["vod-secure.twitch.tv"] = self._routes["static-cdn.jtvnw.net"]

    def answer(self, request: Request) -> Answer:
        return self._routes[request.host](request)

    def gql(self, r: Request) -> Answer:
        client = r.headers.get("Client-ID", "")
        if r.method != "POST" or not client:
            return as_json(
                {
                    "error": "Bad Request",
                    "status": 400,
                    "message": 'The "Client-ID" header is missing from the request.',
                },
                400,
            )
        asked = json.loads(r.body)
        many = asked if isinstance(asked, list) else [asked]
        oauth = r.headers.get("Authorization", "").removeprefix("OAuth ")
        out = [self.schema.run(op, client, oauth, self.retired) for op in many]
        names = ",".join(op.get("operationName") or "query" for op in many)
        return Answer(json.dumps(out if isinstance(asked, list) else out[0]).encode(), operation=names)

    # --- VOD ---------------------------------------------------------------------------------

    def usher(self, r: Request) -> Answer:
        match = re.fullmatch(r"/vod/(?:v2/)?(\d+)(?:\.m3u8)?", r.path)
        vod = self.fixture.vods.get(match[1]) if match else None
        if vod is None:
            return as_json(
                [{"error": "Can not find video", "error_code": "vod_not_found", "type": "error"}], 404
            )
        value, signature = (
            r.query.get("token") or r.query.get("nauth", ""),
            r.query.get("sig") or r.query.get("nauthsig", ""),
        )
        if reason := check_token(value, signature, vod_id=vod.id):
            return as_json([{"error": reason, "error_code": "nauth_token_invalid", "type": "error"}], 403)
        if vod.sub_only and json.loads(value)["user_id"] is None:
            return as_json(
                [
                    {
                        "error": "Manifest is restricted",
                        "error_code": "vod_manifest_restricted",
                        "type": "error",
                    }
                ],
                403,
            )
        playlist = f"index-muted-{vod.id[-8:]}AA" if vod.muted and not vod.kept_back else "index-dvr"
        if vod.broadcast_type == "HIGHLIGHT":
            playlist = f"highlight-{vod.id}"
        lines = [
            "#EXTM3U",
            f'#EXT-X-TWITCH-INFO:ORIGIN="s3",B="false",REGION="EU",USER-IP="127.0.0.1",'
            f'SERVING-ID="{secrets.token_hex(8)}",CLUSTER="cloudfront_vod",USER-COUNTRY="XX"',
        ]
        for quality in vod.qualities:
            height = HEIGHTS.get(quality, vod.media.height)
            width, fps = round(height * 16 / 18) * 2, vod.media.fps
            label = (
                f"{height}p{fps if fps > 30 else ''}" if quality == "chunked" else quality.removesuffix("30")
            )
            audio = quality == "audio_only"
            lines += [
                f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{quality}",NAME="{"Audio Only" if audio else label}",'
                f"AUTOSELECT={'NO' if audio else 'YES'},DEFAULT={'NO' if audio else 'YES'}",
                f'#EXT-X-STREAM-INF:BANDWIDTH={150000 if audio else 2000 * height},CODECS="'
                + ("mp4a.40.2" if audio else "avc1.64001F,mp4a.40.2")
                + ('"' if audio else f'",RESOLUTION={width}x{height}')
                + f',VIDEO="{quality}"'
                + ("" if audio else f",FRAME-RATE={fps:.3f}"),
                f"https://{CDN}/{self.epoch}/{special_id(vod, self.fixture)}/{quality}/{playlist}.m3u8",
            ]
        return Answer("\n".join(lines).encode() + b"\n", kind="application/vnd.apple.mpegurl")

    def cdn(self, r: Request) -> Answer:
        epoch, *parts = r.path.strip("/").split("/")
        if epoch != str(self.epoch):
            return self._denied()
        vod = next((v for v in self.fixture.vods.values() if special_id(v, self.fixture) == parts[0]), None)
        if vod is None or len(parts) != 3:
            return self._denied()
        if parts[1] == "storyboards":
            return as_json([])
        if parts[1] not in vod.qualities:
            return self._denied()
        made = self.media.rendition(vod, parts[1])
        name = parts[2]
        if name.endswith(".m3u8"):
            return self._playlist(vod, parts[1], "-muted" if name.startswith("index-muted") else "-unmuted")
        if name == made.init:
            return Answer(made.folder / name, kind="video/mp4")
        plain = re.sub(r"-(un)?muted", "", name)
        segment = next((s for s in made.segments if s.name == plain), None)
        if segment is None:
            return self._denied()
        kind = "video/MP2T" if vod.container == "ts" else "video/mp4"
        if self._muted(vod, segment.start, segment.duration):
            if "-muted" not in name:
                return self._denied()
            return Answer(self.media.segment(vod, parts[1], plain, silent=True), kind=kind)
        return (
            self._denied() if name != plain else Answer(self.media.segment(vod, parts[1], plain), kind=kind)
        )

    def _playlist(self, vod: Vod, quality: str, mark: str) -> Answer:
        made = self.media.rendition(vod, quality)
        longest = max(s.duration for s in made.segments)
        lines = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{6 if made.init else 3}",
            f"#EXT-X-TARGETDURATION:{int(longest + 0.999)}",
            f"#ID3-EQUIV-TDTG:{iso(self.fixture.when(vod.created_at))[:-1]}",
            "#EXT-X-PLAYLIST-TYPE:EVENT",
            "#EXT-X-MEDIA-SEQUENCE:0",
            "#EXT-X-TWITCH-ELAPSED-SECS:0.000",
            f"#EXT-X-TWITCH-TOTAL-SECS:{made.duration:.3f}",
        ]
        lines += [f'#EXT-X-MAP:URI="{made.init}"'] if made.init else []
        for s in made.segments:
            stem, ext = s.name.rsplit(".", 1)
            name = f"{stem}{mark}.{ext}" if self._muted(vod, s.start, s.duration) else s.name
            lines += [f"#EXTINF:{s.duration:.3f},", name]
        lines += [] if vod.status == "RECORDING" else ["#EXT-X-ENDLIST"]
        return Answer("\n".join(lines).encode() + b"\n", kind="application/vnd.apple.mpegurl")

    @staticmethod
    def _muted(vod: Vod, start: float, duration: float) -> bool:
        return any(start < end and start + duration > begin for begin, end in vod.muted)

    @staticmethod
    def _denied() -> Answer:
        return Answer(
            b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 403, "application/xml"
        )

    def clip_cdn(self, r: Request) -> Answer:
        match = re.fullmatch(r"/v2/media/([^/]+)/\d+/video-(\d+)\.mp4", r.path)
        clip = self.fixture.clips.get(match[1]) if match else None
        if not match or clip is None or int(match[2]) not in (clip.qualities or ()):
            return Answer(b"", 404, "text/plain")
        if reason := check_token(r.query.get("token", ""), r.query.get("sig", ""), clip_slug=clip.slug):
            return Answer(reason.encode(), 401, "text/plain")
        return Answer(self.media.clip_file(clip, int(match[2])), kind="video/mp4")

    # --- pages --------------------------------------------------------------------

    def www(self, r: Request) -> Answer:
        """Pages that, like the real ones, are put together by script some time after loading."""
        parts = [p for p in r.path.split("/") if p]
        if r.host == "clips.twitch.tv" and parts:
            parts = ["-", "clip", parts[-1]]
        if len(parts) == 2 and parts[1] == "clips":
            days = {"24hr": 1, "30d": 30, "all": 36500}.get(r.query.get("range", "7d"), 7)
            since = self.fixture.made_at - timedelta(days=days)
            cards = [
                f'<article><a data-a-target="preview-card-image-link" href="/{c.channel}/clip/{quote(c.slug)}'
                f'?filter=clips&amp;range={html.escape(r.query.get("range", "7d"))}&amp;sort=time">'
                f"<h3>{html.escape(c.title)}</h3></a><p>{c.views} views</p></article>"
                for c in self.fixture.clips_of(parts[0], since)
            ]
            return self._page(f"{parts[0]} - Clips", f'<div class="tw-tower">{"".join(cards)}</div>')
        if len(parts) == 3 and parts[1] == "clip":
            clip = self.www_clips.get(parts[2]) or self.fixture.clips.get(parts[2])
            if clip is None or clip.gone:
                return self._page("Twitch", "<p>This clip is no longer available</p>")
            whole = self.schema.clip(clip)
            access = whole["playbackAccessToken"]({})
            source = (whole["videoQualities"] or [{"sourceURL": ""}])[0]["sourceURL"]
            url = f"{source}?sig={access['signature']}&token={quote(access['value'])}"
            video = f'<video playsinline src="{html.escape(url)}"></video>'
            return self._page(clip.title, f"<h1>{html.escape(clip.title)}</h1>{video}")
        return self._page("Twitch", "<p>Twitch</p>")

    @staticmethod
    def _page(title: str, late: str, wait_ms: int = 400) -> Answer:
        inner = json.dumps(late).replace("</", "<\\/")
        text = (
            f"<!doctype html><html><head><title>{html.escape(title)} - Twitch</title></head><body>"
            "<div id=root></div><script>setTimeout(()=>{document.getElementById('root').innerHTML="
            f"{inner}}},{wait_ms})</script></body></html>"
        )
        return Answer(text.encode(), kind="text/html; charset=utf-8")
