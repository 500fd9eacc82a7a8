"""Clips held in memory: for tests, examples and whoever has a list of his own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from hypecut.errors import ClipGoneError, SourceUnavailableError, UnknownStreamerError
from hypecut.files import told_as_write_error
from hypecut.models import Clip
from hypecut.sources.clips.listing import Collected
from hypecut.sources.clips.protocol import ClipList, ClipSpan, OnBytes, ignore_bytes


class MemoryClips:
    """A source whose clips are given.

    Args:
        clips: all clips; their streamers are those that are known.
        videos: the file of each clip's video, by the clip's id.
        streamers: more streamers that are known, though they have no clips.
    """

    name = "memory"

    def __init__(
        self, clips: Iterable[Clip], videos: Mapping[str, Path], streamers: Iterable[str] = ()
    ) -> None:
        self._clips = {clip.id: clip for clip in clips}
        self._videos = dict(videos)
        self._streamers = {name.casefold() for name in streamers}
        self._streamers |= {clip.streamer.casefold() for clip in self._clips.values()}

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> ClipList:
        """See `ClipSource`; a clip without a time was made in every span."""
        if streamer.casefold() not in self._streamers:
            raise UnknownStreamerError(f"there is no streamer {streamer!r} here; correct the name.")
        mine = [clip for clip in self._clips.values() if clip.streamer.casefold() == streamer.casefold()]
        found = Collected(span, limit)
        found.take(sorted((c for c in mine if _within(c, span)), key=lambda clip: -clip.views), "")
        return found.result()

    def find_clip(self, slug: str) -> Clip:
        """See `ClipSource`."""
        if slug not in self._clips:
            raise ClipGoneError(f"there is no clip {slug} here; leave it out.")
        return self._clips[slug]

    def download(self, clip: Clip, target: Path, on_bytes: OnBytes = ignore_bytes) -> None:
        """See `ClipSource`."""
        if clip.id not in self._clips:
            raise ClipGoneError(f"there is no clip {clip.id} here; leave it out.")
        if clip.id not in self._videos:
            raise SourceUnavailableError(f"there is no video of the clip {clip.id} here; leave it out.")
        with told_as_write_error(target):
            shutil.copyfile(self._videos[clip.id], target)
        on_bytes(target.stat().st_size)


def _within(clip: Clip, span: ClipSpan) -> bool:
    return clip.created_at is None or span.start is None or clip.created_at >= span.start
