"""A highlights job whose plan a person changed, rendered anew: durable work that goes on at the cuts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypecut.errors import PlanError
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.highlights import HIGHLIGHTS
from hypecut.models import Job, JobKind, JobStatus
from hypecut.plan.document import read_plan, write_plan
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.support.verify import check_montage


@pytest.fixture
def engine(settings: Settings) -> Iterator[MemoryEngine]:
    made = MemoryEngine(settings)
    yield made
    made.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(engine: MemoryEngine, stream: Stream, out: Path, **changes: Any) -> Job:
    params = {"vod": str(stream.vod), "chat": str(stream.chat), "out": str(out), "max_duration_s": 60.0}
    checked = HIGHLIGHTS.check({**params, **changes}, Settings())
    engine.submit(JobKind.VOD_HIGHLIGHTS, checked)
    return next_job(engine)


def next_job(engine: MemoryEngine) -> Job:
    job = engine.run_next()
    assert job is not None
    assert job.status is JobStatus.DONE, job.error
    return job


def test_the_montage_becomes_what_the_changed_plan_says(
    engine: MemoryEngine, stream: Stream, out: Path
) -> None:
    job = run(engine, stream, out)
    plan = read_plan(out / "plan.json")
    assert len(plan.cuts) > 1
    first = msgspec.structs.replace(plan.cuts[0], end_s=plan.cuts[0].start_s + 3.0)
    changed = msgspec.structs.replace(plan, cuts=(*plan.cuts[:0:-1], first))
    write_plan(changed, out / "plan.json")
    engine.render(job.id)
    again = next_job(engine)
    assert again.id == job.id
    truth = {cut.source: stream.recording.truth for cut in plan.cuts}
    assert check_montage(out / "montage.mp4", changed, out, truth).problems() == []
    clips = sorted((out / "clips").glob("*.mp4"))
    assert len(clips) == len(changed.cuts)
    assert again.result is not None
    assert again.result["clips_count"] == len(changed.cuts)
    assert again.result["durations_s"]["montage_total"] == pytest.approx(changed.duration_s, abs=0.1)
    shown = [(pick["start_s"], pick["end_s"]) for pick in again.result["picks"]]
    assert shown == [(cut.start_s, cut.end_s) for cut in read_plan(out / "plan.json").cuts]
    assert all(pick["reasons"] for pick in again.result["picks"])
    assert OutputFolder.claimed(out).finished == msgspec.json.decode(msgspec.json.encode(again.result))
    steps = {step.name: step.attempts for step in engine.get(job.id).steps}
    assert steps == dict.fromkeys(steps, 1)


def test_a_job_that_stopped_at_its_plan_goes_on_with_the_changed_one(
    engine: MemoryEngine, stream: Stream, out: Path
) -> None:
    job = run(engine, stream, out, plan_only=True)
    assert job.result is not None
    assert job.result["montage_path"] is None
    plan = read_plan(out / "plan.json")
    write_plan(msgspec.structs.replace(plan, cuts=plan.cuts[:1]), out / "plan.json")
    engine.render(job.id)
    done = next_job(engine)
    assert done.params["plan_only"] is False
    assert done.result is not None
    assert Path(done.result["montage_path"]).is_file()
    assert done.result["clips_count"] == 1


def test_a_broken_plan_is_told_at_once_and_nothing_is_lost(
    engine: MemoryEngine, stream: Stream, out: Path
) -> None:
    job = run(engine, stream, out)
    montage = (out / "montage.mp4").read_bytes()
    (out / "plan.json").write_text("{")
    with pytest.raises(PlanError):
        engine.render(job.id)
    assert engine.get(job.id).job == job
    assert (out / "montage.mp4").read_bytes() == montage
