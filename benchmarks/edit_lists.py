"""What to cut: windows of a VOD at random places, and plans of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from hypecut.media.snap import snap
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from long_vod import FPS

SEED = 20
CUTS = 20
SHORTEST_S, LONGEST_S = 15.0, 39.0
# Those that encode every picture get so many of the windows: with all of them they would take an hour.
SHARE_CUTS = 5

Window = tuple[float, float]


def random_windows(duration_s: float, count: int, seed: int) -> list[Window]:
    """Windows at random places, one after the other, on frame times."""
    rng = np.random.default_rng(seed)
    room_s = duration_s / count
    longest_s = min(LONGEST_S, room_s / 2)
    windows: list[Window] = []
    for i in range(count):
        length = round(rng.uniform(min(SHORTEST_S, longest_s / 2), longest_s) * FPS)
        first = round((i * room_s + rng.uniform(0, room_s - longest_s)) * FPS)
        windows.append((float(first / FPS), float((first + length) / FPS)))
    return windows


def snapped(vod: Path, windows: list[Window]) -> list[Window]:
    """The windows, widened to where the VOD can be copied."""
    with SourceReader(vod) as source:
        return [snap(source, start_s, end_s) for start_s, end_s in windows]


def seconds(windows: list[Window]) -> float:
    """How long they are together."""
    return sum(end_s - start_s for start_s, end_s in windows)


def plan_of(vod: Path, windows: list[Window], *, dressed: bool = False) -> Plan:
    """A plan of these cuts; `dressed` with titles, crossfades and one loudness."""
    cuts = tuple(
        Cut(source=str(vod), start_s=start_s, end_s=end_s, title=f"alpha {number}" if dressed else "")
        for number, (start_s, end_s) in enumerate(windows, 1)
    )
    if not dressed:
        return Plan(version=1, cuts=cuts)
    crossfade = Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5)
    return Plan(version=1, cuts=cuts, transition=crossfade, titles=Titles(), loudness=Loudness())


def write_plan(path: Path, plan: Plan) -> Path:
    """The plan's file, for a run and for the check of what came out."""
    path.write_bytes(msgspec.json.encode(plan))
    return path
