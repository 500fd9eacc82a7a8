"""Collecting a list of clips page by page, whatever the pages do."""

from __future__ import annotations

from collections.abc import Iterable

from hypecut.models import Clip
from hypecut.sources.clips.protocol import ClipList, ClipSpan

# Pages without anything wanted are no reason to go on for ever.
_MAX_PAGES = 100
_MAX_IDLE_PAGES = 5


class Collected:
    """The clips so far, each once, and where to go on.

    Args:
        span: only clips of this time are kept.
        limit: so many are enough.
    """

    def __init__(self, span: ClipSpan, limit: int) -> None:
        self.cursor = ""
        self._span = span
        self._limit = limit
        self._clips: dict[str, Clip] = {}
        self._known: set[str] = set()
        self._cursors: set[str] = set()
        self._pages = self._idle = 0
        self._done = False
        self._note = ""

    @property
    def wanted(self) -> int:
        """How many clips a page should bring: all that are missing, or any number where most are not kept."""
        return self._limit if self._span.exact else max(1, self._limit - len(self._clips))

    @property
    def full(self) -> bool:
        """Whether nothing more is to be asked for."""
        return self._done

    def take(self, clips: Iterable[Clip], cursor: str) -> None:
        """Keep what is wanted of a page; `cursor` leads to the next one, '' when there is none."""
        before = len(self._known)
        for clip in clips:
            self._known.add(clip.id)
            if self._span.holds(clip.created_at) and len(self._clips) < self._limit:
                self._clips.setdefault(clip.id, clip)
        self._pages += 1
        self._idle = 0 if len(self._known) > before else self._idle + 1
        if not cursor or len(self._clips) >= self._limit:
            self._done = True
        elif cursor in self._cursors or self._idle >= _MAX_IDLE_PAGES:
            self._stop("Twitch repeats the same pages of its list")
        elif self._pages >= _MAX_PAGES:
            self._stop(f"Twitch's list has more than {_MAX_PAGES} pages")
        self._cursors.add(cursor)
        self.cursor = cursor

    def result(self) -> ClipList:
        """What was collected, most viewed first."""
        clips = sorted(self._clips.values(), key=lambda clip: -clip.views)
        return ClipList(clips=tuple(clips), note=self._note)

    def _stop(self, why: str) -> None:
        self._done = True
        self._note = f"{why}: {len(self._clips)} clips were found, there may be more"
