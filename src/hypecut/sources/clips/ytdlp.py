"""Clips by yt-dlp, which follows Twitch's changes; it asks through our own way out, so the same bounds hold.

yt-dlp is used as it is, as a library; only what carries its requests is ours, by its own protocol for that
(`yt_dlp.networking.RequestHandler`). So it reaches the allowed hosts alone, redirects included, and no answer
is longer than believable. It finds the videos' addresses, and `HttpClient` downloads them.
"""

from __future__ import annotations

import functools
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypecut.errors import ClipGoneError, HttpStatusError, SourceUnavailableError
from hypecut.models import Clip
from hypecut.sources.clips.addresses import clip_slug
from hypecut.sources.clips.downloading import download_resolved
from hypecut.sources.clips.listing import Collected
from hypecut.sources.clips.protocol import ClipList, ClipSpan, OnBytes, Period, ignore_bytes
from hypecut.sources.http import HttpClient

log = logging.getLogger(__name__)

RANGES = {Period.DAY: "24hr", Period.WEEK: "7d", Period.MONTH: "30d", Period.ALL: "all"}
# Between given limits clips are filtered here, so more than the limit must be looked at.
_LOOK_AT = 1000
_GONE = "no longer available"
_OWN_HEADERS = frozenset({"accept-encoding", "content-length", "content-type", "connection", "host"})


class YtDlpClips:
    """Clips by yt-dlp.

    Args:
        http: carries its requests and downloads the videos.
    """

    name = "yt-dlp"

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """See `ClipSource`; an unknown streamer and one without clips look the same here.

        Raises:
            SourceUnavailableError: also when there are none.
        """
        address = f"https://www.twitch.tv/{streamer}/clips?filter=clips&range={RANGES[span.period]}"
        look_at = max(limit, _LOOK_AT) if span.exact else limit
        info = self._extract(address, f"the clips of {streamer}", {"playlistend": look_at})
        entries = [_clip(entry, streamer) for entry in info.get("entries") or () if isinstance(entry, dict)]
        if not any(entries):
            raise SourceUnavailableError(f"yt-dlp finds no clips of {streamer}; there may be none.")
        found = Collected(span, limit)
        found.take([clip for clip in entries if clip is not None], "")
        return found.result()

    def find_clip(self, slug: str) -> Clip:
        """See `ClipSource`; yt-dlp does not tell the clip's place in its VOD."""
        clip = _clip(self._clip_info(slug), "")
        if clip is None:
            raise SourceUnavailableError(f"yt-dlp tells nothing of the clip {slug}; try again later.")
        return clip

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """See `ClipSource`."""
        download_resolved(self._http, lambda: self._video_url(clip.id), target, on_bytes)

    def _video_url(self, slug: str) -> str:
        info = self._clip_info(slug)
        url = info.get("url") or ""
        if not isinstance(url, str) or not url.startswith("https://"):
            raise SourceUnavailableError(f"yt-dlp finds no video of the clip {slug}; try again later.")
        return url

    def _clip_info(self, slug: str) -> dict[str, Any]:
        return self._extract(f"https://clips.twitch.tv/{slug}", f"the clip {slug}", {"format": "b"})

    def _extract(self, address: str, what: str, options: dict[str, Any]) -> dict[str, Any]:
        from yt_dlp.utils import YoutubeDLError

        params = {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": _Silent(),
            "extract_flat": True,
            "cachedir": False,
            "allowed_extractors": ["twitch.*"],
            **options,
        }
        try:
            with _downloader()(params, self._http) as downloader:
                info = downloader.extract_info(address, download=False)
        except YoutubeDLError as error:
            raise _told(str(error), what) from error
        except SourceUnavailableError:
            raise
        except Exception as error:  # yt-dlp lets any error of Python through when Twitch's answer is odd
            raise SourceUnavailableError(
                f"yt-dlp can't read Twitch's answer about {what} ({type(error).__name__}); update it:"
                " pip install -U yt-dlp."
            ) from error
        if not isinstance(info, dict):
            raise SourceUnavailableError(f"yt-dlp gave nothing about {what}; try again later.")
        return info


class _Silent:
    """Takes yt-dlp's messages; they go to the log alone."""

    def debug(self, message: str) -> None:
        """A remark."""
        log.debug("yt-dlp: %s", message)

    def warning(self, message: str) -> None:
        """A warning."""
        log.info("yt-dlp: %s", message)

    def error(self, message: str) -> None:
        """An error, which is raised as well."""
        log.info("yt-dlp: %s", message)


@functools.cache
def _downloader() -> Any:
    """yt-dlp's main class with our way out; made on first use, since importing yt-dlp takes a second."""
    import yt_dlp
    from yt_dlp.networking import Request, RequestDirector, RequestHandler, Response
    from yt_dlp.networking.exceptions import HTTPError, TransportError, UnsupportedRequest

    class HypecutRH(RequestHandler):
        _SUPPORTED_URL_SCHEMES = ("https",)
        _SUPPORTED_PROXY_SCHEMES = None
        _SUPPORTED_FEATURES = None

        def __init__(self, http: HttpClient, **known: Any) -> None:
            super().__init__(**known)
            self._http = http

        def _check_extensions(self, extensions: dict[str, Any]) -> None:
            extensions.clear()

        def _send(self, request: Request) -> Response:
            headers = {k: v for k, v in request.headers.items() if k.lower() not in _OWN_HEADERS}
            try:
                body = json.loads(request.data) if request.data else None
            except (TypeError, ValueError) as error:
                raise UnsupportedRequest("only JSON is sent") from error
            try:
                answer = self._http.request(request.method, request.url, headers=headers, json=body)
            except HttpStatusError as error:
                failed = Response(io.BytesIO(error.body), request.url, {}, status=error.status)
                raise HTTPError(failed) from error
            except SourceUnavailableError as error:
                raise TransportError(str(error), cause=error) from error
            kept = {"Content-Type": answer.headers.get("content-type", "")}
            return Response(io.BytesIO(answer.body), answer.url, kept, status=answer.status)

    class Downloader(yt_dlp.YoutubeDL):
        def __init__(self, params: dict[str, Any], http: HttpClient) -> None:
            self._hypecut_http = http
            super().__init__(params)

        def build_request_director(self, handlers: Any, preferences: Any = None) -> RequestDirector:
            del handlers, preferences
            from yt_dlp.YoutubeDL import _YDLLogger

            logger = _YDLLogger(self)
            director = RequestDirector(logger=logger)
            director.add_handler(HypecutRH(self._hypecut_http, logger=logger, cookiejar=self.cookiejar))
            return director

    return Downloader


def _told(message: str, what: str) -> SourceUnavailableError:
    """What yt-dlp's error means, in a sentence."""
    said = " ".join(message.split()).removeprefix("ERROR: ").partition("; please report")[0][:200]
    if _GONE in message:
        return ClipGoneError(f"{what} is not on Twitch (any more); leave it out.")
    return SourceUnavailableError(f"yt-dlp can't get {what} ({said}); try again later.")


def _clip(entry: dict[str, Any], streamer: str) -> Clip | None:
    """An entry as our value; None when it has no usable address."""
    slug = clip_slug(str(entry.get("webpage_url") or entry.get("url") or ""))
    if slug is None:
        return None
    made, categories = entry.get("timestamp"), entry.get("categories")
    return Clip(
        id=slug,
        streamer=_text(entry.get("channel")) or streamer,
        duration_s=_number(entry.get("duration")),
        url=f"https://clips.twitch.tv/{slug}",
        title=_text(entry.get("title")),
        views=int(_number(entry.get("view_count"))),
        created_at=datetime.fromtimestamp(made, UTC) if isinstance(made, int | float) else None,
        creator=_text(entry.get("uploader")),
        game=_text(categories[0]) if isinstance(categories, list) and categories else "",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float:
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0
