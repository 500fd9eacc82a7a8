"""A small recording with planted moments and its chat, for whole runs of the highlights job."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from hypecut.chat.sample import PlantedMoment, planted_moments, sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.settings import Settings
from tests.support.recordings import Recording, Recordings

DURATION_S = 420.0
SEED = 3


@dataclass(frozen=True)
class Stream:
    """A recording, its chat and what was planted in both."""

    recording: Recording
    chat: Path
    moments: tuple[PlantedMoment, ...]

    @property
    def vod(self) -> Path:
        return self.recording.path


@pytest.fixture(scope="session")
def stream(tiny_recording: Recordings, tmp_path_factory: pytest.TempPathFactory) -> Stream:
    """Seven minutes at 15 fps: enough chat to find moments in, quick to make."""
    moments = planted_moments(DURATION_S, SEED)
    recording = tiny_recording(
        ".mp4", duration_s=DURATION_S, fps=Fraction(15), gop_frames=30, preset="ultrafast", moments=moments
    )
    chat = tmp_path_factory.mktemp("chat") / "chat.json"
    write_twitchdownloader(sample_chat(DURATION_S, moments, SEED), chat, "a stream", "alpha", DURATION_S)
    return Stream(recording, chat, moments)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(output_dir=tmp_path, data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
