"""Plans to hand over to editing programs, where their cuts must lie, and readers of what comes out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.plan.export import Export, export_plan
from hypecut.plan.placement import SourceInfo

RATES = (Fraction(30), Fraction(60), Fraction(60_000, 1001))
FOLDER = Path("/media/alpha's streams")
SOURCES = ('vod "one" & <two>.mp4', "配信 #2.mp4", "clip 100% 🎉.mp4")
TITLES = ('say "gg" & <go>', "日本語のタイトル", "clutch 🎉🔥", "it's; a, test", "two\nlines \ufffe\x0b!")
NAMES = ('say "gg" & <go>', "日本語のタイトル", "clutch 🎉🔥", "it's; a, test", "two lines !")
_SPANS = ((10.0, 20.0), (3600.123456, 3630.5), (0.0, 7.25), (1200.35, 1201.9), (59.983333, 75.5))
_CROSSFADE_S = "0.55"


@dataclass(frozen=True)
class Expected:
    """Where a cut must lie: frames of its source, and frames of the montage."""

    path: Path
    name: str
    first: int
    frames: int
    start: int

    @property
    def end(self) -> int:
        """Its end in the montage."""
        return self.start + self.frames


def five_cuts(kind: TransitionKind = TransitionKind.NONE) -> Plan:
    """Five cuts from three sources with awkward names, titles and reasons."""
    cuts = tuple(
        Cut(
            source=SOURCES[i % len(SOURCES)],
            start_s=start_s,
            end_s=end_s,
            title=TITLES[i],
            gain_db=(0.0, 3.0, -6.0, 0.0, 20.0)[i],
            reasons=(f"{i} <chatters> & more", "KEKW 🎉"),
        )
        for i, (start_s, end_s) in enumerate(_SPANS)
    )
    return Plan(version=1, cuts=cuts, transition=Transition(kind=kind, duration_s=float(_CROSSFADE_S)))


def exported(plan: Plan, format_name: str, rate: Fraction, **changes: object) -> Export:
    """The plan in a format, all of its sources at `rate`."""
    info = SourceInfo(rate, 7200.0, **changes)  # type: ignore[arg-type]
    return export_plan(plan, FOLDER, format_name, sources=dict.fromkeys(SOURCES, info), name="best & 最高")


def overlap_of(plan: Plan, rate: Fraction) -> int:
    """By how many frames of `rate` neighbours overlap."""
    crossfade = plan.transition is not None and plan.transition.kind is TransitionKind.CROSSFADE
    return math.ceil(Fraction(_CROSSFADE_S) * rate) if crossfade else 0


def expected(plan: Plan, rate: Fraction) -> list[Expected]:
    """Where the cuts of `five_cuts` must lie when all sources have one rate."""
    found, at = [], 0
    for cut, name in zip(plan.cuts, NAMES, strict=True):
        first, end = (_frame(time_s, rate) for time_s in (cut.start_s, cut.end_s))
        found.append(Expected(FOLDER / cut.source, name, first, end - first, at))
        at += end - first - overlap_of(plan, rate)
    return found


def _frame(time_s: float, rate: Fraction) -> int:
    """The first frame that is not more than a millisecond before `time_s`, found by trying."""
    frame = max(0, int(time_s * rate) - 2)
    while frame / rate < Fraction(time_s) - Fraction(1, 1000):
        frame += 1
    return frame


def path_of(url: str) -> Path:
    """The file that a `file:` address names."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("file", "", "", "")
    return Path(unquote(parts.path))


@dataclass(frozen=True)
class EdlEvent:
    """One line of an EDL with its comments; times in frames."""

    number: int
    reel: str
    tracks: str
    dissolve: int
    source: tuple[int, int]
    record: tuple[int, int]
    comments: tuple[str, ...] = ()


_LINE = re.compile(r"(\d{3})  (\S{1,8}) +(V|B|AA/V) +(C|D) (?:(\d{3}))? *((?:\d\d:\d\d:\d\d[:;]\d\d ?){4})")


def edl_events(text: str, rate: Fraction) -> list[EdlEvent]:
    """The events of an EDL, read as the format's description has it."""
    events: list[EdlEvent] = []
    for line in text.splitlines():
        if line.startswith("* "):
            last = events.pop()
            events.append(EdlEvent(**{**vars(last), "comments": (*last.comments, line[2:])}))
        elif match := _LINE.fullmatch(line):
            times = [frames_of(code, rate) for code in match[6].split()]
            events.append(
                EdlEvent(
                    int(match[1]),
                    match[2],
                    match[3],
                    int(match[5] or 0),
                    (times[0], times[1]),
                    (times[2], times[3]),
                )
            )
        else:
            assert re.fullmatch(r"TITLE: .+|FCM: (NON-)?DROP FRAME|", line), line
    return events


def frames_of(code: str, rate: Fraction) -> int:
    """How many frames a timecode is after 00:00:00:00, counted minute by minute."""
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", code))
    base = round(rate)
    dropped = {Fraction(30_000, 1001): 2, Fraction(60_000, 1001): 4}.get(rate, 0)
    assert (";" in code) == (dropped > 0)
    minute = 60 * hours + minutes
    assert not (seconds == 0 and frames < dropped and minute % 10), f"{code} is a dropped number"
    return (minute * 60 + seconds) * base + frames - sum(dropped for m in range(1, minute + 1) if m % 10)


def shown(starts: Sequence[int], lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Starts and lengths side by side."""
    return list(zip(starts, lengths, strict=True))
