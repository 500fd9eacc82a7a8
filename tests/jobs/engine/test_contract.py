"""What holds for every job engine."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hypecut.errors import JobStateError, UnknownJobError
from hypecut.jobs.engine.protocol import JobEngine, JobFilter, JobInputs
from hypecut.models import JobKind, JobStatus
from tests.jobs.engine import toy
from tests.jobs.engine.waiting import until

KIND = JobKind.VOD_HIGHLIGHTS


def status(engine: JobEngine, job_id: str) -> JobStatus:
    return engine.get(job_id).job.status


def finished(engine: JobEngine, folder: Path, **params: str) -> str:
    """A job that was run to its end; its id."""
    job_id = engine.submit(KIND, toy.job(folder, **params)).id
    ran = engine.run_next()
    assert ran is not None
    assert ran.id == job_id
    return job_id


def held(engine: JobEngine, folder: Path, how: str = "hold") -> str:
    """A job that runs on a worker and stays in its second step; its id."""
    job_id = engine.submit(KIND, toy.job(folder, chat=how)).id
    engine.start_workers(1)
    until("the step runs", lambda: list(folder.glob("held.*")))
    return job_id


def test_a_job_waits_runs_and_is_done(engine: JobEngine, folder: Path) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    submitted = engine.submit(KIND, toy.job(folder))
    assert submitted.created
    queued = engine.get(submitted.id)
    assert (queued.job.status, queued.job.progress, queued.attempts) == (JobStatus.QUEUED, 0.0, 0)
    assert (queued.job.started_at, queued.job.finished_at, queued.job.error) == (None, None, None)
    assert [(step.name, step.status) for step in queued.steps] == [(n, JobStatus.QUEUED) for n in toy.STEPS]
    assert (queued.title, queued.folder) == ("out", str(folder))
    ran = engine.run_next()
    assert ran is not None
    done = engine.get(submitted.id)
    assert done.job == ran
    assert (ran.status, ran.progress, ran.error) == (JobStatus.DONE, 1.0, None)
    assert ran.result is not None
    assert ran.result["steps"]["cut"] == {"runs": 1, "before": ["chat", "resolve"]}
    assert ran.started_at is not None
    assert ran.finished_at is not None
    after = datetime.now(UTC) + timedelta(milliseconds=1)
    assert before <= ran.created_at <= ran.started_at <= ran.finished_at <= after
    assert (ran.params, ran.type) == ({"folder": str(folder)}, KIND)
    assert done.attempts == 1


def test_each_step_tells_when_and_how_far(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    for before, step in itertools.pairwise(engine.get(job_id).steps):
        assert step.status is JobStatus.DONE
        assert step.attempts == 1
        assert before.finished_at is not None
        assert step.started_at is not None
        assert step.finished_at is not None
        assert before.finished_at <= step.started_at <= step.finished_at
        assert (step.task, step.total, step.unit) == (step.name, 4.0, "parts")


def test_outputs_are_recorded_once_with_size_and_checksum(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    details = engine.get(job_id)
    assert [(o.step, o.kind, o.size, o.meta) for o in details.outputs] == [
        (name, "text", len(name), {"step": name}) for name in toy.STEPS
    ]
    assert [o.sha256 for o in details.outputs] == [hashlib.sha256(n.encode()).hexdigest() for n in toy.STEPS]
    assert details.job.outputs == tuple(str(folder / f"{name}.txt") for name in toy.STEPS)
    (listed,) = engine.list(JobFilter()).jobs
    assert set(listed.outputs) == set(details.job.outputs)
    assert listed.progress == details.job.progress == 1.0


def test_what_a_job_looked_at_and_used_is_recorded_with_its_step(engine: JobEngine, folder: Path) -> None:
    job_id = engine.submit(KIND, toy.job(folder, cut="bad once")).id
    assert engine.inputs(job_id) == JobInputs()
    engine.run_next()
    assert engine.inputs(job_id) == JobInputs(clips=toy.CLIPS)
    engine.retry(job_id)
    engine.run_next()
    inputs = engine.inputs(job_id)
    assert inputs.clips == toy.CLIPS
    made, there, gone = inputs.assets
    assert (made.step, made.kind, made.path, made.url) == (
        "cut",
        "chat",
        str(folder / "cut.txt"),
        "https://example.org/1",
    )
    assert (made.size, made.sha256, made.duration_s) == (3, hashlib.sha256(b"cut").hexdigest(), 7.5)
    assert (there.size, there.sha256, there.meta) == (9, "", {"start_s": 1.5})
    assert (gone.size, gone.sha256) == (None, "")
    engine.render(job_id)
    engine.run_next()
    assert engine.inputs(job_id) == inputs
    engine.remove(job_id)
    with pytest.raises(UnknownJobError):
        engine.inputs(job_id)


def test_nothing_is_queued(engine: JobEngine) -> None:
    assert engine.run_next() is None


def test_an_unknown_job_is_told(engine: JobEngine) -> None:
    for call in (engine.get, engine.inputs, engine.cancel, engine.retry, engine.remove, engine.logs):
        with pytest.raises(UnknownJobError, match="no-such-job"):
            call("no-such-job")


def test_a_failure_is_told_in_its_own_words_and_stops_the_job(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="bad")
    details = engine.get(job_id)
    assert details.job.status is JobStatus.FAILED
    assert details.job.error == "the file is bad; give another."
    assert details.error_kind == "BadInputError"
    assert details.job.finished_at is not None
    assert [step.status for step in details.steps] == [JobStatus.DONE, JobStatus.FAILED, JobStatus.QUEUED]
    assert toy.runs_of(folder) == ["claim", "resolve", "chat"]
    assert 0.3 < details.job.progress < 0.7


def test_a_fault_of_the_program_is_told_and_its_trace_logged(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="bug")
    details = engine.get(job_id)
    assert details.job.error is not None
    assert "KeyError: 'a key'" in details.job.error
    assert details.error_kind == "KeyError"
    assert any("Traceback" in line for line in engine.logs(job_id))
    assert any("_bug" in line for line in engine.logs(job_id))


def test_retry_goes_on_from_the_failed_step(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="bad once")
    again = engine.retry(job_id)
    assert (again.job.status, again.job.error, again.job.finished_at) == (JobStatus.QUEUED, None, None)
    ran = engine.run_next()
    assert ran is not None
    assert (ran.id, ran.status) == (job_id, JobStatus.DONE)
    assert toy.runs_of(folder) == ["claim", "resolve", "chat", "claim again", "chat", "cut"]
    details = engine.get(job_id)
    assert [step.attempts for step in details.steps] == [1, 2, 1]
    assert details.attempts == 2
    assert [output.step for output in details.outputs] == list(toy.STEPS)


def test_a_finished_job_makes_its_montage_anew_from_its_plan(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    before = engine.get(job_id)
    queued = engine.render(job_id)
    assert (queued.job.status, queued.job.result, queued.job.finished_at) == (JobStatus.QUEUED, None, None)
    assert [step.status for step in queued.steps] == [JobStatus.DONE, JobStatus.DONE, JobStatus.QUEUED]
    assert 0.0 < queued.job.progress < 1.0
    assert queued.job.params["redone"] is True
    assert queued.outputs == before.outputs
    ran = engine.run_next()
    assert ran is not None
    assert (ran.id, ran.status) == (job_id, JobStatus.DONE)
    assert toy.runs_of(folder) == ["claim", "resolve", "chat", "cut", "redo", "claim again", "cut"]
    after = engine.get(job_id)
    assert [step.attempts for step in after.steps] == [1, 1, 1]
    assert [output.step for output in after.outputs] == list(toy.STEPS)
    engine.render(job_id)
    assert engine.run_next() is not None
    assert toy.runs_of(folder)[-3:] == ["redo", "claim again", "cut"]


def test_a_job_that_failed_over_its_plan_is_rendered_when_that_is_mended(
    engine: JobEngine, folder: Path
) -> None:
    job_id = finished(engine, folder, cut="bad once")
    assert status(engine, job_id) is JobStatus.FAILED
    engine.render(job_id)
    ran = engine.run_next()
    assert ran is not None
    assert (ran.status, ran.error) == (JobStatus.DONE, None)
    assert toy.runs_of(folder) == ["claim", "resolve", "chat", "cut", "redo", "claim again", "cut"]


def test_a_rendering_that_failed_is_retried(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    (folder / "cut.txt").unlink()
    (folder / "cut.txt").mkdir()
    engine.render(job_id)
    assert engine.run_next() is not None
    assert status(engine, job_id) is JobStatus.FAILED
    (folder / "cut.txt").rmdir()
    engine.retry(job_id)
    ran = engine.run_next()
    assert ran is not None
    assert ran.status is JobStatus.DONE
    assert toy.runs_of(folder)[-4:] == ["claim again", "cut", "claim again", "cut"]


def test_a_job_without_a_plan_or_at_work_is_not_rendered(
    engine: JobEngine, folder: Path, tmp_path: Path
) -> None:
    failed = finished(engine, tmp_path / "failed", resolve="bad")
    running = held(engine, folder)
    for job_id, what in ((failed, "no plan"), (running, "running")):
        with pytest.raises(JobStateError, match=what):
            engine.render(job_id)
    with pytest.raises(UnknownJobError):
        engine.render("none")
    (folder / "go").touch()
    until("the job is done", lambda: status(engine, running) is JobStatus.DONE)


def test_a_source_that_is_away_is_tried_again(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="away once")
    assert status(engine, job_id) is JobStatus.DONE
    assert toy.runs_of(folder).count("chat") == 2
    assert any("the source is away. Trying again" in line for line in engine.logs(job_id))


def test_a_source_that_stays_away_fails_the_job(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="away")
    assert engine.get(job_id).error_kind == "SourceUnavailableError"
    assert toy.runs_of(folder).count("chat") == 3


def test_a_full_disk_is_waited_for(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="full once")
    assert status(engine, job_id) is JobStatus.DONE
    assert sum("waits for room" in line for line in engine.logs(job_id)) == 1
    assert engine.get(job_id).note == ""


def test_a_job_says_that_it_waits_for_room_and_goes_on_when_there_is_some(
    engine: JobEngine, folder: Path
) -> None:
    job_id = engine.submit(KIND, toy.job(folder, chat="full")).id
    engine.start_workers(1)
    until("it says so", lambda: engine.get(job_id).note == "no room left. The job waits for room.")
    assert status(engine, job_id) is JobStatus.RUNNING
    (folder / "go").touch()
    until("the job is done", lambda: status(engine, job_id) is JobStatus.DONE)
    assert engine.get(job_id).note == ""


def test_a_job_that_is_finished_in_its_folder_is_not_run(engine: JobEngine, folder: Path) -> None:
    folder.mkdir()
    (folder / "finished.json").write_text(json.dumps({"montage": "x"}))
    job_id = finished(engine, folder)
    job = engine.get(job_id).job
    assert (job.status, job.result, job.progress) == (JobStatus.DONE, {"montage": "x"}, 1.0)
    assert toy.runs_of(folder) == ["claim"]


def test_a_queued_job_is_cancelled(engine: JobEngine, folder: Path) -> None:
    job_id = engine.submit(KIND, toy.job(folder)).id
    cancelled = engine.cancel(job_id)
    assert cancelled.job.status is JobStatus.CANCELLED
    assert cancelled.job.finished_at is not None
    assert engine.run_next() is None
    assert toy.runs_of(folder) == []


@pytest.mark.parametrize("how", ["hold", "half"])
def test_a_running_job_is_cancelled_and_retried(engine: JobEngine, folder: Path, how: str) -> None:
    job_id = held(engine, folder, how)
    assert status(engine, job_id) is JobStatus.RUNNING
    assert engine.cancel(job_id).job.status is JobStatus.CANCELLED
    until("nothing half is left", lambda: not list(folder.glob(".half*")))
    assert not (folder / "chat.txt").exists()
    (folder / "go").touch()
    engine.retry(job_id)
    until("the job is done", lambda: status(engine, job_id) is JobStatus.DONE)
    assert toy.runs_of(folder) == ["claim", "resolve", "chat", "claim again", "chat", "cut"]
    assert [step.attempts for step in engine.get(job_id).steps] == [1, 2, 1]


def test_progress_is_told_while_a_step_runs(engine: JobEngine, folder: Path) -> None:
    job_id = held(engine, folder)
    until("progress is told", lambda: engine.get(job_id).steps[1].done > 0)
    details = engine.get(job_id)
    assert details.steps[1].status is JobStatus.RUNNING
    assert details.steps[1].speed is not None
    assert details.steps[1].eta_s is not None
    assert 1 / 3 < details.job.progress < 2 / 3
    assert engine.list(JobFilter()).jobs[0].progress == pytest.approx(details.job.progress, abs=0.2)


def test_what_does_not_fit_the_state_is_refused(engine: JobEngine, folder: Path, tmp_path: Path) -> None:
    done = finished(engine, folder)
    queued = engine.submit(KIND, toy.job(tmp_path / "queued")).id
    for call in (engine.cancel, engine.retry):
        with pytest.raises(JobStateError, match=f"{done} is done"):
            call(done)
    for refused in (engine.retry, engine.remove):
        with pytest.raises(JobStateError, match=f"{queued} is queued"):
            refused(queued)
    engine.cancel(queued)
    with pytest.raises(JobStateError, match="cancelled already"):
        engine.cancel(queued)
    running = held(engine, tmp_path / "running")
    for refused in (engine.retry, engine.remove):
        with pytest.raises(JobStateError, match=f"{running} is running"):
            refused(running)


def test_a_finished_job_is_forgotten_and_its_files_stay(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    engine.remove(job_id)
    with pytest.raises(UnknownJobError):
        engine.get(job_id)
    assert engine.list(JobFilter()).total == 0
    assert (folder / "cut.txt").exists()
    assert engine.submit(KIND, toy.job(folder)).created


def test_the_same_job_is_one_job(engine: JobEngine, folder: Path) -> None:
    first = engine.submit(KIND, toy.job(folder))
    second = engine.submit(KIND, toy.job(folder))
    assert (second.id, second.created) == (first.id, False)
    assert engine.run_next() is not None
    assert engine.submit(KIND, toy.job(folder)).id == first.id
    anew = engine.submit(KIND, toy.job(folder), again=True)
    assert anew.created
    assert anew.id != first.id
    assert engine.submit(KIND, toy.job(folder)).id == anew.id
    assert engine.list(JobFilter()).total == 2


def test_the_same_job_submitted_by_many_at_once_is_one_job(engine: JobEngine, folder: Path) -> None:
    ids: list[str] = []
    barrier = threading.Barrier(8)

    def submit() -> None:
        barrier.wait()
        ids.append(engine.submit(KIND, toy.job(folder)).id)

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert engine.list(JobFilter()).total == 1


def test_a_failed_job_submitted_again_is_retried(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder, chat="bad once")
    again = engine.submit(KIND, toy.job(folder, chat="bad once"))
    assert (again.id, again.created) == (job_id, False)
    assert status(engine, job_id) is JobStatus.QUEUED


def test_urgent_jobs_come_first_and_equal_ones_in_turn(engine: JobEngine, tmp_path: Path) -> None:
    wanted = {"a": 10, "b": 5, "c": 10, "d": 1, "e": 5}
    for name, priority in wanted.items():
        job_id = engine.submit(KIND, toy.job(tmp_path / name), priority).id
        assert engine.get(job_id).priority == priority
    order = []
    while (job := engine.run_next()) is not None:
        order.append(Path(str(job.params["folder"])).name)
    assert order == ["d", "b", "e", "a", "c"]


def test_workers_run_what_is_queued(engine: JobEngine, tmp_path: Path) -> None:
    engine.start_workers(2)
    ids = [engine.submit(KIND, toy.job(tmp_path / str(number))).id for number in range(5)]
    until("all are done", lambda: all(status(engine, job_id) is JobStatus.DONE for job_id in ids))
    for number in range(5):
        assert toy.runs_of(tmp_path / str(number)) == ["claim", *toy.STEPS]


def test_jobs_are_listed_newest_first_by_pages(engine: JobEngine, tmp_path: Path) -> None:
    ids = [engine.submit(KIND, toy.job(tmp_path / str(number))).id for number in range(5)]
    page = engine.list(JobFilter(limit=2, offset=1))
    assert ([job.id for job in page.jobs], page.total) == ([ids[3], ids[2]], 5)
    assert engine.list(JobFilter(limit=100, offset=5)).jobs == ()
    assert engine.list(JobFilter(limit=0)).jobs == ()


def test_jobs_are_found_by_state_kind_and_words(engine: JobEngine, tmp_path: Path) -> None:
    done = finished(engine, tmp_path / "Grand Prix_100%")
    failed = finished(engine, tmp_path / "other", resolve="bad")
    queued = engine.submit(JobKind.CLIP_MONTAGE, toy.job(tmp_path / "third")).id

    def found(wanted: JobFilter) -> set[str]:
        page = engine.list(wanted)
        assert page.total == len(page.jobs)
        return {job.id for job in page.jobs}

    assert found(JobFilter(status=frozenset({JobStatus.FAILED}))) == {failed}
    assert found(JobFilter(status=frozenset({JobStatus.DONE, JobStatus.QUEUED}))) == {done, queued}
    assert found(JobFilter(status=frozenset({JobStatus.RUNNING}))) == set()
    assert found(JobFilter(type=JobKind.CLIP_MONTAGE)) == {queued}
    assert found(JobFilter(search="grand prix")) == {done}
    assert found(JobFilter(search="x_100%")) == {done}
    assert found(JobFilter(search="_d")) == set()
    assert found(JobFilter(search=failed)) == {failed}
    assert found(JobFilter(search='"bad"')) == {failed}
    assert found(JobFilter(search="'; drop table job; --")) == set()
    assert found(JobFilter()) == {done, failed, queued}


def test_the_log_tells_each_step(engine: JobEngine, folder: Path) -> None:
    job_id = finished(engine, folder)
    for name in toy.STEPS:
        assert any(f"step {name} done" in line for line in engine.logs(job_id))


def test_a_job_that_runs_is_handed_back_when_the_engine_is_closed(engine: JobEngine, folder: Path) -> None:
    held(engine, folder)
    engine.close()
    assert not (folder / "chat.txt").exists()
    assert toy.runs_of(folder) == ["claim", "resolve", "chat"]
