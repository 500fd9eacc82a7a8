"""What is asked of the highlights job, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError

from hypecut.errors import UsageError
from hypecut.media.render import CutReport
from hypecut.models import Transition, TransitionKind
from hypecut.settings import Settings

_TRANSITION_S = 0.5
# Settings that decide what is shown: a request may give each; what it leaves open is the settings' value.
TUNING = (
    "min_duration_s",
    "max_duration_s",
    "lag_s",
    "lead_in_s",
    "tail_s",
    "min_segment_s",
    "max_segment_s",
    "min_peak_distance_s",
    "snap_max_s",
)


class HighlightsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to make highlights of, and how: the arguments of the job, as JSON.

    Attributes:
        vod: the recording, or its first part: a path.
        more_parts: the parts that follow it, in order; times count on from part to part.
        chat: its chat, in any known format: a path.
        out: the output folder; None makes one in the settings' output folder, named after the recording.
        keywords: words that raise a moment's score, beside those of the settings.
        from_s: nothing before this is shown.
        to_s: nothing after this is shown.
        exclude: nothing of these ranges (from, to, in seconds) is shown.
        chat_offset_s: added to the time of every chat message.
        vod_start: when the recording began (aware), for chats that hold the time of day.
        allow_partial_chat: go on with a chat that covers less than half of the recording.
        exact: keep the detected boundaries to the frame instead of moving them to where can be copied.
        full: fetch the whole recording, not only what is shown; a file is always whole.
        plan_only: stop before cutting.
        overwrite: replace another job's output.
        min_duration_s: the montage is at least so long, if there is material.
        max_duration_s: the montage is never longer.
        lag_s, lead_in_s, tail_s, min_segment_s, max_segment_s, min_peak_distance_s, snap_max_s: as the
            settings of these names.
        spike_messages: a moment has at least so many messages within `spike_window_s` around its spike.
        spike_window_s: see `spike_messages`.
        sections: into how many parts of equal length the recording is split, none of which fills more than
            its share of the montage; None splits it as usual.
        titles: show over each cut's first seconds where in the recording it is.
        transition: how cuts follow one another.
        loudness_lufs: bring each cut to this loudness.
        intro: a video shown whole before everything else, counted in the montage's length: a path; None for
            the settings' one, '' for none.
        outro: likewise at the end.
    """

    vod: str
    more_parts: tuple[str, ...] = ()
    chat: str | None = None
    out: str | None = None
    keywords: tuple[str, ...] = ()
    from_s: float | None = None
    to_s: float | None = None
    exclude: tuple[tuple[float, float], ...] = ()
    chat_offset_s: float = 0.0
    vod_start: datetime | None = None
    allow_partial_chat: bool = False
    exact: bool = False
    full: bool = False
    plan_only: bool = False
    overwrite: bool = False
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    lag_s: float | None = None
    lead_in_s: float | None = None
    tail_s: float | None = None
    min_segment_s: float | None = None
    max_segment_s: float | None = None
    min_peak_distance_s: float | None = None
    snap_max_s: float | None = None
    spike_messages: int = 0
    spike_window_s: float = 30.0
    sections: int | None = None
    titles: bool = False
    transition: TransitionKind = TransitionKind.NONE
    loudness_lufs: float | None = None
    intro: str | None = None
    outro: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """All files of the recording, in order."""
        return (self.vod, *self.more_parts)

    @property
    def cut_transition(self) -> Transition:
        """The transition between two cuts."""
        return Transition(kind=self.transition, duration_s=_TRANSITION_S)


def read_request(params: Mapping[str, Any]) -> HighlightsRequest:
    """The request that `params`, plain JSON, stand for.

    Raises:
        UsageError: a name is unknown, or a value of the wrong kind or not finite.
    """
    try:
        request = msgspec.convert(params, HighlightsRequest)
    except msgspec.ValidationError as error:
        raise UsageError(f"the job's arguments are wrong: {error}; correct them.") from error
    numbers = [request.from_s, request.to_s, request.chat_offset_s, request.loudness_lufs]
    numbers.append(request.spike_window_s)
    numbers += [getattr(request, name) for name in TUNING]
    numbers += [time_s for span in request.exclude for time_s in span]
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise UsageError("the job's arguments hold a number that is not finite; correct it.")
    sections = 1 if request.sections is None else request.sections
    if request.spike_messages < 0 or request.spike_window_s <= 0 or sections < 1:
        raise UsageError("spike_messages can't be negative; spike_window_s and sections must be positive.")
    return request


def filled_in(request: HighlightsRequest, settings: Settings) -> HighlightsRequest:
    """The request with all that it leaves open taken from the settings, those of now."""
    keywords = tuple(dict.fromkeys((*settings.keywords, *request.keywords)))
    in_force = tuned(settings, request)
    tuning = {name: getattr(in_force, name) for name in TUNING}
    for low, high in (("min_duration_s", "max_duration_s"), ("min_segment_s", "max_segment_s")):
        # A bound given alone moves the other, as one on the command line does.
        if tuning[low] > tuning[high] and getattr(request, low) is None:
            tuning[low] = tuning[high] * _default(low) / _default(high)
        elif tuning[low] > tuning[high] and getattr(request, high) is None:
            tuning[high] = tuning[low] * _default(high) / _default(low)
    intro, outro = in_force_file(request.intro, settings.intro), in_force_file(request.outro, settings.outro)
    return msgspec.structs.replace(request, keywords=keywords, intro=intro, outro=outro, **tuning)


def in_force_file(asked: str | None, setting: Path | None) -> str:
    """The file asked for, which may be '' for none; the setting's when nothing was said."""
    return asked if asked is not None else str(setting or "")


def _default(name: str) -> float:
    return float(Settings.model_fields[name].default)


def tuned(settings: Settings, request: HighlightsRequest) -> Settings:
    """The settings with what the request gives in their place.

    Raises:
        UsageError: a value is out of its setting's bounds.
    """
    given = {name: getattr(request, name) for name in TUNING if getattr(request, name) is not None}
    try:
        return Settings(**{**settings.model_dump(), **given})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        raise UsageError(f"{problem['loc'][0]} can't be {problem['input']!r}: {problem['msg']}.") from error


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
    """What a job would make: bytes to be written (about), bytes free there, cuts by how they are made.

    Of a VOD by its address, `download_bytes` would be fetched first (about), in so many of its segments; how
    its cuts are made is not known before they are here.
    """

    output_bytes: int
    free_bytes: int
    copied_cuts: int | None
    encoded_cuts: int | None
    download_bytes: int = 0
    download_segments: int = 0


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
