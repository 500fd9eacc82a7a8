"""What the local Twitch serves: channels, clips, VODs and chat messages; tests add to it and change it.

Times are absolute ISO 8601 ("2026-01-02T03:04:05Z") or relative to the fixture's making ("-3h", "-2d",
"-90m", "-45s"), so that "clips of the last 24 hours" can be tested forever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_RELATIVE = re.compile(r"^-(\d+(?:\.\d+)?)([smhd])$")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_time(text: str, now: datetime) -> datetime:
    """Reads an absolute or relative time (see the module's text)."""
    match = _RELATIVE.match(text)
    if match:
        return now - timedelta(seconds=float(match[1]) * _UNIT[match[2]])
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def iso(moment: datetime) -> str:
    """Twitch's time format: UTC, whole seconds, a final Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Media:
    """Where moving pictures come from: a file, or a recording made up with its frames numbered.

    One with a `period_s` begins anew after so many seconds, a multiple of 40 (whole packets of sound) that
    divides `seconds`; what follows the first period is made when it is asked for, as .ts segments.
    """

    path: str | None = None
    seconds: float = 12.0
    width: int = 320
    height: int = 180
    fps: int = 15
    gop_seconds: int = 2
    seed: int = 1
    period_s: float | None = None


@dataclass(frozen=True)
class Channel:
    login: str
    id: str
    display_name: str = ""
    emotes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.display_name or self.login


@dataclass(frozen=True, slots=True)
class Message:
    offset: float
    user: str
    text: str
    color: str | None = "#1E90FF"
    badges: tuple[str, ...] = ()
    deleted_user: bool = False

    @property
    def user_id(self) -> str:
        return str(int(hashlib.sha256(self.user.lower().encode()).hexdigest()[:7], 16))


@dataclass
class Vod:
    """A VOD; `muted` are (from, to) in seconds, `chapters` (start, name).

    The playlist names what is muted by its silent twin, or, `kept_back`, by a name that nobody is let have.

    Its time stamps begin at `clock_start` seconds, as those of a broadcast do anywhere.

    `status` RECORDING leaves out the playlist's end; `subscriber_token` is the OAuth token that may see a
    sub-only one; with `null_token` nobody gets a playback token.
    """

    id: str
    channel: str
    media: Media = Media()
    title: str = "Untitled"
    created_at: str = "-1d"
    game: str | None = "Just Chatting"
    views: int = 0
    broadcast_type: str = "ARCHIVE"
    status: str = "RECORDED"
    container: str = "ts"
    segment_seconds: float = 10.0
    clock_start: float = 0.0
    qualities: tuple[str, ...] = ("chunked",)
    muted: tuple[tuple[float, float], ...] = ()
    kept_back: bool = False
    chapters: tuple[tuple[float, str], ...] = ()
    sub_only: bool = False
    subscriber_token: str | None = None
    null_token: bool = False
    chat: Sequence[Message] = ()
    chat_page: int = 50
    chat_backfill: int = 3


@dataclass
class Clip:
    """A clip; `qualities` are heights."""

    slug: str
    channel: str
    media: Media = Media(seconds=6.0)
    title: str = "Untitled clip"
    created_at: str = "-1h"
    views: int = 0
    game: str | None = "Just Chatting"
    curator: str = "clipper"
    language: str = "en"
    vod: str | None = None
    vod_offset: int | None = None
    qualities: tuple[int, ...] | None = (180,)
    featured: bool = False
    gone: bool = False

    @property
    def id(self) -> str:
        return str(int(hashlib.sha256(self.slug.encode()).hexdigest()[:8], 16))


@dataclass
class Fixture:
    """Everything the local Twitch serves, and how strict it is.

    `integrity_client_ids` are client ids whose cursors are answered "failed integrity check"; "*" means all.
    """

    channels: dict[str, Channel] = field(default_factory=dict)
    vods: dict[str, Vod] = field(default_factory=dict)
    clips: dict[str, Clip] = field(default_factory=dict)
    helix_clients: dict[str, str] = field(default_factory=dict)
    integrity_client_ids: set[str] = field(default_factory=set)
    token_seconds: float = 3600
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def add(self, *things: Channel | Vod | Clip) -> None:
        """Adds channels, VODs and clips; a channel that is not known yet is made up."""
        for thing in things:
            if isinstance(thing, Channel):
                self.channels[thing.login] = thing
                continue
            if thing.channel not in self.channels:
                self.add(Channel(thing.channel, str(1001 + len(self.channels)), thing.channel.title()))
            if isinstance(thing, Vod):
                self.vods[thing.id] = thing
            else:
                self.clips[thing.slug] = thing

    def when(self, text: str) -> datetime:
        return parse_time(text, self.made_at)

    def clips_of(
        self, login: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Clip]:
        """A channel's clips, most viewed first, created within [since, until]."""
        picked = [c for c in self.clips.values() if c.channel == login.lower() and not c.gone]
        picked = [c for c in picked if since is None or self.when(c.created_at) >= since]
        picked = [c for c in picked if until is None or self.when(c.created_at) <= until]
        return sorted(picked, key=lambda c: (-c.views, c.slug))

    def vods_of(self, login: str) -> list[Vod]:
        picked = [v for v in self.vods.values() if v.channel == login.lower()]
        return sorted(picked, key=lambda v: self.when(v.created_at), reverse=True)


def standard_fixture() -> Fixture:
    """Two channels, a minute of VOD with chapters and chat, and clips of different ages."""
    fixture = Fixture(helix_clients={"test-client": "test-secret"})
    fixture.add(
        Channel("alpha", "1001", "Alpha", ("KEKW", "PogChamp", "OMEGALUL")),
        Channel("beta", "1002", "Beta"),
        Vod(
            "2400000001",
            "alpha",
            Media(seconds=60),
            title="Ranked grind",
            created_at="-26h",
            views=5120,
            qualities=("chunked", "160p30", "audio_only"),
            chapters=((0, "Just Chatting"), (30, "Chess")),
            chat=some_chat(60, every_s=0.8),
            chat_page=20,
        ),
        Clip(
            "BraveHumanClipOne-aaaaaaaaaaaaaaaa",
            "alpha",
            title="What a play",
            created_at="-2h",
            views=900,
            game="Chess",
            curator="Clippy",
            vod="2400000001",
            vod_offset=20,
            qualities=(180, 90),
        ),
        Clip(
            "SleepyTurtleTwo-bbbbbbbbbbbbbbbb",
            "alpha",
            Media(seconds=8, seed=2),
            title="Second <best> & more",
            created_at="-20h",
            views=350,
            game=None,
        ),
        Clip(
            "OldGoldThree-cccccccccccccccc",
            "alpha",
            Media(seconds=8, seed=3),
            title="Last week",
            created_at="-5d",
            views=12000,
        ),
        Clip("DeletedFour-dddddddddddddddd", "alpha", title="Gone", views=1, gone=True),
    )
    return fixture


def some_chat(duration_s: float, every_s: float) -> list[Message]:
    """A message every so many seconds, by several users, some of it with emotes."""
    texts = ("PogChamp what KEKW", "hello there", "gg", "KEKW")
    return [
        Message(round(0.25 + n * every_s, 3), f"Viewer{n % 7}", texts[n % len(texts)])
        for n in range(int(duration_s / every_s))
    ]
