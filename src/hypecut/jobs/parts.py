"""A recording of one or several files as one time line, and the spans of it from which may be shown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypecut.errors import MediaError, UsageError
from hypecut.media.source import SourceReader
from hypecut.times import format_time


@dataclass(frozen=True)
class Part:
    """One file of a recording: its place on the recording's time line, in seconds.

    Of a VOD of which nothing is here there is no source.
    """

    path: Path
    start_s: float
    duration_s: float
    source: SourceReader | None = None

    @property
    def reader(self) -> SourceReader:
        """The open file, of a part that is here."""
        if self.source is None:
            raise ValueError(f"{self.path} is not here")
        return self.source

    @property
    def end_s(self) -> float:
        """Where the next part begins."""
        return self.start_s + self.duration_s


@dataclass(frozen=True)
class Span:
    """A stretch of one part that may be shown, in seconds of the recording."""

    start_s: float
    end_s: float
    part: Part


@contextlib.contextmanager
def opened_parts(paths: Sequence[Path]) -> Iterator[tuple[Part, ...]]:
    """The files of a recording, open, in the order given.

    Raises:
        MediaError: one can't be read or has no length.
    """
    with contextlib.ExitStack() as stack:
        parts: list[Part] = []
        for path in paths:
            source = stack.enter_context(SourceReader(path))
            if source.duration_s <= 0:
                raise MediaError(f"{path} has no length; give a video, not a picture.")
            parts.append(Part(path, parts[-1].end_s if parts else 0.0, source.duration_s, source))
        yield tuple(parts)


def located(parts: Sequence[tuple[str, float]], time_s: float) -> tuple[str, float]:
    """The name and start of the part that shows `time_s`; `parts` are names and starts, in order."""
    return max((part for part in parts if part[1] <= time_s), key=lambda part: part[1], default=parts[0])


def allowed_spans(
    parts: Sequence[Part],
    from_s: float | None,
    to_s: float | None,
    excluded: Sequence[tuple[float, float]],
) -> tuple[Span, ...]:
    """What may be shown: each part between `from_s` and `to_s`, without the excluded ranges.

    Raises:
        UsageError: nothing is left.
    """
    end_s = parts[-1].end_s
    if from_s is not None and from_s >= end_s:
        raise UsageError(
            f"--from is beyond the end of {parts[-1].path}, at {format_time(end_s)}; give an earlier time."
        )
    taken = [(0.0, from_s or 0.0), *excluded]
    if to_s is not None:
        taken.append((to_s, max(to_s, end_s)))
    spans: list[Span] = []
    for part in parts:
        at_s = part.start_s
        for gap_start_s, gap_end_s in sorted(taken):
            if gap_start_s > at_s:
                spans.append(Span(at_s, min(gap_start_s, part.end_s), part))
            at_s = max(at_s, gap_end_s)
            if at_s >= part.end_s:
                break
        if at_s < part.end_s:
            spans.append(Span(at_s, part.end_s, part))
    kept = tuple(span for span in spans if span.end_s > span.start_s)
    if not kept:
        raise UsageError("--from, --to and --exclude leave nothing of the recording; leave out less.")
    return kept


def span_at(spans: Sequence[Span], time_s: float) -> Span | None:
    """The span that holds `time_s`, its last moment included."""
    return next((span for span in spans if span.start_s <= time_s <= span.end_s), None)
