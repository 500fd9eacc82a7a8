"""What is asked of the clip montage job, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import ValidationError

from hypecut.errors import BadInputError, UsageError
from hypecut.jobs.requests import in_force_file
from hypecut.media.cards import LONGEST_CARD_S, check_text
from hypecut.media.render import CutReport
from hypecut.media.titles import LONGEST_TEXT
from hypecut.models import Transition, TransitionKind
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.selection import Window
from hypecut.settings import Settings
from hypecut.sources.clips.addresses import clip_slug, streamer_name
from hypecut.sources.clips.chain import Failure
from hypecut.sources.clips.protocol import ClipSpan, Period

MONTAGE_LUFS = -14.0
MAX_NAMED = 1000
_TRANSITION_S = 0.5
# Settings that decide what is shown: a request may give each; what it leaves open is the settings' value.
TUNING = (
    "min_duration_s",
    "max_duration_s",
    "max_clips",
    "per_streamer_k",
    "scrape_pool_size",
    "min_clip_s",
    "max_clip_s",
    "clip_half_life_s",
)


class MontageRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose clips to make a montage of, and how: the arguments of the job, as JSON.

    Attributes:
        streamer_names: login names or addresses of channels.
        clips: addresses or slugs of single clips; they come first.
        files: clips that are here already: paths; they come first as well.
        out: the output folder; None makes one in the settings' output folder, named after the streamers.
        period: how old clips may be: day, week, month or all.
        start: instead, the moment (aware) before which no clip was made.
        end: instead, the moment (aware) after which no clip was made.
        keywords: words in a clip's title that raise its score, beside those of the settings.
        apply_overlay: show the streamer's name over each clip's first seconds.
        transition: how clips follow one another.
        loudness_lufs: bring each clip to this loudness; None leaves them as they are.
        skip_used: leave out what was shown in earlier montages.
        plan_only: stop before cutting.
        overwrite: replace another job's output.
        min_duration_s: the montage is at least so long, if there is material.
        max_duration_s: the montage is never longer.
        max_clips, per_streamer_k, scrape_pool_size, min_clip_s, max_clip_s, clip_half_life_s: as the settings
            of these names.
        intro: a video shown whole before everything else, counted in the montage's length: a path; None for
            the settings' one, '' for none.
        outro: likewise at the end.
        opening: what stands on a title card before the first clip, counted as well; '' for no card.
    """

    streamer_names: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    out: str | None = None
    period: Period = Period.WEEK
    start: datetime | None = None
    end: datetime | None = None
    keywords: tuple[str, ...] = ()
    apply_overlay: bool = True
    transition: TransitionKind = TransitionKind.FADE
    loudness_lufs: float | None = MONTAGE_LUFS
    skip_used: bool = False
    plan_only: bool = False
    overwrite: bool = False
    min_duration_s: float | None = None
    max_duration_s: float | None = None
    max_clips: int | None = None
    per_streamer_k: int | None = None
    scrape_pool_size: int | None = None
    min_clip_s: float | None = None
    max_clip_s: float | None = None
    clip_half_life_s: float | None = None
    intro: str | None = None
    outro: str | None = None
    opening: str = ""

    @property
    def cut_transition(self) -> Transition:
        """The transition between two clips."""
        return Transition(kind=self.transition, duration_s=_TRANSITION_S)

    def span(self, now: datetime) -> ClipSpan:
        """The time in which the clips were made."""
        if self.start is None and self.end is None:
            return ClipSpan.last(self.period, now)
        return ClipSpan.between(self.start, self.end, now)


def read_montage_request(params: Mapping[str, Any]) -> MontageRequest:
    """The request that `params`, plain JSON, stand for; names folded, clips by their slugs.

    Raises:
        UsageError: a name is unknown or can't be, nothing is named, or a value is of the wrong kind.
    """
    try:
        request = msgspec.convert(params, MontageRequest)
    except msgspec.ValidationError as error:
        raise UsageError(f"the job's arguments are wrong: {error}; correct them.") from error
    numbers = [request.loudness_lufs, *(getattr(request, name) for name in TUNING)]
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise UsageError("the job's arguments hold a number that is not finite; correct it.")
    for moment in (request.start, request.end):
        if moment is not None and moment.tzinfo is None:
            raise UsageError("the times that clips are wanted from need a time zone; end them with Z.")
    request = msgspec.structs.replace(
        request,
        streamer_names=tuple(dict.fromkeys(map(streamer_name, _said(request.streamer_names)))),
        clips=tuple(dict.fromkeys(map(_slug, _said(request.clips)))),
        files=tuple(dict.fromkeys(_said(request.files))),
    )
    named = len(request.streamer_names) + len(request.clips) + len(request.files)
    if not named:
        raise UsageError("nobody is named; give the names of streamers, addresses of clips, or files.")
    if named > MAX_NAMED:
        raise UsageError(f"{named} names are too many for one montage; give {MAX_NAMED} at most.")
    request.span(datetime.now(UTC))
    if len(request.opening) > LONGEST_TEXT:
        raise UsageError(
            f"{len(request.opening):,} letters are too many for an opening; give {LONGEST_TEXT} at most."
        )
    if request.opening:
        check_text(request.opening)
    return request


def _said(texts: tuple[str, ...]) -> list[str]:
    """The texts that say something."""
    return [text for text in texts if text.strip()]


def _slug(text: str) -> str:
    slug = clip_slug(text)
    if slug is None:
        raise UsageError(f"{text!r} is no clip on Twitch; give the address of its page.")
    return slug


def filled_in(request: MontageRequest, settings: Settings) -> MontageRequest:
    """The request with all that it leaves open taken from the settings, those of now.

    Raises:
        UsageError: a value is out of its setting's bounds.
    """
    given = {name: getattr(request, name) for name in TUNING if getattr(request, name) is not None}
    try:
        in_force = Settings(**{**settings.model_dump(), **given})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False)[0]
        raise UsageError(f"{problem['loc'][0]} can't be {problem['input']!r}: {problem['msg']}.") from error
    tuning = {name: getattr(in_force, name) for name in TUNING}
    if tuning["min_duration_s"] > tuning["max_duration_s"]:
        # A bound given alone moves the other, as one on the command line does.
        if request.min_duration_s is not None and request.max_duration_s is not None:
            raise UsageError("--min-duration is longer than --max-duration; swap them.")
        usual = Settings.model_fields
        share = usual["min_duration_s"].default / usual["max_duration_s"].default
        if request.min_duration_s is None:
            tuning["min_duration_s"] = tuning["max_duration_s"] * share
        else:
            tuning["max_duration_s"] = tuning["min_duration_s"] / share
    if tuning["min_clip_s"] > tuning["max_clip_s"]:
        raise UsageError("min_clip_s is more than max_clip_s; lower the one or raise the other.")
    return msgspec.structs.replace(
        request,
        keywords=tuple(dict.fromkeys((*settings.keywords, *request.keywords))),
        intro=in_force_file(request.intro, settings.intro),
        outro=in_force_file(request.outro, settings.outro),
        **tuning,
    )


def check_files(request: MontageRequest) -> None:
    """See that the given files are there.

    Raises:
        BadInputError: one is not.
    """
    for file in request.files:
        if not Path(file).is_file():
            raise BadInputError(f"{file} is not a file; give a clip's address, a streamer's name or a video.")


def clip_options(request: MontageRequest) -> ClipOptions:
    """How the clips are ranked, by a request with nothing left open."""
    return ClipOptions(
        min_clip_s=request.min_clip_s or 0.0,
        max_clip_s=request.max_clip_s or 0.0,
        half_life_s=request.clip_half_life_s or 1.0,
        keywords=request.keywords,
        per_streamer_k=request.per_streamer_k,
        max_clips=request.max_clips or 1,
    )


def window_of(request: MontageRequest) -> Window:
    """How long the clips of the montage may be, by a request with nothing left open."""
    card_s = LONGEST_CARD_S - request.cut_transition.overlap_s if request.opening else 0.0
    least_s, most_s = (
        max(0.0, (s or 0.0) - card_s) for s in (request.min_duration_s, request.max_duration_s)
    )
    return Window(least_s, most_s)


class StreamerListing(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one streamer: how many clips, by which source, and why others could not tell."""

    streamer: str
    clips: int
    source: str
    failures: tuple[Failure, ...] = ()
    note: str = ""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A clip that could not be had or used, and why."""

    id: str
    streamer: str
    title: str
    reason: str


class ClipPick(msgspec.Struct, frozen=True, kw_only=True):
    """A clip of the montage."""

    id: str
    streamer: str
    title: str
    url: str
    duration_s: float
    score: float
    reasons: tuple[str, ...]


class MontageDurations(msgspec.Struct, frozen=True):
    """Lengths in seconds; `montage_total` is that of the plan when nothing was rendered."""

    montage_total: float


class MontageResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the job made; paths that were not made are None, and after a dry run none is made.

    `paths` are the cut clips in their order, `count` how many there are.
    """

    status: str
    out: str
    paths: tuple[str, ...]
    count: int
    montage_path: str | None
    plan_path: str
    metadata_path: str
    credits_path: str | None
    clips_dir: str | None
    candidates_count: int
    durations_s: MontageDurations
    note: str = ""
    listings: tuple[StreamerListing, ...] = ()
    picks: tuple[ClipPick, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    incomplete: tuple[CutReport, ...] = ()
