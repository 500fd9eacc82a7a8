"""`hypecut jobs`: jobs submitted and looked after."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hypecut.jobs.engine import open_engine
from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.store import locks
from hypecut.settings import Settings, load_settings
from tests.cli.conftest import Cli, one_sentence
from tests.jobs.conftest import Stream
from tests.jobs.conftest import stream as stream  # a fixture
from tests.jobs.engine.waiting import until


def submitted(cli: Cli, stream: Stream, out: str = "out", *more: str) -> str:
    window = ("--min-duration", "60", "--max-duration", "120")
    paths = (stream.vod, "--chat", stream.chat, "--out", out)
    outcome = cli("jobs", "submit", *more, "highlights", *paths, *window, "--plan-only")
    assert outcome.code == 0, outcome.err
    return outcome.out.strip()


def run_queued() -> None:
    engine = open_engine(settings())
    while engine.run_next() is not None:
        pass
    engine.close()


def settings() -> Settings:
    return load_settings().settings


def shown(cli: Cli, job_id: str) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(cli("jobs", "show", job_id, "--json").out)
    return details


def test_a_job_is_submitted_run_and_watched(cli: Cli, stream: Stream, home: Path) -> None:
    job_id = submitted(cli, stream)
    assert shown(cli, job_id)["job"]["status"] == "queued"
    assert submitted(cli, stream) == job_id
    run_queued()
    watched = cli("jobs", "watch", job_id[:8])
    assert watched.code == 0
    assert "done, 100%" in watched.out
    assert str(home / "out" / "plan.json") in watched.out
    listed = cli("jobs", "list", "--status", "done")
    assert job_id in listed.out
    assert "1 of 1 jobs" in listed.out
    assert "0 of 0 jobs" in cli("jobs", "list", "--status", "failed").out
    assert "step plan done" in cli("jobs", "logs", job_id).out
    assert f"used recording {stream.vod}" in cli("jobs", "show", job_id).out
    used = [(asset["kind"], asset["path"], asset["size"]) for asset in shown(cli, job_id)["assets"]]
    files = (("recording", stream.vod), ("chat", stream.chat))
    assert used == [(kind, str(file), file.stat().st_size) for kind, file in files]


def test_a_job_is_cancelled_and_goes_on(cli: Cli, stream: Stream) -> None:
    job_id = submitted(cli, stream, "out", "--priority", "3")
    assert shown(cli, job_id)["priority"] == 3
    assert "is cancelled" in cli("jobs", "cancel", job_id).out
    watched = cli("jobs", "watch", job_id)
    assert (watched.code, "cancelled" in watched.err) == (130, True)
    again = cli("jobs", "cancel", job_id)
    assert (again.code, one_sentence(again.err)) == (2, True)
    assert "is queued" in cli("jobs", "retry", job_id).out
    assert json.loads(cli("jobs", "list", "--json").out)["total"] == 1


def test_a_failed_job_ends_watching_as_running_it_would(cli: Cli, stream: Stream, tmp_path: Path) -> None:
    thin = tmp_path / "thin.jsonl"
    thin.write_text("".join(f'{{"time_s": {i * 40}, "user": "a", "text": "b"}}\n' for i in range(10)))
    job_id = cli("jobs", "submit", "highlights", stream.vod, "--chat", thin).out.strip()
    run_queued()
    watched = cli("jobs", "watch", job_id)
    assert watched.code == 3
    assert "messages" in watched.err
    assert "failed" in cli("jobs", "show", job_id).out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("show", "nothing"), "there is no job nothing"),
        (("submit", "films", "x"), "submit highlights or montage"),
        (("submit", "films"), "submit highlights or montage"),
        (("submit", "highlights"), "hypecut jobs submit highlights --help"),
        (("submit", "highlights", "no.mp4"), "no.mp4"),
        (("list", "--status", "lost"), "use queued, running"),
        (("list", "--server", "here"), "http://HOST:PORT"),
        (("watch", "x", "--server", "http://"), "address"),
    ],
)
def test_what_is_wrong_is_told(cli: Cli, args: tuple[str, ...], words: str) -> None:
    outcome = cli("jobs", *args)
    assert outcome.code in (2, 4)
    assert one_sentence(outcome.err), outcome.err
    assert words in outcome.err


def test_a_list_names_what_each_job_is_made_of(cli: Cli, home: Path) -> None:
    (home / "mine.mp4").touch()
    assert cli("jobs", "submit", "montage", "alpha", "bravo", "mine.mp4").code == 0
    assert "alpha, bravo, mine.mp4\n" in cli("jobs", "list").out


@pytest.mark.parametrize("command", [("jobs", "submit", "highlights"), ("highlights",)])
def test_what_does_not_fit_the_folder_is_refused_and_no_job(
    cli: Cli, stream: Stream, home: Path, command: tuple[str, ...]
) -> None:
    chat = home / "out" / "chat.jsonl"
    chat.parent.mkdir()
    chat.write_bytes(stream.chat.read_bytes())
    (home / "file").touch()
    wrong = [("out", chat, "would be overwritten"), ("file", stream.chat, "is a file")]
    for out, given, words in wrong:
        outcome = cli(*command, stream.vod, "--chat", given, "--out", out)
        assert (outcome.code, one_sentence(outcome.err)) == (2, True)
        assert words in outcome.err
    other = cli(*command, stream.vod, "--chat", stream.chat, "--out", "out")
    assert (other.code, "another job" in other.err) == (2, True)
    assert "0 of 0 jobs" in cli("jobs", "list").out


def test_a_server_that_does_not_run_is_told(cli: Cli) -> None:
    outcome = cli("jobs", "list", "--server", "http://127.0.0.1:1")
    assert (outcome.code, one_sentence(outcome.err)) == (4, True)


def test_ctrl_c_stops_watching_and_the_job_stays(
    cli: Cli, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submitted(cli, stream)

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hypecut.cli.jobs.time.sleep", interrupted)
        watched = cli("jobs", "watch", job_id)
    assert watched.code == 130
    assert f"the job {job_id} goes on" in watched.err
    assert shown(cli, job_id)["job"]["status"] == "queued"


def test_a_worker_runs_what_is_queued_and_stops_in_order(cli: Cli, stream: Stream) -> None:
    job_id = submitted(cli, stream)
    worker = subprocess.Popen([sys.executable, "-m", "hypecut", "worker"], stderr=subprocess.PIPE, text=True)
    until("the job is done", lambda: shown(cli, job_id)["job"]["status"] == "done")
    worker.send_signal(signal.SIGTERM)
    _, err = worker.communicate()
    assert worker.returncode == 0
    assert err.strip().endswith("stopped.")


def test_a_database_that_stays_locked_is_told(
    cli: Cli, stream: Stream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_engine(settings()).close()
    monkeypatch.setattr(locks, "BUSY_S", 0.05)
    other = sqlite3.connect(home / "data" / "jobs.sqlite", isolation_level=None)

    def opened_and_locked(settings: Settings) -> DurableEngine:
        engine = open_engine(settings)
        other.execute("BEGIN IMMEDIATE")
        return engine

    monkeypatch.setattr("hypecut.jobs.engine.open_engine", opened_and_locked)
    outcome = cli("jobs", "submit", "highlights", stream.vod, "--chat", stream.chat)
    other.close()
    assert outcome.code == 1
    assert "does not answer (another program keeps it locked for over 0.05 s)" in outcome.err


def test_a_wait_for_the_database_is_told_and_then_given_up(
    cli: Cli, stream: Stream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = submitted(cli, stream)
    monkeypatch.setattr(locks, "_TOLD_AFTER_S", 0.02)
    monkeypatch.setattr(locks, "BUSY_S", 0.05)
    other = sqlite3.connect(home / "data" / "jobs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcome = cli("jobs", "cancel", job_id)
    other.close()
    told, failed = outcome.err.splitlines(keepends=True)
    assert (outcome.code, outcome.out, one_sentence(failed)) == (1, "", True)
    assert "is locked by another program; waiting for it, 0.05 s at most." in told
    assert "does not answer (another program keeps it locked for over 0.05 s)" in failed
    assert shown(cli, job_id)["job"]["status"] == "queued"
