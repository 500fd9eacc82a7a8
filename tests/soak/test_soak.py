"""Long tests, run by `make soak`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hypecut.media.render import render
from hypecut.media.snap import snap
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Plan
from hypecut.progress import SilentProgress
from tests.support.memory import measured
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

pytestmark = pytest.mark.soak

ZOO = (
    {"suffix": ".mp4"},
    {"suffix": ".mkv"},
    {"suffix": ".ts"},
    {"suffix": ".flv"},
    {"suffix": ".mp4", "bframes": 0},
    {"suffix": ".mp4", "bframes": 3, "gop_frames": 250},
    {"suffix": ".mp4", "open_gop": True},
    {"suffix": ".mp4", "width": 256, "height": 144, "seed": 9},
)
MESSAGES = 1_000_000
HOURS = 10


@pytest.mark.parametrize("seed", range(60))
def test_random_plans_are_rendered_to_the_frame(
    tiny_recording: Recordings, tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng((20, seed))
    chosen = [_recording(tiny_recording, i) for i in rng.choice(len(ZOO), rng.integers(1, 4), replace=False)]
    cuts = tuple(_cut(chosen[rng.integers(len(chosen))], rng) for _ in range(rng.integers(1, 9)))
    plan = Plan(version=1, cuts=cuts)
    out = tmp_path / "montage.mp4"
    result = render(plan, tmp_path, out, SilentProgress())
    assert result.skipped == ()
    report = check_montage(out, plan, tmp_path, {str(r.path): r.truth for r in chosen})
    assert report.problems() == []
    copied = sum(cut.copied_frames for cut in result.cuts)
    assert report.frames_copied == copied


def _recording(tiny_recording: Recordings, index: int) -> Recording:
    changes = dict(ZOO[index])
    return tiny_recording(str(changes.pop("suffix")), **changes)


def _cut(recording: Recording, rng: np.random.Generator) -> Cut:
    """A cut at a random place: snapped, on frames, or anywhere."""
    start_s = rng.uniform(0, 11)
    end_s = min(12.0, start_s + rng.uniform(0.05, 5))
    kind = rng.integers(3)
    if kind == 0:
        with SourceReader(recording.path) as source:
            start_s, end_s = snap(source, start_s, end_s)
    elif kind == 1:
        start_s = round(start_s * 30) / 30
        end_s = max(start_s + 1 / 30, round(end_s * 30) / 30)
    return Cut(source=str(recording.path), start_s=start_s, end_s=end_s)


def test_a_million_messages_in_ten_hours_are_read_in_bounded_memory(tmp_path: Path) -> None:
    chat = tmp_path / "chat.jsonl"
    _write_chat(chat)
    command = [sys.executable, "-m", "hypecut", "detect", str(chat), "--duration", f"{HOURS}h", "--json"]
    done = measured(command, os.environ, tmp_path)
    assert done.code == 0
    found = msgspec.json.decode(done.stdout)
    assert len(found["curve"]["score"]) == HOURS * 3600
    tops = sorted(segment["start_s"] for segment in found["segments"][:10])
    assert all(abs(top - (3600 * i + 1800)) < 30 for i, top in enumerate(tops))
    # The messages' texts and columns, and the libraries.
    assert done.peak_mib < 350


def _write_chat(path: Path) -> None:
    """Even chatter, and one burst in the middle of each hour."""
    rng = np.random.default_rng(5)
    burst = 400
    usual = rng.uniform(0, HOURS * 3600, MESSAGES - HOURS * burst)
    bursts = [3600 * i + 1815 + rng.uniform(-6, 6, burst) for i in range(HOURS)]
    times = np.sort(np.concatenate([usual, *bursts]))
    users, words = rng.integers(20_000, size=MESSAGES), rng.integers(1000, size=MESSAGES)
    with path.open("w", encoding="utf-8") as file:
        for time_s, user, word in zip(times, users, words, strict=True):
            file.write(
                f'{{"time_s": {time_s:.2f}, "user": "u{user}", "text": "word{word} said {user % 7}"}}\n'
            )
