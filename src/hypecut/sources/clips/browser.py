"""Clips as Twitch's pages show them in a Firefox: when nothing else is let in."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from hypecut.errors import SourceUnavailableError
from hypecut.models import Clip
from hypecut.settings import Settings
from hypecut.sources.browser.firefox import opened_firefox, said
from hypecut.sources.clips.addresses import clip_slug, is_address
from hypecut.sources.clips.downloading import download_resolved
from hypecut.sources.clips.pages import extract_mp4_url_from_html
from hypecut.sources.clips.protocol import ClipList, ClipSpan, OnBytes, Period, ignore_bytes
from hypecut.sources.http import HttpClient

if TYPE_CHECKING:
    from selenium.webdriver import Firefox

log = logging.getLogger(__name__)

T = TypeVar("T")

RANGES = {Period.DAY: "24hr", Period.WEEK: "7d", Period.MONTH: "30d", Period.ALL: "all"}
# The first that finds links counts: Twitch's own mark, then ever plainer ones.
LINK_SELECTORS = (
    'a[data-a-target="preview-card-image-link"][href*="/clip/"]',
    'article a[href*="/clip/"]',
    'a[href*="/clip/"]',
    'a[href*="clips.twitch.tv/"]',
)
_LINKS = """
    for (const selector of arguments[0]) {
      const found = [...document.querySelectorAll(selector)];
      if (found.length) return found.map(link => [
        link.href, (link.querySelector('h3, h4, p') || link).textContent.trim() || link.title]);
    }
    return [];
"""
_SOURCES = """
    return [...document.querySelectorAll('video, video source')]
      .flatMap(element => [element.currentSrc, element.src]).filter(Boolean);
"""
_TITLE = "return (document.querySelector('h1, h2') || {textContent: document.title}).textContent.trim()"
_POLL_S = 0.25
_RELOADS = 2
_MORE_ROUNDS = 3
_MAX_TITLE = 300


class BrowserClips:
    """Clips by Firefox, started on first use. Use it in a `with` statement, or close it.

    Args:
        http: downloads the videos.
        settings: of the browser.
    """

    name = "browser"

    def __init__(self, http: HttpClient, settings: Settings) -> None:
        self._http = http
        self._settings = settings
        self._stack = contextlib.ExitStack()
        self._driver: Firefox | None = None
        self._shown: dict[str, str] = {}

    def __enter__(self) -> BrowserClips:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the browser, if it was started."""
        self._driver = None
        self._stack.close()

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """See `ClipSource`; a page tells neither views nor times, only which clips are on top.

        Raises:
            SourceUnavailableError: also when none is shown, and for a span with limits of its own.
        """
        if span.exact:
            raise SourceUnavailableError(
                "the pages don't tell when clips were made; ask for a period instead."
            )
        address = f"https://www.twitch.tv/{streamer}/clips?filter=clips&range={RANGES[span.period]}"
        with self._page(address) as driver:
            links = self._until(lambda: self._links(driver))
            if not links:
                raise SourceUnavailableError(
                    f"the page of {streamer} shows no clips: there are none, or it asks for something first."
                )
            rounds = 0
            while len(links) < limit and rounds < _MORE_ROUNDS:
                driver.execute_script("window.scrollTo(0, document.body.scrollHeight)")
                time.sleep(_POLL_S)
                more = self._links(driver)
                rounds = 0 if len(more) > len(links) else rounds + 1
                links = more if len(more) > len(links) else links
        clips = [
            Clip(
                id=slug,
                streamer=streamer,
                duration_s=0.0,
                url=f"https://clips.twitch.tv/{slug}",
                title=title,
            )
            for slug, title in links.items()
        ]
        return ClipList(clips=tuple(clips[:limit]))

    def find_clip(self, slug: str) -> Clip:
        """See `ClipSource`; a page tells a clip's title and streamer."""
        with self._page(f"https://clips.twitch.tv/{slug}") as driver:
            if not self._until(lambda: self._sources(driver)):
                raise SourceUnavailableError(f"the page of the clip {slug} shows no video; it may be gone.")
            title = driver.execute_script(_TITLE)
            parts = [part for part in urlsplit(driver.current_url).path.split("/") if part]
        streamer = parts[0] if len(parts) > 2 and parts[1] == "clip" else ""
        return Clip(
            id=slug,
            streamer=streamer,
            duration_s=0.0,
            url=f"https://clips.twitch.tv/{slug}",
            title=str(title)[:_MAX_TITLE],
        )

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """See `ClipSource`."""
        download_resolved(self._http, lambda: self.video_url(clip.id), target, on_bytes)

    def video_url(self, slug: str) -> str:
        """The address of the video that a clip's page shows.

        A page that shows no video, or still that of another clip, is loaded anew a few times.

        Raises:
            SourceUnavailableError: it shows none of its own.
        """
        wrong = "shows no video"
        for _ in range(1 + _RELOADS):
            with self._page(f"https://clips.twitch.tv/{slug}") as driver:
                found = self._until(lambda: self._sources(driver))
            for url in found:
                place = urlsplit(url).path
                if self._shown.setdefault(place, slug) == slug:
                    return url
                wrong = f"shows the video of the clip {self._shown[place]}"
            log.info("the page of the clip %s %s; it is loaded again", slug, wrong)
        raise SourceUnavailableError(f"the page of the clip {slug} {wrong}; it may be gone.")

    def _links(self, driver: Firefox) -> dict[str, str]:
        """Title by slug of the clips that the page links to, in its order."""
        found: dict[str, str] = {}
        for href, title in driver.execute_script(_LINKS, LINK_SELECTORS):
            slug = clip_slug(href) if isinstance(href, str) and is_address(href) else None
            if slug:
                found.setdefault(slug, str(title or "")[:_MAX_TITLE])
        return found

    def _sources(self, driver: Firefox) -> list[str]:
        """The addresses of MP4 that the page shows."""
        shown = [url for url in driver.execute_script(_SOURCES) if isinstance(url, str)]
        usable = [url for url in dict.fromkeys(shown) if urlsplit(url).path.lower().endswith(".mp4")]
        if usable:
            return usable
        other = extract_mp4_url_from_html(driver.page_source, driver.current_url)
        return [other] if other else []

    def _until(self, look: Callable[[], T]) -> T:
        """What `look` gives as soon as that is something, or at the end of the waiting time."""
        deadline = time.monotonic() + self._settings.browser_wait_s
        while not (found := look()) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return found

    @contextlib.contextmanager
    def _page(self, address: str) -> Iterator[Firefox]:
        """The browser with the page loaded; what goes wrong there is told in a sentence."""
        if self._driver is None:
            self._driver = self._stack.enter_context(opened_firefox(self._settings))
        from selenium.common.exceptions import WebDriverException

        driver: Any = self._driver
        try:
            driver.get(address)
            yield driver
        except WebDriverException as error:
            raise SourceUnavailableError(f"Firefox can't show {address} ({said(error)}).") from error
