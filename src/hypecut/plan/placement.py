"""A plan laid out for other programs: cuts in frames of their sources, and their places in the montage."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from hypecut.models import Cut, Plan, TransitionKind
from hypecut.plan.export_rates import editing_rate, sequence_rate
from hypecut.plan.text import label

DEFAULT_RATE = Fraction(60)

_Trait = TypeVar("_Trait", bound=Hashable)

# A time within 1 ms of a frame's time means that frame, as in rendering.
_TOLERANCE_S = Fraction(1, 1000)


@dataclass(frozen=True)
class SourceInfo:
    """What an export tells of a source; the defaults are those of one that can't be opened.

    Attributes:
        rate: frames per second.
        duration_s: its length, None when unknown.
        width: of its pictures, in pixels.
        height: of its pictures, in pixels.
        channels: of its sound; 0 without sound.
        sample_rate: of its sound, in Hz.
        timecode: the timecode of its first frame, as recorded in it; "" when there is none.
    """

    rate: Fraction = DEFAULT_RATE
    duration_s: float | None = None
    width: int = 1920
    height: int = 1080
    channels: int = 2
    sample_rate: int = 48_000
    timecode: str = ""


@dataclass(frozen=True)
class PlacedCut:
    """One cut, laid out.

    Attributes:
        number: its place in the plan, from 1.
        cut: the entry of the plan.
        name: what to call it, on one line.
        path: its source, absolute.
        source: what is known of its source.
        rate: frames per second of the source, as editing programs count them.
        first_frame: its first frame, counted from the source's first one.
        end_frame: the first frame no longer shown.
        start_s: where it begins in the montage, exactly.
        record_start: where it begins in the montage, in frames of the montage.
        record_end: where it ends there; the next cut begins a crossfade earlier.
    """

    number: int
    cut: Cut
    name: str
    path: Path
    source: SourceInfo
    rate: Fraction
    first_frame: int
    end_frame: int
    start_s: Fraction = Fraction(0)
    record_start: int = 0
    record_end: int = 0

    @property
    def frames(self) -> int:
        """Its length in frames of the source."""
        return self.end_frame - self.first_frame

    @property
    def length_s(self) -> Fraction:
        """Its length in seconds, exactly."""
        return self.frames / self.rate

    @property
    def record_frames(self) -> int:
        """Its length in frames of the montage."""
        return self.record_end - self.record_start

    @property
    def media_frames(self) -> int:
        """The length of its source in frames, as far as known: at least up to where the cut ends."""
        duration_s = self.source.duration_s
        return max(self.end_frame, round(duration_s * self.rate) if duration_s is not None else 0)


@dataclass(frozen=True)
class Layout:
    """What an export is written from: the plan and all that is known about its sources.

    Attributes:
        plan: the plan.
        folder: the folder that relative sources are in.
        name: what to call the montage.
        sources: what is known of each source; None or left out where nothing is.
    """

    plan: Plan
    folder: Path
    name: str = "hypecut montage"
    sources: Mapping[str, SourceInfo | None] = field(default_factory=dict)

    @cached_property
    def cuts(self) -> tuple[PlacedCut, ...]:
        """The cuts in the order they play."""
        placed: list[PlacedCut] = []
        start_s, start, overlap = Fraction(0), 0, self.overlap_frames
        for cut in self._unplaced:
            end_s = start_s + cut.length_s
            # Rounded from the montage's start, so that nothing adds up where rates are mixed.
            end = max(start + 1 + overlap, round(end_s * self.rate))
            placed.append(replace(cut, start_s=start_s, record_start=start, record_end=end))
            start_s, start = end_s - overlap / self.rate, end - overlap
        return tuple(placed)

    @cached_property
    def rate(self) -> Fraction:
        """Frames per second of the montage: that of the sources which most of its time is from."""
        return self._mostly(lambda cut: sequence_rate(cut.rate))

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height of the montage: those of the sources which most of its time is from."""
        return self._mostly(lambda cut: (cut.source.width, cut.source.height))

    @cached_property
    def source_numbers(self) -> dict[Path, int]:
        """The sources, numbered from 1 in the order in which they first appear."""
        paths = dict.fromkeys(cut.path for cut in self._unplaced)
        return {path: number for number, path in enumerate(paths, 1)}

    def _mostly(self, trait: Callable[[PlacedCut], _Trait]) -> _Trait:
        shown: dict[_Trait, Fraction] = {}
        for cut in self._unplaced:
            shown[trait(cut)] = shown.get(trait(cut), Fraction(0)) + cut.length_s
        return max(shown, key=lambda found: shown[found])

    @cached_property
    def overlap_frames(self) -> int:
        """By how many of its frames neighbours overlap; as in rendering, no less than the plan says."""
        transition = self.plan.transition
        if transition is None or transition.kind is not TransitionKind.CROSSFADE or len(self._unplaced) < 2:
            return 0
        wanted = math.ceil(Fraction(transition.duration_s) * self.rate - _TOLERANCE_S)
        shortest = min(int(cut.length_s * self.rate) for cut in self._unplaced)
        return min(wanted, shortest // 2)

    @property
    def overlap_halves(self) -> tuple[int, int]:
        """The frames of a crossfade before and after the place where the clips meet."""
        return self.overlap_frames // 2, self.overlap_frames - self.overlap_frames // 2

    def trimmed(self, placed: PlacedCut) -> tuple[int, int]:
        """Where a cut begins and ends in the montage, when clips meet in the middle of their crossfade."""
        before, after = self.overlap_halves
        start = placed.record_start + (before if placed.number > 1 else 0)
        return start, placed.record_end - (after if placed.number < len(self.cuts) else 0)

    def fade_frames(self, placed: PlacedCut) -> tuple[int, int]:
        """How many frames of the montage a cut takes to fade in and to fade out; 0 where it does not fade."""
        transition = self.plan.transition
        if transition is None or transition.kind is not TransitionKind.FADE:
            return 0, 0
        half = round(min(Fraction(transition.duration_s), placed.length_s) / 2 * self.rate)
        return half if placed.number > 1 else 0, half if placed.number < len(self.plan.cuts) else 0

    @cached_property
    def _unplaced(self) -> tuple[PlacedCut, ...]:
        """The cuts in frames of their sources, without a place in the montage."""
        return tuple(self._in_frames(number, cut) for number, cut in enumerate(self.plan.cuts, 1))

    def _in_frames(self, number: int, cut: Cut) -> PlacedCut:
        source = self.sources.get(cut.source) or SourceInfo()
        rate = editing_rate(source.rate)
        first = frame_at(cut.start_s, rate)
        return PlacedCut(
            number=number,
            cut=cut,
            name=label(cut, number),
            # Editing programs take `..` in an address for the name of a folder.
            path=Path(os.path.normpath((self.folder / cut.source).absolute())),
            source=source,
            rate=rate,
            first_frame=first,
            end_frame=max(first + 1, frame_at(cut.end_s, rate)),
        )


def frame_at(time_s: float, rate: Fraction) -> int:
    """The first frame at `time_s` or later, where a time within 1 ms of a frame's time means that frame."""
    return max(0, math.ceil((Fraction(time_s) - _TOLERANCE_S) * rate))
