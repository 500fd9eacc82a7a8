"""What a plan says each frame of its montage must be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from hypecut.media.sample import RecordingSpec
from hypecut.media.sample_sound import SoundSpec
from hypecut.models import Plan, TransitionKind

_SAME_FRAME_S = 0.001


@dataclass(frozen=True)
class SourceTruth:
    """What is known of a generated source.

    Attributes:
        fps: its frames a second.
        frames: how many it has.
        loop_frames: its picture, and so its counter, begins anew after so many frames.
        sound: what can be heard, None for nothing.
    """

    fps: Fraction
    frames: int
    loop_frames: int = 1 << 20
    sound: SoundSpec | None = None

    @classmethod
    def of(cls, spec: RecordingSpec) -> SourceTruth:
        """The truth about a recording made from `spec`."""
        return cls(spec.fps, spec.frames, sound=spec.sound if spec.audio else None)

    def frame_from(self, time_s: float) -> int:
        """The first frame at or after `time_s`; within 1 ms of a frame's time, that frame."""
        place = Fraction(time_s) * self.fps
        nearest = round(place)
        near = abs(float(nearest / self.fps) - time_s) <= _SAME_FRAME_S
        return min(self.frames, max(0, nearest if near else math.ceil(place)))


@dataclass(frozen=True)
class ExpectedCut:
    """One cut in the montage.

    Attributes:
        source: its source, as the plan names it.
        truth: what is known of that source.
        first: its first source frame.
        count: its source frames.
        begin: the montage's frame at which it begins.
        length: its length in frames of the montage.
        lead: frames at its begin that a transition may change.
        trail: frames at its end that a transition may change.
    """

    source: str
    truth: SourceTruth
    first: int
    count: int
    begin: int
    length: int
    lead: int
    trail: int

    @property
    def end(self) -> int:
        """The first frame of the montage after it."""
        return self.begin + self.length

    def source_frame(self, frame: int, fps: Fraction) -> int:
        """The source frame that the montage's `frame` shows."""
        return self.first + math.floor((frame - self.begin) * self.truth.fps / fps)

    def is_clear(self, frame: int) -> bool:
        """Whether that frame of the montage belongs to this cut and no transition changes it."""
        return self.begin + self.lead <= frame < self.end - self.trail


def expected_cuts(plan: Plan, sources: Mapping[str, SourceTruth], fps: Fraction) -> list[ExpectedCut]:
    """Where each cut must be in a montage of `fps` frames a second."""
    transition = plan.transition
    kind = transition.kind if transition else TransitionKind.NONE
    soft = (
        math.ceil(Fraction(transition.duration_s) * fps) if transition and kind != TransitionKind.NONE else 0
    )
    overlap = round(Fraction(transition.overlap_s) * fps) if transition else 0
    cuts: list[ExpectedCut] = []
    begin = 0
    for i, cut in enumerate(plan.cuts):
        truth = sources[cut.source]
        first = truth.frame_from(cut.start_s)
        count = truth.frame_from(cut.end_s) - first
        length = round(count * fps / truth.fps)
        lead = soft if i or kind is TransitionKind.FADE else 0
        trail = soft if i < len(plan.cuts) - 1 or kind is TransitionKind.FADE else 0
        cuts.append(ExpectedCut(cut.source, truth, first, count, begin, length, lead, trail))
        begin += length - overlap
    return cuts
