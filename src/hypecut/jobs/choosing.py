"""Which moments of a recording go into the montage, on boundaries that suit the recording."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hypecut.errors import MediaError, NothingFoundError, UsageError
from hypecut.jobs.detection import DetectionReport, detect_chat
from hypecut.jobs.requests import HighlightsRequest
from hypecut.media.snap import exact_bounds, snap
from hypecut.media.source import SourceReader
from hypecut.models import Segment
from hypecut.progress import Progress
from hypecut.rank.selection import Selection, Window, select
from hypecut.settings import Settings
from hypecut.times import format_time

log = logging.getLogger(__name__)

# As plan files keep times, so that the length counted here is the length of the plan.
_DECIMALS = 6


@dataclass(frozen=True)
class Choice:
    """What was found and what of it is shown."""

    report: DetectionReport
    candidates: tuple[Segment, ...]
    selection: Selection

    @property
    def picks(self) -> list[Segment]:
        """The segments of the montage, in its order."""
        return [self.candidates[i] for i in self.selection.picked]


def choose(request: HighlightsRequest, chat: Path, settings: Settings, progress: Progress) -> Choice:
    """Detect, place every candidate on usable boundaries, and pick those that make the best montage.

    Raises:
        UsageError: the range lies outside the recording.
        MediaError, ChatFormatError, BadInputError: a file can't be read.
        NothingFoundError, ThinChatError: there is nothing to pick, or too little chat to tell.
    """
    with SourceReader(request.vod) as source:
        duration_s = source.duration_s
        if duration_s <= 0:
            raise MediaError(f"{request.vod} has no length; give a video, not a picture.")
        from_s = request.from_s or 0.0
        to_s = float("inf") if request.to_s is None else request.to_s
        if from_s >= duration_s:
            raise UsageError(
                f"--from is beyond the end of {request.vod}, which is {format_time(duration_s)} long;"
                " give an earlier time."
            )
        progress.start("detect", 1.0, "")
        report = detect_chat(chat, duration_s, request.keywords, settings, request.chat_offset_s)
        progress.finish()
        wanted = _in_range(report.segments, from_s, to_s, settings.min_segment_s)
        max_shift_s = None if request.exact else settings.snap_max_s
        candidates = _placed(source, wanted, (from_s, to_s), max_shift_s, progress)
    if not candidates:
        raise NothingFoundError(_why_nothing(request, report, wanted))
    window = Window(request.min_duration_s, request.max_duration_s)
    selection = select(
        candidates, window, source_duration_s=duration_s, overlap_s=request.cut_transition.overlap_s
    )
    if not selection.picked:
        raise NothingFoundError(
            f"no moment fits into {request.max_duration_s:.0f} s; allow more with --max-duration."
        )
    return Choice(report, tuple(candidates), selection)


def _why_nothing(request: HighlightsRequest, report: DetectionReport, wanted: Sequence[Segment]) -> str:
    """Why there is no candidate, and what to do about it."""
    if wanted:
        return f"no moment of {request.vod} can be read; it is damaged or cut off, so get it again."
    if report.segments:
        outside = f"{len(report.segments)} outside or cut too short by them"
        return f"no moment of {request.vod} lies between --from and --to ({outside}); widen the range."
    return (
        f"the chat of {request.vod} has no moment that stands out; check that it is this recording's chat,"
        " or use a livelier one."
    )


def _in_range(segments: Sequence[Segment], from_s: float, to_s: float, shortest_s: float) -> list[Segment]:
    """The segments cut to the range, without those that lose their peak or become too short."""
    kept = []
    for segment in segments:
        start_s, end_s = max(segment.start_s, from_s), min(segment.end_s, to_s)
        if from_s <= segment.peak_s <= to_s and end_s - start_s >= shortest_s:
            kept.append(msgspec.structs.replace(segment, start_s=start_s, end_s=end_s))
    return kept


def _placed(
    source: SourceReader,
    segments: Sequence[Segment],
    allowed: tuple[float, float],
    max_shift_s: float | None,
    progress: Progress,
) -> list[Segment]:
    """The segments where the recording can be copied, within `allowed`; without a shift, just on frames."""
    progress.start("snap", len(segments), "segments")
    placed = []
    for done, segment in enumerate(segments, 1):
        try:
            bounds = exact_bounds(source, segment.start_s, segment.end_s)
            if max_shift_s is not None:
                snapped = snap(source, segment.start_s, segment.end_s, max_shift_s)
                bounds = snapped if snapped[0] >= allowed[0] and snapped[1] <= allowed[1] else bounds
            start_s, end_s = (round(time_s, _DECIMALS) for time_s in bounds)
            placed.append(msgspec.structs.replace(segment, start_s=start_s, end_s=end_s))
        except MediaError as error:
            log.warning("a moment at %.0f s is passed over: %s", segment.peak_s, error)
        progress.update(done)
    progress.finish()
    return placed
