"""Choosing the cuts of a recording anew around those that a person holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hypecut.errors import PlanError
from hypecut.models import Cut, Score
from hypecut.plan.draft import Draft, Entry
from hypecut.plan.operations import ChooseAnew
from hypecut.rank.selection import DEFAULT_SECTIONS, Window, select
from hypecut.times import format_time

# A cut that shows more of a moment than this is of that moment.
SAME_SHARE = 0.5


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A moment that can be taken in.

    Attributes:
        cut: what it would be in the plan.
        start_s: where it begins on the time line of the whole recording, whatever file it is in.
        end_s: where it ends there.
        score: how good it is.
        entry: the cut that shows it already, with boundaries of its own.
    """

    cut: Cut
    start_s: float
    end_s: float
    score: Score
    entry: Entry | None = None


class Anew(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen: the operation that brings it about, and why not the other offers, by their number."""

    operation: ChooseAnew
    why_not: dict[int, str]


def choose_anew(
    draft: Draft,
    offers: Sequence[Offer],
    starts: Mapping[str, float],
    window: Window,
    duration_s: float,
    sections: int = DEFAULT_SECTIONS,
) -> Anew:
    """Choose again what the montage shows beside the cuts that are held.

    Held is what is locked, and what shows no part of the recording (an intro, an outro). Nothing of what was
    set aside is shown. An offer that a cut shows already, be it with other boundaries, keeps that cut as it
    is. The rest of the window is filled as by `hypecut.rank.selection.select`.

    Args:
        draft: the plan under review.
        offers: the moments, the best first.
        starts: where the recording's files begin on its time line, by the name that cuts give them.
        window: how long the montage may be.
        duration_s: the recording's length.
        sections: as in `select`.

    Raises:
        PlanError: what is held leaves no room, or nothing fits into what it leaves.
    """
    held = [
        entry for entry in draft.entries if entry.kept and (entry.locked or entry.cut.source not in starts)
    ]
    room = room_beside(held, window, draft.overlap_s)
    usable, why_not = _usable(draft, offers, starts, held)
    numbers = list(usable)
    selection = select(
        list(usable.values()),
        room,
        source_duration_s=duration_s,
        overlap_s=draft.overlap_s,
        sections=sections,
    )
    if not selection.picked and not held:
        raise PlanError(
            "no other moment fits; find more with a higher sensitivity, or take back what was skipped."
        )
    picks = [usable[numbers[i]] for i in selection.picked]
    operation = ChooseAnew(
        stay=tuple(entry.key for entry in held) + tuple(pick.entry.key for pick in picks if pick.entry),
        cuts=tuple(pick.cut for pick in picks if not pick.entry),
    )
    return Anew(
        operation=operation, why_not=why_not | {numbers[i]: why for i, why in selection.why_not.items()}
    )


def room_beside(held: Sequence[Entry], window: Window, overlap_s: float) -> Window:
    """What the cuts that are held leave of the window.

    Args:
        held: those cuts.
        window: how long the whole montage may be.
        overlap_s: by how much neighbouring cuts overlap.

    Raises:
        PlanError: nothing.
    """
    taken_s = sum(entry.cut.duration_s - overlap_s for entry in held)
    if taken_s >= window.max_s:
        raise PlanError(
            f"the locked cuts fill the {format_time(window.max_s)} that the montage may have;"
            " unlock or shorten one."
        )
    return Window(max(0.0, window.min_s - taken_s), window.max_s - taken_s)


def _usable(
    draft: Draft, offers: Sequence[Offer], starts: Mapping[str, float], held: Sequence[Entry]
) -> tuple[dict[int, Offer], dict[int, str]]:
    """The offers that can be shown beside what is held, and why the others can't, by their number."""
    of_recording = [entry for entry in draft.entries if entry.cut.source in starts]
    aside = [entry for entry in of_recording if not entry.kept]
    loose = [entry for entry in of_recording if entry.kept and not entry.locked]
    usable: dict[int, Offer] = {}
    why_not: dict[int, str] = {}
    for number, offer in enumerate(offers):
        shown = next((entry for entry in loose if _shows(entry, starts, offer)), None)
        if shown is not None:
            loose.remove(shown)
            start_s, end_s = _span(shown, starts)
            offer = msgspec.structs.replace(offer, entry=shown, start_s=start_s, end_s=end_s)
        if any(entry.cut.source in starts and _common_s(entry, starts, offer) > 0 for entry in held):
            why_not[number] = "a locked cut shows part of it"
        elif any(_common_s(entry, starts, offer) > 0 for entry in aside):
            why_not[number] = "a cut that was set aside shows part of it"
        else:
            usable[number] = offer
    return usable, why_not


def _shows(entry: Entry, starts: Mapping[str, float], offer: Offer) -> bool:
    return _common_s(entry, starts, offer) > SAME_SHARE * (offer.end_s - offer.start_s)


def _common_s(entry: Entry, starts: Mapping[str, float], offer: Offer) -> float:
    start_s, end_s = _span(entry, starts)
    return min(end_s, offer.end_s) - max(start_s, offer.start_s)


def _span(entry: Entry, starts: Mapping[str, float]) -> tuple[float, float]:
    """Where a cut lies on the recording's time line."""
    shift_s = starts[entry.cut.source]
    return entry.cut.start_s + shift_s, entry.cut.end_s + shift_s
