"""What is asked of the API: the bodies that submit jobs, each value bounded.

The first names of each body are those of an existing desktop client. What it measures otherwise than hypecut
does is taken for what comes nearest; docs/api.md tells how.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from hypecut.errors import UsageError
from hypecut.jobs.engine.protocol import DEFAULT_PRIORITY
from hypecut.media.titles import LONGEST_TEXT
from hypecut.models import JobKind
from hypecut.sources.clips.addresses import clip_slug, streamer_name

MAX_PATH = 4096
MAX_ENTRIES = 100
_MAX_TIME_S = 1_000_000


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _none_if_zero(value: object) -> object:
    return None if value == 0 and not isinstance(value, bool) else value


def _as_login(value: str) -> str:
    try:
        return streamer_name(value)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _as_slug(value: str) -> str:
    slug = clip_slug(value)
    if slug is None:
        raise ValueError("this is no clip on Twitch; give the address of its page, or its slug.")
    return slug


Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PATH, strip_whitespace=True)]
OptionalPath = Annotated[
    Annotated[str, StringConstraints(max_length=MAX_PATH)] | None, BeforeValidator(_blank_is_none)
]
Keyword = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Login = Annotated[Annotated[str, StringConstraints(min_length=1, max_length=200)], AfterValidator(_as_login)]
Slug = Annotated[Annotated[str, StringConstraints(min_length=1, max_length=500)], AfterValidator(_as_slug)]
Flag = Annotated[bool, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]
Time = Annotated[Number, Field(ge=0, le=_MAX_TIME_S)]
Length = Annotated[Number, Field(gt=0, le=86_400)]
Tuning = Annotated[Number, Field(ge=0, le=120)]
Segment = Annotated[Number, Field(gt=0, le=3600)]
Priority = Annotated[Whole, Field(ge=0, le=1000, description="Jobs of a lower number run first.")]


class Body(BaseModel):
    """What all bodies share: a name that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class _Dressing(Body):
    """How the montage of any job is made."""

    min_duration_s: Length | None = Field(None, description="The montage is at least so long.")
    max_duration_s: Length | None = Field(None, description="The montage is never longer.")
    transition: Literal["none", "fade", "crossfade"] | None = Field(
        None, description="How cuts follow one another."
    )
    loudness_lufs: Annotated[Number, Field(ge=-70, le=0)] | None = Field(
        None, description="Bring each cut to this loudness."
    )
    keywords: list[Keyword] = Field(
        default=[], max_length=MAX_ENTRIES, description="Words that raise a moment's or a clip's score."
    )
    intro: OptionalPath = Field(None, description="A video in the server's folders that is shown first.")
    outro: OptionalPath = Field(None, description="A video in the server's folders that is shown last.")
    plan_only: Flag = Field(False, description="Stop at the plan; `render` makes the montage later.")
    overwrite: Flag = Field(False, description="Replace the output of another job in the folder.")
    priority: Priority = DEFAULT_PRIORITY


class VodHighlightsBody(_Dressing):
    """A recording and its chat, to be made into highlights."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"vod_url": "https://www.twitch.tv/videos/2345678901", "keywords": ["KEKW", "clutch"]},
                {
                    "vod_url": "stream.mp4",
                    "chat_path": "chat.json",
                    "output_dir": "friday",
                    "plan_only": True,
                },
            ]
        }
    )

    vod_url: Text = Field(description="A VOD on Twitch, or a video file in the server's folders.")
    output_dir: OptionalPath = Field(
        None, description="The job's folder inside the output folder; a number is added when it is taken."
    )
    chat_path: OptionalPath = Field(
        None, description="The chat: a file of any known format in the server's folders; needed for a file."
    )
    min_count: Annotated[Whole, Field(ge=1, le=10_000)] | None = Field(
        None, description="A moment has at least so many messages within spike_window_seconds."
    )
    spike_window_seconds: Annotated[Number, Field(gt=0, le=3600)] | None = Field(
        None, description="Two spikes nearer than this count as one; also the window of min_count."
    )
    segment_padding_seconds: Annotated[Number, Field(ge=0, le=120)] | None = Field(
        None, description="How long before its spike a segment begins, and goes on after it."
    )
    max_segment_seconds: Annotated[Number, Field(gt=0, le=3600)] | None = Field(
        None, description="No segment is longer."
    )
    diversity_windows: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        None, description="Into how many parts the recording is split so that none fills the montage."
    )
    more_parts: list[Text] = Field(
        default=[], max_length=MAX_ENTRIES, description="The recording's further files, in order."
    )
    from_s: Time | None = Field(None, description="Nothing before this is shown.")
    to_s: Time | None = Field(None, description="Nothing after this is shown.")
    exclude: list[Annotated[list[Time], Field(min_length=2, max_length=2)]] = Field(
        default=[], max_length=MAX_ENTRIES, description="Ranges, [from, to], of which nothing is shown."
    )
    chat_offset_s: Annotated[Number, Field(ge=-_MAX_TIME_S, le=_MAX_TIME_S)] = Field(
        0.0, description="Added to the time of every message."
    )
    vod_start: AwareDatetime | None = Field(
        None, description="When the recording began, for chats that hold the time of day."
    )
    allow_partial_chat: Flag = Field(False, description="Go on with a chat of less than half the recording.")
    exact: Flag = Field(False, description="Keep boundaries to the frame, also where that needs encoding.")
    full: Flag = Field(False, description="Fetch the whole VOD, not only what is shown.")
    titles: Flag = Field(False, description="Show over each cut where in the recording it is.")
    lag_s: Tuning | None = Field(None, description="How long after a moment chat's reaction to it peaks.")
    lead_in_s: Tuning | None = Field(None, description="How long before its spike a segment begins.")
    tail_s: Tuning | None = Field(None, description="How long after its spike a segment goes on at least.")
    min_segment_s: Segment | None = Field(None, description="No segment is shorter.")
    max_segment_s: Segment | None = Field(None, description="No segment is longer.")
    min_peak_distance_s: Segment | None = Field(None, description="Two spikes nearer than this are one.")
    snap_max_s: Annotated[Number, Field(ge=0, le=60)] | None = Field(
        None, description="How far outward a boundary may move to where can be copied."
    )


class ClipMontageBody(_Dressing):
    """Streamers whose recent clips are made into a montage."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"streamer_names": ["alpha", "bravo"], "per_streamer_k": 5, "apply_overlay": True}]
        }
    )

    streamer_names: list[Login] = Field(
        default=[], max_length=MAX_ENTRIES, description="The streamers' names on Twitch, or their channels."
    )
    clips: list[Slug] = Field(
        default=[], max_length=MAX_ENTRIES, description="Single clips by address; they come first."
    )
    files: list[Text] = Field(
        default=[], max_length=MAX_ENTRIES, description="Clips in the server's folders; they come first, too."
    )
    current_videos_dir: OptionalPath = Field(
        None, description="The job's folder inside the output folder; a number is added when it is taken."
    )
    apply_overlay: Flag | None = Field(None, description="Show the streamer's name over each clip.")
    max_clips: Annotated[Annotated[Whole, Field(ge=0, le=1000)] | None, BeforeValidator(_none_if_zero)] = (
        Field(None, description="The most clips; 0 is the setting's number.")
    )
    scrape_pool_size: Annotated[
        Annotated[Whole, Field(ge=0, le=1000)] | None, BeforeValidator(_none_if_zero)
    ] = Field(None, description="How many clips of each streamer are looked at; 0 is the usual number.")
    per_streamer_k: Annotated[
        Annotated[Whole, Field(ge=0, le=100)] | None, BeforeValidator(_none_if_zero)
    ] = Field(None, description="The best so many of each streamer are ranked together; 0 is the setting's.")
    period: Literal["day", "week", "month", "all"] | None = Field(None, description="How old clips may be.")
    start: AwareDatetime | None = Field(None, description="Instead: no clip was made before this.")
    end: AwareDatetime | None = Field(None, description="Instead: no clip was made after this.")
    min_clip_s: Annotated[Number, Field(ge=0, le=3600)] | None = Field(
        None, description="A shorter clip is left out."
    )
    max_clip_s: Segment | None = Field(None, description="A longer clip is left out.")
    clip_half_life_s: Annotated[Number, Field(gt=0, le=1e9)] | None = Field(
        None, description="How old a clip is when its recency is worth half."
    )
    skip_used: Flag = Field(False, description="Leave out what earlier montages have shown.")
    opening: Annotated[str, StringConstraints(max_length=LONGEST_TEXT)] = Field(
        "", description="What stands on a title card before the first clip; empty for no card."
    )


class JobBody(Body):
    """A job of any kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "vod_highlights", "params": {"vod_url": "a.mp4", "chat_path": "a.json"}}]
        }
    )

    type: JobKind
    params: dict[str, Any] = Field(default={}, description="The body that the kind's own path takes.")


class Submitted(BaseModel):
    """The job that a request led to; the same request again leads to the same job."""

    job_id: str = Field(description="What the job is called from now on.", examples=["5f0c7d8e9b"])
