"""Time `hypecut render` on a long VOD against `ffmpeg -c copy` per cut and concat, and check what comes out.

    python benchmarks/montage.py [--vod PATH] [--work DIR] [--hours H] [--runs N] [--exact]

The VOD is generated in the work folder and kept; one that is given must be of the same making to be checked.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import msgspec
import numpy as np

from hypecut.models import Cut, Plan
from hypecut.progress import SilentProgress
from long_vod import FPS, make_vod
from measured import Usage, best, machine, median_wall_s, run, together

SEED = 20
CUTS = 20
SHORTEST_S, LONGEST_S = 15.0, 39.0

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
    from hypecut.media.snap import snap
    from hypecut.media.source import SourceReader

    with SourceReader(vod) as source:
        return [snap(source, start_s, end_s) for start_s, end_s in windows]


def write_plan(path: Path, vod: Path, windows: list[Window]) -> Path:
    """A plan of these cuts."""
    cuts = tuple(Cut(source=str(vod), start_s=start_s, end_s=end_s) for start_s, end_s in windows)
    path.write_bytes(msgspec.json.encode(Plan(version=1, cuts=cuts)))
    return path


def render(plan: Path, out: Path) -> Usage:
    """hypecut's run."""
    out.unlink(missing_ok=True)
    return run([sys.executable, "-m", "hypecut", "render", plan, "--out", out])


def ffmpeg_copy(vod: Path, windows: list[Window], out: Path) -> Usage:
    """What most people do: copy each cut with ffmpeg, then join; cuts begin at keyframes."""
    usages: list[Usage] = []
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    parts = [out.with_name(f"part{i:02}.mp4") for i in range(len(windows))]
    for part, (start_s, end_s) in zip(parts, windows, strict=True):
        place = ["-ss", f"{start_s:.6f}", "-i", str(vod), "-t", f"{end_s - start_s:.6f}"]
        usages.append(run([*ffmpeg, *place, "-c", "copy", part]))
    names = out.with_suffix(".txt")
    names.write_text("".join(f"file '{part.name}'\n" for part in parts), encoding="utf-8")
    usages.append(run([*ffmpeg, "-f", "concat", "-safe", "0", "-i", names, "-c", "copy", out]))
    for part in parts:
        part.unlink()
    return together(usages)


def table(usages: dict[str, list[Usage]], outs: dict[str, Path], seconds: dict[str, float]) -> str:
    """The measurements in Markdown, with ratios to ffmpeg where it ran."""
    base = best(usages["ffmpeg -c copy"]).wall_s if "ffmpeg -c copy" in usages else None
    rows = [
        "| method | montage s | best wall s | median wall s | CPU s | peak MiB | MB | wall vs ffmpeg |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, runs in usages.items():
        least = best(runs)
        ratio = f"{least.wall_s / base:.2f}x" if base else "-"
        size = outs[name].stat().st_size / 1e6
        rows.append(
            f"| {name} | {seconds[name]:.1f} | {least.wall_s:.2f} | {median_wall_s(runs):.2f}"
            f" | {least.cpu_s:.2f} | {least.peak_mib:.0f} | {size:.0f} | {ratio} |"
        )
    return "\n".join(rows)


def checked(montage: Path, plan: Path, full: bool) -> bool:
    """Check a montage, in a process of its own, and show what was found."""
    verifier = Path(__file__).with_name("verify_montage.py")
    command = [sys.executable, str(verifier), str(montage), str(plan), *(["--full"] if full else [])]
    return subprocess.run(command, check=False).returncode == 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vod", type=Path, help="cut this instead of a generated one")
    parser.add_argument("--work", type=Path, default=Path(".benchmarks"), help="where to put everything")
    parser.add_argument("--hours", type=float, default=2.0, help="length of the generated VOD")
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--seed", type=int, default=SEED, help="other cuts")
    parser.add_argument("--runs", type=int, default=3, help="of each method, in turn")
    parser.add_argument("--exact", action="store_true", help="also the cuts as they are, re-encoded: slow")
    parser.add_argument("--full", action="store_true", help="check every frame, not only those near joins")
    parser.add_argument("--no-verify", action="store_true", help="measure only")
    return parser.parse_args()


def main() -> int:
    """Make, measure, show, check."""
    args = arguments()
    work: Path = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    vod: Path = args.vod.resolve() if args.vod else make_vod(work, args.hours, SilentProgress())
    with av.open(str(vod)) as container:
        duration_s = (container.duration or 0) / 1e6
    exact = random_windows(duration_s, args.cuts, args.seed)
    windows = {"hypecut snapped": snapped(vod, exact)}
    if args.exact:
        windows["hypecut exact"] = exact
    plans = {name: write_plan(work / f"{name.split()[1]}.json", vod, cuts) for name, cuts in windows.items()}
    methods: dict[str, Callable[[Path], Usage]] = {
        name: lambda out, plan=plan: render(plan, out)  # type: ignore[misc]
        for name, plan in plans.items()
    }
    if shutil.which("ffmpeg"):
        windows["ffmpeg -c copy"] = windows["hypecut snapped"]
        methods["ffmpeg -c copy"] = lambda out: ffmpeg_copy(vod, windows["ffmpeg -c copy"], out)
    else:
        print("No ffmpeg on the PATH: nothing to compare with.")
    outs = {name: work / f"{name.replace(' ', '_')}.mp4" for name in methods}
    usages: dict[str, list[Usage]] = {name: [] for name in methods}
    for _ in range(args.runs):
        for name, method in methods.items():
            usages[name].append(method(outs[name]))
            print(f"{name}: {usages[name][-1].wall_s:.2f} s", file=sys.stderr)
    seconds = {name: sum(end_s - start_s for start_s, end_s in cuts) for name, cuts in windows.items()}
    print(f"{args.cuts} cuts of {duration_s / 3600:.2f} h; {args.runs} runs in turn; {machine()}\n")
    print(table(usages, outs, seconds))
    if args.no_verify:
        return 0
    right = True
    for name, plan in plans.items():
        print(f"\n{name}")
        right &= checked(outs[name], plan, args.full)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
