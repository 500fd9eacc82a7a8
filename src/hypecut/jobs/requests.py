"""What is asked of the highlights job, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from hypecut.media.render import CutReport
from hypecut.models import Transition, TransitionKind

_TRANSITION_S = 0.5


@dataclass(frozen=True, kw_only=True)
class HighlightsRequest:
    """What to make highlights of, and how.

    Attributes:
        vod: the recording.
        chat: its chat, in any known format.
        out: the output folder; None makes one beside the settings' output folder, named after the recording.
        keywords: words that raise a moment's score.
        from_s: nothing before this is shown.
        to_s: nothing after this is shown.
        chat_offset_s: added to the time of every chat message.
        exact: keep the detected boundaries to the frame instead of moving them to where can be copied.
        plan_only: stop before cutting.
        overwrite: replace another job's output.
        min_duration_s: the montage is at least so long, if there is material.
        max_duration_s: the montage is never longer.
        titles: show over each cut's first seconds where in the recording it is.
        transition: how cuts follow one another.
        loudness_lufs: bring each cut to this loudness.
    """

    vod: Path
    chat: Path | None = None
    out: Path | None = None
    keywords: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    chat_offset_s: float = 0.0
    exact: bool = False
    plan_only: bool = False
    overwrite: bool = False
    min_duration_s: float = 480.0
    max_duration_s: float = 600.0
    titles: bool = False
    transition: TransitionKind = TransitionKind.NONE
    loudness_lufs: float | None = None

    @property
    def cut_transition(self) -> Transition:
        """The transition between two cuts."""
        return Transition(kind=self.transition, duration_s=_TRANSITION_S)


class Durations(msgspec.Struct, frozen=True):
    """Lengths in seconds; `montage_total` is that of the plan when nothing was rendered."""

    vod_total: float
    montage_total: float


class Pick(msgspec.Struct, frozen=True):
    """One segment of the montage."""

    start_s: float
    end_s: float
    score: float
    reasons: tuple[str, ...]


class HighlightsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the job made; paths that were not made are None."""

    status: str
    out: str
    vod_path: str
    chat_path: str
    montage_path: str | None
    plan_path: str
    metadata_path: str
    activity_path: str
    clips_dir: str | None
    segments_count: int
    clips_count: int
    durations_s: Durations
    note: str = ""
    incomplete: tuple[CutReport, ...] = ()
    picks: tuple[Pick, ...] = ()
