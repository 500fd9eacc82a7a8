from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hypecut
import hypecut.errors
from hypecut.errors import HypecutError
from tests.cli.conftest import Cli, one_sentence

COMMANDS = ("highlights", "detect", "render", "export", "serve", "demo", "doctor", "config")
ERRORS = [
    kind for _, kind in inspect.getmembers(hypecut.errors, inspect.isclass) if issubclass(kind, HypecutError)
]


def test_version(cli: Cli) -> None:
    outcome = cli("--version")
    assert (outcome.code, outcome.out) == (0, f"hypecut {hypecut.__version__}\n")


@pytest.mark.parametrize("args", [(), ("--help",)])
def test_help_lists_every_command(cli: Cli, args: tuple[str, ...]) -> None:
    outcome = cli(*args)
    assert outcome.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in outcome.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    outcome = cli(command, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: hypecut {command}")


def test_where_a_setting_is_from_stands_before_values_that_are_longer_than_a_line(cli: Cli) -> None:
    lines = cli("config").out.splitlines()
    assert lines[0].split() == ["setting", "from", "value"]
    assert ["port", "default", "8765"] in [line.split() for line in lines]
    assert max(line.index("default") for line in lines if " default " in line) < 40


@pytest.mark.parametrize("group", ["jobs", "chat", "cache"])
def test_a_group_of_commands_without_one_lists_them(cli: Cli, group: str) -> None:
    outcome = cli(group)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == cli(group, "--help").out


def test_a_file_in_the_way_is_told_with_a_cure_that_the_command_knows(cli: Cli, home: Path) -> None:
    (home / "chat.jsonl").write_text('{"time_s": 1.0, "user": "u", "text": "hi"}\n')
    (home / "there.jsonl").touch()
    outcome = cli("chat", "convert", "chat.jsonl", "there.jsonl")
    assert outcome.code == 2
    assert outcome.err.endswith("add --overwrite to replace it, or name another file.\n")


@pytest.mark.parametrize(
    "args",
    [
        ("nope",),
        ("config", "--nope"),
        ("render",),
        ("export", "plan.json"),
        ("highlights",),
        ("highlights", "vod.mp4", "--transition", "wipe"),
        ("highlights", "vod.mp4", "--loudness", "loud"),
        ("highlights", "vod.mp4", "--loudness", "3"),
        ("config", "surplus"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(cli: Cli, args: tuple[str, ...]) -> None:
    outcome = cli(*args)
    assert outcome.code == 2
    assert outcome.out == ""
    assert one_sentence(outcome.err)
    assert "--help`" in outcome.err


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_becomes_its_sentence_and_exit_code(
    cli: Cli, kind: type[HypecutError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise kind("it is so;\n do otherwise.")

    monkeypatch.setattr("hypecut.jobs.doctor.examine", fail)
    outcome = cli("doctor")
    assert outcome.code == kind.exit_code
    assert one_sentence(outcome.err)
    assert outcome.err.endswith("it is so; do otherwise.\n")


def test_a_fault_is_one_line_and_its_trace_is_in_the_log(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("hypecut.jobs.doctor.examine", fail)
    outcome = cli("doctor")
    log = home / "data" / "logs" / "hypecut.log"
    assert outcome.code == 1
    assert one_sentence(outcome.err)
    assert str(log) in outcome.err
    assert "Traceback" in log.read_text()
    assert "ZeroDivisionError: oops" in log.read_text()


def test_a_fault_is_told_even_where_no_log_can_be_written(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object) -> None:
        raise ZeroDivisionError

    (home / "data").write_text("a file in the way")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(home / "tmp"))
    monkeypatch.setattr("hypecut.jobs.doctor.examine", fail)
    outcome = cli("doctor")
    assert outcome.code == 1
    assert one_sentence(outcome.err)
    assert "Traceback" in (home / "tmp" / "hypecut" / "logs" / "hypecut.log").read_text()


def test_ctrl_c_is_exit_130(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hypecut.jobs.doctor.examine", interrupt)
    outcome = cli("doctor")
    assert outcome.code == 130
    assert one_sentence(outcome.err)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_sigterm_is_exit_130(home: Path) -> None:
    program = (
        "import time, hypecut.jobs.doctor as d, hypecut.cli.main as m\n"
        "d.examine = lambda settings: (print('ready', flush=True), time.sleep(60))\n"
        "m.main(['doctor'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert one_sentence(err)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither /dev/full nor pipes that break so")
@pytest.mark.parametrize("args", [["config"], ["config", "--json"]])
def test_a_reader_that_has_seen_enough_is_no_failure(home: Path, args: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "hypecut", *args], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_stdout_that_is_full_is_told(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hypecut", "config"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert one_sentence(done.stderr)
    assert "can't be printed" in done.stderr


def test_without_stdout_and_stderr_the_work_is_done_all_the_same(home: Path) -> None:
    program = "import sys, hypecut.cli.main as m; sys.stdout = sys.stderr = None; m.main(sys.argv[1:])"
    for command, code in (("config", 0), ("no-such-command", 2)):
        assert subprocess.run([sys.executable, "-c", program, command], check=False).returncode == code


def test_a_name_that_is_not_utf8_is_refused(cli: Cli) -> None:
    outcome = cli("render", "plan\udcff.json")
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert "rename" in outcome.err


def test_a_fault_in_reading_the_settings_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(overrides: object = None) -> None:
        raise RecursionError("oops")

    monkeypatch.setattr("hypecut.settings.load_settings", fail)
    outcome = cli("config")
    assert outcome.code == 1
    assert one_sentence(outcome.err)


def test_the_module_runs_as_the_command(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hypecut", "render", "no.json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert one_sentence(done.stderr)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import json, sys\n"
        "from hypecut.cli.main import run\n"
        "run(['--help'])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    heavy = {
        "numpy",
        "av",
        "pydantic",
        "pydantic_settings",
        "matplotlib",
        "msgspec",
        "rich",
        "PIL",
        "opentimelineio",
    }
    assert not loaded & heavy
