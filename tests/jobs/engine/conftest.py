from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.protocol import JobEngine
from hypecut.jobs.engine.run import Patience
from hypecut.settings import Settings
from tests.jobs.engine import toy

HASTE = Patience(source_waits_s=(0.01, 0.01), disk_wait_s=60.0, disk_check_s=0.01, disk_room=0)


@pytest.fixture(params=["memory"])
def engine(request: pytest.FixtureRequest, settings: Settings) -> Iterator[JobEngine]:
    """Every engine, with the toy pipelines; its workers are not started."""
    made = MemoryEngine(settings, toy.PIPELINES, patience=HASTE)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"
