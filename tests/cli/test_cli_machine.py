"""doctor and config."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hypecut.jobs import doctor
from hypecut.settings import Settings
from tests.cli.conftest import Cli, one_sentence


def test_doctor_finds_all_that_is_needed_here(cli: Cli) -> None:
    outcome = cli("doctor")
    assert outcome.code == 0
    for name in (
        "Python",
        "av",
        "decode h264",
        "decode aac",
        "encode libx264",
        "encode aac",
        "font",
        "disk",
        "browser",
    ):
        assert name in outcome.out
    assert "MISSING" not in outcome.out


def test_doctor_json(cli: Cli) -> None:
    found = json.loads(cli("doctor", "--json").out)
    assert found["ok"] is True
    assert {"name", "ok", "detail", "needed"} == set(found["checks"][0])


def test_doctor_fails_when_something_indispensable_is_missing(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_CODECS", (("h265_from_the_future", "w"),))
    outcome = cli("doctor")
    assert outcome.code == 1
    assert "MISSING  encode h265_from_the_future" in outcome.out


def test_doctor_names_a_folder_that_cannot_be_written(home: Path) -> None:
    (home / "file").write_text("in the way")
    checks = {check.name: check for check in doctor.examine(Settings(output_dir=Path("/proc/no/such")))}
    if checks["write to output_dir"].ok:
        pytest.skip("this system lets anyone write anywhere")
    assert "output_dir" in checks["write to output_dir"].detail


def test_a_browser_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_BROWSERS", ("no-such-browser",))
    (browser,) = (check for check in doctor.examine(Settings()) if check.name == "browser")
    assert not browser.ok
    assert not browser.needed


def test_config_prints_each_value_and_where_it_came_from(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "hypecut.toml").write_text('lag_s = "20s"\n')
    monkeypatch.setenv("HYPECUT_CRF", "20")
    outcome = cli("config")
    lines = {line.split()[0]: line.split() for line in outcome.out.splitlines()}
    assert set(Settings.model_fields) < set(lines)
    assert lines["lag_s"] == ["lag_s", "file", "hypecut.toml", "20"]
    assert lines["crf"] == ["crf", "environment", "HYPECUT_CRF", "20"]
    assert lines["tail_s"][1] == "default"
    assert lines["keywords"][1:] == ["default", "(none)"]


def test_config_json(cli: Cli, home: Path) -> None:
    (home / "hypecut.toml").write_text('keywords = ["gg"]\n')
    found = json.loads(cli("config", "--json").out)
    assert found["file"] == "hypecut.toml"
    assert found["settings"]["keywords"] == {"value": ["gg"], "origin": "file", "where": "hypecut.toml"}
    assert found["settings"]["lag_s"] == {"value": 15.0, "origin": "default", "where": ""}


def test_a_wrong_setting_stops_any_command(cli: Cli, home: Path) -> None:
    (home / "hypecut.toml").write_text("lagg_s = 20\n")
    outcome = cli("config")
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert "'lagg_s'; did you mean 'lag_s'?" in outcome.err
