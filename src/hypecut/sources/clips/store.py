"""Clips on this machine: each is downloaded once, looked at, and kept in the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hypecut.models import Clip
from hypecut.sources.cache import AssetCache
from hypecut.sources.clips.chain import ClipSources
from hypecut.sources.clips.probing import ClipFacts, probe_clip
from hypecut.sources.clips.protocol import OnBytes, ignore_bytes

SUFFIX = ".mp4"


class ClipStore:
    """Clips by their sources, through the cache.

    Args:
        sources: where they come from.
        cache: where they are kept.
    """

    def __init__(self, sources: ClipSources, cache: AssetCache) -> None:
        self._sources = sources
        self._cache = cache

    def fetch(
        self,
        clip: Clip,
        place: Path,
        on_bytes: OnBytes = ignore_bytes,
        waiting: Callable[[], object] = lambda: None,
    ) -> ClipFacts:
        """Put a clip's video at `place`; it is downloaded only if the cache doesn't hold it.

        Args:
            clip: which.
            place: the file; what is there is replaced.
            on_bytes: told of each piece that is downloaded.
            waiting: called each second while another process downloads it; may raise to give up.

        Returns:
            What the video tells of itself, as probed when it was downloaded.

        Raises:
            ClipGoneError, SourceUnavailableError: it can't be had.
            MediaError: it is damaged.
            DiskFullError, BadInputError: it can't be written.
        """

        def make(target: Path) -> Mapping[str, Any]:
            facts: dict[str, Any] = msgspec.to_builtins(
                self._sources.download(clip, target, probe_clip, on_bytes)
            )
            return facts

        asset = self._cache.fetch(f"twitch clip {clip.id}", SUFFIX, make, place, waiting)
        return msgspec.convert(asset.meta, ClipFacts)
