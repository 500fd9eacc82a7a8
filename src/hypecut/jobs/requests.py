"""What is asked of the highlights job, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from hypecut.media.render import CutReport
from hypecut.models import Transition, TransitionKind

_TRANSITION_S = 0.5


@dataclass(frozen=True, kw_only=True)
class HighlightsRequest:
    """What to make highlights of, and how.

    Attributes:
        vod: the recording, or its first part.
        more_parts: the parts that follow it, in order; times count on from part to part.
        chat: its chat, in any known format.
        out: the output folder; None makes one beside the settings' output folder, named after the recording.
        keywords: words that raise a moment's score.
        from_s: nothing before this is shown.
        to_s: nothing after this is shown.
        exclude: nothing of these ranges (from, to, in seconds) is shown.
        chat_offset_s: added to the time of every chat message.
        vod_start: when the recording began (aware), for chats that hold the time of day.
        allow_partial_chat: go on with a chat that covers less than half of the recording.
        exact: keep the detected boundaries to the frame instead of moving them to where can be copied.
        plan_only: stop before cutting.
        overwrite: replace another job's output.
        dry_run: say what would be made, and write nothing.
        min_duration_s: the montage is at least so long, if there is material.
        max_duration_s: the montage is never longer.
        titles: show over each cut's first seconds where in the recording it is.
        transition: how cuts follow one another.
        loudness_lufs: bring each cut to this loudness.
    """

    vod: Path
    more_parts: tuple[Path, ...] = ()
    chat: Path | None = None
    out: Path | None = None
    keywords: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    exclude: tuple[tuple[float, float], ...] = ()
    chat_offset_s: float = 0.0
    vod_start: datetime | None = None
    allow_partial_chat: bool = False
    exact: bool = False
    plan_only: bool = False
    overwrite: bool = False
    dry_run: bool = False
    min_duration_s: float = 480.0
    max_duration_s: float = 600.0
    titles: bool = False
    transition: TransitionKind = TransitionKind.NONE
    loudness_lufs: float | None = None

    @property
    def parts(self) -> tuple[Path, ...]:
        """All files of the recording, in order."""
        return (self.vod, *self.more_parts)

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


class Forecast(msgspec.Struct, frozen=True):
    """What a job would make: bytes to be written (about), bytes free there, cuts by how they are made."""

    output_bytes: int
    free_bytes: int
    copied_cuts: int
    encoded_cuts: int


class HighlightsResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the job made; paths that were not made are None, and after a dry run none is made."""

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
    forecast: Forecast | None = None
