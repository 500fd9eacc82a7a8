"""Hand-off of a plan to other programs: one writer per format, found by name.

A new format is a module with a function from `Layout` to text, and a line in `EXPORT_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from hypecut.errors import UsageError
from hypecut.models import Plan
from hypecut.plan import export_chapters, export_csv, export_otio
from hypecut.plan.placement import Layout


class ExportFormat(NamedTuple):
    """One way to hand a plan on.

    Attributes:
        description: what it is for, for people.
        suffix: how its files end, with the dot.
        write: makes the file's text.
    """

    description: str
    suffix: str
    write: Callable[[Layout], str]


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "otio": ExportFormat(
        "OpenTimelineIO, for DaVinci Resolve, Premiere and others", ".otio", export_otio.write
    ),
    "csv": ExportFormat("a table of the cuts, for spreadsheets", ".csv", export_csv.write),
    "chapters": ExportFormat("YouTube chapters, for the video's description", ".txt", export_chapters.write),
}


def export_plan(
    plan: Plan,
    folder: Path,
    format_name: str,
    *,
    rates: Mapping[str, Fraction | None] | None = None,
    durations: Mapping[str, float | None] | None = None,
    name: str = "hypecut montage",
) -> str:
    """The plan as text in another program's format.

    Args:
        plan: the plan.
        folder: the folder that the plan's relative sources are in.
        format_name: one of `EXPORT_FORMATS`.
        rates: frames per second by source; 60 is taken where it is not known.
        durations: seconds by source, where known.
        name: what to call the montage.

    Raises:
        UsageError: there is no such format.
    """
    if format_name not in EXPORT_FORMATS:
        raise UsageError(
            f"there is no export format {format_name!r}; take one of {', '.join(EXPORT_FORMATS)}."
        )
    return EXPORT_FORMATS[format_name].write(Layout(plan, folder, name, rates or {}, durations or {}))
