"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.recordings import Recordings
from tests.twitch import LocalTwitch, standard_fixture

# The same examples every time, and no deadline: how fast they run depends on the machine.
settings.register_profile("hypecut", derandomize=True, deadline=None)
settings.load_profile("hypecut")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that tests keep gets among what the user keeps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_recording(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Makes small recordings to cut: `tiny_recording(".ts", bframes=0)`."""
    return Recordings(tmp_path_factory.mktemp("recordings"))


@pytest.fixture(scope="session")
def twitch_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the local Twitch keeps what is made once a session."""
    return tmp_path_factory.mktemp("twitch")


@pytest.fixture
def twitch(twitch_files: Path) -> Iterator[LocalTwitch]:
    """A local Twitch with the standard channels, VOD and clips, which the test may change."""
    with LocalTwitch(standard_fixture(), twitch_files) as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Where tests gate a change nothing may be skipped unseen, but for tests of the real Twitch."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and "live" not in item.keywords:
        report.outcome = "failed"
        report.longrepr = f"skipped although CI is set: {report.longrepr}"
