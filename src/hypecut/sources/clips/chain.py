"""Several sources of clips as one: the first that can answers, and why the others could not is told."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from hypecut.errors import ClipGoneError, MediaError, SourceUnavailableError
from hypecut.models import Clip
from hypecut.sources.clips.protocol import ClipSource, ClipSpan, OnBytes, ignore_bytes

log = logging.getLogger(__name__)

T = TypeVar("T")


class Failure(msgspec.Struct, frozen=True):
    """A source that could not answer, and why."""

    source: str
    reason: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The clips of one streamer.

    Attributes:
        streamer: whose they are, as asked for.
        clips: most viewed first.
        source: which source answered.
        failures: why those asked before it could not.
        note: what is missing from the list, '' when nothing is.
    """

    streamer: str
    clips: tuple[Clip, ...]
    source: str
    failures: tuple[Failure, ...] = ()
    note: str = ""


class ClipSources:
    """Sources of clips, asked in order until one answers.

    Args:
        sources: the preferred one first.
    """

    def __init__(self, sources: Sequence[ClipSource]) -> None:
        self._sources = tuple(sources)

    @property
    def names(self) -> tuple[str, ...]:
        """What the sources are called, in order."""
        return tuple(source.name for source in self._sources)

    def list_clips(self, streamer: str, span: ClipSpan, limit: int) -> Listing:
        """A streamer's most viewed clips of that time, `limit` at most.

        Raises:
            UnknownStreamerError: Twitch knows no such streamer.
            SourceUnavailableError: no source can answer; the message has each one's reason.
        """
        found, source, failures = self._first(
            lambda source: source.list_clips(streamer, span, limit), f"the clips of {streamer}"
        )
        return Listing(
            streamer=streamer, clips=found.clips, source=source, failures=failures, note=found.note
        )

    def find_clip(self, slug: str) -> Clip:
        """What is known of one clip.

        Raises:
            ClipGoneError: there is no such clip (any more).
            SourceUnavailableError: no source can tell.
        """
        return self._first(lambda source: source.find_clip(slug), f"the clip {slug}")[0]

    def download(
        self,
        clip: Clip,
        target: Path,
        check: Callable[[Path], T],
        on_bytes: OnBytes = ignore_bytes,
    ) -> T:
        """Download a clip's video to `target`, from the first source whose file passes `check`.

        Args:
            clip: which.
            target: the file to write.
            check: looks at the file; raises `MediaError` when it can't be used: the next source is tried.
            on_bytes: told of each piece that comes in.

        Returns:
            What `check` gave.

        Raises:
            ClipGoneError: there is no such clip (any more).
            MediaError: only broken videos were found.
            SourceUnavailableError: no source has it.
            DiskFullError, BadInputError: it can't be written.
        """

        def attempt(source: ClipSource) -> T:
            with contextlib.suppress(FileNotFoundError):
                target.unlink()  # another source's beginning must not be continued
            source.download(clip, target, on_bytes)
            return check(target)

        return self._first(attempt, f"the video of the clip {clip.id}")[0]

    def _first(self, ask: Callable[[ClipSource], T], what: str) -> tuple[T, str, tuple[Failure, ...]]:
        """The first answer, whose it is, and why there was none before."""
        failures: list[Failure] = []
        broken: MediaError | None = None
        for source in self._sources:
            try:
                return ask(source), source.name, tuple(failures)
            except ClipGoneError:
                raise
            except (SourceUnavailableError, MediaError) as error:
                log.warning("%s can't give %s: %s", source.name, what, error)
                failures.append(Failure(source.name, str(error).rstrip(".")))
                broken = error if isinstance(error, MediaError) else broken
                if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
                    break  # out of reach for all alike
        if broken is not None:
            raise broken
        reasons = "; ".join(f"{failure.source}: {failure.reason}" for failure in failures)
        raise SourceUnavailableError(
            f"no source can give {what} ({reasons or 'none is set in clip_sources'})."
        )
