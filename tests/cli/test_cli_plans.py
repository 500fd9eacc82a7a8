"""The commands that take a plan, a chat or nothing: render, export, detect, demo."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest

from hypecut.cli.options import TransitionName
from hypecut.models import Score, Segment, TransitionKind
from tests.cli.conftest import Cli, one_sentence


@pytest.fixture
def plan(home: Path) -> Path:
    path = home / "plan.json"
    path.write_text("{}")
    return path


def test_render_tells_the_montage_and_what_was_left_out(
    cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, Any]] = []

    def render(path: Path, out: Path | None, settings: Any, progress: Any, **options: bool) -> Any:
        calls.append(((path, out), options))
        cuts = [
            SimpleNamespace(cut=1, source="a.mp4", mode="copied", reason=""),
            SimpleNamespace(cut=2, source="b.mp4", mode="skipped", reason="there is no such file"),
        ]
        warnings = ["no font here can show 語."]
        return SimpleNamespace(montage_path="m.mp4", duration_s=61.0, cuts=cuts, warnings=warnings)

    monkeypatch.setattr("hypecut.jobs.rendering.render_plan", render)
    outcome = cli("render", plan, "--out", "m.mp4", "--strict")
    assert calls == [
        (
            (plan, Path("m.mp4")),
            {"overwrite": False, "strict": True, "intro": None, "outro": None, "preview": False},
        )
    ]
    assert outcome.code == 0
    assert outcome.out == "m.mp4 (1:01, cuts: 1 copied, 1 skipped)\n"
    assert "b.mp4, was left out: there is no such file" in outcome.err
    assert "no font here can show 語." in outcome.err


def test_reencode_outdoes_the_setting(cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def render(path: Path, out: Path | None, settings: Any, progress: Any, **options: bool) -> Any:
        seen.append(settings.reencode)
        return SimpleNamespace(montage_path="m.mp4", duration_s=1.0, cuts=[], warnings=[])

    monkeypatch.setattr("hypecut.jobs.rendering.render_plan", render)
    cli("render", plan)
    cli("render", plan, "--reencode")
    monkeypatch.setenv("HYPECUT_REENCODE", "true")
    cli("render", plan)
    assert seen == [False, True, True]


@pytest.mark.parametrize(
    "args", [("render", "no.json"), ("export", "no.json", "--format", "csv"), ("detect", "no.json")]
)
def test_a_missing_file_is_named(cli: Cli, args: tuple[str, ...]) -> None:
    outcome = cli(*args)
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert "no.json" in outcome.err


def test_an_unknown_export_format_lists_those_there_are(cli: Cli, plan: Path) -> None:
    outcome = cli("export", plan, "--format", "avi")
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert "otio, fcpxml, premiere, edl, csv, chapters" in outcome.err


def test_export_prints_text_and_names_a_file(cli: Cli, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def export(path: Path, format_: str, out: Path | None, *, overwrite: bool) -> Any:
        return SimpleNamespace(path=out, text=None if out else "0:00 alpha\n", warnings=["too few chapters."])

    monkeypatch.setattr("hypecut.jobs.exporting.export_file", export)
    outcome = cli("export", plan, "--format", "chapters")
    assert (outcome.out, outcome.err) == ("0:00 alpha\n", "hypecut: too few chapters.\n")
    assert cli("export", plan, "--format", "chapters", "--out", "c.txt").out == "c.txt\n"


def test_the_help_names_every_export_format_and_transition(cli: Cli) -> None:
    from hypecut.plan.export import EXPORT_FORMATS

    text = cli("export", "--help").out
    assert all(f"{name} (" in " ".join(text.split()) for name in EXPORT_FORMATS)
    assert list(get_args(TransitionName)) == [kind.value for kind in TransitionKind]


@pytest.fixture
def report(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Stands in for detection: what it was called with."""
    calls: list[tuple[Any, ...]] = []
    segments = tuple(
        Segment(
            start_s=100.0 + i,
            end_s=130.0 + i,
            peak_s=110.0,
            score=Score(total=0.9 - i / 100, components={"activity": 0.8}, reasons=("60 chatters",)),
        )
        for i in range(25)
    )

    def detect(
        chat: Path, duration_s: float | None, keywords: tuple[str, ...], settings: Any, times: Any
    ) -> Any:
        calls.append((chat, duration_s, keywords, settings.keywords))
        imported = SimpleNamespace(total=1000, unreadable=3)
        return SimpleNamespace(
            segments=segments, curve=np.array([0.0, np.nan]), step_s=1.0, imported=imported
        )

    monkeypatch.setattr("hypecut.jobs.detection.detect_chat", detect)
    return calls


def test_detect_prints_the_contracted_json(cli: Cli, plan: Path, report: list[tuple[Any, ...]]) -> None:
    outcome = cli("detect", plan, "--duration", "1:00:00", "--keyword", "gg", "--json")
    found = json.loads(outcome.out)
    assert set(found) == {"segments", "curve"}
    assert found["curve"] == {"step_s": 1.0, "score": [0.0, None]}
    assert len(found["segments"]) == 25
    assert found["segments"][0] == {
        "start_s": 100.0,
        "end_s": 130.0,
        "score": 0.9,
        "components": {"activity": 0.8},
        "reasons": ["60 chatters"],
    }
    assert report == [(plan, 3600.0, ("gg",), ("gg",))]
    assert outcome.err == "hypecut: 3 of 1000 messages could not be read.\n"


def test_detect_shows_people_the_best(cli: Cli, plan: Path, report: list[tuple[Any, ...]]) -> None:
    lines = cli("detect", plan).out.splitlines()
    assert lines[1].split(maxsplit=4) == ["1", "1:40", "2:10", "0.90", "60 chatters"]
    assert len(lines) == 22
    assert lines[-1] == "and 5 more; --json lists them all"


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_detect_that_finds_nothing_is_exit_3(cli: Cli, home: Path, json_option: tuple[str, ...]) -> None:
    chat = home / "chat.jsonl"
    lines = (f'{{"time_s": {i / 5}, "user": "u{i % 50}", "text": "hello"}}' for i in range(2000))
    chat.write_text("\n".join(lines))
    outcome = cli("detect", chat, *json_option)
    assert outcome.code == 3
    assert one_sentence(outcome.err)
    assert outcome.out == "" or json.loads(outcome.out)["segments"] == []
    assert bool(outcome.out) is bool(json_option)


def test_demo_says_where_the_montage_is_and_what_was_found(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def demo(folder: Path, settings: Any, progress: Any) -> Any:
        moments = [
            SimpleNamespace(title="ace", at_s=61.0, found=True),
            SimpleNamespace(title="fail", at_s=122.0, found=False),
        ]
        return SimpleNamespace(
            recording="r.mp4", chat="c.json", montage_path=str(folder / "m.mp4"), moments=moments
        )

    monkeypatch.setattr("hypecut.jobs.demo.run_demo", demo)
    outcome = cli("demo", "there")
    assert outcome.code == 0
    assert str(Path("there") / "m.mp4") in outcome.out
    assert "1 of 2 moments found" in outcome.out
    assert "found  1:01  ace" in outcome.out
    assert "MISSED 2:02  fail" in outcome.out
