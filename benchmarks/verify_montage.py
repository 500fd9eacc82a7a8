"""Check a montage of the benchmark's VOD: `python benchmarks/verify_montage.py MONTAGE PLAN`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hypecut.media.source import SourceReader
from hypecut.models import Plan
from long_vod import FPS, LOOP_FRAMES, SOUND
from tests.support.truth import SourceTruth
from tests.support.verify import MontageReport, check_montage


def vod_truth(vod: Path) -> SourceTruth:
    """What is known of the benchmark's VOD."""
    with SourceReader(vod) as source:
        frames = source.clock.unit_from(source.duration_s)
    return SourceTruth(FPS, frames, LOOP_FRAMES, SOUND)


def verify(montage: Path, plan_path: Path, window_s: float | None) -> MontageReport:
    """Compare a montage with its plan, decoding `window_s` round each join, or all of it."""
    plan = msgspec.json.decode(plan_path.read_bytes(), type=Plan)
    folder = plan_path.parent
    sources = {name: vod_truth(folder / name) for name in {cut.source for cut in plan.cuts}}
    return check_montage(montage, plan, folder, sources, window_s=window_s)


def summary(report: MontageReport) -> str:
    """The findings in a few lines."""
    offsets = [a.offset_ms for a in report.audio if a.offset_ms is not None]
    span = f"{min(offsets):+.2f} to {max(offsets):+.2f} ms" if offsets else "not compared"
    lines = [
        f"frames      {report.frames_found} of {report.frames_expected}, {report.frames_checked} decoded,"
        f" {len(report.wrong)} wrong, {report.missing} missing, {report.double} double,"
        f" {report.frames_unproven} unproven",
        f"copied      {report.copied_fraction:.2%} of the pictures, bit for bit",
        f"time stamps first {report.first_pts_s:.4f} s, steps {report.step_min_s * 1000:.2f} to"
        f" {report.step_max_s * 1000:.2f} ms, {report.dts_disorder} out of order",
        f"sound       {span} at {len(report.audio)} places,"
        f" {sum(a.offset_ms is None for a in report.audio)} not the source's, {report.audio_gaps} gaps",
    ]
    return "\n".join(lines + [f"WRONG       {problem}" for problem in report.problems()])


def main() -> int:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("montage", type=Path, nargs="?")
    parser.add_argument("plan", type=Path, nargs="?")
    parser.add_argument("--full", action="store_true", help="decode every frame, not only those near joins")
    args = parser.parse_args()
    if not args.montage or not args.plan:
        parser.print_usage()
        return 0
    report = verify(args.montage, args.plan, None if args.full else 0.5)
    print(summary(report))
    return 1 if report.problems() else 0


if __name__ == "__main__":
    raise SystemExit(main())
