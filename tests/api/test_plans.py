"""A job's plan over HTTP: checked as its file is, and never changed behind somebody's back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.plan.document import MAX_BYTES
from tests.api.conftest import submit
from tests.api.engines import Stage


@pytest.fixture
def planned(client: httpx.Client, engine: MemoryEngine) -> str:
    """A job that is done."""
    job_id = submit(client)
    engine.run_next()
    return job_id


def plan_file(client: httpx.Client, job_id: str) -> Path:
    return Path(client.get(f"/jobs/{job_id}").json()["outputs"]["plan_path"])


def test_the_plan_is_given_as_its_file_holds_it(client: httpx.Client, planned: str) -> None:
    response = client.get(f"/jobs/{planned}/plan")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == plan_file(client, planned).read_bytes()


def test_a_changed_plan_is_written_and_read_back(client: httpx.Client, planned: str) -> None:
    plan = client.get(f"/jobs/{planned}/plan").json()
    plan["cuts"] = [{**plan["cuts"][0], "end_s": 1.5, "title": "shorter"}, plan["cuts"][0]]
    written = client.put(f"/jobs/{planned}/plan", json=plan)
    assert written.status_code == 200, written.text
    read = client.get(f"/jobs/{planned}/plan")
    assert [(cut["end_s"], cut.get("title", "")) for cut in read.json()["cuts"]] == [
        (1.5, "shorter"),
        (2.0, ""),
    ]
    assert read.headers["etag"] == written.headers["etag"]
    assert read.content == written.content


def test_the_later_of_two_editors_is_told(client: httpx.Client, planned: str) -> None:
    seen = client.get(f"/jobs/{planned}/plan")
    plan = seen.json()
    tagged = {"If-Match": seen.headers["etag"]}
    first = client.put(f"/jobs/{planned}/plan", json={**plan, "titles": {"duration_s": 2.0}}, headers=tagged)
    second = client.put(f"/jobs/{planned}/plan", json={**plan, "titles": {"duration_s": 5.0}}, headers=tagged)
    assert (first.status_code, second.status_code) == (200, 412)
    assert "somebody else" in second.json()["detail"]
    assert client.get(f"/jobs/{planned}/plan").json()["titles"] == {"duration_s": 2.0}
    any_version = client.put(f"/jobs/{planned}/plan", json=plan, headers={"If-Match": "*"})
    assert any_version.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"cuts": []},
        {"surprise": 1},
        {"cuts": [{"source": "stream.mp4", "start_s": 2.0, "end_s": 1.0}]},
        {"cuts": [{"source": "stream.mp4", "start_s": -1.0, "end_s": 1.0}]},
        {"cuts": [{"source": "gone.mp4", "start_s": 0.0, "end_s": 1.0}]},
        {"cuts": [{"source": "/etc/hostname", "start_s": 0.0, "end_s": 1.0}]},
        {"cuts": [{"source": "../../../../../../../../etc/hostname", "start_s": 0.0, "end_s": 1.0}]},
        {"cuts": [{"source": "http://example.org/a.mp4", "start_s": 0.0, "end_s": 1.0}]},
        {"cuts": [{"source": "a\u0000b", "start_s": 0.0, "end_s": 1.0}]},
        {"transition": {"kind": "wipe"}},
    ],
)
def test_a_wrong_plan_is_refused_and_the_old_one_stays(
    client: httpx.Client, planned: str, change: dict[str, Any]
) -> None:
    before = plan_file(client, planned).read_bytes()
    plan = {**json.loads(before), **change}
    response = client.put(f"/jobs/{planned}/plan", content=json.dumps(plan).encode())
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"] == ["body"]
    assert plan_file(client, planned).read_bytes() == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"version": NaN, "cuts": []}', b"[" * 50_000])
def test_what_is_no_plan_is_refused(client: httpx.Client, planned: str, body: bytes) -> None:
    response = client.put(f"/jobs/{planned}/plan", content=body)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)


def test_a_plan_that_is_too_large_is_refused(client: httpx.Client, planned: str) -> None:
    assert client.put(f"/jobs/{planned}/plan", content=b" " * (MAX_BYTES + 1)).status_code == 422
    assert client.put(f"/jobs/{planned}/plan", content=b" " * (MAX_BYTES + 200_000)).status_code == 413


def test_a_plan_that_is_broken_on_the_disk_is_told_and_can_be_replaced(
    client: httpx.Client, planned: str, media: Path
) -> None:
    good = client.get(f"/jobs/{planned}/plan").content
    plan_file(client, planned).write_bytes(b"{")
    assert client.get(f"/jobs/{planned}/plan").status_code == 422
    assert client.put(f"/jobs/{planned}/plan", content=good).status_code == 200


def test_a_job_without_a_plan_has_none_to_give(client: httpx.Client) -> None:
    job_id = submit(client)
    assert client.get(f"/jobs/{job_id}/plan").status_code == 404
    assert client.put(f"/jobs/{job_id}/plan", content=b"{}").status_code == 404


def test_the_plan_of_a_job_at_work_is_not_changed(
    client: httpx.Client, engine: MemoryEngine, stage: Stage
) -> None:
    stage.hold = True
    job_id = submit(client)
    engine.start_workers()
    assert stage.reached.wait(60)
    plan = client.get(f"/jobs/{job_id}/plan")
    response = client.put(f"/jobs/{job_id}/plan", content=plan.content)
    assert response.status_code == 409


def test_a_changed_plan_is_rendered_by_the_same_job(
    client: httpx.Client, engine: MemoryEngine, planned: str
) -> None:
    plan = client.get(f"/jobs/{planned}/plan").json()
    plan["cuts"][0]["end_s"] = 1.0
    assert client.put(f"/jobs/{planned}/plan", json=plan).status_code == 200
    queued = client.post(f"/jobs/{planned}/render")
    assert (queued.status_code, queued.json()["id"], queued.json()["status"]) == (200, planned, "queued")
    again = client.post(f"/jobs/{planned}/render")
    assert (again.status_code, client.put(f"/jobs/{planned}/plan", json=plan).status_code) == (409, 409)
    engine.run_next()
    assert client.get(f"/jobs/{planned}").json()["status"] == "done"
    steps = client.get(f"/jobs/{planned}/details").json()["steps"]
    assert [step["status"] for step in steps] == ["done", "done"]


def test_a_job_without_a_plan_is_not_rendered(client: httpx.Client) -> None:
    job_id = submit(client)
    client.post(f"/jobs/{job_id}/cancel")
    response = client.post(f"/jobs/{job_id}/render")
    assert response.status_code == 409
    assert "no plan" in response.json()["detail"]
