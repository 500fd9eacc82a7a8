"""Plans as OpenTimelineIO: picture and sound tracks linked to the sources, reasons as markers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from hypecut.models import Transition, TransitionKind
from hypecut.plan.placement import Layout, PlacedCut
from hypecut.plan.text import one_line

if TYPE_CHECKING:
    import opentimelineio as otio


def write(layout: Layout) -> str:
    """The plan as an `.otio` file's text.

    A crossfade becomes a dissolve: the clips meet in its middle, and what it shows beyond that comes from the
    sources. A fade becomes a transition of its own kind, which programs that don't know it leave out.
    """
    # Takes a while to load, and only this export needs it.
    import opentimelineio as otio

    cuts = layout.cuts
    timeline = otio.schema.Timeline(
        name=one_line(layout.name),
        global_start_time=otio.opentime.RationalTime(0, float(cuts[0].rate)),
        metadata={"hypecut": _clean(msgspec.to_builtins(msgspec.structs.replace(layout.plan, cuts=())))},
    )
    for kind, name in ((otio.schema.TrackKind.Video, "V1"), (otio.schema.TrackKind.Audio, "A1")):
        track = otio.schema.Track(name=name, kind=kind)
        track.extend(_items(cuts, layout.plan.transition))
        timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def _items(cuts: tuple[PlacedCut, ...], transition: Transition | None) -> list[otio.core.Composable]:
    """The clips of one track with the transitions between them."""
    items: list[otio.core.Composable] = []
    crossfade = transition is not None and transition.kind is TransitionKind.CROSSFADE
    for placed in cuts:
        half = _halves(transition, placed.rate) if crossfade and transition else (0, 0)
        first = placed.first_frame + (half[0] if placed.number > 1 else 0)
        end = placed.end_frame - (half[1] if placed.number < len(cuts) else 0)
        if items and transition and transition.kind is not TransitionKind.NONE:
            items.append(_transition(transition, cuts[placed.number - 2], placed))
        items.append(_clip(placed, first, max(end, first + 1)))
    return items


def _clip(placed: PlacedCut, first: int, end: int) -> otio.schema.Clip:
    """The frames of a source from `first` up to `end`, with what the plan says of them."""
    import opentimelineio as otio

    rate = float(placed.rate)
    shown = otio.opentime.TimeRange(
        otio.opentime.RationalTime(first, rate), otio.opentime.RationalTime(end - first, rate)
    )
    available = None
    if placed.source_duration_s is not None:
        frames = max(placed.end_frame, round(placed.source_duration_s * placed.rate))
        available = otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, rate), otio.opentime.RationalTime(frames, rate)
        )
    reference = otio.schema.ExternalReference(target_url=placed.path.as_uri(), available_range=available)
    reference.name = one_line(placed.path.name)
    clip = otio.schema.Clip(name=placed.name, media_reference=reference, source_range=shown)
    clip.metadata["hypecut"] = _clean(msgspec.to_builtins(placed.cut)) | {"number": placed.number}
    if placed.cut.reasons:
        clip.markers.append(_marker(placed, shown))
    return clip


def _marker(placed: PlacedCut, shown: otio.opentime.TimeRange) -> otio.schema.Marker:
    """The reasons for a cut, at its first frame."""
    import opentimelineio as otio

    reasons = [one_line(reason) for reason in placed.cut.reasons]
    return otio.schema.Marker(
        name=reasons[0],
        marked_range=otio.opentime.TimeRange(
            shown.start_time, otio.opentime.RationalTime(1, float(placed.rate))
        ),
        color=otio.schema.MarkerColor.GREEN,
        comment="; ".join(reasons),
    )


def _transition(transition: Transition, before: PlacedCut, after: PlacedCut) -> otio.schema.Transition:
    """The transition between two neighbours: how far it reaches into the first and into the second."""
    import opentimelineio as otio

    dissolve = transition.kind is TransitionKind.CROSSFADE
    kinds = otio.schema.TransitionTypes
    # What is seen before the clips meet is the head of the second one, and the other way round.
    reach_in = min(_halves(transition, after.rate)[0], before.frames // 2)
    reach_out = min(_halves(transition, before.rate)[1], after.frames // 2)
    return otio.schema.Transition(
        name="Crossfade" if dissolve else "Fade through black",
        transition_type=kinds.SMPTE_Dissolve if dissolve else kinds.Custom,
        in_offset=otio.opentime.RationalTime(reach_in, float(after.rate)),
        out_offset=otio.opentime.RationalTime(reach_out, float(before.rate)),
        metadata={"hypecut": _clean(msgspec.to_builtins(transition))},
    )


def _halves(transition: Transition, rate: Fraction) -> tuple[int, int]:
    """The frames of a transition before and after the place where the clips meet."""
    frames = round(Fraction(transition.duration_s) * rate)
    return frames - frames // 2, frames // 2


def _clean(value: Any) -> Any:
    """`value` with all text fit for UTF-8, which broken file names are not."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value
