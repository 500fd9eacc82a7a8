"""What can be done to a plan under review, as values: each makes a draft of a draft, or says why not.

They come from a browser, so that they are typed, bounded and checked like a plan file.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from hypecut.errors import PlanError
from hypecut.models import Cut
from hypecut.plan.draft import Draft, Entry, SourceLimits, checked, limits_of

MAX_TITLE = 200
_MOST_FRAMES = 1_000_000
_FUZZ_S = 1e-6
_LOCKED = "this cut is locked; unlock it first."


class Edge(enum.StrEnum):
    """Which boundary of a cut."""

    START = "start"
    END = "end"


class Keep(msgspec.Struct, frozen=True, tag="keep", tag_field="op", forbid_unknown_fields=True):
    """Take a cut into the montage, or set it aside."""

    key: str
    kept: bool


class Lock(msgspec.Struct, frozen=True, tag="lock", tag_field="op", forbid_unknown_fields=True):
    """Hold a cut as it is, or let go of it."""

    key: str
    locked: bool


class MoveEdge(msgspec.Struct, frozen=True, tag="edge", tag_field="op", forbid_unknown_fields=True):
    """Move a boundary to the picture nearest to a time, as far as the source and the cut's length allow."""

    key: str
    edge: Edge
    time_s: float


class Nudge(msgspec.Struct, frozen=True, tag="nudge", tag_field="op", forbid_unknown_fields=True):
    """Move a boundary by so many seconds and pictures."""

    key: str
    edge: Edge
    seconds: float = 0.0
    frames: int = 0


class Slide(msgspec.Struct, frozen=True, tag="slide", tag_field="op", forbid_unknown_fields=True):
    """Move a cut as a whole so that it begins at the picture nearest to a time."""

    key: str
    start_s: float


class Reorder(msgspec.Struct, frozen=True, tag="reorder", tag_field="op", forbid_unknown_fields=True):
    """Put a cut at another place of the list, counted from 0 without it."""

    key: str
    index: int


class Retitle(msgspec.Struct, frozen=True, tag="title", tag_field="op", forbid_unknown_fields=True):
    """Give a cut another title."""

    key: str
    title: str


class SetGain(msgspec.Struct, frozen=True, tag="gain", tag_field="op", forbid_unknown_fields=True):
    """Make a cut louder or quieter by so many decibels."""

    key: str
    gain_db: float


class Add(msgspec.Struct, frozen=True, tag="add", tag_field="op", forbid_unknown_fields=True):
    """Take one more cut in: before the first that shows what comes later in its source.

    Else it comes before the cut of the key `before`, an outro, or as the last.
    """

    cut: Cut
    before: str = ""


class Swap(msgspec.Struct, frozen=True, tag="swap", tag_field="op", forbid_unknown_fields=True):
    """Show another cut in the place of this one."""

    key: str
    cut: Cut


class ChooseAnew(msgspec.Struct, frozen=True, tag="anew", tag_field="op", forbid_unknown_fields=True):
    """Take other cuts in, each as by `Add`, for those that are neither locked nor set aside nor to `stay`."""

    stay: tuple[str, ...]
    cuts: tuple[Cut, ...]
    before: str = ""


Operation: TypeAlias = (
    Keep | Lock | MoveEdge | Nudge | Slide | Reorder | Retitle | SetGain | Add | Swap | ChooseAnew
)
Sources: TypeAlias = Mapping[str, SourceLimits]


def apply(draft: Draft, operation: Operation, sources: Sources) -> Draft:
    """The draft after an operation.

    Args:
        draft: the plan under review.
        operation: what to do.
        sources: what each source allows, by the cut's `source`; a cut of any other can't be taken in.

    Raises:
        PlanError: it can't be done; one sentence with the cure.
    """
    return checked(_applied(draft, operation, sources))


def _applied(draft: Draft, operation: Operation, sources: Sources) -> Draft:
    match operation:
        case MoveEdge(key, edge, time_s):
            return _moved(draft, key, edge, time_s, sources)
        case Nudge():
            return _nudged(draft, operation, sources)
        case Slide(key, start_s):
            return _slid(draft, key, start_s, sources)
        case Add(cut, before):
            return _added(draft, _fitting(cut, sources), before)
        case ChooseAnew():
            return _chosen_anew(draft, operation, sources)
        case Swap(key, cut):
            entry = _movable(draft, key)
            return _with(draft, msgspec.structs.replace(entry, cut=_fitting(cut, sources), kept=True))
        case Reorder(key, index):
            return _reordered(draft, key, index)
        case _:
            return _with(draft, _changed(draft.entries[draft.index(operation.key)], operation))


def _changed(entry: Entry, operation: Keep | Lock | Retitle | SetGain) -> Entry:
    """The entry after an operation that leaves its times alone."""
    match operation:
        case Keep(_, kept):
            if entry.locked and not kept:
                raise PlanError(_LOCKED)
            return msgspec.structs.replace(entry, kept=kept)
        case Lock(_, locked):
            return msgspec.structs.replace(entry, locked=locked, kept=True)
        case Retitle(_, title):
            return msgspec.structs.replace(entry, cut=msgspec.structs.replace(entry.cut, title=_line(title)))
        case SetGain(_, gain_db):
            cut = msgspec.structs.replace(entry.cut, gain_db=_finite(gain_db))
            return msgspec.structs.replace(entry, cut=cut)


def _nudged(draft: Draft, nudge: Nudge, sources: Sources) -> Draft:
    cut = draft.entries[draft.index(nudge.key)].cut
    now_s = cut.start_s if nudge.edge is Edge.START else cut.end_s
    by_s = (
        nudge.seconds + max(-_MOST_FRAMES, min(_MOST_FRAMES, nudge.frames)) * limits_of(cut, sources).frame_s
    )
    return _moved(draft, nudge.key, nudge.edge, now_s + by_s, sources)


def _slid(draft: Draft, key: str, start_s: float, sources: Sources) -> Draft:
    entry = _movable(draft, key)
    limits, length_s = limits_of(entry.cut, sources), entry.cut.duration_s
    latest_s = math.inf if limits.duration_s is None else limits.duration_s - length_s
    start_s = max(0.0, min(limits.on_frame(_finite(start_s)), latest_s))
    moved = msgspec.structs.replace(entry.cut, start_s=start_s, end_s=start_s + length_s)
    return _with(draft, msgspec.structs.replace(entry, cut=moved))


def _reordered(draft: Draft, key: str, index: int) -> Draft:
    here = draft.index(key)
    others = [*draft.entries[:here], *draft.entries[here + 1 :]]
    others.insert(max(0, index), draft.entries[here])
    return msgspec.structs.replace(draft, entries=tuple(others))


def _chosen_anew(draft: Draft, anew: ChooseAnew, sources: Sources) -> Draft:
    gone = {e.key for e in draft.entries if e.kept and not e.locked and e.key not in anew.stay}
    # Those that go still tell the others their places.
    for cut in anew.cuts:
        draft = _added(draft, _fitting(cut, sources), anew.before)
    left = tuple(entry for entry in draft.entries if entry.key not in gone)
    return msgspec.structs.replace(draft, entries=left)


def _added(draft: Draft, cut: Cut, before: str) -> Draft:
    serial = draft.serial + 1
    entries = list(draft.entries)
    last = next((i for i, entry in enumerate(entries) if entry.key == before), len(entries))
    index = next((i for i, entry in enumerate(entries) if _comes_later(entry.cut, cut)), last)
    entries.insert(index, Entry(key=f"c{serial}", cut=cut))
    return msgspec.structs.replace(draft, entries=tuple(entries), serial=serial)


def _comes_later(cut: Cut, than: Cut) -> bool:
    return cut.source == than.source and cut.start_s > than.start_s


def _fitting(cut: Cut, sources: Sources) -> Cut:
    """The cut within its source.

    Raises:
        PlanError: its source is none of the plan's, or it lies outside.
    """
    if cut.source not in sources:
        raise PlanError("a cut can only be taken from the sources of this job.")
    duration_s = sources[cut.source].duration_s
    if duration_s is None or cut.end_s <= duration_s:
        return cut
    return msgspec.structs.replace(cut, end_s=duration_s)


def _with(draft: Draft, entry: Entry) -> Draft:
    entries = tuple(entry if old.key == entry.key else old for old in draft.entries)
    return msgspec.structs.replace(draft, entries=entries)


def _movable(draft: Draft, key: str) -> Entry:
    entry = draft.entries[draft.index(key)]
    if entry.locked:
        raise PlanError(_LOCKED)
    return entry


def _line(title: str) -> str:
    """The title in one line."""
    title = " ".join(title.split())
    if len(title) > MAX_TITLE:
        raise PlanError(f"the title has {len(title)} characters; give {MAX_TITLE} at most.")
    return title


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PlanError("this is no number that can be used; give another one.")
    return value


def _moved(draft: Draft, key: str, edge: Edge, time_s: float, sources: Sources) -> Draft:
    """One boundary moved; it stops at the source's ends and at the shortest length that can be shown."""
    entry = _movable(draft, key)
    cut, limits = entry.cut, limits_of(entry.cut, sources)
    # Half of a cut may be crossfaded at each end; and rounding must not take its last picture.
    shortest_s = math.ceil(2 * draft.overlap_s / limits.frame_s - _FUZZ_S) * limits.frame_s
    shortest_s = max(limits.frame_s, shortest_s)
    wanted_s = limits.on_frame(_finite(time_s))
    if edge is Edge.START:
        cut = msgspec.structs.replace(cut, start_s=max(0.0, min(wanted_s, cut.end_s - shortest_s)))
    else:
        latest_s = math.inf if limits.duration_s is None else limits.duration_s
        cut = msgspec.structs.replace(cut, end_s=max(cut.start_s + shortest_s, min(wanted_s, latest_s)))
    return _with(draft, msgspec.structs.replace(entry, cut=cut))
