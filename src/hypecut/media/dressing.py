"""What a plan puts on its cuts: titles, transitions, loudness. A cut that wears none of it can be copied."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from fractions import Fraction

from av.video.frame import VideoFrame

from hypecut.errors import MediaError
from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import fade_share, fade_to_black
from hypecut.media.fonts import lettering_complaint
from hypecut.media.inspect import InspectedCut, SourcePool
from hypecut.media.loudness import gain_db, kept_measure
from hypecut.media.pieces import PieceStore
from hypecut.media.titles import USUAL_STYLE, TitleCard, TitleStyle
from hypecut.models import Loudness, Plan, TransitionKind

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dressing:
    """What the cuts of a montage wear.

    Attributes:
        kind: how one cut follows another.
        transition_s: how long that takes.
        titles_s: how long titles show; 0 for none.
        changes_loudness: the cuts are brought to one loudness.
        title_style: how titles look.
    """

    kind: TransitionKind = TransitionKind.NONE
    transition_s: float = 0.0
    titles_s: float = 0.0
    changes_loudness: bool = False
    title_style: TitleStyle = USUAL_STYLE

    @classmethod
    def of(cls, plan: Plan, cuts: int, title_style: TitleStyle = USUAL_STYLE) -> Dressing:
        """What a plan asks for; a single cut has no transitions."""
        transition = plan.transition if plan.transition is not None and cuts > 1 else None
        return cls(
            kind=transition.kind if transition else TransitionKind.NONE,
            transition_s=transition.duration_s if transition else 0.0,
            titles_s=plan.titles.duration_s if plan.titles else 0.0,
            changes_loudness=plan.loudness is not None,
            title_style=title_style,
        )

    def covers_pictures(self, cut: InspectedCut) -> bool:
        """Whether pictures of the cut look other than in its source."""
        return self.kind is not TransitionKind.NONE or (self.titles_s > 0 and bool(cut.cut.title.strip()))

    def head_s(self, cut: InspectedCut, first: bool, fps: Fraction) -> float:
        """For how long from its start a cut looks other than its source; `first`: it opens the montage."""
        title_s = self.titles_s if cut.cut.title.strip() else 0.0
        return max(title_s, 0.0 if first else self._share_s(fps))

    def tail_s(self, last: bool, fps: Fraction) -> float:
        """For how long at its end a cut looks other than its source; `last`: it ends the montage."""
        return 0.0 if last else self._share_s(fps)

    def _share_s(self, fps: Fraction) -> float:
        """How much of a cut a transition takes at one end."""
        if self.kind is TransitionKind.CROSSFADE:
            return float(self.overlap_frames(fps) / fps)
        return self.transition_s / 2 if self.kind is TransitionKind.FADE else 0.0

    @property
    def changes_sound(self) -> bool:
        """Whether the montage sounds other than its sources."""
        return self.kind is not TransitionKind.NONE or self.changes_loudness

    def overlap_frames(self, fps: Fraction) -> int:
        """By how many frames neighbouring cuts overlap; never less than the plan says."""
        if self.kind is not TransitionKind.CROSSFADE:
            return 0
        return math.ceil(self.transition_s * fps - Fraction(1, 1000))

    @property
    def sound_fade_s(self) -> float:
        """How long the sound takes to rise and to fall at a join; 0 for a plain join."""
        return {TransitionKind.FADE: self.transition_s / 2, TransitionKind.CROSSFADE: self.transition_s}.get(
            self.kind, 0.0
        )


class CutDresser:
    """Dresses the pictures of one cut.

    Args:
        dressing: what the montage wears.
        cut: the cut.
        picture: the montage's format.
        first: it opens the montage.
        last: it ends the montage.
    """

    def __init__(
        self, dressing: Dressing, cut: InspectedCut, picture: PictureFormat, first: bool, last: bool
    ) -> None:
        self._dressing, self._first, self._last = dressing, first, last
        self._length_s = float(cut.length_s)
        self._card = (
            TitleCard(cut.cut.title, picture, dressing.titles_s, dressing.title_style)
            if dressing.titles_s > 0
            else None
        )

    def facts(self, from_s: float) -> tuple[object, ...]:
        """All that decides on how pictures of the cut are dressed, the first of which is shown at `from_s`.

        How they are mixed with those of another cut is not in it.
        """
        dressing = self._dressing
        facts: list[object] = []
        if self._card is not None and self._card.text and from_s < dressing.titles_s:
            facts += ["title", from_s, self._card.digest]
        if dressing.kind is TransitionKind.FADE:
            facts += ["fade", from_s, self._length_s, dressing.transition_s, self._first, self._last]
        return tuple(facts)

    def dress(self, frame: VideoFrame, at_s: float) -> VideoFrame:
        """The frame that is shown `at_s` into the cut, dressed; the given one is not changed."""
        if self._card is not None:
            frame = self._card.draw(frame, at_s)
        if self._dressing.kind is TransitionKind.FADE:
            share = fade_share(at_s, self._length_s, self._dressing.transition_s, self._first, self._last)
            frame = fade_to_black(frame, share)
        return frame


def titles_complaint(plan: Plan, style: TitleStyle = USUAL_STYLE) -> str:
    """What of the plan's titles can't be shown as it is written, in one sentence; '' when all can."""
    if plan.titles is None:
        return ""
    return lettering_complaint("".join(cut.title for cut in plan.cuts), style.face)


class LoudnessGains:
    """The gains that bring cuts to one loudness, each measured when it is first asked for.

    Args:
        loudness: the target; None leaves all as they are.
        pool: where the sources are; one that is being read must not be asked for.
        pieces: where measurements are found again, and kept.
    """

    def __init__(self, loudness: Loudness | None, pool: SourcePool, pieces: PieceStore | None) -> None:
        self._loudness, self._pool, self._pieces = loudness, pool, pieces
        self._found: dict[int, float] = {}

    def of(self, cut: InspectedCut) -> float:
        """A cut's gain in dB; 0 where its source can't be read to its end: rendering tells its cost."""
        if self._loudness is None:
            return 0.0
        if cut.number not in self._found:
            self._found[cut.number] = self._measured(cut, self._loudness)
        return self._found[cut.number]

    def _measured(self, cut: InspectedCut, loudness: Loudness) -> float:
        start_s = cut.clock.seconds(cut.first)
        end_s = start_s + cut.length_s
        try:
            measured = kept_measure(self._pool.get(cut.path), float(start_s), float(end_s), self._pieces)
        except MediaError as error:
            log.warning("the loudness of cut %d is left as it is: %s", cut.number, error)
            return 0.0
        return gain_db(measured, loudness.target_lufs)
