"""What is particular to the engine in memory."""

from __future__ import annotations

from pathlib import Path

from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.highlights import check
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.conftest import Stream
from tests.jobs.engine import toy
from tests.jobs.engine.waiting import until
from tests.jobs.test_highlights_steps import params_of


def test_a_job_that_ran_when_it_was_closed_is_queued_again(settings: Settings, folder: Path) -> None:
    engine = MemoryEngine(settings, toy.PIPELINES)
    job_id = engine.submit(JobKind.VOD_HIGHLIGHTS, toy.job(folder, chat="hold")).id
    engine.start_workers(1)
    until("the step runs", lambda: list(folder.glob("held.*")))
    engine.close()
    assert engine.get(job_id).job.status is JobStatus.QUEUED


def test_it_leaves_nothing_behind_but_the_jobs_folder(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    before = set(tmp_path.iterdir())
    engine = MemoryEngine(settings)
    job = check(params_of(stream, tmp_path / "out"), settings)
    job_id = engine.submit(JobKind.VOD_HIGHLIGHTS, job).id
    ran = engine.run_next()
    engine.close()
    assert ran is not None
    assert (ran.id, ran.status, ran.error) == (job_id, JobStatus.DONE, None)
    assert {output.kind for output in engine.get(job_id).outputs} == {
        "chat",
        "plan",
        "explanation",
        "activity",
        "clip",
        "montage",
        "timeline",
        "chapters",
    }
    assert set(tmp_path.iterdir()) - before == {tmp_path / "out"}
