"""The addresses under which a VOD goes: Twitch's pages, its player, and the bare id."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from hypecut.errors import UsageError

_ID = re.compile(r"v?(\d{5,20})", re.ASCII)
_PATHS = re.compile(r"/(?:videos|(?:[A-Za-z0-9_]{1,30}/)?(?:v|video|videos))/v?(\d{1,20})/?", re.ASCII)
_HOSTS = ("twitch.tv", "www.twitch.tv", "m.twitch.tv", "go.twitch.tv")
_PLAYER = "player.twitch.tv"
_SCHEDULE = re.compile(r"/[A-Za-z0-9_]{1,30}/schedule/?", re.ASCII)
_LOOKS_LIKE_ONE = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|(?:[a-z]+\.)?twitch\.tv/")
_FORMS = "https://www.twitch.tv/videos/ID, or the ID alone"


def is_vod_address(text: str) -> bool:
    """Whether `text` is meant as an address or id of a VOD rather than as a file's name."""
    return bool(_LOOKS_LIKE_ONE.match(text) or _ID.fullmatch(text))


def vod_id(text: str) -> str:
    """The id of the VOD that an address leads to.

    Args:
        text: an address of Twitch's pages or player (the scheme may be missing), or an id (`v` may precede).

    Raises:
        UsageError: it is no address of a VOD on Twitch.
    """
    text = text.strip()
    bare = _ID.fullmatch(text)
    if bare:
        return bare[1]
    try:
        url = urlsplit(text if "://" in text else f"https://{text}")
        port, host = url.port, (url.hostname or "").lower()
    except ValueError:
        raise UsageError(f"{text!r} is no address; write {_FORMS}.") from None
    found = None
    if url.scheme.lower() in ("http", "https") and port in (None, 80, 443) and not url.username:
        if host in _HOSTS:
            found = _PATHS.fullmatch(url.path)
            if _SCHEDULE.fullmatch(url.path):
                found = _in_query(url.query, "vodID")
        elif host == _PLAYER:
            found = _in_query(url.query, "video")
    if found is None:
        raise UsageError(f"{text} is no address of a VOD on Twitch; write {_FORMS}.{_hint(host, url.path)}")
    return found[1]


def vod_url(video_id: str) -> str:
    """The page of a VOD."""
    return f"https://www.twitch.tv/videos/{video_id}"


def _in_query(query: str, name: str) -> re.Match[str] | None:
    values = parse_qs(query, max_num_fields=50).get(name, [""])
    return re.fullmatch(r"v?(\d{1,20})", values[0], re.ASCII)


def _hint(host: str, path: str) -> str:
    if host == "clips.twitch.tv" or "/clip/" in path:
        return " It is a clip: `hypecut montage` takes clips."
    if host in _HOSTS and re.fullmatch(r"/\w+/?", path):
        return " It is a channel: open one of its past broadcasts and take that address."
    return ""
