"""Steps that run in a child process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypecut.jobs.engine.apart import ChildRunner
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.processes import ProcessId, is_gone, this_host, this_process
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.jobs.engine import toy
from tests.jobs.engine.conftest import HASTE
from tests.jobs.engine.waiting import until

RUNNER = ChildRunner("tests.jobs.engine.toy:PIPELINES")
KIND = JobKind.VOD_HIGHLIGHTS


@pytest.fixture
def engine(settings: Settings) -> Iterator[MemoryEngine]:
    made = MemoryEngine(settings, toy.PIPELINES, runner=RUNNER, patience=HASTE)
    yield made
    made.close()


def ended(engine: MemoryEngine, folder: Path, **params: str) -> JobDetails:
    job_id = engine.submit(KIND, toy.job(folder, **params)).id
    engine.run_next()
    return engine.get(job_id)


def held(engine: MemoryEngine, folder: Path, how: str) -> tuple[str, int]:
    """A job whose step in the child goes on and on; its id and the child's process number."""
    job_id = engine.submit(KIND, toy.job(folder, cut=how)).id
    engine.start_workers(1)
    until("the step runs", lambda: (folder / "held.1").exists())
    return job_id, int((folder / "held.1").read_text())


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_step_in_a_child_does_as_in_the_worker(engine: MemoryEngine, folder: Path) -> None:
    details = ended(engine, folder, cut="noise")
    assert details.job.status is JobStatus.DONE
    assert details.job.result is not None
    assert details.job.result["steps"]["cut"] == {"runs": 1, "before": ["chat", "resolve"]}
    assert [output.step for output in details.outputs] == list(toy.STEPS)
    assert (details.steps[2].total, details.steps[2].unit) == (4.0, "parts")
    assert any("hypecut.toy: one frame is odd" in line for line in engine.logs(details.job.id))


def test_an_error_keeps_its_kind_and_words(engine: MemoryEngine, folder: Path) -> None:
    details = ended(engine, folder, cut="bad")
    assert (details.error_kind, details.job.error) == ("BadInputError", "the file is bad; give another.")


def test_a_fault_is_told_with_its_trace(engine: MemoryEngine, folder: Path) -> None:
    details = ended(engine, folder, cut="bug")
    assert details.error_kind == "KeyError"
    assert any("_bug" in line for line in engine.logs(details.job.id))


@pytest.mark.parametrize(
    ("how", "words"),
    [("crash", r"SIGABRT.*\[codec\] assertion failed"), ("kill", "SIGKILL; it said nothing")],
)
def test_a_crash_fails_the_step_with_the_last_words(
    engine: MemoryEngine, folder: Path, tmp_path: Path, how: str, words: str
) -> None:
    details = ended(engine, folder, cut=how)
    assert details.error_kind == "JobFailedError"
    assert details.job.error is not None
    assert re.search(words, details.job.error)
    assert ended(engine, tmp_path / "next").job.status is JobStatus.DONE


def test_what_can_mend_itself_gets_a_new_child(engine: MemoryEngine, folder: Path) -> None:
    assert ended(engine, folder, cut="away once").job.status is JobStatus.DONE
    assert toy.runs_of(folder).count("cut") == 2


def test_memory_is_limited(settings: Settings, folder: Path) -> None:
    limited = settings.model_copy(update={"worker_memory_mb": 4000})
    engine = MemoryEngine(limited, toy.PIPELINES, runner=RUNNER)
    error = ended(engine, folder, cut="greedy").job.error
    engine.close()
    assert error is not None
    assert "more memory than worker_memory_mb (4000 MB)" in error


@pytest.mark.parametrize("how", ["hold", "stuck", "half"])
def test_cancel_ends_the_child_and_leaves_nothing_half(engine: MemoryEngine, folder: Path, how: str) -> None:
    job_id, pid = held(engine, folder, how)
    engine.cancel(job_id)
    until("the child is gone", lambda: gone(pid))
    until("nothing half is left", lambda: not list(folder.glob(".*.part*")))
    assert not (folder / "cut.txt").exists()


def test_a_child_does_not_outlive_its_worker(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from hypecut.settings import Settings;"
        "from tests.jobs.engine import toy; from tests.jobs.engine.test_apart import RUNNER, KIND;"
        "from hypecut.jobs.engine.memory import MemoryEngine;"
        "engine = MemoryEngine(Settings(), toy.PIPELINES, runner=RUNNER);"
        "engine.submit(KIND, toy.job(Path(sys.argv[1]), cut='stuck')); engine.run_next()"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(folder)])
    until("the step runs", lambda: (folder / "held.1").exists())
    pid = int((folder / "held.1").read_text())
    assert pid != worker.pid
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    until("the child is gone", lambda: gone(pid))


def test_a_process_is_told_from_one_that_is_gone() -> None:
    assert not is_gone(this_process())
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert is_gone(ProcessId(this_host(), child.pid, ""))
    assert is_gone(this_process()._replace(began="1"))
    assert not is_gone(ProcessId("another host/boot/space", child.pid, "1"))
