"""A plan laid out for other programs: cuts in frames of their sources, and their places in the montage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from hypecut.models import Cut, Plan
from hypecut.plan.text import label

DEFAULT_RATE = Fraction(60)

# A time within 1 ms of a frame's time means that frame, as in rendering.
_TOLERANCE_S = Fraction(1, 1000)


@dataclass(frozen=True)
class PlacedCut:
    """One cut, laid out.

    Attributes:
        number: its place in the plan, from 1.
        cut: the entry of the plan.
        name: what to call it, on one line.
        path: its source, absolute.
        rate: frames per second of the source.
        first_frame: its first frame, counted from the source's first one.
        end_frame: the first frame no longer shown.
        montage_start_s: where it begins in the montage.
        source_duration_s: the length of the source in seconds, None when unknown.
    """

    number: int
    cut: Cut
    name: str
    path: Path
    rate: Fraction
    first_frame: int
    end_frame: int
    montage_start_s: float
    source_duration_s: float | None

    @property
    def frames(self) -> int:
        """Its length in frames."""
        return self.end_frame - self.first_frame


@dataclass(frozen=True)
class Layout:
    """What an export is written from: the plan and all that is known about its sources.

    Attributes:
        plan: the plan.
        folder: the folder that relative sources are in.
        name: what to call the montage.
        rates: frames per second by source; `DEFAULT_RATE` where unknown.
        durations: seconds by source; None or left out where unknown.
    """

    plan: Plan
    folder: Path
    name: str = "hypecut montage"
    rates: Mapping[str, Fraction | None] = field(default_factory=dict)
    durations: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def cuts(self) -> tuple[PlacedCut, ...]:
        """The cuts in the order they play."""
        placed: list[PlacedCut] = []
        start_s, overlap_s = 0.0, self.plan.transition.overlap_s if self.plan.transition else 0.0
        for number, cut in enumerate(self.plan.cuts, 1):
            placed.append(self._placed(number, cut, start_s))
            start_s += cut.duration_s - overlap_s
        return tuple(placed)

    def _placed(self, number: int, cut: Cut, montage_start_s: float) -> PlacedCut:
        rate = self.rates.get(cut.source) or DEFAULT_RATE
        first = frame_at(cut.start_s, rate)
        return PlacedCut(
            number=number,
            cut=cut,
            name=label(cut, number),
            path=(self.folder / cut.source).absolute(),
            rate=rate,
            first_frame=first,
            end_frame=max(first + 1, frame_at(cut.end_s, rate)),
            montage_start_s=montage_start_s,
            source_duration_s=self.durations.get(cut.source),
        )


def frame_at(time_s: float, rate: Fraction) -> int:
    """The first frame at `time_s` or later, where a time within 1 ms of a frame's time means that frame."""
    return max(0, math.ceil((Fraction(time_s) - _TOLERANCE_S) * rate))
