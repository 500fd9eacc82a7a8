"""The files of a VOD on Twitch's servers: where each is now, asked for anew when a permission has run out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from hypecut.errors import HttpStatusError, SourceUnavailableError
from hypecut.sources.hls import HlsSegment, MediaPlaylist, Quality
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import media_playlist, pick_quality, qualities

log = logging.getLogger(__name__)

# The server will not give a file under this address.
_REFUSED = (401, 403, 404, 410)
_SAME_S = 0.1
# A new permission may have run out at once, when clocks disagree or a server lags behind.
_TRIES = 3

T = TypeVar("T")


class VodFiles:
    """One quality of a VOD on Twitch; safe to share among threads.

    Args:
        http: the way out.
        gql: Twitch's web API.
        video_id: the VOD.
        quality: which of its qualities, as `pick_quality` takes it.

    Raises:
        SourceUnavailableError: the VOD can't be had.
        UsageError: not in this quality.
    """

    def __init__(self, http: HttpClient, gql: GqlClient, video_id: str, quality: str) -> None:
        self._http = http
        self._gql = gql
        self._video_id = video_id
        self._wanted = quality
        self._lock = threading.Lock()
        self._generation = 0
        self._quality, self._playlist = self._resolved()

    @property
    def video_id(self) -> str:
        """The VOD's id."""
        return self._video_id

    @property
    def quality(self) -> Quality:
        """The quality that was picked."""
        return self._quality

    @property
    def playlist(self) -> MediaPlaylist:
        """Its files, as they stood at first: a broadcast that goes on does not make them more."""
        return self._playlist

    def reached(self, index: int | None, take: Callable[[str], T]) -> T:
        """What `take` gives for the address of a file; addresses that ran out are asked for anew.

        Args:
            index: of the segment; None is the file that precedes all (fMP4).
            take: fetches from an address.

        Raises:
            HttpStatusError: the file is refused although all else is let out.
            SourceUnavailableError: whatever else `take` raises.
        """
        for left in (True, False):
            generation, urls = self._urls(index)
            for url in urls:
                try:
                    return take(url)
                except HttpStatusError as error:
                    if error.status not in _REFUSED:
                        raise
                    refused = error
            if left:
                log.info(
                    "part %s of the VOD %s was refused: its address is asked for anew", index, self._video_id
                )
                self._renew(generation)
        raise refused

    def _urls(self, index: int | None) -> tuple[int, tuple[str, ...]]:
        with self._lock:
            playlist = self._playlist
            return self._generation, (playlist.init_url,) if index is None else playlist.segments[index].urls

    def _renew(self, generation: int) -> None:
        """Ask for all addresses anew, unless another thread has since."""
        with self._lock:
            if generation != self._generation:
                return
            _, found = self._resolved()
            count = len(self._playlist.segments)
            if not _same(self._playlist.segments, found.segments[:count]):
                raise SourceUnavailableError(
                    f"the VOD {self._video_id} has changed on Twitch while it was fetched; start anew with"
                    " --overwrite."
                )
            self._playlist = MediaPlaylist(found.segments[:count], found.init_url, self._playlist.ended)
            self._generation += 1

    def _resolved(self) -> tuple[Quality, MediaPlaylist]:
        """The quality and its files; tried again with a new permission when one runs out on the way."""
        for left in reversed(range(_TRIES)):
            try:
                found = pick_quality(qualities(self._http, self._gql, self._video_id), self._wanted)
                return found, media_playlist(self._http, found)
            except HttpStatusError as error:
                if error.status not in _REFUSED or not left:
                    raise
        raise AssertionError("unreachable")


def _same(before: tuple[HlsSegment, ...], after: tuple[HlsSegment, ...]) -> bool:
    return len(before) == len(after) and all(
        abs(one.start_s - other.start_s) < _SAME_S and abs(one.duration_s - other.duration_s) < _SAME_S
        for one, other in zip(before, after, strict=True)
    )
