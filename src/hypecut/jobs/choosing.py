"""Which moments of a recording go into the montage, on boundaries that suit the recording."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from hypecut.errors import MediaError, NothingFoundError
from hypecut.jobs.parts import Part, Span, allowed_spans, span_at
from hypecut.jobs.requests import HighlightsRequest
from hypecut.media.snap import exact_bounds, snap
from hypecut.models import Segment
from hypecut.progress import Progress
from hypecut.rank.selection import DEFAULT_SECTIONS, Selection, Window, select
from hypecut.settings import Settings

log = logging.getLogger(__name__)

# As plan files keep times, so that the length counted here is the length of the plan.
DECIMALS = 6


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """All moments that could be shown, the best first, and what of them is."""

    candidates: tuple[Segment, ...]
    selection: Selection

    @property
    def picks(self) -> list[Segment]:
        """The segments of the montage, in its order."""
        return [self.candidates[i] for i in self.selection.picked]


def choose(
    request: HighlightsRequest,
    segments: Sequence[Segment],
    parts: Sequence[Part],
    settings: Settings,
    window: Window,
    progress: Progress,
) -> Choice:
    """Place every moment found on usable boundaries, and pick those that make the best montage.

    Args:
        request: what is asked for.
        segments: the moments, the best first.
        parts: the recording.
        settings: how boundaries are placed.
        window: how long all picks together may be.
        progress: told of the moments placed.

    Raises:
        UsageError: the range lies outside the recording.
        NothingFoundError: there is nothing to pick.
    """
    spans = allowed_spans(parts, request.from_s, request.to_s, request.exclude)
    wanted = allowed(segments, spans, settings.min_segment_s)
    candidates = _placed(wanted, None if request.exact else settings.snap_max_s, progress)
    if not candidates:
        raise NothingFoundError(why_nothing(request, len(segments), wanted))
    return Choice(candidates=tuple(candidates), selection=pick(request, candidates, window, parts[-1].end_s))


def pick(
    request: HighlightsRequest, candidates: Sequence[Segment], window: Window, duration_s: float
) -> Selection:
    """Pick those of the candidates that make the best montage of a recording of `duration_s`.

    Raises:
        NothingFoundError: none fits.
    """
    selection = select(
        candidates,
        window,
        source_duration_s=duration_s,
        overlap_s=request.cut_transition.overlap_s,
        sections=DEFAULT_SECTIONS if request.sections is None else request.sections,
    )
    if not selection.picked:
        raise NothingFoundError(f"no moment fits into {window.max_s:.0f} s; allow more with --max-duration.")
    return selection


def why_nothing(request: HighlightsRequest, found: int, wanted: Sequence[tuple[Segment, Span]]) -> str:
    """Why there is no candidate, and what to do about it."""
    if wanted:
        return f"no moment of {request.vod} can be read; it is damaged or cut off, so get it again."
    if found:
        outside = f"{found} outside or cut too short by them"
        ranges = "--from, --to and --exclude" if request.exclude else "--from and --to"
        return f"no moment of {request.vod} lies where {ranges} allow ({outside}); widen the range."
    return (
        f"the chat of {request.vod} has no moment that stands out; check that it is this recording's chat,"
        " or use a livelier one."
    )


def allowed(
    segments: Sequence[Segment], spans: Sequence[Span], shortest_s: float
) -> list[tuple[Segment, Span]]:
    """The segments moved into the span of their peak, without those that have none or find no room there."""
    kept = []
    for segment in segments:
        span = span_at(spans, segment.peak_s)
        if span is None:
            continue
        start_s, end_s = max(segment.start_s, span.start_s), min(segment.end_s, span.end_s)
        # What is cut off on one side is made up for on the other.
        start_s = max(span.start_s, min(start_s, end_s - shortest_s))
        end_s = min(span.end_s, max(end_s, start_s + shortest_s))
        if end_s - start_s >= shortest_s:
            kept.append((msgspec.structs.replace(segment, start_s=start_s, end_s=end_s), span))
    return kept


def _placed(
    segments: Sequence[tuple[Segment, Span]], max_shift_s: float | None, progress: Progress
) -> list[Segment]:
    """The segments where the recording can be copied, within their span; without a shift, just on frames."""
    progress.start("snap", len(segments), "segments")
    placed = []
    for done, (segment, span) in enumerate(segments, 1):
        try:
            placed.append(place(segment, span, max_shift_s))
        except MediaError as error:
            log.warning("a moment at %.0f s is passed over: %s", segment.peak_s, error)
        progress.update(done)
    progress.finish()
    return placed


def place(segment: Segment, span: Span, max_shift_s: float | None) -> Segment:
    """A segment on boundaries that suit the recording, moved by at most so much; None keeps it to the frame.

    Raises:
        MediaError: the recording can't be read there.
    """
    start_s, end_s = (round(time_s, DECIMALS) for time_s in _bounds(segment, span, max_shift_s))
    return msgspec.structs.replace(segment, start_s=start_s, end_s=end_s)


def _bounds(segment: Segment, span: Span, max_shift_s: float | None) -> tuple[float, float]:
    """Where a segment begins and ends on its part's frames, in seconds of the recording."""
    shift_s, source = span.part.start_s, span.part.reader
    soft = (segment.start_s - shift_s, segment.end_s - shift_s)
    start_s, end_s = exact_bounds(source, *soft)
    if max_shift_s is not None:
        snapped_start_s, snapped_end_s = snap(source, *soft, max_shift_s)
        whole = span.end_s == span.part.end_s  # what lies behind the header's length is still this part
        if snapped_start_s + shift_s >= span.start_s and (whole or snapped_end_s + shift_s <= span.end_s):
            start_s, end_s = snapped_start_s, snapped_end_s
    return start_s + shift_s, end_s + shift_s
