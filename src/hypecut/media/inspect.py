"""Looking at the cuts of a plan before anything is written: which frames, and can they be copied?"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from hypecut.errors import MediaError
from hypecut.media.clock import Clock
from hypecut.media.encoder import PictureFormat
from hypecut.media.snap import Picture, last_pictures, pictures_around, pictures_before
from hypecut.media.source import SHORT_S, SourceReader
from hypecut.media.timeline import reorder_depth
from hypecut.models import Cut

_OPEN_AT_ONCE = 6
# FFmpeg's AV_FIELD_UNKNOWN and AV_FIELD_PROGRESSIVE.
_PROGRESSIVE = (0, 1)


class SourcePool:
    """Keeps the few sources used last open. Use it in a `with` statement."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, SourceReader] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all of them."""
        for source in self._open.values():
            source.close()
        self._open.clear()

    def get(self, path: Path) -> SourceReader:
        """The open source of this path; valid until some others were asked for.

        Raises:
            MediaError: it can't be opened.
        """
        if path not in self._open:
            self._open[path] = SourceReader(path)
            if len(self._open) > _OPEN_AT_ONCE:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(path)
        return self._open[path]


@dataclass(frozen=True)
class InspectedCut:
    """A cut whose source could be read at both ends.

    Attributes:
        number: its place in the plan, from 1.
        cut: the plan's entry.
        path: the source file.
        first: the source unit of its first frame.
        end: the first unit no longer shown.
        length_s: the time from the first frame to the end.
        shortened: what is missing before the plan's end, in a sentence; '' if nothing is.
        copyable: copying can begin at the first frame and stop at the end.
        joinable: pictures between its ends may be copied.
        encoder_matches: our encoder's pictures can stand in one track with the source's.
        depth: how many pictures are decoded ahead of display.
        fingerprint: what two sources must share to be copied into one track.
        clock: the source's clock.
        picture: the format of its pictures, upright.
        rotation: by how many degrees the source's pictures are turned for display, counter-clockwise.
        remarks: what a user may want to know of how its source is used, in sentences.
        audio_config: (rate, channels) of copyable sound; None without.
        has_sound: the source has a sound track.
    """

    number: int
    cut: Cut
    path: Path
    first: int
    end: int
    length_s: Fraction
    shortened: str
    copyable: bool
    joinable: bool
    encoder_matches: bool
    depth: int
    fingerprint: tuple[object, ...]
    clock: Clock
    picture: PictureFormat
    rotation: int
    remarks: tuple[str, ...]
    audio_config: tuple[int, int] | None
    has_sound: bool

    def encoded(self) -> InspectedCut:
        """The same cut, of which nothing is to be copied."""
        return replace(self, copyable=False, joinable=False)


def inspect_cut(source: SourceReader, number: int, cut: Cut) -> InspectedCut:
    """Find a cut's frames and whether they can be copied whole.

    Raises:
        MediaError: the source has no frames there, or can't be read there.
    """
    clock, short_s = source.clock, _short_s(source, cut)
    low, high = clock.unit_from(cut.start_s), clock.unit_from(cut.end_s)
    head = pictures_around(source, cut.start_s, low + 1)
    shown = [p for p in head if p.unit >= low]
    if not shown or min(p.unit for p in shown) >= high:
        raise MediaError(_nothing_there(source, cut))
    first = min(shown, key=lambda p: p.unit)
    if source.sparse is not None and clock.seconds(first.unit - low) > short_s:
        raise MediaError(_nothing_there(source, cut))
    tail = pictures_before(source, cut.end_s, high)
    if clock.constant and not all(p.on_grid for p in (*head, *tail)):
        source.loosen()
        return inspect_cut(source, number, cut)
    stop, shortened = _stop(clock, cut.end_s, tail), ""
    end = stop
    if all(p.unit < high for p in tail):
        end = min(stop, max((p.end for p in tail), default=low))
        if clock.seconds(stop - end) > short_s:
            if source.sparse is not None:  # what is missing can be fetched
                raise MediaError(_broken_off(source, end, stop))
            tail = last_pictures(source, first.unit, high)
            end = max(p.end for p in tail)
            shortened = _broken_off(source, end, stop)
    copyable = source.copyable and first.idr and _ends_cleanly(tail, end)
    return InspectedCut(
        number=number,
        cut=cut,
        path=source.path,
        first=first.unit,
        end=end,
        length_s=clock.seconds(end) - clock.seconds(first.unit),
        shortened=shortened,
        copyable=copyable,
        joinable=source.copyable and _encoder_matches(source),
        encoder_matches=_encoder_matches(source),
        depth=_depth(source, head, tail),
        fingerprint=_fingerprint(source),
        clock=clock,
        picture=PictureFormat.of(source.video, source.fps, source.rotation),
        rotation=source.rotation,
        remarks=tuple(source.remarks),
        audio_config=source.audio_config,
        has_sound=source.audio is not None,
    )


def _stop(clock: Clock, end_s: float, tail: Sequence[Picture]) -> int:
    """Where a cut ends: at the frame that its end means; at a rate that varies maybe while one is shown."""
    high = clock.unit_from(end_s)
    if clock.constant:
        return high
    between = clock.nearest(end_s)
    following = min((p.unit for p in tail if p.unit >= high), default=between)
    return following if following <= clock.unit_before(end_s) else between


def _short_s(source: SourceReader, cut: Cut) -> float:
    """How much may be missing at the ends of a cut: where parts of a VOD are not here, no picture may.

    Raises:
        MediaError: some of what is shown is not here.
    """
    if source.sparse is None:
        return SHORT_S
    if source.sparse.is_gap(cut.start_s, cut.end_s):
        between = f"between {cut.start_s:.3f} s and {cut.end_s:.3f} s"
        raise MediaError(f"{source.path} lacks parts {between}; fetch it again.")
    return SHORT_S if source.sparse.is_end(cut.end_s) else float(1 / source.fps)


def _nothing_there(source: SourceReader, cut: Cut) -> str:
    """Why a cut without pictures has none."""
    if cut.start_s >= source.duration_s:
        return f"{source.path} ends at {source.duration_s:.3f} s, before {cut.start_s:.3f} s."
    if source.clock.seconds(source.clock.unit_from(cut.end_s) - source.clock.unit_from(cut.start_s)) <= 0:
        return f"no picture of {source.path} begins between {cut.start_s:.3f} s and {cut.end_s:.3f} s."
    between = f"between {cut.start_s:.3f} s and {cut.end_s:.3f} s"
    return f"{source.path} has no pictures {between}; it is damaged or cut off."


def _broken_off(source: SourceReader, end: int, stop: int) -> str:
    """What is missing of a cut whose source can't be read to its end."""
    from_s, to_s = (float(source.clock.seconds(unit)) for unit in (end, stop))
    return f"{source.path} can't be read from {from_s:.3f} s up to {to_s:.3f} s; it is damaged or cut off."


def _depth(source: SourceReader, head: Sequence[Picture], tail: Sequence[Picture]) -> int:
    """How many pictures are decoded ahead of display: by the stream's own word and by what was seen."""
    seen = (reorder_depth(p.unit for p in head), reorder_depth(p.unit for p in tail))
    return max(source.video.codec_context.reorder_depth, *seen)


def _ends_cleanly(tail: Sequence[Picture], high: int) -> bool:
    """Whether all pictures before `high` are decoded before those after."""
    inside = [p.unit < high for p in tail]
    return any(inside) and inside == sorted(inside, reverse=True)


def _encoder_matches(source: SourceReader) -> bool:
    """Whether our encoder's pictures can stand beside the source's: progressive, with sets of their own."""
    has_room = source.sets is not None and source.sets.free_id is not None
    return has_room and source.video.codec_context.field_order in _PROGRESSIVE


def _fingerprint(source: SourceReader) -> tuple[object, ...]:
    sets = source.sets
    if sets is None:
        return (source.codec, str(source.path))
    context = source.video.codec_context
    shape = (context.width, context.height, context.sample_aspect_ratio, source.rotation)
    return (sets.sps, sets.pps, *shape)
