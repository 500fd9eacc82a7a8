"""A job whose disk is full in the midst of a step, run in a place with a small disk of its own.

Its arguments, as JSON: `data` (the data folder), `disk` (the folder that is small), `params` (of the job),
`step` (in which the disk is filled). Prints as JSON what the job said meanwhile, and its videos' checksums.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from hypecut.jobs.engine.apart import ChildRunner
from hypecut.jobs.engine.run import Patience
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import stages
from tests.jobs.engine.conftest import halves, open_durable, videos
from tests.jobs.engine.waiting import until

KIND = JobKind.VOD_HIGHLIGHTS
ROOM = 1 << 20


def main() -> None:
    asked = json.loads(sys.argv[1])
    data, disk = Path(asked["data"]), Path(asked["disk"])
    data.mkdir()
    settings = Settings(data_dir=data, cache_dir=data / "cache")
    stage = stages.Stage(data / "stage")
    os.environ[stages.FOLDER] = str(data / "stage")
    patience = Patience(disk_check_s=0.2, disk_room=ROOM)
    runner = ChildRunner("tests.jobs.engine.stages:PIPELINES")
    engine = open_durable(settings, pipelines=stages.PIPELINES, runner=runner, patience=patience)
    engine.start_workers(1)
    stage.hold(asked["step"], 3)
    job_id = engine.submit(KIND, stages.PIPELINES[KIND].check(asked["params"], settings)).id
    stage.wait()
    fill(disk / "filler")
    stage.release()
    until("the job waits", lambda: "waits for room" in engine.get(job_id).note)
    waiting = engine.get(job_id)
    half_made = list(map(str, halves(Path(waiting.folder))))
    (disk / "filler").unlink()
    until(
        "the job is done", lambda: engine.get(job_id).job.status not in (JobStatus.RUNNING, JobStatus.QUEUED)
    )
    done = engine.get(job_id)
    engine.close()
    told = {
        "waiting": waiting.job.status,
        "note": waiting.note,
        "halves": half_made,
        "status": done.job.status,
        "error": done.job.error,
        "note_after": done.note,
        "attempts": [step.attempts for step in done.steps],
        "videos": videos(Path(done.folder)),
    }
    print(json.dumps(told))


def fill(filler: Path) -> None:
    """Leave no room on the disk."""
    for size in (1 << 20, 1 << 12):
        with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(size))


if __name__ == "__main__":
    main()
