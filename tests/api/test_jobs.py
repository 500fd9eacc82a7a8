"""Jobs over HTTP: listed, looked at, cancelled, tried again and forgotten."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from hypecut.api.app import create_app
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.settings import Settings
from tests.api.conftest import client_of, submit
from tests.api.engines import Stage

FIELDS = [
    "id",
    "type",
    "status",
    "progress",
    "created_at",
    "started_at",
    "finished_at",
    "error",
    "result",
    "outputs",
    "params",
]
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


def test_a_queued_job_has_the_fields_and_nulls_of_the_contract(client: httpx.Client) -> None:
    job_id = submit(client, keywords=["KEKW"])
    job = client.get(f"/jobs/{job_id}").json()
    assert list(job) == FIELDS
    assert (job["id"], job["type"], job["status"], job["progress"]) == (
        job_id,
        "vod_highlights",
        "queued",
        0.0,
    )
    assert [job[name] for name in ("started_at", "finished_at", "error", "result")] == [None] * 4
    assert job["outputs"] == {}
    assert job["params"]["keywords"] == ["KEKW"]
    assert ISO.fullmatch(job["created_at"])


def test_a_job_that_is_done_has_its_result_and_the_paths_of_its_outputs(
    client: httpx.Client, engine: MemoryEngine
) -> None:
    job_id = submit(client)
    engine.run_next()
    job = client.get(f"/jobs/{job_id}").json()
    assert list(job) == FIELDS
    assert (job["status"], job["progress"], job["error"]) == ("done", 1.0, None)
    assert ISO.fullmatch(job["started_at"])
    assert ISO.fullmatch(job["finished_at"])
    result = job["result"]
    assert result["durations_s"] == {"vod_total": 4.0, "montage_total": 2.0}
    for name in ("vod_path", "chat_path", "segments_count", "clips_count", "clips_dir", "metadata_path"):
        assert name in result
    assert job["outputs"]["montage_path"] == result["montage_path"]
    assert job["outputs"]["clips_dir"] == result["clips_dir"]
    assert Path(job["outputs"]["plan_path"]).is_file()


def test_a_job_that_failed_says_why(client: httpx.Client, engine: MemoryEngine, stage: Stage) -> None:
    stage.fail = "the picture fell off the wall; hang it up again."
    job_id = submit(client)
    engine.run_next()
    job = client.get(f"/jobs/{job_id}").json()
    assert (job["status"], job["error"]) == ("failed", stage.fail)
    assert job["result"] is None
    assert "plan_path" in job["outputs"]


def test_the_list_is_plain_and_newest_first_with_the_total_in_a_header(client: httpx.Client) -> None:
    ids = [submit(client, output_dir=name) for name in ("a", "b", "c")]
    response = client.get("/jobs")
    assert [job["id"] for job in response.json()] == ids[::-1]
    assert all(list(job) == FIELDS for job in response.json())
    page = client.get("/jobs", params={"limit": 1, "offset": 1})
    assert [job["id"] for job in page.json()] == [ids[1]]
    assert page.headers["x-total-count"] == "3"


def test_the_list_is_filtered_by_status_type_and_text(client: httpx.Client, engine: MemoryEngine) -> None:
    first = submit(client, output_dir="friday")
    second = submit(client, output_dir="saturday")
    engine.run_next()

    def ids(**query: object) -> list[str]:
        response = client.get("/jobs", params=query)  # type: ignore[arg-type]
        assert response.status_code == 200, response.text
        return [job["id"] for job in response.json()]

    assert ids(status="done") == [first]
    assert ids(status=["done", "queued"]) == [second, first]
    assert ids(status="failed") == []
    assert ids(type="vod_highlights") == [second, first]
    assert ids(type="clip_montage") == []
    assert ids(search="SATUR") == [second]
    assert ids(status="", search="", type="") == [second, first]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "sleeping"}, "status"),
        ({"type": "podcast"}, "type"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"offset": "-1"}, "offset"),
        ({"offset": "9" * 30}, "offset"),
        ({"search": "a" * 201}, "search"),
        ({"search": "\x00"}, "search"),
    ],
)
def test_a_wrong_query_is_told_by_field(client: httpx.Client, query: dict[str, str], field: str) -> None:
    response = client.get("/jobs", params=query)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:2] == ["query", field]


@pytest.mark.parametrize("job_id", ["nope", "%00", "%F0%9F%98%80", "x" * 300, "a%0Ab"])
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/details"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("POST", "/render"),
        ("GET", "/plan"),
        ("PUT", "/plan"),
        ("GET", "/events"),
        ("GET", "/activity"),
        ("GET", "/logs"),
        ("GET", "/inputs"),
        ("GET", "/files/montage.mp4"),
    ],
)
def test_an_unknown_job_is_a_404_everywhere(
    client: httpx.Client, job_id: str, method: str, rest: str
) -> None:
    response = client.request(method, f"/jobs/{job_id}{rest}", content=b"{}" if method == "PUT" else None)
    assert response.status_code == 404
    assert "no job" in response.json()["detail"]


def test_a_queued_job_is_cancelled_and_tried_again(client: httpx.Client, engine: MemoryEngine) -> None:
    job_id = submit(client)
    cancelled = client.post(f"/jobs/{job_id}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = client.post(f"/jobs/{job_id}/cancel")
    assert again.status_code == 409
    assert client.post(f"/jobs/{job_id}/retry").json()["status"] == "queued"
    engine.run_next()
    retried = client.post(f"/jobs/{job_id}/retry")
    assert retried.status_code == 409
    assert "done" in retried.json()["detail"]


def test_a_finished_job_is_forgotten_and_its_files_stay(client: httpx.Client, engine: MemoryEngine) -> None:
    job_id = submit(client)
    waiting = client.delete(f"/jobs/{job_id}")
    assert waiting.status_code == 409
    engine.run_next()
    montage = Path(client.get(f"/jobs/{job_id}").json()["result"]["montage_path"])
    gone = client.delete(f"/jobs/{job_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"/jobs/{job_id}").status_code == 404
    assert montage.is_file()


def test_details_tell_steps_and_files(client: httpx.Client, engine: MemoryEngine) -> None:
    job_id = submit(client, priority=3)
    engine.run_next()
    details = client.get(f"/jobs/{job_id}/details").json()
    assert list(details)[: len(FIELDS)] == FIELDS
    assert [(step["name"], step["status"]) for step in details["steps"]] == [
        ("plan", "done"),
        ("cut", "done"),
    ]
    assert (details["title"], details["priority"], details["attempts"]) == ("stream", 3, 1)
    files = {file["name"]: file for file in details["files"]}
    assert set(files) == {"plan.json", "montage.mp4", "clips/001_0h00m00s.mp4"}
    for file in files.values():
        fetched = client.get(file["url"])
        assert (fetched.status_code, len(fetched.content)) == (200, file["size"])


def test_logs_are_lines(client: httpx.Client, engine: MemoryEngine) -> None:
    job_id = submit(client)
    assert client.get(f"/jobs/{job_id}/logs").json() == {"lines": []}
    engine.run_next()
    lines = client.get(f"/jobs/{job_id}/logs").json()["lines"]
    assert any("step plan" in line for line in lines)


def test_run_next_runs_one_job(client: httpx.Client) -> None:
    assert client.post("/jobs/run-next").json() == {"processed": 0}
    job_id = submit(client)
    ran = client.post("/jobs/run-next", json={})
    assert ran.json() == {"processed": 1, "job_id": job_id, "status": "done"}


def test_run_next_is_for_development_only(engine: MemoryEngine, settings: Settings, media: Path) -> None:
    with client_of(create_app(engine, settings)) as client:
        response = client.post("/jobs/run-next")
    assert response.status_code == 405
    assert "POST" not in response.headers["allow"]


def test_a_fault_of_the_program_tells_nothing_of_it(
    app: FastAPI, client: httpx.Client, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(job_id: str) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(engine, "get", broken)
    response = client.get("/jobs/x")
    assert response.status_code == 500
    assert set(response.json()) == {"detail"}
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_a_database_that_does_not_answer_is_told(
    client: httpx.Client, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_wanted: JobFilter) -> None:
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(engine, "list", locked)
    answer = client.get("/jobs")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("the database of jobs does not answer (database is locked)")
