"""A plan as a timeline in frames of the montage, which the adapters of older formats are fed with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hypecut.errors import UsageError
from hypecut.plan.export_rates import from_timecode, sequence_rate
from hypecut.plan.export_text import file_name, xml_line
from hypecut.plan.placement import Layout, PlacedCut

if TYPE_CHECKING:
    import opentimelineio as otio

# Beyond this the adapters, which look at all neighbours of each clip, would take many minutes.
MAX_CUTS = 2000


def record_timeline(
    layout: Layout, sound_tracks: int, address: Callable[[PlacedCut], str]
) -> otio.schema.Timeline:
    """A picture track and `sound_tracks` sound tracks, every time in frames of the montage.

    The adapters of EDL and Final Cut Pro 7 XML add up times of different rates, and know no rates but the
    usual ones; so they are given one rate alone.

    Args:
        layout: the plan.
        sound_tracks: how many tracks of sound; what has no sound is a gap there.
        address: what a clip's media is linked by.

    Raises:
        UsageError: there are more cuts than the adapters can place in reasonable time.
    """
    import opentimelineio as otio

    if len(layout.cuts) > MAX_CUTS:
        raise UsageError(
            f"the plan has {len(layout.cuts):,} cuts and this format takes {MAX_CUTS:,} at most; "
            "split the plan, or export it as otio or fcpxml."
        )

    timeline = otio.schema.Timeline(
        name=xml_line(layout.name) or "hypecut montage",
        global_start_time=otio.opentime.RationalTime(0, float(layout.rate)),
    )
    for number in range(sound_tracks + 1):
        kind = otio.schema.TrackKind.Audio if number else otio.schema.TrackKind.Video
        track = otio.schema.Track(name=f"A{number}" if number else "V1", kind=kind)
        for placed in layout.cuts:
            clip = _clip(layout, placed, address(placed))
            silent = number > 0 and not placed.source.channels
            # Nothing can be dissolved with silence that is not there.
            if (
                len(track)
                and layout.overlap_frames
                and not silent
                and isinstance(track[-1], otio.schema.Clip)
            ):
                track.append(_dissolve(layout))
            track.append(otio.schema.Gap(source_range=clip.source_range) if silent else clip)
        timeline.tracks.append(track)
    return timeline


def source_start(layout: Layout, placed: PlacedCut) -> int:
    """The first frame of a cut in its source's timecode, counted at the montage's rate."""
    return timecode_start(layout, placed) + round(placed.first_frame / placed.rate * layout.rate)


def timecode_start(layout: Layout, placed: PlacedCut) -> int:
    """The timecode of the first frame of a cut's source, counted at the montage's rate."""
    own = sequence_rate(placed.rate)
    return round((from_timecode(placed.source.timecode, own) or 0) / own * layout.rate)


def _clip(layout: Layout, placed: PlacedCut, address: str) -> otio.schema.Clip:
    import opentimelineio as otio

    start, end = layout.trimmed(placed)
    first = source_start(layout, placed) + start - placed.record_start
    media = round(placed.media_frames / placed.rate * layout.rate)
    reference = otio.schema.ExternalReference(
        target_url=address, available_range=_range(layout, timecode_start(layout, placed), media)
    )
    reference.name = file_name(placed.path)
    return otio.schema.Clip(
        name=xml_line(placed.name) or f"Highlight {placed.number}",
        media_reference=reference,
        source_range=_range(layout, first, end - start),
    )


def _dissolve(layout: Layout) -> otio.schema.Transition:
    import opentimelineio as otio

    before, after = layout.overlap_halves
    return otio.schema.Transition(
        name="Cross Dissolve",
        transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
        in_offset=otio.opentime.RationalTime(before, float(layout.rate)),
        out_offset=otio.opentime.RationalTime(after, float(layout.rate)),
    )


def _range(layout: Layout, start: int, frames: int) -> otio.opentime.TimeRange:
    import opentimelineio as otio

    rate = float(layout.rate)
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate)
    )
