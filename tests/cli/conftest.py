from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hypecut.cli.main import run
from hypecut.logs import close_log


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


Cli = Callable[..., Outcome]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's home and working folder of this test alone, without any settings."""
    for name in list(os.environ):
        if name.startswith("HYPECUT_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("HYPECUT_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("HYPECUT_CACHE_DIR", str(folder / "cache"))
    monkeypatch.chdir(folder)
    yield folder
    close_log()


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command line in this process."""

    def call(*args: str | Path) -> Outcome:
        code = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


def one_sentence(text: str) -> bool:
    """Whether `text` is one line for people, with no trace of Python in it."""
    return (
        text.count("\n") == 1
        and text.endswith("\n")
        and "Traceback" not in text
        and text.startswith("hypecut: ")
    )
