"""What --json prints is what is documented, for every command that has it; and the shell can complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hypecut.cli.outputs import OUTPUTS
from tests.cli.conftest import Cli
from tests.jobs.conftest import Stream
from tests.jobs.conftest import stream as stream  # a fixture

RUNS = {
    "highlights": "highlights VOD --chat CHAT --out o --min-duration 60 --max-duration 90 --plan-only",
    "montage": "montage VOD --out m --min-duration 60 --max-duration 600 --plan-only",
    "detect": "detect CHAT --duration 420",
    "chat convert": "chat convert CHAT chat.jsonl",
    "cache ls": "cache ls",
    "cache clear": "cache clear",
    "config": "config",
    "doctor": "doctor",
}


@pytest.mark.parametrize("command", sorted(RUNS))
def test_the_output_is_of_the_documented_type(command: str, cli: Cli, stream: Stream) -> None:
    words = {"VOD": str(stream.vod), "CHAT": str(stream.chat)}
    outcome = cli(*(words.get(word, word) for word in RUNS[command].split()), "--json")
    assert (outcome.code, outcome.out.count("\n")) == (0, 1), outcome.err
    _check(command, outcome.out)


def test_plans_are_rendered_and_exported_as_documented(cli: Cli, stream: Stream, home: Path) -> None:
    cut = {"source": str(stream.vod), "start_s": 2.0, "end_s": 4.0}
    (home / "plan.json").write_text(json.dumps({"version": 1, "cuts": [cut]}))
    rendered = cli("render", "plan.json", "--json")
    assert _check("render", rendered.out)["duration_s"] == pytest.approx(2.0)
    exported = cli("export", "plan.json", "--format", "csv", "--json")
    assert "start" in str(_check("export", exported.out)["text"])


def test_a_dry_run_is_documented_too(cli: Cli, stream: Stream) -> None:
    words = (
        f"highlights {stream.vod} --chat {stream.chat} --min-duration 60 --max-duration 90 --dry-run --json"
    )
    forecast = _check("highlights", cli(*words.split()).out)["forecast"]
    assert isinstance(forecast, dict)
    assert forecast["copied_cuts"] > 0


def test_every_command_with_json_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    cli_page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = [part.partition("\n") for part in cli_page.split("## hypecut ")[1:]]
    having = {name for name, _, text in sections if "`--json`" in text}
    assert having == set(OUTPUTS)
    assert all(f"## hypecut {name}\n" in page for name in having)


def _check(command: str, text: str) -> dict[str, object]:
    """The output, decoded strictly by its documented type, and nothing in it that is not documented."""
    value: object = msgspec.json.decode(text, type=OUTPUTS[command])
    plain: dict[str, object] = json.loads(text)
    assert set(plain) <= set(msgspec.to_builtins(value))
    return plain


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hypecut de", {"detect", "demo"}),
        ("hypecut highlights --dry", {"--dry-run"}),
        ("hypecut chat c", {"convert"}),
    ],
)
def test_the_shell_completes_commands_and_options(typed: str, expected: set[str], home: Path) -> None:
    completing = os.environ | {
        "_HYPECUT_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    command = [str(Path(sys.executable).with_name("hypecut"))]
    done = subprocess.run(command, env=completing, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == expected


def test_completion_can_be_shown(home: Path) -> None:
    # The shell is named, not looked for among this test's parent processes.
    named = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [str(Path(sys.executable).with_name("hypecut")), "--show-completion", "bash"]
    done = subprocess.run(command, env=named, capture_output=True, text=True, check=True)
    assert "_HYPECUT_COMPLETE" in done.stdout
