"""How fast jobs start, run, are listed and cancelled: `python benchmarks/jobs.py`.

Measured on a SQLite file with steps that do next to nothing, so that what is left is the engine itself; but
what is cancelled is a montage that encodes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypecut.jobs.clip_montage import CLIP_MONTAGE
from hypecut.jobs.engine import open_engine
from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.engine.protocol import FINAL, JobFilter
from hypecut.jobs.pipeline import CheckedJob, Pipeline, Step, StepContext, StepResult
from hypecut.media.sample import RecordingSpec, generate_recording
from hypecut.models import JobKind, JobStatus
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from many_jobs import WORD, fill

KIND = JobKind.VOD_HIGHLIGHTS
LATENCIES = 20
TINY = 100
LISTED = 10_000
PAGE = 100
IDLE_S = 10.0
TARGET_LIST_MS = 50.0
CANCELS = 5
TARGET_CANCEL_S = 2.0
# What an encoder has written by then is more than a file's head.
ENCODED_BYTES = 100_000


def _nothing(context: StepContext) -> StepResult:
    del context
    return StepResult()


def _check(params: Mapping[str, Any], settings: Settings) -> CheckedJob:
    del settings
    return CheckedJob(params=params, folder=str(params["folder"]), name=str(params["folder"]), title="tiny")


def _claim(checked: CheckedJob, going_on: bool) -> None:
    del going_on
    Path(checked.folder).mkdir(parents=True, exist_ok=True)


TINY_PIPELINE = Pipeline(KIND, (Step("resolve", _nothing),), _check, _claim, lambda _: {})


def main() -> int:
    """Measure, print a line each, and fail when a figure is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "data")
        engine = DurableEngine(settings, {KIND: TINY_PIPELINE})
        engine.start_workers(4)
        print(f"submit to start: {_latency_ms(engine, folder):.0f} ms (median of {LATENCIES})")
        print(f"tiny jobs: {_tiny_per_s(engine, folder):.1f}/s ({TINY} of one step, 4 at a time)")
        print(f"idle worker: {_idle_percent():.1f} % of a core")
        engine.close()
        cancels_s = _cancel_s(folder)
        median_s, longest_s = statistics.median(cancels_s), max(cancels_s)
        print(
            f"cancel while encoding: {median_s:.2f} s, at most {longest_s:.2f} s of {CANCELS}"
            f" (target {TARGET_CANCEL_S:.0f} s)"
        )
        full = Settings(data_dir=folder / "full")
        rows = fill(full, LISTED)
        list_ms = _list_ms(full)
        print(
            f"list of {PAGE} at {LISTED:,} jobs, {rows:,} rows: {list_ms:.1f} ms"
            f" (target {TARGET_LIST_MS:.0f} ms)"
        )
    return 0 if list_ms <= TARGET_LIST_MS and longest_s <= TARGET_CANCEL_S else 1


def _submit(engine: DurableEngine, folder: Path) -> str:
    return engine.submit(KIND, _check({"folder": str(folder)}, Settings())).id


def _wait(engine: DurableEngine, job_id: str) -> None:
    while engine.get(job_id).job.status not in FINAL:
        time.sleep(0.02)


def _latency_ms(engine: DurableEngine, folder: Path) -> float:
    waits = []
    for number in range(LATENCIES):
        job_id = _submit(engine, folder / f"latency{number}")
        _wait(engine, job_id)
        found = engine.get(job_id).job
        assert found.started_at is not None
        waits.append((found.started_at - found.created_at).total_seconds() * 1000)
    return statistics.median(waits)


def _tiny_per_s(engine: DurableEngine, folder: Path) -> float:
    began_s = time.monotonic()
    ids = [_submit(engine, folder / f"tiny{number}") for number in range(TINY)]
    for job_id in ids:
        _wait(engine, job_id)
    return TINY / (time.monotonic() - began_s)


def _idle_percent() -> float:
    before_s = time.process_time()
    time.sleep(IDLE_S)
    return (time.process_time() - before_s) / IDLE_S * 100


def _list_ms(settings: Settings) -> float:
    """The median time of a list, in a database full of jobs."""
    engine = DurableEngine(settings)
    wanted = JobFilter(status=frozenset({JobStatus.DONE}), search=WORD, limit=PAGE)
    times = []
    for _ in range(20):
        began_s = time.perf_counter()
        assert len(engine.list(wanted).jobs) == PAGE
        times.append((time.perf_counter() - began_s) * 1000)
    engine.close()
    return statistics.median(times)


def _cancel_s(folder: Path) -> list[float]:
    """Seconds from a cancel in the midst of encoding until no process encodes and nothing half is left."""
    recording = folder / "clip.mp4"
    spec = RecordingSpec(
        duration_s=60.0, width=1280, height=720, fps=Fraction(60), preset="ultrafast", crf=26
    )
    generate_recording(recording, spec, SilentProgress())
    settings = Settings(data_dir=folder / "encoding", cache_dir=folder / "cache", reencode=True)
    engine = open_engine(settings)
    engine.start_workers(1)
    times = []
    for number in range(CANCELS):
        out = folder / f"cancelled{number}"
        asked = {
            "files": [str(recording)],
            "min_duration_s": 10.0,
            "max_duration_s": 60.0,
            "max_clip_s": 60.0,
        }
        job_id = engine.submit(
            JobKind.CLIP_MONTAGE, CLIP_MONTAGE.check({**asked, "out": str(out)}, settings)
        ).id
        while not any(part.stat().st_size > ENCODED_BYTES for part in _halves(out)):
            assert engine.get(job_id).job.status not in FINAL
            time.sleep(0.02)
        began_s = time.monotonic()
        engine.cancel(job_id)
        while _halves(out) or _children():
            time.sleep(0.005)
        times.append(time.monotonic() - began_s)
    engine.close()
    return times


def _halves(out: Path) -> list[Path]:
    return list(out.rglob(".*.part*"))


def _children() -> list[str]:
    """The processes of this one that render."""
    found = subprocess.run(
        ["ps", "-o", "stat=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True
    )
    return [line for line in found.stdout.splitlines() if "hypecut.jobs.child" in line and line[0] != "Z"]


if __name__ == "__main__":
    sys.exit(main())
