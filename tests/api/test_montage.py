"""POST /jobs/clip-montage against the local Twitch, through the real pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hypecut.api.app import create_app
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.media.titles import LONGEST_TEXT
from tests.api.conftest import client_of
from tests.twitch import LocalTwitch


@pytest.fixture
def served(twitch: LocalTwitch, tmp_path: Path) -> Iterator[tuple[httpx.Client, MemoryEngine]]:
    settings = twitch.settings(tmp_path, output_dir=tmp_path / "out", clip_sources=("gql",))
    engine = MemoryEngine(settings)
    with client_of(create_app(engine, settings, developer=True)) as client:
        yield client, engine
    engine.close()


def test_names_in_montage_out(served: tuple[httpx.Client, MemoryEngine], tmp_path: Path) -> None:
    client, engine = served
    body = {"streamer_names": [" Alpha "], "apply_overlay": True, "max_clips": 1, "per_streamer_k": 0}
    job_id = client.post("/jobs/clip-montage", json=body | {"current_videos_dir": "mine"}).json()["job_id"]
    assert client.get(f"/jobs/{job_id}").json()["params"]["streamer_names"] == ["alpha"]
    engine.run_next()
    job = client.get(f"/jobs/{job_id}").json()
    assert (job["status"], job["error"]) == ("done", None)
    result = job["result"]
    assert result["count"] == len(result["paths"]) == 1
    assert Path(result["paths"][0]).parent == tmp_path / "out" / "mine" / "clips"
    assert Path(result["montage_path"]).is_file()


def test_an_opening_has_as_many_letters_as_on_the_command_line(
    served: tuple[httpx.Client, MemoryEngine],
) -> None:
    client, _ = served
    body = {"streamer_names": ["alpha"], "opening": "a" * LONGEST_TEXT}
    assert client.post("/jobs/clip-montage", json=body).status_code == 200
    refused = client.post("/jobs/clip-montage", json=body | {"opening": "a" * (LONGEST_TEXT + 1)})
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["body", "opening"])


def test_an_unknown_streamer_fails_the_job_by_name(served: tuple[httpx.Client, MemoryEngine]) -> None:
    client, engine = served
    job_id = client.post("/jobs/clip-montage", json={"streamer_names": ["nobody"]}).json()["job_id"]
    engine.run_next()
    job = client.get(f"/jobs/{job_id}").json()
    assert job["status"] == "failed"
    assert "'nobody'" in job["error"]
