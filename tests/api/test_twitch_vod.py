"""A VOD by its address, submitted over HTTP and made from the seconds that are shown."""

from __future__ import annotations

from pathlib import Path

from hypecut.api.app import create_app
from hypecut.jobs.engine.memory import MemoryEngine
from tests.api.conftest import client_of
from tests.jobs.engine.waiting import until
from tests.jobs.test_remote import Remote
from tests.jobs.test_remote import remote as remote  # a fixture


def test_highlights_of_an_address(remote: Remote) -> None:
    settings = remote.settings(min_duration_s=60.0, max_duration_s=90.0)
    engine = MemoryEngine(settings)
    engine.start_workers(1)
    try:
        client = client_of(create_app(engine, settings))
        vod = "https://www.twitch.tv/videos/2500000001"
        submitted = client.post("/jobs/vod-highlights", json={"vod_url": vod})
        assert submitted.status_code == 200, submitted.text
        page = f"/jobs/{submitted.json()['job_id']}"
        until("the job is done", lambda: client.get(page).json()["status"] in ("done", "failed"))
        job = client.get(page).json()
    finally:
        engine.close()
    assert (job["status"], job["error"]) == ("done", None)
    assert Path(job["result"]["vod_path"]).name == "vod.m3u8"
    assert Path(job["result"]["montage_path"]).is_file()
    assert job["result"]["durations_s"]["vod_total"] > 400
