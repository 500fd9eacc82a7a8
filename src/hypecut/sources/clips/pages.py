"""Finding a clip's video in the HTML of its page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

_META = ("og:video:secure_url", "og:video:url", "og:video", "twitter:player:stream")
_LD_KEYS = ("contentUrl", "contentURL")
_MAX_DEPTH = 50


def extract_mp4_url_from_html(html: str, base_url: str = "") -> str | None:
    """The address of the MP4 that a page shows, entities unescaped; None when it has none.

    Looked for, in this order, in `<video src>`, `<source src>` within a video, the meta tags of Open Graph
    and Twitter cards, and `contentUrl` in JSON-LD. Addresses that are no http(s) MP4 (`blob:`, playlists,
    pages) are passed over.

    Args:
        html: the page, whole or in part.
        base_url: where it came from, for addresses relative to it.
    """
    parser = _Finder()
    parser.feed(html)
    parser.close()
    found = (*parser.videos, *parser.sources, *parser.metas(), *_linked_data(parser.scripts))
    return next((url for url in (urljoin(base_url, f.strip()) for f in found) if _is_mp4(url)), None)


class _Finder(HTMLParser):
    """Collects what may name a video; character references in attributes are resolved by the parser."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.videos: list[str] = []
        self.sources: list[str] = []
        self.scripts: list[str] = []
        self._meta: dict[str, str] = {}
        self._in_video = 0
        self._script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of the tags that may name a video."""
        values = {name: value or "" for name, value in attrs}
        if tag == "video":
            self._in_video += 1
            self.videos.append(values.get("src", ""))
        elif tag == "source" and self._in_video:
            self.sources.append(values.get("src", ""))
        elif tag == "meta":
            name = (values.get("property") or values.get("name", "")).lower()
            self._meta.setdefault(name, values.get("content", ""))
        elif tag == "script" and "ld+json" in values.get("type", "").lower():
            self._script = []

    def handle_endtag(self, tag: str) -> None:
        """A video or a script ends."""
        if tag == "video":
            self._in_video = max(0, self._in_video - 1)
        elif tag == "script" and self._script is not None:
            self.scripts.append("".join(self._script))
            self._script = None

    def handle_data(self, data: str) -> None:
        """The text of a script with linked data."""
        if self._script is not None:
            self._script.append(data)

    def metas(self) -> Iterator[str]:
        """What the meta tags name, the most telling first."""
        return (self._meta[name] for name in _META if name in self._meta)


def _linked_data(scripts: list[str]) -> Iterator[str]:
    for text in scripts:
        try:
            yield from _content_urls(json.loads(text), 0)
        except (ValueError, RecursionError):
            continue


def _content_urls(value: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _LD_KEYS and isinstance(inner, str):
                yield inner
            else:
                yield from _content_urls(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _content_urls(inner, depth + 1)


def _is_mp4(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path.lower().endswith(".mp4")
