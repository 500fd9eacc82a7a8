"""Measures how much memory `hypecut render` takes: 20 and 200 cuts of two hours, and 20 cuts of eight.

    python benchmarks/memory.py [--work DIR] [--hours H]

The eight hours are an index four times that of the two hours' file, over the same bytes.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from edit_lists import SEED, plan_of, random_windows, write_plan
from hypecut.progress import SilentProgress
from long_vod import make_vod, vod_parser, work_folder
from looped_index import make_looped
from measured import machine, video_length_s
from montage import render
from verify_montage import verify

TIMES = 4
LIMITS_MIB = {"2 h": 300, "8 h": 500}


def main() -> int:
    """Make, measure, check, show."""
    args = vod_parser(__doc__).parse_args()
    work = work_folder(args)
    vod = make_vod(work, args.hours, SilentProgress())
    vods = {"2 h": vod}
    if shutil.disk_usage(work).free > 2 * vod.stat().st_size:
        vods["8 h"] = make_looped(vod, work / f"vod_{TIMES}x{args.hours:g}h.mp4", TIMES)
    else:
        print(f"8 h: not measured, as {work} has no room for it.")
    print(
        f"{machine()}\n\n| VOD | cuts | montage s | CPU s | peak MiB | allowed MiB |\n|{' --- |' * 6}",
        flush=True,
    )
    right = True
    for name, path in vods.items():
        for count, dressed in ((20, False), (200, False), (20, True)):
            right &= _measured(work, name, path, count, dressed)
    return 0 if right else 1


def _measured(work: Path, name: str, vod: Path, count: int, dressed: bool) -> bool:
    windows = random_windows(video_length_s(vod), count, SEED)
    plan = plan_of(vod, windows, dressed=dressed)
    file, out = write_plan(work / "memory.json", plan), work / "memory.mp4"
    usage = render(file)(out)
    told = f"{count}{', titles, crossfades, loudness' if dressed else ''}"
    print(
        f"| {name} | {told} | {plan.duration_s:.0f} | {usage.cpu_s:.1f} | {usage.peak_mib:.0f}"
        f" | {LIMITS_MIB[name]} |",
        flush=True,
    )
    report = verify(out, file, 0.1)
    # The sound of the longer file is that of the shorter one over again, which the check does not know.
    wrong = len(report.wrong) + report.missing + report.double
    if wrong:
        print(f"WRONG: {wrong} frames of {out}: {report.problems()[:3]}", file=sys.stderr)
    if usage.peak_mib > LIMITS_MIB[name]:
        print(f"MISSED: {usage.peak_mib:.0f} MiB, allowed are {LIMITS_MIB[name]}", file=sys.stderr)
    out.unlink()
    return not wrong and usage.peak_mib <= LIMITS_MIB[name]


if __name__ == "__main__":
    raise SystemExit(main())
