"""Fixtures for all tests."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.support.recordings import Recordings

# The same examples every time, and no deadline: how fast they run depends on the machine.
settings.register_profile("hypecut", derandomize=True, deadline=None)
settings.load_profile("hypecut")


@pytest.fixture(scope="session")
def tiny_recording(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """Makes small recordings to cut: `tiny_recording(".ts", bframes=0)`."""
    return Recordings(tmp_path_factory.mktemp("recordings"))
