"""The existing desktop client, played to the letter: what it sends, reads, and makes of errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypecut.api.app import create_app
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.settings import Settings
from tests.api.conftest import Live, live
from tests.jobs.conftest import Stream, stream

__all__ = ["stream"]

# All that its form for VODs sends, with the values it begins with.
VOD_FORM: dict[str, Any] = {
    "vod_url": "",
    "output_dir": "vod_output",
    "keywords": [],
    "chat_path": None,
    "min_count": 3,
    "spike_window_seconds": 30,
    "segment_padding_seconds": 12,
    "max_segment_seconds": 120,
    "diversity_windows": 8,
}
JOB_TYPES: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "type": str,
    "status": str,
    "progress": (int, float),
    "created_at": str,
    "started_at": (str, type(None)),
    "finished_at": (str, type(None)),
    "error": (str, type(None)),
    "result": (dict, type(None)),
    "outputs": dict,
    "params": dict,
}


@pytest.fixture
def server(settings: Settings, stream: Stream) -> Iterator[Live]:
    """The real pipelines, with a recording in the media folder."""
    near = settings.model_copy(update={"media_dir": stream.vod.parent})
    engine = MemoryEngine(near)
    with live(create_app(engine, near, developer=True)) as made:
        yield made
    engine.close()


def read_job(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """A job as the client reads it: every field there, of the type it takes."""
    response = client.get(f"/jobs/{job_id}")
    assert response.status_code == 200
    job: dict[str, Any] = response.json()
    for name, kind in JOB_TYPES.items():
        assert isinstance(job[name], kind), name
    return job


def best_path(job: dict[str, Any]) -> str:
    """The path that its button opens: the first of these that is a text, in outputs, else in the result."""
    for place in (job["outputs"], job["result"] or {}):
        for key in ("montage_path", "montage", "output_path", "path", "clips_dir", "vod_path", "chat_path"):
            if isinstance(place.get(key), str) and place[key].strip():
                found: str = place[key]
                return found
    raise AssertionError("no path to open")


def field_errors(response: httpx.Response) -> list[tuple[str, str]]:
    """What its form shows of a refused body: the names of each place, and the message."""
    assert response.status_code == 422
    shown = []
    for entry in response.json()["detail"]:
        assert isinstance(entry["msg"], str)
        assert isinstance(entry["type"], str)
        assert "input" in entry
        shown.append((".".join(part for part in entry["loc"] if isinstance(part, str)), entry["msg"]))
    return shown


def test_a_person_makes_highlights_with_it(server: Live, stream: Stream) -> None:
    client = server.client
    assert client.get("/health").json() == {"ok": True}
    assert client.get("/jobs?limit=100").json() == []
    assert client.post("/jobs/run-next", json={}).json() == {"processed": 0}

    refused = client.post("/jobs/vod-highlights", json={**VOD_FORM, "vod_url": "nowhere.mp4"})
    assert field_errors(refused)[0][0] == "body.vod_url"

    uploaded = client.post("/uploads/chat", files={"file": ("chat.json", stream.chat.read_bytes())})
    form = {**VOD_FORM, "vod_url": stream.vod.name, "chat_path": uploaded.json()["chat_path"]}
    submitted = client.post("/jobs/vod-highlights", json=form)
    assert submitted.status_code == 200, submitted.text
    job_id = submitted.json()["job_id"]
    assert read_job(client, job_id)["status"] == "queued"
    assert [job["id"] for job in client.get("/jobs?status=queued&limit=100").json()] == [job_id]

    ran = client.post("/jobs/run-next", json={}, timeout=250)
    assert ran.json() == {"processed": 1, "job_id": job_id, "status": "done"}, read_job(client, job_id)

    job = read_job(client, job_id)
    result = job["result"]
    assert (job["status"], job["progress"], job["error"]) == ("done", 1.0, None)
    assert Path(best_path(job)) == Path(result["montage_path"])
    for name in ("vod_path", "chat_path", "montage_path", "metadata_path"):
        assert Path(result[name]).is_file(), name
    assert len(list(Path(result["clips_dir"]).glob("*.mp4"))) == result["clips_count"] > 0
    assert result["segments_count"] >= result["clips_count"]
    assert set(result["durations_s"]) == {"vod_total", "montage_total"}
    assert result["durations_s"]["montage_total"] <= result["durations_s"]["vod_total"]

    montage = client.get(f"/jobs/{job_id}/files/montage.mp4")
    assert montage.content == Path(result["montage_path"]).read_bytes()
    activity = client.get(f"/jobs/{job_id}/activity", params={"points": 50}).json()
    assert 0 < len(activity["curve"]["score"]) <= 50
    assert len(activity["curve"]["score"]) * activity["curve"]["step_s"] >= activity["duration_s"]
    assert sum(moment["picked"] for moment in activity["segments"]) == result["clips_count"]
    part = client.get(f"/jobs/{job_id}/activity", params={"from": 60, "to": 120, "points": 8192}).json()
    assert (part["curve"]["start_s"], part["curve"]["step_s"]) == (60.0, 1.0)
    assert len(part["curve"]["score"]) == 60
    assert max(part["curve"]["score"]) <= max(activity["curve"]["score"]) + 1e-9


@pytest.mark.parametrize("path", ["/jobs/7", "/jobs/run-next"])
def test_it_takes_an_unknown_job_for_removed(server: Live, path: str) -> None:
    assert server.client.get(path).status_code == 404
