"""Montages of each kind, and what every one of their frames must show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from hypecut.media.render import render
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import encoded, snapped
from tests.support.recordings import Recording, Recordings
from tests.support.truth import expected_cuts

# Neither keyframes nor anything else falls on these.
EXACT = ((1.4, 3.1), (7.1, 8.8), (4.7, 6.2))
_IRREGULAR_MS = (17, 33, 34, 50, 67)
_NEAR_FRAMES = 3
_SURELY_S = 0.007


@dataclass(frozen=True)
class Shown:
    """One frame of a montage: when it appears and goes, and its number; None where pictures are mixed."""

    start_s: float
    end_s: float
    number: int | None

    @property
    def seen_s(self) -> float:
        """A time at which it is shown, whatever is rounded.

        Not late: where decoding goes another way than time, browsers don't know how long a frame lasts.
        """
        return min(self.start_s + _SURELY_S, (self.start_s + self.end_s) / 2)


@dataclass(frozen=True)
class Montage:
    """A rendered montage.

    Attributes:
        kind: what is special about it.
        path: the file.
        frames: every frame in order.
        joins: the frames with which cuts begin, but for the first cut.
        sounds: it has sound.
        loose_s: by how much times may differ from those of the frames.
    """

    kind: str
    path: Path
    frames: Sequence[Shown]
    joins: Sequence[int]
    sounds: bool = True
    loose_s: float = 0.0001

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return self.frames[-1].end_s

    def around_joins(self, near: int = _NEAR_FRAMES) -> list[Shown]:
        """The frames near each join and both ends whose number is known, the later cuts first: going back
        and forth asks more of a player than going on."""
        edges = [len(self.frames), *reversed(self.joins), 0]
        wanted = [at + k for at in edges for k in range(-near, near)]
        return [
            self.frames[i] for i in wanted if 0 <= i < len(self.frames) and self.frames[i].number is not None
        ]


def copied(recordings: Recordings, folder: Path) -> Montage:
    """Every picture is the source's."""
    recording = recordings()
    return _made("copied", recording, snapped(recording.path, EXACT), folder)


def joined(recordings: Recordings, folder: Path) -> Montage:
    """Exact cuts: encoded pictures at their ends, copied ones between."""
    recording = recordings()
    return _made("joined", recording, _exact(recording), folder)


def from_ts(recordings: Recordings, folder: Path) -> Montage:
    """Exact cuts of a transport stream."""
    recording = recordings(".ts")
    return _made("from_ts", recording, _exact(recording), folder)


def encoded_whole(recordings: Recordings, folder: Path) -> Montage:
    """Exact cuts of a source in which no picture but the first can be the first to be copied."""
    recording = recordings(open_gop=True)
    return _made("encoded", recording, _exact(recording), folder)


def dressed(recordings: Recordings, folder: Path) -> Montage:
    """Titles, crossfades, one loudness."""
    recording = recordings()
    return _made(
        "dressed",
        recording,
        _exact(recording, "alpha"),
        folder,
        transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=0.3),
        titles=Titles(duration_s=0.5),
        loudness=Loudness(),
    )


def irregular(recordings: Recordings, folder: Path) -> Montage:
    """Frames at irregular times, without sound."""
    del recordings
    stamps = [0]
    while len(stamps) < 300:
        stamps.append(stamps[-1] + _IRREGULAR_MS[len(stamps) * len(stamps) % len(_IRREGULAR_MS)])
    source = encoded(folder / "irregular_source.mkv", stamps, Fraction(1, 1000))
    spans = [(stamps[first], stamps[end]) for first, end in ((50, 100), (170, 221), (10, 60))]
    cuts = tuple(Cut(source=source.name, start_s=start / 1000, end_s=end / 1000) for start, end in spans)
    out = folder / "irregular.mp4"
    render(Plan(version=1, cuts=cuts), folder, out, SilentProgress(), strict=True)
    frames: list[Shown] = []
    joins: list[int] = []
    at = 0
    for start, end in spans:
        joins.append(len(frames))
        inside = [i for i, stamp in enumerate(stamps) if start <= stamp < end]
        frames += [
            Shown((at + stamps[i] - start) / 1000, (at + stamps[i + 1] - start) / 1000, i) for i in inside
        ]
        at += end - start
    # An end within a millisecond after a frame's time means that frame, so a cut may end that much earlier.
    return Montage("irregular", out, frames, joins[1:], sounds=False, loose_s=0.001 * len(joins))


KINDS: tuple[Callable[[Recordings, Path], Montage], ...] = (
    copied,
    joined,
    encoded_whole,
    dressed,
    irregular,
    from_ts,
)


def specimen(
    name: str, recording: Recording, folder: Path, **dress: Transition | Titles | Loudness
) -> Montage:
    """Exact cuts of any recording at a constant rate."""
    return _made(name, recording, _exact(recording, "alpha"), folder, **dress)


def _exact(recording: Recording, title: str = "") -> list[Cut]:
    name = recording.path.name
    return [Cut(source=name, start_s=start_s, end_s=end_s, title=title) for start_s, end_s in EXACT]


def _made(
    kind: str,
    recording: Recording,
    cuts: Sequence[Cut],
    folder: Path,
    **dress: Transition | Titles | Loudness,
) -> Montage:
    plan = Plan(version=1, cuts=tuple(cuts), **dress)  # type: ignore[arg-type]
    out = folder / f"{kind}.mp4"
    render(plan, recording.path.parent, out, SilentProgress(), strict=True)
    fps = recording.spec.fps
    places = expected_cuts(plan, {recording.path.name: recording.truth}, fps)
    numbers: dict[int, int | None] = {}
    for place in places:
        for frame in range(place.begin, place.end):
            clear = place.is_clear(frame)
            if clear or frame not in numbers:
                numbers[frame] = place.source_frame(frame, fps) if clear else None
    step_s = float(1 / fps)
    frames = [Shown(i * step_s, (i + 1) * step_s, numbers[i]) for i in range(len(numbers))]
    soft = math.ceil(plan.transition.duration_s * fps) if plan.transition else 0
    return Montage(kind, out, frames, [place.begin + soft for place in places[1:]])
