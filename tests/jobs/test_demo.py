"""The demo: what it makes, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hypecut.jobs import demo
from hypecut.media.sample import demo_spec
from hypecut.progress import SilentProgress
from hypecut.settings import Settings


def test_the_demo_finds_every_moment_and_is_not_made_twice(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A smaller picture than the one people are shown: the moments lie in the chat.
    small = replace(demo_spec(demo.DURATION_S, demo.SEED), width=192, height=108)
    monkeypatch.setattr(demo, "demo_spec", lambda *_: small)
    first = demo.run_demo(tmp_path / "demo", settings, SilentProgress())
    assert [moment.title for moment in first.moments if not moment.found] == []
    assert Path(first.montage_path or "").is_file()
    made = (tmp_path / "demo" / "recording.mp4").stat().st_mtime_ns
    again = demo.run_demo(tmp_path / "demo", settings, SilentProgress())
    assert again.result.status == "already done"
    assert (tmp_path / "demo" / "recording.mp4").stat().st_mtime_ns == made
