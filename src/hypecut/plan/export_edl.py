"""Plans as an edit decision list (CMX 3600): what nearly every editing program reads, and little more."""

from __future__ import annotations

import re
from pathlib import Path

from hypecut.errors import UsageError
from hypecut.models import TransitionKind
from hypecut.plan.export_rates import drops_frames, frames_a_day, to_timecode
from hypecut.plan.export_record import record_timeline, source_start
from hypecut.plan.export_text import reasons_of, xml_line
from hypecut.plan.placement import Layout, PlacedCut
from hypecut.plan.text import plain, shortened

# What the format's three digits can count.
MAX_EVENTS = 999

_REEL_LENGTH = 8
_EVENT = re.compile(r"(\d{3,})( +\S+ +)V( +[CD] )")
_TRACKS = {0: "V", 1: "B"}
_TRACKS_STEREO = "AA/V"
_COMMENT_LENGTH = 120


def write(layout: Layout) -> str:
    """The plan as an EDL's text, at the montage's rate, drop-frame at 29.97 and 59.94.

    The events are the adapter's; what it leaves out is added: frame counting mode, sound channels, markers
    and gains. A crossfade becomes a dissolve. Fades are left out: an EDL knows them only as dissolves from
    and to black, which would make each cut's length depend on them.

    Raises:
        UsageError: a time is beyond the 24 hours that timecode can count; or as `record_timeline`.
    """
    import opentimelineio as otio

    _check_times(layout)
    timeline = record_timeline(layout, 0, lambda placed: address(placed.path))
    reels = reel_names([placed.path for placed in layout.cuts])
    clips = [item for item in timeline.tracks[0] if isinstance(item, otio.schema.Clip)]
    for placed, clip in zip(layout.cuts, clips, strict=True):
        clip.metadata["cmx_3600"] = {"reel": reels[placed.path]}
    text = str(otio.adapters.write_to_string(timeline, "cmx_3600", rate=float(layout.rate), style="nucoda"))
    return _completed(layout, text.splitlines())


def problems(layout: Layout) -> list[str]:
    """What an EDL can't tell of this plan, in words."""
    found = []
    if len(layout.cuts) > MAX_EVENTS:
        found.append(
            f"an EDL counts to {MAX_EVENTS} events; some programs read no more of {len(layout.cuts)}"
        )
    if layout.plan.transition and layout.plan.transition.kind is TransitionKind.FADE:
        found.append("an EDL has no fades; the cuts meet without one")
    if any(placed.cut.gain_db for placed in layout.cuts):
        found.append("an EDL has no gain; it is told in a comment of each cut that has one")
    return found


def address(path: Path) -> str:
    """A file's path as an EDL's comment can hold it; as an address if it holds what would not stay itself."""
    name = path.as_posix()
    return name if name == xml_line(name) and not set("\\[]") & set(name) else path.as_uri()


def reel_names(paths: list[Path]) -> dict[Path, str]:
    """A name of 8 capital letters and digits at most for each source, no two the same."""
    names: dict[Path, str] = {}
    taken = {"AX", "BL", "BLACK", "BARS"}
    for path in dict.fromkeys(paths):
        stem = re.sub(r"[^A-Z0-9]", "", path.stem.upper())[:_REEL_LENGTH]
        name, number = stem or "REEL1", 1
        while name in taken:
            number += 1
            name = f"{(stem or 'REEL')[: _REEL_LENGTH - len(str(number))]}{number}"
        taken.add(name)
        names[path] = name
    return names


def _completed(layout: Layout, lines: list[str]) -> str:
    """The adapter's `lines` with what it leaves out."""
    mode = "DROP FRAME" if drops_frames(layout.rate) else "NON-DROP FRAME"
    blocks: list[list[str]] = [[]]
    for line in lines:
        event = _EVENT.match(line)
        if event and int(event[1]) == len(blocks):
            blocks.append([])
        blocks[-1].append(_with_sound(line, event, layout) if event else line)
    out = [*(line for line in blocks[0] if line), f"FCM: {mode}", ""]
    for placed, block in zip(layout.cuts, blocks[1:], strict=True):
        out += [line for line in block if line] + _comments(layout, placed)
    return "\n".join(out) + "\n"


def _with_sound(line: str, event: re.Match[str], layout: Layout) -> str:
    """An event's line for picture and sound instead of picture alone."""
    tracks = _TRACKS.get(layout.cuts[int(event[1]) - 1].source.channels, _TRACKS_STEREO)
    return (
        f"{event[1]}{event[2]}{tracks:<4}{event[3][3:] if len(tracks) > 1 else event[3]}{line[event.end() :]}"
    )


def _comments(layout: Layout, placed: PlacedCut) -> list[str]:
    """The reasons for a cut as a marker at its place in the montage, and its gain."""
    lines = []
    reasons = shortened("; ".join(reasons_of(placed)), _COMMENT_LENGTH)
    if reasons:
        lines.append(f"* LOC: {to_timecode(placed.record_start, layout.rate)} GREEN   {reasons}")
    if placed.cut.gain_db:
        lines.append(f"* GAIN: {plain(placed.cut.gain_db)} DB")
    return lines


def _check_times(layout: Layout) -> None:
    limit = frames_a_day(layout.rate)
    for placed in layout.cuts:
        if max(source_start(layout, placed) + placed.record_frames, placed.record_end) >= limit:
            raise UsageError(
                f"cut {placed.number} lies beyond 24 hours, which an EDL's timecode can't tell; "
                "export it as otio or fcpxml."
            )
