"""Plans as OpenTimelineIO: picture and sound tracks linked to the sources, reasons as markers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from hypecut.models import Transition, TransitionKind
from hypecut.plan.export_rates import from_timecode
from hypecut.plan.export_text import plainly_valued, reasons_of
from hypecut.plan.placement import Layout, PlacedCut
from hypecut.plan.text import one_line

if TYPE_CHECKING:
    import opentimelineio as otio


def write(layout: Layout) -> str:
    """The plan as an `.otio` file's text.

    A crossfade becomes a dissolve: the clips meet in its middle, and what it shows beyond that comes from the
    sources. A fade becomes a transition of its own kind, which programs that don't know it leave out. Each
    clip is counted at its source's rate.
    """
    # Takes a while to load, and only this export needs it.
    import opentimelineio as otio

    settings = msgspec.to_builtins(msgspec.structs.replace(layout.plan, cuts=()))
    timeline = otio.schema.Timeline(
        name=one_line(layout.name),
        global_start_time=otio.opentime.RationalTime(0, float(layout.rate)),
        metadata={"hypecut": plainly_valued(settings)},
    )
    for kind, name in ((otio.schema.TrackKind.Video, "V1"), (otio.schema.TrackKind.Audio, "A1")):
        track = otio.schema.Track(name=name, kind=kind)
        track.extend(_items(layout, kind))
        timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def _items(layout: Layout, kind: str) -> list[otio.core.Composable]:
    """The clips of one track with the transitions between them."""
    import opentimelineio as otio

    items: list[otio.core.Composable] = []
    transition, cuts = layout.plan.transition, layout.cuts
    for placed in cuts:
        before, after = _own_halves(layout, placed)
        first = placed.first_frame + (before if placed.number > 1 else 0)
        end = placed.end_frame - (after if placed.number < len(cuts) else 0)
        if items and transition and transition.kind is not TransitionKind.NONE:
            items.append(_transition(layout, transition, cuts[placed.number - 2], placed))
        clip = _clip(placed, first, max(end, first + 1))
        silent = kind == otio.schema.TrackKind.Audio and not placed.source.channels
        items.append(otio.schema.Gap(source_range=clip.source_range) if silent else clip)
    return items


def _clip(placed: PlacedCut, first: int, end: int) -> otio.schema.Clip:
    """The frames of a source from `first` up to `end`, with what the plan says of them."""
    import opentimelineio as otio

    rate = float(placed.rate)
    zero = from_timecode(placed.source.timecode, placed.rate) or 0
    shown = otio.opentime.TimeRange(
        otio.opentime.RationalTime(zero + first, rate), otio.opentime.RationalTime(end - first, rate)
    )
    available = None
    if placed.source.duration_s is not None:
        available = otio.opentime.TimeRange(
            otio.opentime.RationalTime(zero, rate), otio.opentime.RationalTime(placed.media_frames, rate)
        )
    reference = otio.schema.ExternalReference(target_url=placed.path.as_uri(), available_range=available)
    reference.name = one_line(placed.path.name)
    clip = otio.schema.Clip(name=placed.name, media_reference=reference, source_range=shown)
    told = plainly_valued(msgspec.to_builtins(placed.cut) | {"number": placed.number})
    clip.metadata["hypecut"] = told
    if reasons_of(placed):
        clip.markers.append(_marker(placed, shown))
    return clip


def _marker(placed: PlacedCut, shown: otio.opentime.TimeRange) -> otio.schema.Marker:
    """The reasons for a cut, at its first frame."""
    import opentimelineio as otio

    reasons = reasons_of(placed)
    return otio.schema.Marker(
        name=reasons[0],
        marked_range=otio.opentime.TimeRange(
            shown.start_time, otio.opentime.RationalTime(1, float(placed.rate))
        ),
        color=otio.schema.MarkerColor.GREEN,
        comment="; ".join(reasons),
    )


def _transition(
    layout: Layout, transition: Transition, before: PlacedCut, after: PlacedCut
) -> otio.schema.Transition:
    """The transition between two neighbours: how far it reaches into the first and into the second."""
    import opentimelineio as otio

    dissolve = transition.kind is TransitionKind.CROSSFADE
    kinds = otio.schema.TransitionTypes
    # What is seen before the clips meet is the head of the second one, and the other way round.
    reach_in, reach_out = _own_halves(layout, after)[0], _own_halves(layout, before)[1]
    if not dissolve:
        reach_in = _at_rate(layout, layout.fade_frames(before)[1], after.rate)
        reach_out = _at_rate(layout, layout.fade_frames(after)[0], before.rate)
    return otio.schema.Transition(
        name="Crossfade" if dissolve else "Fade through black",
        transition_type=kinds.SMPTE_Dissolve if dissolve else kinds.Custom,
        in_offset=otio.opentime.RationalTime(reach_in, float(after.rate)),
        out_offset=otio.opentime.RationalTime(reach_out, float(before.rate)),
        metadata={"hypecut": plainly_valued(msgspec.to_builtins(transition))},
    )


def _own_halves(layout: Layout, placed: PlacedCut) -> tuple[int, int]:
    """The halves of a crossfade in frames of a cut's source."""
    before, after = layout.overlap_halves
    return _at_rate(layout, before, placed.rate), _at_rate(layout, after, placed.rate)


def _at_rate(layout: Layout, frames: int, rate: Fraction) -> int:
    """Frames of the montage in frames of a source."""
    return round(frames * rate / layout.rate)
