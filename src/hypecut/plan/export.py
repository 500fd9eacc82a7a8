"""Hand-off of a plan to other programs: one writer per format, found by name.

A new format is a module with a function from `Layout` to text, and a line in `EXPORT_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from hypecut.errors import UsageError
from hypecut.models import Plan
from hypecut.plan import (
    export_chapters,
    export_csv,
    export_edl,
    export_fcpxml,
    export_otio,
    export_premiere,
)
from hypecut.plan.placement import Layout, SourceInfo
from hypecut.plan.text import one_line

_PLAYLISTS = (".m3u8", ".m3u")


def _no_problems(_: Layout) -> list[str]:
    return []


class ExportFormat(NamedTuple):
    """One way to hand a plan on.

    Attributes:
        description: what it is for, for people.
        suffix: how its files end, with the dot.
        write: makes the file's text.
        problems: what the format can't tell of a plan, or its reader would say against it, in words.
        opens_sources: its reader is an editing program, which opens the sources.
    """

    description: str
    suffix: str
    write: Callable[[Layout], str]
    problems: Callable[[Layout], list[str]] = _no_problems
    opens_sources: bool = True


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "otio": ExportFormat(
        "OpenTimelineIO, for DaVinci Resolve, Premiere and others", ".otio", export_otio.write
    ),
    "fcpxml": ExportFormat(
        "for Final Cut Pro X and DaVinci Resolve", ".fcpxml", export_fcpxml.write, export_fcpxml.problems
    ),
    "premiere": ExportFormat(
        "Final Cut Pro 7 XML, for Premiere, DaVinci Resolve and others",
        ".xml",
        export_premiere.write,
        export_premiere.problems,
    ),
    "edl": ExportFormat("CMX 3600, for nearly every editor", ".edl", export_edl.write, export_edl.problems),
    "csv": ExportFormat(
        "a table of the cuts, for spreadsheets", ".csv", export_csv.write, opens_sources=False
    ),
    "chapters": ExportFormat(
        "YouTube chapters, for the video's description",
        ".txt",
        export_chapters.write,
        export_chapters.problems,
        opens_sources=False,
    ),
}


class Export(NamedTuple):
    """A plan in another program's format.

    Attributes:
        text: the file's text.
        problems: what the format can't tell of the plan, or its reader would say against it, in words.
    """

    text: str
    problems: list[str]


def export_plan(
    plan: Plan,
    folder: Path,
    format_name: str,
    *,
    sources: Mapping[str, SourceInfo | None] | None = None,
    name: str = "hypecut montage",
) -> Export:
    """The plan in another program's format.

    Args:
        plan: the plan.
        folder: the folder that the plan's relative sources are in.
        format_name: one of `EXPORT_FORMATS`.
        sources: what is known of each source, by the cut's `source`.
        name: what to call the montage.

    Raises:
        UsageError: there is no such format, or it can't hold this plan.
    """
    if format_name not in EXPORT_FORMATS:
        raise UsageError(
            f"there is no export format {format_name!r}; take one of {', '.join(EXPORT_FORMATS)}."
        )
    layout, format_ = Layout(plan, folder, name, sources or {}), EXPORT_FORMATS[format_name]
    problems = format_.problems(layout) + (_playlists(layout) if format_.opens_sources else [])
    return Export(format_.write(layout), problems)


def _playlists(layout: Layout) -> list[str]:
    """Which sources are recordings in pieces, as fetched from Twitch."""
    names = dict.fromkeys(one_line(cut.path.name) for cut in layout.cuts if cut.path.suffix in _PLAYLISTS)
    return [
        f"{name} is a playlist, which editing programs don't open; take the clips instead" for name in names
    ]
