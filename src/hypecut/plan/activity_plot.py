"""activity.png: the chat's activity over the VOD, with the picks marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hypecut.files import written_aside
from hypecut.models import Candidate, FloatArray
from hypecut.plan.text import one_line, shortened
from hypecut.times import format_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE_IN = (16.0, 5.0)
_DPI = 100
_POINTS = 1600
_TICKS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
_MOST_TICKS = 14
_TITLE_LENGTH = 90

_INK = "#2b2b35"
_FAINT = "#8d8d9b"
_GRID = "#e9e9ef"
_CURVE = "#6b5bd2"
_PICK = "#f2994a"
_PICK_INK = "#b25a0b"


def plot_activity(
    curve: FloatArray,
    step_s: float,
    candidates: Sequence[Candidate],
    picked_spans: Sequence[tuple[float, float]],
    duration_s: float,
    path: Path,
    title: str = "",
) -> None:
    """Draw the curve of activity with numbered bands where the montage takes from, as a PNG of 1600 x 500.

    Args:
        curve: the activity, in event time, one value per step from 0 on.
        step_s: seconds between two values.
        candidates: all moments found; those outside the picked spans are marked as runners-up.
        picked_spans: start and end in seconds of each cut, in the order of the montage.
        duration_s: the length of the VOD in seconds.
        path: the file to write, aside and renamed.
        title: what stands above; characters that the font lacks are left out.

    Raises:
        BadInputError: the place can't be written to.
        DiskFullError: no room was left.
    """
    # Loading it takes longer than most of what this package does, and only this function needs it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE_IN, dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.035, 0.115, 0.945, 0.74))
    times_s, heights = _thinned(np.asarray(curve, np.float64), step_s)
    top = max(float(heights.max(initial=0.0)), 1e-9) * 1.16
    bottom = min(0.0, float(heights.min(initial=0.0)))
    _draw_frame(axes, duration_s, bottom, top)
    _draw_picks(axes, picked_spans, duration_s, bottom, top)
    axes.fill_between(times_s, heights, bottom, color=_CURVE, alpha=0.22, linewidth=0, zorder=3)
    axes.plot(times_s, heights, color=_CURVE, linewidth=1.1, zorder=4)
    runners_up = _draw_runners_up(axes, candidates, picked_spans, (times_s, heights), top - bottom)
    _draw_heading(axes, title, len(picked_spans), runners_up)
    with written_aside(path) as part:
        figure.savefig(part, format="png", metadata={"Software": None})


def _thinned(curve: FloatArray, step_s: float) -> tuple[FloatArray, FloatArray]:
    """The curve with about one value per pixel, the highest of those it stands for: peaks stay."""
    curve = np.nan_to_num(curve, nan=0.0, posinf=0.0, neginf=0.0)
    group = max(1, -(-len(curve) // _POINTS))
    starts = np.arange(0, len(curve), group)
    heights = np.maximum.reduceat(curve, starts) if len(curve) else curve
    middles = starts + (group - 1) / 2
    return np.asarray(middles * step_s, np.float64), np.asarray(heights, np.float64)


def _draw_frame(axes: Axes, duration_s: float, bottom: float, top: float) -> None:
    axes.set_xlim(0, max(duration_s, 1.0))
    axes.set_ylim(bottom, top)
    step_s = next((step for step in _TICKS_S if duration_s / step <= _MOST_TICKS), _TICKS_S[-1])
    ticks = np.arange(0, max(duration_s, 1.0), step_s)
    axes.set_xticks(ticks, [_clock(tick) for tick in ticks], parse_math=False)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=_INK, labelsize=11, length=4, color=_FAINT)
    axes.grid(axis="x", color=_GRID, linewidth=1, zorder=0)
    axes.set_axisbelow(True)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_FAINT)
    axes.set_ylabel("chat activity", color=_FAINT, fontsize=11, labelpad=8)


def _draw_picks(
    axes: Axes, spans: Sequence[tuple[float, float]], duration_s: float, bottom: float, top: float
) -> None:
    """A band and a number for each pick; numbers that would touch stand in two rows."""
    least_s = duration_s * 2.5 / (_SIZE_IN[0] * _DPI)
    last_s, row = -duration_s, 0
    for number, (start_s, end_s) in enumerate(spans, 1):
        middle_s, width_s = (start_s + end_s) / 2, max(end_s - start_s, least_s)
        axes.axvspan(middle_s - width_s / 2, middle_s + width_s / 2, color=_PICK, alpha=0.38, lw=0, zorder=1)
        row = 1 - row if abs(middle_s - last_s) < duration_s * 0.017 else 0
        last_s = middle_s
        axes.text(
            middle_s,
            top - (top - bottom) * (0.015 + 0.055 * row),
            str(number),
            ha="center",
            va="top",
            fontsize=11,
            fontweight="bold",
            color=_PICK_INK,
            zorder=6,
        )


def _draw_runners_up(
    axes: Axes,
    candidates: Sequence[Candidate],
    spans: Sequence[tuple[float, float]],
    line: tuple[FloatArray, FloatArray],
    height: float,
) -> int:
    """A small mark over the curve for each candidate outside the picks; returns how many."""
    outside = [c for c in candidates if not any(c.start_s < end and start < c.end_s for start, end in spans)]
    if not outside or not len(line[0]):
        return 0
    places, heights = [], []
    for candidate in outside:
        low, high = np.searchsorted(line[0], [candidate.start_s, candidate.end_s])
        inside = line[1][low : max(high, low + 1)]
        peak = int(np.argmax(inside)) if len(inside) else 0
        places.append(line[0][min(low + peak, len(line[0]) - 1)])
        heights.append(float(inside.max(initial=0.0)) + height * 0.03)
    axes.plot(places, heights, "v", color=_FAINT, markersize=5, markeredgewidth=0, zorder=5)
    return len(outside)


def _draw_heading(axes: Axes, title: str, picks: int, runners_up: int) -> None:
    """The title on the left, what the marks mean on the right."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = shortened(_drawable(one_line(title)), _TITLE_LENGTH) or "Chat activity"
    heading = axes.set_title(shown, loc="left", fontsize=15, fontweight="bold", color=_INK, pad=14)
    heading.set_parse_math(False)
    marks: list[Patch | Line2D] = [Patch(facecolor=_PICK, alpha=0.5, label=f"in the montage ({picks})")]
    if runners_up:
        label = f"not picked ({runners_up})"
        marks.append(Line2D([], [], color=_FAINT, marker="v", linestyle="", markersize=6, label=label))
    axes.legend(
        handles=marks,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        frameon=False,
        fontsize=11,
        labelcolor=_INK,
        borderaxespad=0.4,
    )


def _clock(time_s: float) -> str:
    """A tick of the time axis, always with hours."""
    text = format_time(time_s)
    return text if text.count(":") == 2 else f"0:{text:0>5}"


def _drawable(text: str) -> str:
    """`text` without what the font that matplotlib brings can't draw."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold")))
    return one_line("".join(c if font.get_char_index(ord(c)) else " " for c in text))
