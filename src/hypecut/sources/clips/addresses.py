"""The names of streamers and the addresses of clips, as people give them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from hypecut.errors import UsageError

_LOGIN = re.compile(r"[a-z0-9]\w{0,24}", re.ASCII)
_SLUG = re.compile(r"[A-Za-z0-9][\w-]{3,120}", re.ASCII)
_HOSTS = ("twitch.tv", "www.twitch.tv", "m.twitch.tv", "go.twitch.tv")
_CLIP_HOST = "clips.twitch.tv"
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def is_address(text: str) -> bool:
    """Whether the text is an address, not a name."""
    return bool(_SCHEME.match(text)) or text.lower().startswith(
        (*(f"{h}/" for h in _HOSTS), f"{_CLIP_HOST}/")
    )


def clip_slug(text: str) -> str | None:
    """The slug of a clip by its page's address, or a slug itself; None when the text is neither.

    The forms are those of clips.twitch.tv/SLUG, clips.twitch.tv/embed?clip=SLUG and
    www.twitch.tv/STREAMER/clip/SLUG.
    """
    text = text.strip()
    if not is_address(text):
        return text if _SLUG.fullmatch(text) else None
    parts = _split(text)
    if parts is None:
        return None
    host, path, query = parts
    if host == _CLIP_HOST:
        found = query.get("clip", [""])[0] if path == ["embed"] else (path or [""])[-1]
    elif host in _HOSTS and "clip" in path[:-1]:
        found = path[path.index("clip") + 1]
    else:
        return None
    return found if _SLUG.fullmatch(found) else None


def streamer_name(text: str) -> str:
    """A streamer's login name, from the name or the channel's address, trimmed and in small letters.

    Raises:
        UsageError: it can't be one: Twitch's are of letters, digits and underscores, 25 at most.
    """
    name = text.strip().removeprefix("@")
    if is_address(name):
        parts = _split(name)
        if parts is None or parts[0] not in _HOSTS or not parts[1]:
            raise UsageError(
                f"{text!r} is no channel or clip on Twitch; give its address or a streamer's name."
            )
        name = parts[1][0]
    if not _LOGIN.fullmatch(name.lower()):
        raise UsageError(
            f"{text!r} can't be a streamer's name: those have letters, digits and underscores, 25 at most;"
            " correct it."
        )
    return name.lower()


def _split(address: str) -> tuple[str, list[str], dict[str, list[str]]] | None:
    """Host, parts of the path and query; None when it is no usable address."""
    try:
        parts = urlsplit(address if _SCHEME.match(address) else f"https://{address}")
        return (parts.hostname or "").lower(), [p for p in parts.path.split("/") if p], parse_qs(parts.query)
    except ValueError:
        return None
