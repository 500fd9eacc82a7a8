from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hypecut.chat.sample import planted_moments, sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.models import Clip
from tests.support.browsers import chromium, page_of
from tests.support.recordings import Recordings
from tests.web.clips import listed_clips
from tests.web.serving import WAIT_S, Server, running

DURATION_S = 300.0
SEED = 5
FPS = Fraction(15)

# Machines may be busy with other tests; what fails, fails late.
expect.set_options(timeout=1000 * WAIT_S)


@dataclass(frozen=True)
class Media:
    """A folder with a recording, `stream.mp4`, and its chat, `chat.json`."""

    folder: Path

    def copied_to(self, folder: Path) -> Path:
        """A server's folder with the same media."""
        shutil.copytree(self.folder, folder / "media")
        return folder


@pytest.fixture(scope="session")
def media(tiny_recording: Recordings, tmp_path_factory: pytest.TempPathFactory) -> Media:
    """Five minutes at 15 fps, with three moments planted."""
    folder = tmp_path_factory.mktemp("media")
    moments = planted_moments(DURATION_S, SEED)
    made = tiny_recording(
        ".mp4", duration_s=DURATION_S, fps=FPS, gop_frames=30, preset="ultrafast", moments=moments
    )
    shutil.copy(made.path, folder / "stream.mp4")
    chat = sample_chat(DURATION_S, moments, SEED)
    write_twitchdownloader(chat, folder / "chat.json", "a stream", "alpha", DURATION_S)
    return Media(folder)


@pytest.fixture(scope="session")
def server(media: Media, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests of a session share; each takes an output folder of its own."""
    with running(Server(media.copied_to(tmp_path_factory.mktemp("server")))) as one:
        yield one


@pytest.fixture(scope="session")
def clips(server: Server, tiny_recording: Recordings) -> list[Clip]:
    """The clips that this server finds: three of alpha, two of them of one moment, and two of bravo."""
    return listed_clips(server, tiny_recording)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that the tests of a module share, to be gone before any other uses asyncio."""
    with chromium() as one:
        yield one


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """A page of 1280 x 720 that may ask this server alone, and whose scripts may not fail."""
    with page_of(browser, viewport={"width": 1280, "height": 720}) as one:
        strangers: list[str] = []
        broken: list[str] = []
        own = (server.url, server.url.replace("http", "ws", 1), "data:", "blob:")
        one.on("request", lambda r: None if r.url.startswith(own) else strangers.append(r.url))
        one.on("pageerror", lambda error: broken.append(str(error)))
        yield one
        assert strangers == []
        assert broken == []
