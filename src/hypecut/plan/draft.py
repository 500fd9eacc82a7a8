"""A plan under review: its cuts, those set aside, what may be moved no more, and the way back.

A draft is a value: an operation (`hypecut.plan.operations`) makes another one of it, and undo is having kept
the one before. What a plan file holds of it is `Draft.plan`: the cuts kept, in their order.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from fractions import Fraction

import msgspec

from hypecut.errors import PlanError
from hypecut.models import Cut, Plan
from hypecut.plan.checks import check_plan
from hypecut.plan.document import rounded

UNDO_STEPS = 500
# No plan for people has more; a montage of so many cuts can't be looked through.
MAX_ENTRIES = 2_000


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cut under review.

    Attributes:
        key: names it for as long as the draft lives.
        cut: the plan's entry.
        kept: it goes into the montage; one set aside stays in its place, to be taken back.
        locked: no operation moves it, and choosing anew keeps it.
    """

    key: str
    cut: Cut
    kept: bool = True
    locked: bool = False


class Draft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan under review.

    Attributes:
        base: the plan it began as; its transition, titles and loudness hold for the draft.
        entries: the cuts in the order of the montage, with those set aside among them.
        serial: how many entries were ever made; names the next one.
    """

    base: Plan
    entries: tuple[Entry, ...]
    serial: int

    @property
    def plan(self) -> Plan:
        """The plan of the cuts that are kept."""
        cuts = tuple(entry.cut for entry in self.entries if entry.kept)
        return msgspec.structs.replace(self.base, cuts=cuts)

    @property
    def overlap_s(self) -> float:
        """By how much two neighbouring cuts overlap."""
        return self.base.transition.overlap_s if self.base.transition else 0.0

    def index(self, key: str) -> int:
        """The place of the entry of that key.

        Raises:
            PlanError: there is none.
        """
        for index, entry in enumerate(self.entries):
            if entry.key == key:
                return index
        raise PlanError("this cut is no longer in the plan; look at the list again.")


class SourceLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a source allows: its length in seconds, None when not known, and its pictures a second."""

    duration_s: float | None = None
    rate: Fraction = Fraction(60)

    @property
    def frame_s(self) -> float:
        """How long one picture is shown."""
        return float(1 / self.rate)

    def on_frame(self, time_s: float) -> float:
        """The time of the picture nearest to `time_s`."""
        return float(round(Fraction(time_s) * self.rate) / self.rate)


class Verdict(enum.StrEnum):
    """How a length stands to the window it is meant for."""

    SHORT = "short"
    INSIDE = "inside"
    LONG = "long"


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """The length of the montage in seconds, transitions counted, beside the window it is meant for."""

    total_s: float
    min_s: float
    max_s: float
    verdict: Verdict


def draft_of(plan: Plan) -> Draft:
    """The plan as a draft in which every cut is kept.

    Raises:
        PlanError: it has more cuts than can be looked through.
    """
    if len(plan.cuts) > MAX_ENTRIES:
        raise PlanError(f"the plan has {len(plan.cuts):,} cuts; {MAX_ENTRIES:,} at most can be reviewed.")
    entries = tuple(Entry(key=f"c{number}", cut=cut) for number, cut in enumerate(plan.cuts, 1))
    return Draft(base=plan, entries=entries, serial=len(entries))


def same_plan(draft: Draft, plan: Plan) -> bool:
    """Whether writing the draft would leave the file of `plan` as it is."""
    return rounded(draft.plan) == rounded(plan)


def checked(draft: Draft) -> Draft:
    """The draft, if its plan can be written.

    Raises:
        PlanError: it can't, with the entry and the cure.
    """
    if len(draft.entries) > MAX_ENTRIES:
        raise PlanError(f"{MAX_ENTRIES:,} cuts at most can be reviewed; make a second montage.")
    if not any(entry.kept for entry in draft.entries):
        raise PlanError("a montage needs one cut at least; keep another one first.")
    check_plan(draft.plan, "the plan")
    return draft


def meter(draft: Draft, min_s: float, max_s: float) -> Meter:
    """The length of the montage beside its window."""
    total_s = round(draft.plan.duration_s, 6)
    verdict = Verdict.SHORT if total_s < min_s else Verdict.LONG if total_s > max_s else Verdict.INSIDE
    return Meter(total_s=total_s, min_s=min_s, max_s=max_s, verdict=verdict)


def limits_of(cut: Cut, sources: Mapping[str, SourceLimits]) -> SourceLimits:
    """What the cut's source allows; of one that is not known nothing but its times is."""
    return sources.get(cut.source, SourceLimits())


class History(msgspec.Struct, frozen=True, kw_only=True):
    """A draft with the ones before and those that were undone."""

    present: Draft
    past: tuple[Draft, ...] = ()
    future: tuple[Draft, ...] = ()

    def done(self, draft: Draft) -> History:
        """The history with one more change; what was undone before is gone."""
        if draft == self.present:
            return self
        return History(present=draft, past=(*self.past[1 - UNDO_STEPS :], self.present))

    def undone(self) -> History:
        """One step back; the same when there is none."""
        if not self.past:
            return self
        return History(present=self.past[-1], past=self.past[:-1], future=(self.present, *self.future))

    def redone(self) -> History:
        """One step forward again; the same when there is none."""
        if not self.future:
            return self
        return History(present=self.future[0], past=(*self.past, self.present), future=self.future[1:])
