"""Plans as a table for spreadsheets: one row per cut."""

from __future__ import annotations

import csv
import io

from hypecut.plan.placement import Layout, PlacedCut
from hypecut.plan.text import plain, timecode

COLUMNS = (
    "number",
    "source",
    "start_s",
    "end_s",
    "in",
    "out",
    "montage_start",
    "duration_s",
    "title",
    "score",
    "reasons",
    "gain_db",
    "fps",
    "first_frame",
    "frames",
)

# A cell that begins so is run as a formula by spreadsheets, in their full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(layout: Layout) -> str:
    """The plan as comma-separated values: a heading, then a row per cut.

    Times are given in seconds, as `h:mm:ss.mmm` and in frames of the source from its first one; reasons are
    joined with `; `. Text that a spreadsheet would run as a formula gets a `'` in front.
    """
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    table.writerows(_row(placed) for placed in layout.cuts)
    return out.getvalue().encode("utf-8", "replace").decode()


def _row(placed: PlacedCut) -> tuple[str, ...]:
    cut = placed.cut
    return (
        str(placed.number),
        harmless(cut.source),
        plain(cut.start_s),
        plain(cut.end_s),
        timecode(cut.start_s),
        timecode(cut.end_s),
        timecode(float(placed.start_s)),
        plain(cut.duration_s),
        harmless(cut.title),
        plain(cut.score.total) if cut.score else "",
        harmless("; ".join(cut.reasons)),
        plain(cut.gain_db),
        plain(float(placed.rate)),
        str(placed.first_frame),
        str(placed.frames),
    )


def harmless(text: str) -> str:
    """`text`, with a `'` in front if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
