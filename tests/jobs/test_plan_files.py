"""Rendering and exporting a plan file: what may be written where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hypecut.errors import PlanError, UsageError
from hypecut.jobs.exporting import export_file
from hypecut.jobs.rendering import render_plan
from hypecut.media.source import SourceReader
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.support.recordings import Recordings


@pytest.fixture
def plan(tiny_recording: Recordings, tmp_path: Path) -> Path:
    (tmp_path / "source.mp4").symlink_to(tiny_recording().path)
    return write(tmp_path / "plan.json", end_s=2.0)


def write(path: Path, end_s: float) -> Path:
    cut = {"source": "source.mp4", "start_s": 1.0, "end_s": end_s}
    path.write_text(json.dumps({"version": 1, "cuts": [cut]}))
    return path


@pytest.mark.parametrize("name", ["plan.json", "source.mp4"])
def test_no_output_replaces_the_plan_or_a_source(plan: Path, settings: Settings, name: str) -> None:
    out = plan.with_name(name)
    before = out.read_bytes()
    with pytest.raises(UsageError, match="would be overwritten"):
        export_file(plan, "csv", out, overwrite=True)
    with pytest.raises(UsageError, match="would be overwritten"):
        render_plan(plan, out, settings, SilentProgress(), overwrite=True)
    assert out.read_bytes() == before


def test_a_montage_is_named_as_the_mp4_it_is(plan: Path, settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"\.mp4"):
        render_plan(plan, plan.with_name("montage.mkv"), settings, SilentProgress())
    assert render_plan(plan, None, settings, SilentProgress()).duration_s == pytest.approx(1.0, abs=0.05)


def test_a_time_beyond_the_source_is_refused_with_its_entry(plan: Path, settings: Settings) -> None:
    write(plan, end_s=99.0)
    with pytest.raises(PlanError, match="cut 1"):
        export_file(plan, "otio", None)
    with pytest.raises(PlanError, match="cut 1"):
        render_plan(plan, None, settings, SilentProgress())


def test_a_source_is_opened_once_for_checking_and_rendering(
    plan: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    real = SourceReader.__init__

    def counting(self: SourceReader, path: Path) -> None:
        opened.append(path)
        real(self, path)

    monkeypatch.setattr(SourceReader, "__init__", counting)
    render_plan(plan, None, settings, SilentProgress())
    assert opened == [plan.with_name("source.mp4")]
