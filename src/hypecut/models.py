"""The values that flow through hypecut: immutable, without input or output of their own.

Times are float seconds (`_s`) on the time line of their VOD or clip, t = 0 at its first video frame.
Datetimes are aware. The words are those of docs/architecture.md.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
UserArray = npt.NDArray[np.int32]


class ChatMessage(NamedTuple):
    """One chat message, as handed out by `ChatLog` one at a time."""

    time_s: float
    user: str
    text: str


class ChatLog:
    """A chat replay held in columns: a million messages are five arrays, not a million objects.

    Attributes:
        time_s: shape (n,), seconds since the VOD's start, ascending; negative before the first frame.
        user: shape (n,), index into `users`; -1 for a message whose author is not known.
        users: the distinct authors' login names.
        text_utf8: all texts, one after the other.
        text_start: shape (n + 1,), where each text begins in `text_utf8`, in bytes.
    """

    __slots__ = ("text_start", "text_utf8", "time_s", "user", "users")

    def __init__(
        self,
        time_s: FloatArray,
        user: UserArray,
        users: tuple[str, ...],
        text_utf8: bytes,
        text_start: IntArray,
    ) -> None:
        if not (len(time_s) == len(user) == len(text_start) - 1):
            raise ValueError("the columns of a chat log must be equally long")
        if len(time_s) > 1 and bool(np.any(np.diff(time_s) < 0)):
            raise ValueError("the messages of a chat log must be in order of time")
        self.time_s = time_s
        self.user = user
        self.users = users
        self.text_utf8 = text_utf8
        self.text_start = text_start

    def __len__(self) -> int:
        return len(self.time_s)

    def __iter__(self) -> Iterator[ChatMessage]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> ChatMessage:
        user = int(self.user[i])
        return ChatMessage(float(self.time_s[i]), self.users[user] if user >= 0 else "", self.text(i))

    def text(self, i: int) -> str:
        """The text of message `i`."""
        return self.text_utf8[int(self.text_start[i]) : int(self.text_start[i + 1])].decode(
            "utf-8", "replace"
        )

    def between(self, start_s: float, end_s: float) -> range:
        """The indices of the messages with start_s <= time < end_s."""
        low, high = np.searchsorted(self.time_s, [start_s, end_s], side="left")
        return range(int(low), int(high))


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """A number with what it is made of.

    Attributes:
        total: 0..1, the weighted mean of the components.
        components: each term by name, 0..1.
        reasons: why, in words and numbers, the weightiest first.
    """

    total: float
    components: Mapping[str, float] = {}
    reasons: tuple[str, ...] = ()


class Term(NamedTuple):
    """One component of a score: its value, 0..1, and the reason in words and numbers, '' if there is none."""

    value: float
    reason: str = ""


class Candidate(Protocol):
    """A clip or a segment: something with a place, a length and a score that can be picked."""

    @property
    def start_s(self) -> float:
        """Where it begins in its source."""

    @property
    def end_s(self) -> float:
        """Where it ends in its source."""

    @property
    def score(self) -> Score:
        """How good it is, and why."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A window of a VOD around a spike of chat activity.

    Attributes:
        start_s: first moment shown.
        end_s: first moment no longer shown.
        peak_s: where the spike is highest, in event time (the reaction lag taken off).
        terms: what detection measured there, by component.
        score: how good it is, and why; made from the terms by ranking.
        messages: a few typical messages of the spike, for people.
    """

    start_s: float
    end_s: float
    peak_s: float
    terms: Mapping[str, Term] = {}
    score: Score = Score(total=0.0)
    messages: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


class Clip(msgspec.Struct, frozen=True, kw_only=True):
    """A Twitch clip and what Twitch tells of it; `duration_s` is probed once it is downloaded."""

    id: str
    streamer: str
    duration_s: float
    url: str = ""
    title: str = ""
    views: int = 0
    created_at: datetime | None = None
    creator: str = ""
    game: str = ""
    vod_id: str = ""
    vod_offset_s: float | None = None
    featured: bool = False
    path: str = ""
    score: Score = Score(total=0.0)

    @property
    def start_s(self) -> float:
        """A clip is shown from its first frame."""
        return 0.0

    @property
    def end_s(self) -> float:
        """A clip is shown to its last frame."""
        return self.duration_s


class Vod(msgspec.Struct, frozen=True, kw_only=True):
    """A recording: a local file, or one on Twitch."""

    source: str
    duration_s: float
    title: str = ""
    streamer: str = ""
    created_at: datetime | None = None


class CutScore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The score a cut was picked for, as a plan file holds it."""

    total: float
    components: dict[str, float] = {}


class Cut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a plan: the frames of `source` with start_s <= t < end_s."""

    source: str
    start_s: float
    end_s: float
    title: str = ""
    gain_db: float = 0.0
    score: CutScore | None = None
    reasons: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return self.end_s - self.start_s


class TransitionKind(enum.StrEnum):
    """How one cut follows another."""

    NONE = "none"
    FADE = "fade"
    CROSSFADE = "crossfade"


class Transition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens between two cuts; a crossfade overlaps them by `duration_s`."""

    kind: TransitionKind = TransitionKind.NONE
    duration_s: float = 0.5

    @property
    def overlap_s(self) -> float:
        """By how much two neighbouring cuts overlap."""
        return self.duration_s if self.kind is TransitionKind.CROSSFADE else 0.0


class Titles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each cut's title is shown in the lower left over its first seconds."""

    duration_s: float = 3.0


class Loudness(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The programme loudness each cut is brought to (EBU R128)."""

    target_lufs: float = -14.0


class JobKind(enum.StrEnum):
    """The two pipelines."""

    VOD_HIGHLIGHTS = "vod_highlights"
    CLIP_MONTAGE = "clip_montage"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The edit decision list: what goes into the montage, in which order, from where to where."""

    version: int
    cuts: tuple[Cut, ...]
    kind: JobKind | None = None
    transition: Transition | None = None
    titles: Titles | None = None
    loudness: Loudness | None = None

    @property
    def duration_s(self) -> float:
        """The length of the montage: all cuts less what crossfades overlap."""
        overlap_s = self.transition.overlap_s if self.transition else 0.0
        return sum(cut.duration_s for cut in self.cuts) - overlap_s * max(0, len(self.cuts) - 1)


class JobStatus(enum.StrEnum):
    """The states of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A run of one of the two pipelines."""

    id: str
    type: JobKind
    status: JobStatus
    created_at: datetime
    progress: float = 0.0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    params: Mapping[str, Any] = {}
    result: Mapping[str, Any] | None = None
    outputs: tuple[str, ...] = ()
