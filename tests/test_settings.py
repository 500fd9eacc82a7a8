from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest
from pydantic import ValidationError

from hypecut.detect import DetectOptions
from hypecut.errors import UsageError
from hypecut.media.encoder import EncoderOptions
from hypecut.settings import Origin, OriginKind, Settings, flag, load_settings, variable


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and a user's folders without any settings."""
    for name in list(os.environ):
        if name.startswith("HYPECUT_"):
            monkeypatch.delenv(name)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "config")
    return work


def test_defaults() -> None:
    loaded = load_settings()
    settings = loaded.settings
    assert (settings.min_duration_s, settings.max_duration_s, settings.lag_s, settings.snap_max_s) == (
        480,
        600,
        15,
        5,
    )
    assert settings.output_dir == Path()
    assert settings.data_dir == platformdirs.user_data_path("hypecut", appauthor=False)
    assert settings.keywords == ()
    assert loaded.file is None
    assert set(loaded.origins) == set(Settings.model_fields)
    assert all(origin.kind is OriginKind.DEFAULT for origin in loaded.origins.values())


def test_the_stronger_source_wins_and_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "hypecut.toml").write_text('lag_s = 10\ntail_s = 10\ncrf = 10\npreset = "slow"\n')
    monkeypatch.setenv("HYPECUT_TAIL_S", "11")
    monkeypatch.setenv("HYPECUT_CRF", "11")
    loaded = load_settings({"crf": 12, "lag_s": None})
    assert (loaded.settings.lag_s, loaded.settings.tail_s, loaded.settings.crf) == (10, 11, 12)
    assert loaded.origins["lag_s"] == Origin(OriginKind.FILE, "hypecut.toml")
    assert loaded.origins["tail_s"] == Origin(OriginKind.ENVIRONMENT, "HYPECUT_TAIL_S")
    assert loaded.origins["crf"] == Origin(OriginKind.FLAG, "--crf")
    assert loaded.origins["max_clips"] == Origin(OriginKind.DEFAULT)


def test_the_file_is_the_named_one_else_the_working_folders_else_the_users(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = folder.parent / "config" / "hypecut.toml"
    users.parent.mkdir()
    users.write_text("lag_s = 1\n")
    assert load_settings().settings.lag_s == 1
    (folder / "hypecut.toml").write_text("lag_s = 2\n")
    assert load_settings().settings.lag_s == 2
    named = folder.parent / "other.toml"
    named.write_text("lag_s = 3\n")
    monkeypatch.setenv("HYPECUT_CONFIG", str(named))
    loaded = load_settings()
    assert (loaded.settings.lag_s, loaded.file) == (3, named)


@pytest.mark.parametrize(("text", "time_s"), [("9", 9), ("9s", 9), ("1:30", 90), ("1m30s", 90)])
def test_times_take_the_time_syntax(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, time_s: float
) -> None:
    (folder / "hypecut.toml").write_text(f'lag_s = "{text}"\n')
    assert load_settings().settings.lag_s == time_s
    monkeypatch.setenv("HYPECUT_LEAD_IN_S", text)
    assert load_settings().settings.lead_in_s == time_s
    assert load_settings({"tail_s": text}).settings.tail_s == time_s


def test_words_are_a_list_in_the_file_and_have_commas_in_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "hypecut.toml").write_text('keywords = ["gg", "no way"]\n')
    assert load_settings().settings.keywords == ("gg", "no way")
    monkeypatch.setenv("HYPECUT_KEYWORDS", "gg, KEKW")
    assert load_settings().settings.keywords == ("gg", "KEKW")
    monkeypatch.setenv("HYPECUT_KEYWORDS", "")
    assert load_settings().settings.keywords == ()


def test_a_home_folder_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_OUTPUT_DIR", "~/montages")
    assert load_settings().settings.output_dir == Path.home() / "montages"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lag_s", "soon"),
        ("lag_s", "-1"),
        ("lag_s", "1h"),
        ("max_duration_s", "0"),
        ("max_duration_s", "inf"),
        ("network_timeout_s", "nan"),
        ("max_clips", "0"),
        ("max_clips", "many"),
        ("crf", "99"),
        ("preset", "warp"),
        ("log_level", "chatty"),
        ("output_dir", ""),
    ],
)
def test_a_wrong_value_names_the_setting_its_origin_and_the_cure(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable(name), value)
    with pytest.raises(UsageError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"{name} (from environment {variable(name)})")
    assert message.endswith(".")
    assert "\n" not in message
    with pytest.raises(UsageError, match=f"^{flag(name)}"):
        load_settings({name: value})


def test_a_misspelt_variable_is_told_and_others_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_LIVE", "1")
    load_settings()
    monkeypatch.setenv("HYPECUT_MAX_DURATON_S", "60")
    with pytest.raises(UsageError, match="did you mean HYPECUT_MAX_DURATION_S"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lagg_s = 1", "unknown setting 'lagg_s'; did you mean 'lag_s'?"),
        ("zzz = 1", "unknown setting 'zzz'; `hypecut config` lists"),
        ("[detect]\nlag_s = 1", "unknown setting 'detect'"),
        ("lag_s = [1]", r"lag_s \(from file hypecut.toml\)"),
        ("keywords = [1]", r"keywords \(from file hypecut.toml\)"),
        ("lag_s = true", r"lag_s \(from file hypecut.toml\)"),
        ("lag_s = ", "not valid TOML"),
        ("crf = " + "9" * 5000, "not valid TOML"),
        ("crf = " + "[" * 100_000, "not valid TOML"),
        ("lag_s = 1\x00", "not valid TOML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(folder: Path, text: str, said: str) -> None:
    (folder / "hypecut.toml").write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_says_so(folder: Path) -> None:
    (folder / "hypecut.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"hypecut\.toml"):
        load_settings()


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_CONFIG", "no.toml")
    with pytest.raises(UsageError, match=r"HYPECUT_CONFIG names no\.toml"):
        load_settings()


def test_a_default_gives_way_to_a_value_that_was_given() -> None:
    shorter = load_settings({"max_duration_s": "100"})
    assert (shorter.settings.min_duration_s, shorter.settings.max_duration_s) == (80, 100)
    assert shorter.origins["min_duration_s"].kind is OriginKind.DEFAULT
    longer = load_settings({"min_duration_s": "20m"})
    assert (longer.settings.min_duration_s, longer.settings.max_duration_s) == (1200, 1500)
    assert load_settings({"max_duration_s": "9m"}).settings.min_duration_s == 480


def test_two_given_values_that_contradict_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_MIN_DURATION_S", "9m")
    with pytest.raises(
        UsageError, match=r"min_duration_s is 540 .*HYPECUT_MIN_DURATION_S.* max_duration_s.* 480"
    ):
        load_settings({"max_duration_s": "8m"})
    assert load_settings({"max_duration_s": "9m"}).settings.min_duration_s == 540


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().settings.lag_s = 3.0


def test_every_setting_is_described_and_times_and_defaults_are_within_bounds() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
    settings = Settings()
    assert Settings(**settings.model_dump()) == settings


def test_the_defaults_are_those_of_the_parts_they_are_handed_to() -> None:
    settings, detection, encoder = Settings(), DetectOptions(), EncoderOptions()
    assert (settings.lag_s, settings.lead_in_s, settings.tail_s, settings.keywords) == (
        detection.lag_s,
        detection.lead_in_s,
        detection.tail_s,
        detection.keywords,
    )
    assert (settings.min_segment_s, settings.max_segment_s, settings.min_peak_distance_s) == (
        detection.min_segment_s,
        detection.max_segment_s,
        detection.min_distance_s,
    )
    assert (settings.crf, settings.preset) == (encoder.crf, encoder.preset)


@pytest.mark.parametrize("name", ["token", "twitch_oauth_token", "database_url", "proxy"])
def test_a_secret_of_the_wrong_kind_is_not_repeated(folder: Path, name: str) -> None:
    (folder / "hypecut.toml").write_text(f'{name} = ["geheim"]\n')
    with pytest.raises(UsageError) as caught:
        load_settings()
    assert name in str(caught.value)
    assert "geheim" not in str(caught.value)
