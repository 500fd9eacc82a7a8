"""Times rendering a dressed montage of 20 cuts again, after one cut in its middle was made a second shorter.

python benchmarks/rerender.py [--work DIR] [--hours H]
"""

from __future__ import annotations

import shutil
import sys

from edit_lists import CUTS, SEED, plan_of, random_windows, write_plan
from hypecut.progress import SilentProgress
from long_vod import make_vod, vod_parser, work_folder
from measured import Usage, machine, video_length_s
from montage import NEAR_JOINS_S, render
from verify_montage import verify


def main() -> int:
    """Make, measure, check, show."""
    args = vod_parser(__doc__).parse_args()
    work = work_folder(args)
    vod = make_vod(work, args.hours, SilentProgress())
    windows = random_windows(video_length_s(vod), CUTS, SEED)
    middle = len(windows) // 2
    changed = [(a, b - 1.0) if i == middle else (a, b) for i, (a, b) in enumerate(windows)]
    shutil.rmtree(work / "kept", ignore_errors=True)
    print(f"{machine()}\n\n| rendering | wall s | CPU s | peak MiB | of the first |\n|{' --- |' * 5}")
    first: Usage | None = None
    right = True
    for name, cuts in (("first", windows), ("one cut changed", changed), ("the same again", changed)):
        file = write_plan(work / "rerender.json", plan_of(vod, cuts, dressed=True))
        out = work / "rerender.mp4"
        usage = render(file, HYPECUT_CACHE_DIR=str(work / "kept"))(out)
        first = first or usage
        print(
            f"| {name} | {usage.wall_s:.2f} | {usage.cpu_s:.2f} | {usage.peak_mib:.0f}"
            f" | {usage.wall_s / first.wall_s:.0%} wall, {usage.cpu_s / first.cpu_s:.0%} CPU |",
            flush=True,
        )
        for problem in verify(out, file, NEAR_JOINS_S).problems():
            print(f"WRONG: {problem}", file=sys.stderr)
            right = False
    shutil.rmtree(work / "kept", ignore_errors=True)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
