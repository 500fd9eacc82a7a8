"""What a plan must keep to beyond the types of its fields; each complaint names the entry and the cure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hypecut.errors import PlanError
from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.plan.text import one_line, plain, shortened

VERSION = 1
MAX_CUTS = 100_000
MAX_TIME_S = 1_000_000.0
MAX_GAIN_DB = 60.0
MAX_NOTES = 1000
MAX_TRANSITION_S = 10.0
MAX_TITLE_S = 600.0
MIN_LUFS = -70.0
MAX_LUFS = 0.0
# How far a cut may reach beyond its source: a time within 1 ms of a frame's time means that frame.
BEYOND_S = 0.001

_ROUNDING_S = 1e-6
_SHOWN = 80


def entry(number: int, source: object) -> str:
    """How complaints name a cut: its number, from 1, and its source."""
    name = shortened(one_line(source), _SHOWN) if isinstance(source, str) else ""
    return f"cut {number} ({name})" if name else f"cut {number}"


def check_plan(plan: Plan, name: str) -> None:
    """Check all that can be known without the sources.

    Raises:
        PlanError: something is wrong; the message begins with `name` and names the entry.
    """
    complaint = _complaint(plan)
    if complaint:
        raise PlanError(f"{name}: {complaint}.")


def check_sources(plan: Plan, durations: Mapping[str, float | None], name: str = "the plan") -> None:
    """Check that every cut lies within its source.

    Args:
        plan: the plan.
        durations: the length of each source in seconds, by the cut's `source`; None or left out when unknown.
        name: what to call the plan in the message.

    Raises:
        PlanError: a cut begins at or after its source's end, or ends more than 1 ms after it.
    """
    for number, cut in enumerate(plan.cuts, 1):
        duration_s = durations.get(cut.source)
        if duration_s is None:
            continue
        late = ""
        if cut.start_s >= duration_s:
            late = f"start_s {plain(cut.start_s)}"
        elif cut.end_s > duration_s + BEYOND_S:
            late = f"end_s {plain(cut.end_s)}"
        if late:
            raise PlanError(
                f"{name}: {entry(number, cut.source)}: {late} is beyond the source, "
                f"which is {plain(duration_s)} s long; give a time within it."
            )


def _complaint(plan: Plan) -> str:
    """What is wrong first, without the name of the plan; '' when nothing is."""
    if plan.version != VERSION:
        newer = "; update hypecut to read a newer one" if plan.version > VERSION else ""
        return f"version {shortened(str(plan.version), 20)} is not known, only version {VERSION} is{newer}"
    if not plan.cuts:
        return "it has no cuts; list at least one with source, start_s and end_s"
    if len(plan.cuts) > MAX_CUTS:
        return f"it has {len(plan.cuts):,} cuts; split it into plans of at most {MAX_CUTS:,}"
    return _settings_complaint(plan) or _cuts_complaint(plan)


def _settings_complaint(plan: Plan) -> str:
    if plan.transition and not 0 < plan.transition.duration_s <= MAX_TRANSITION_S:
        span = f"above 0, {MAX_TRANSITION_S:g} at most"
        return _range("transition: duration_s", plan.transition.duration_s, span)
    if plan.titles and not 0 < plan.titles.duration_s <= MAX_TITLE_S:
        return _range("titles: duration_s", plan.titles.duration_s, f"above 0, {MAX_TITLE_S:g} at most")
    if plan.loudness and not MIN_LUFS <= plan.loudness.target_lufs <= MAX_LUFS:
        span = f"from {MIN_LUFS:g} to {MAX_LUFS:g}"
        return _range("loudness: target_lufs", plan.loudness.target_lufs, span)
    return ""


def _range(what: str, value: float, span: str) -> str:
    return f"{what} is {plain(value)}; it must be {span}"


def _cuts_complaint(plan: Plan) -> str:
    for number, cut in enumerate(plan.cuts, 1):
        wrong = _cut_complaint(cut)
        if not wrong and plan.transition and len(plan.cuts) > 1:
            wrong = _crossfade_complaint(cut, plan.transition)
        if wrong:
            return f"{entry(number, cut.source)}: {wrong}"
    return ""


def _cut_complaint(cut: Cut) -> str:
    if not cut.source.strip() or "\0" in cut.source:
        return "source is empty or no path; give the path of a video, relative to the plan or absolute"
    for what, value in (("start_s", cut.start_s), ("end_s", cut.end_s)):
        if not 0 <= value <= MAX_TIME_S:
            return f"{what} {plain(value)} is no time in a video; give seconds from 0 to {MAX_TIME_S:,.0f}"
    if cut.end_s <= cut.start_s:
        relation = "is before" if cut.end_s < cut.start_s else "is the same as"
        return (
            f"end_s {plain(cut.end_s)} {relation} start_s {plain(cut.start_s)}; "
            "end_s must be the later one (a cut ends where its last frame is over)"
        )
    if not abs(cut.gain_db) <= MAX_GAIN_DB:
        return _range("gain_db", cut.gain_db, f"from -{MAX_GAIN_DB:g} to {MAX_GAIN_DB:g}")
    if len(cut.reasons) > MAX_NOTES:
        return f"it has {len(cut.reasons):,} reasons; give {MAX_NOTES:,} at most"
    if cut.score and len(cut.score.components) > MAX_NOTES:
        return f"its score has {len(cut.score.components):,} components; give {MAX_NOTES:,} at most"
    numbers = (cut.score.total, *cut.score.components.values()) if cut.score else ()
    if not all(math.isfinite(number) for number in numbers):
        return "score is not a finite number; correct it or leave score out"
    return ""


def _crossfade_complaint(cut: Cut, transition: Transition) -> str:
    most_s = cut.duration_s / 2 + _ROUNDING_S
    if transition.kind is not TransitionKind.CROSSFADE or transition.duration_s <= most_s:
        return ""
    return (
        f"the crossfade of {plain(transition.duration_s)} s is longer than half of this cut "
        f"({plain(cut.duration_s)} s); shorten the crossfade or lengthen the cut"
    )
