"""The command line against a local Twitch, in processes of their own, as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypecut.chat import read_chat
from hypecut.cli.outputs import OUTPUTS
from hypecut.jobs import embedded
from hypecut.jobs.engine.run import Patience
from tests.cli.conftest import Cli
from tests.jobs.test_remote import ADDRESS, Remote
from tests.jobs.test_remote import remote as remote  # a fixture
from tests.twitch import LocalTwitch

VOD = "2400000001"
SHORT = ("--min-duration", "60", "--max-duration", "90")


@pytest.fixture
def web(twitch: LocalTwitch, monkeypatch: pytest.MonkeyPatch, home: Path) -> LocalTwitch:
    """A local Twitch that this process reaches as any program would."""
    for name, value in twitch.env().items():
        monkeypatch.setenv(name, value)
    return twitch


def test_a_chat_is_fetched(web: LocalTwitch, cli: Cli, home: Path) -> None:
    outcome = cli("chat", "fetch", f"https://www.twitch.tv/videos/{VOD}", "chat.jsonl", "--json")
    assert outcome.code == 0, outcome.err
    told: Any = msgspec.json.decode(outcome.out, type=OUTPUTS["chat fetch"])
    assert (told.messages, told.chatters) == (75, 7)
    assert len(read_chat(home / "chat.jsonl").log) == 75
    assert len(read_chat(home / "chat_raw.jsonl.gz").log) == 75
    assert cli("chat", "fetch", VOD, "chat.jsonl").code == 2
    assert cli("chat", "fetch", VOD, "chat.jsonl", "--overwrite").out == "chat.jsonl: 75 messages\n"


@pytest.mark.parametrize(
    ("vod", "code", "told"),
    [
        ("https://example.org/1", 2, "no address of a VOD"),
        ("99999", 4, "no VOD 99999"),
        ("https://clips.twitch.tv/X", 2, "hypecut montage"),
    ],
)
def test_what_is_no_vod(web: LocalTwitch, cli: Cli, vod: str, code: int, told: str) -> None:
    for command in (("chat", "fetch", vod, "o.jsonl"), ("highlights", vod)):
        outcome = cli(*command)
        assert outcome.code == code
        assert told in outcome.err


def test_twitch_is_not_there(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HYPECUT_NETWORK_TRIES", "1")
    monkeypatch.setattr(embedded, "_PATIENCE", Patience(source_waits_s=(0.4,), disk_wait_s=0.0))
    outcome = cli("highlights", VOD)
    assert outcome.code == 4
    assert "be reached" in outcome.err
    # Nobody is left to wonder what it waits for.
    assert "Trying again in 0 s." in outcome.err


def test_highlights_of_an_address(remote: Remote, home: Path) -> None:
    env = {**os.environ, **remote.twitch.env()}
    command = [sys.executable, "-m", "hypecut", "highlights", ADDRESS, "--out", "out", *SHORT, "--json"]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["vod_path"].endswith("vod.m3u8")
    assert (home / "out" / "montage.mp4").is_file()
    assert "secret" not in done.stderr


def test_a_dry_run_of_an_address(web: LocalTwitch, remote: Remote, cli: Cli) -> None:
    outcome = cli("highlights", ADDRESS, "--dry-run", *SHORT)
    assert outcome.code == 0, outcome.err
    assert "would download about" in outcome.out
    assert "nothing of the video was downloaded" in outcome.out
    assert not remote.fetched()
