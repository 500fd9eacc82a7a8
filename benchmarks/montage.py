"""Times `hypecut render` on a long VOD beside what else people cut with, in turn, and checks what comes out.

    python benchmarks/montage.py [--vod PATH] [--work DIR] [--hours H] [--runs N] [--only WORD]...

The 20 exact cuts go to hypecut and to `ffmpeg -c copy`, the same snapped and dressed to hypecut. Those that
encode every picture (ffmpeg, MoviePy) and smartcut get the first five of them, as does hypecut beside them.
The VOD is generated in the work folder and kept; one that is given must be of the same making to be checked.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import peers
from edit_lists import CUTS, SEED, SHARE_CUTS, plan_of, random_windows, seconds, snapped, write_plan
from hypecut.progress import SilentProgress
from long_vod import make_vod, vod_parser, work_folder
from measured import Usage, best, machine, run, video_length_s
from verify_montage import verify

NEAR_JOINS_S = 0.5


@dataclass
class Contender:
    """One way to make a montage of a list of cuts.

    Attributes:
        name: what the table calls it.
        group: those of one group have the same cuts to make and are compared with one another.
        plan: the file of the plan that its montage must be.
        seconds: how long that is.
        method: makes it.
        rounds: how often it runs at most: some take minutes.
        out: its montage.
        usages: of its runs.
        findings: what checking the montage found.
    """

    name: str
    group: str
    plan: Path
    seconds: float
    method: peers.Method
    rounds: int
    out: Path
    usages: list[Usage] = field(default_factory=list)
    findings: str = ""


def render(plan: Path, **variables: str) -> peers.Method:
    """hypecut's run, with these variables; by themselves so that nothing kept of earlier ones is used."""
    command: list[str | Path] = [sys.executable, "-m", "hypecut", "render", plan, "--overwrite", "--out"]
    usual = variables or {"HYPECUT_PIECES_MAX_GB": "0"}
    return lambda out: run([*command, out], **usual)


def contenders(vod: Path, work: Path, duration_s: float, count: int, seed: int, runs: int) -> list[Contender]:
    """All that can be had here."""
    exact = random_windows(duration_s, count, seed)
    near, share = snapped(vod, exact), exact[:SHARE_CUTS]
    plans = {
        "exact": plan_of(vod, exact),
        "snapped": plan_of(vod, near),
        "dressed": plan_of(vod, exact, dressed=True),
        "share": plan_of(vod, share),
    }
    files = {name: write_plan(work / f"{name}.json", plan) for name, plan in plans.items()}
    made: list[Contender] = []

    def add(name: str, group: str, plan: str, method: peers.Method | None, rounds: int = runs) -> None:
        if method is not None:
            out = work / f"out-{len(made)}.mp4"
            made.append(Contender(name, group, files[plan], plans[plan].duration_s, method, rounds, out))

    count_text = f"{count} cuts, {seconds(exact):.0f} s"
    add("hypecut, exact", count_text, "exact", render(files["exact"]))
    add("hypecut, snapped", count_text, "snapped", render(files["snapped"]))
    add("hypecut, exact + titles + crossfade + loudness", count_text, "dressed", render(files["dressed"]))
    with_ffmpeg = shutil.which("ffmpeg") is not None
    if with_ffmpeg:
        add("ffmpeg -c copy + concat", count_text, "exact", lambda out: peers.ffmpeg_copy(vod, exact, out))
    count_text = f"{len(share)} cuts, {seconds(share):.0f} s"
    add("hypecut, exact", count_text, "share", render(files["share"]))
    if with_ffmpeg:
        again = lambda out: peers.ffmpeg_veryfast(vod, share, out)  # noqa: E731
        add("ffmpeg veryfast + concat", count_text, "share", again, 1)
    add("MoviePy, its defaults", count_text, "share", peers.moviepy(work, vod, share), 1)
    add("smartcut", count_text, "share", peers.smartcut(work, vod, share), 1)
    return made


def measure(all_: Sequence[Contender], runs: int) -> None:
    """Run everybody in turn."""
    for turn in range(runs):
        for one in all_:
            if turn < one.rounds:
                one.usages.append(one.method(one.out))
                print(f"{one.group}: {one.name}: {one.usages[-1].wall_s:.2f} s", file=sys.stderr)


def check(one: Contender) -> bool:
    """Compare the montage with its plan; what a peer does is told, what hypecut does must be right."""
    report = verify(one.out, one.plan, NEAR_JOINS_S)
    wrong = len(report.wrong) + report.missing + report.double
    extra = report.frames_found - report.frames_expected
    one.findings = f"{wrong} of {report.frames_checked} | {report.copied_fraction:.1%}"
    if extra:  # then places say nothing about frames, nor those about which are copied
        one.findings = f"another montage ({extra:+d}) | -"
    problems = report.problems() if one.name.startswith("hypecut") else []
    for problem in problems:
        print(f"WRONG: {one.name}: {problem}")
    return not problems


def table(group: Sequence[Contender]) -> str:
    """The measurements of one list of cuts in Markdown, beside copying if that is there, else hypecut."""
    beside = next((one for one in group if one.name.startswith("ffmpeg -c copy")), group[0])
    rows = [
        f"| {group[0].group} | best wall s | CPU s | peak MiB | MB | wall : {beside.name}"
        " | ms per second of montage | wrong frames of those checked | copied |",
        "|" + " --- |" * 9,
    ]
    for one in group:
        least = best(one.usages)
        ratio = least.wall_s / best(beside.usages).wall_s
        rows.append(
            f"| {one.name} | {least.wall_s:.2f} | {least.cpu_s:.2f}"
            f" | {least.peak_mib:.0f} | {one.out.stat().st_size / 1e6:.0f} | {ratio:.2f}x"
            f" | {1000 * least.wall_s / one.seconds:.1f} | {one.findings or '- | -'} |"
        )
    return "\n".join(rows)


def beside_moviepy(all_: Sequence[Contender]) -> str:
    """How much faster hypecut is by the second of montage, whichever lists of cuts were made."""
    by_name = {one.name: best(one.usages).wall_s / one.seconds for one in reversed(all_)}
    slow = by_name.pop("MoviePy, its defaults", None)
    if slow is None:
        return ""
    told = (f"{slow / fast:.0f} times as long as {name}" for name, fast in by_name.items())
    return f"By the second of montage MoviePy takes {'; '.join(told)}."


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = vod_parser(__doc__)
    parser.add_argument("--vod", type=Path, help="cut this instead of a generated one")
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--seed", type=int, default=SEED, help="other cuts")
    parser.add_argument("--runs", type=int, default=3, help="of each method but the slowest, in turn")
    parser.add_argument("--only", action="append", help="only those whose name or cuts contain this")
    parser.add_argument("--no-verify", action="store_true", help="measure only")
    return parser.parse_args()


def main() -> int:
    """Make, measure, check, show."""
    args = arguments()
    work = work_folder(args)
    vod: Path = args.vod.resolve() if args.vod else make_vod(work, args.hours, SilentProgress())
    duration_s = video_length_s(vod)
    entered = contenders(vod, work, duration_s, args.cuts, args.seed, args.runs)
    if args.only:
        entered = [one for one in entered if any(word in f"{one.group} {one.name}" for word in args.only)]
    measure(entered, args.runs)
    right = True
    for one in () if args.no_verify else entered:
        right &= check(one)
    print(f"{duration_s / 3600:.2f} h of 1080p60; {args.runs} runs in turn; {machine()}")
    for name in dict.fromkeys(one.group for one in entered):
        print(f"\n{table([one for one in entered if one.group == name])}")
    print(f"\n{beside_moviepy(entered)}")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
