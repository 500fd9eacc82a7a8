"""Jobs followed by server-sent events, over a real connection."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from hypecut.jobs.engine.memory import MemoryEngine
from tests.api.conftest import Live, live, submit
from tests.api.engines import Stage


@pytest.fixture
def server(app: FastAPI) -> Iterator[Live]:
    with live(app) as made:
        yield made


def events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The events of a stream; a comment comes as `: text`."""
    name = ""
    for line in response.iter_lines():
        if line.startswith(":"):
            yield ":", line[1:].strip()
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_job_that_is_done_is_told_at_once(server: Live, engine: MemoryEngine) -> None:
    job_id = submit(server.client)
    engine.run_next()
    with server.client.stream("GET", f"/jobs/{job_id}/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        told = list(events(response))
    assert [name for name, _ in told] == ["state", "end"]
    assert told[0][1] == server.client.get(f"/jobs/{job_id}/details").json()
    assert told[1][1] == {"id": job_id, "status": "done"}


def test_changes_follow_the_state_until_the_end(server: Live, engine: MemoryEngine, stage: Stage) -> None:
    stage.hold = True
    job_id = submit(server.client)
    with server.client.stream("GET", f"/jobs/{job_id}/events") as response:
        stream = events(response)
        name, state = next(stream)
        assert (name, state["status"]) == ("state", "queued")
        engine.start_workers()
        assert stage.reached.wait(60)
        for name, change in stream:
            if name == "change":
                state |= change
            if state["status"] == "running":
                break
        stage.release()
        names = []
        for name, change in stream:
            names.append(name)
            if name == "change":
                state |= change
    assert names[-1] == "end"
    assert state == server.client.get(f"/jobs/{job_id}/details").json()


def test_silence_is_broken_by_heartbeats(server: Live, stage: Stage) -> None:
    job_id = submit(server.client)
    with server.client.stream("GET", f"/jobs/{job_id}/events") as response:
        stream = events(response)
        assert next(stream)[0] == "state"
        assert next(stream) == (":", "still there")
        server.client.post(f"/jobs/{job_id}/cancel")
        names = [name for name, _ in stream]
    assert names[-1] == "end"


def test_several_clients_follow_one_job(server: Live, engine: MemoryEngine, stage: Stage) -> None:
    stage.hold = True
    job_id = submit(server.client)
    ends: list[Any] = []
    begun = threading.Barrier(4)

    def follow() -> None:
        with (
            httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client,
            client.stream("GET", f"/jobs/{job_id}/events") as response,
        ):
            stream = events(response)
            next(stream)
            begun.wait(60)
            ends.append([(name, data) for name, data in stream if name == "end"])

    threads = [threading.Thread(target=follow, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(60)
    engine.start_workers()
    stage.release()
    for thread in threads:
        thread.join(60)
    assert ends == [[("end", {"id": job_id, "status": "done"})]] * 3


def test_a_job_that_is_forgotten_ends_its_stream(server: Live, engine: MemoryEngine, stage: Stage) -> None:
    stage.hold = True
    job_id = submit(server.client)
    with server.client.stream("GET", f"/jobs/{job_id}/events") as response:
        stream = events(response)
        assert next(stream)[0] == "state"
        engine.cancel(job_id)
        engine.remove(job_id)
        names = [name for name, _ in stream]
    assert set(names) <= {"change", "end", ":"}
