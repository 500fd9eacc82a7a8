"""What a highlights job tells of its choice, read back from its folder."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np

from hypecut.jobs.folder import DETECTED, EXPLANATION, WORK
from hypecut.jobs.requests import HighlightsRequest
from hypecut.jobs.thinking import Detected
from hypecut.models import FloatArray, Segment

# The last picture of a segment may reach over its end.
SLACK_S = 0.1


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate: a moment on the time line of the whole recording, or a clip on its own."""

    start_s: float
    end_s: float
    score: float
    peak_s: float = 0.0
    id: str = ""
    streamer: str = ""
    title: str = ""
    components: dict[str, float] = {}
    reasons: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    picked: bool | None = None
    why_not: str | None = None

    @classmethod
    def of(cls, segment: Segment) -> Moment:
        """A segment of which it is not said yet whether it is shown."""
        return cls(
            start_s=segment.start_s,
            end_s=segment.end_s,
            peak_s=segment.peak_s,
            score=segment.score.total,
            components=dict(segment.score.components),
            reasons=segment.score.reasons,
            messages=segment.messages,
        )

    @property
    def name(self) -> str:
        """What the pages call it."""
        return f"{self.start_s:.3f}-{self.end_s:.3f}"

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


class Part(msgspec.Struct, frozen=True):
    """A file of the recording, as a plan names it, and where it begins on the recording's time line."""

    source: str
    start_s: float = 0.0


class Recording(msgspec.Struct, frozen=True):
    """The recording and its files."""

    source: str = ""
    duration_s: float = 0.0
    parts: tuple[Part, ...] = ()


class LengthWindow(msgspec.Struct, frozen=True):
    """How long the montage was to be."""

    min_s: float = 480.0
    max_s: float = 600.0


class Explanation(msgspec.Struct, frozen=True):
    """The parts of highlights.json that the pages show."""

    vod: Recording = Recording()
    window: LengthWindow = LengthWindow()
    candidates: tuple[Moment, ...] = ()


def read_explanation(folder: Path) -> Explanation:
    """The explanation in a job's folder; an empty one where there is none that can be read."""
    try:
        return msgspec.json.decode((folder / EXPLANATION).read_bytes(), type=Explanation)
    except (OSError, msgspec.MsgspecError):
        return Explanation()


def read_detected(folder: Path) -> Detected | None:
    """What was detected, from a job's folder; None where it is not kept or can't be read."""
    try:
        return msgspec.json.decode((folder / WORK / DETECTED).read_bytes(), type=Detected)
    except (OSError, msgspec.MsgspecError):
        return None


def detected_curve(folder: Path) -> FloatArray:
    """The curve as the job found it; nothing where it did not keep it."""
    found = read_detected(folder)
    return np.zeros(0) if found is None else np.array(found.curve)


def is_allowed(moment: Moment, request: HighlightsRequest) -> bool:
    """Whether the job may show a moment: those found later may lie outside of what was asked for."""
    from_s, to_s = request.from_s or 0.0, math.inf if request.to_s is None else request.to_s
    barred = [(0.0, from_s), (to_s, math.inf), *request.exclude]
    return not any(
        min(moment.end_s, end_s) - max(moment.start_s, start_s) > SLACK_S for start_s, end_s in barred
    )
