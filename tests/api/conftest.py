"""Servers to talk to: in this process, or on a free port where something streams."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from hypecut.api.app import create_app
from hypecut.api.context import EventTiming
from hypecut.api.server import bind
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.settings import Settings
from tests.api.engines import Stage, small_engine

BASE = "http://127.0.0.1:8765"
QUICK = EventTiming(poll_s=0.05, heartbeat_s=0.2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", output_dir=tmp_path / "out")


@pytest.fixture
def media(settings: Settings) -> Path:
    """The media folder, with a recording and its chat in name only."""
    folder = settings.media_root
    folder.mkdir(parents=True)
    (folder / "stream.mp4").write_bytes(b"not looked into")
    (folder / "chat.json").write_text("{}")
    return folder


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.release()


@pytest.fixture
def engine(settings: Settings, stage: Stage) -> Iterator[MemoryEngine]:
    made = small_engine(settings, stage)
    yield made
    stage.release()
    made.close()


@pytest.fixture
def app(engine: MemoryEngine, settings: Settings, media: Path) -> FastAPI:
    return create_app(engine, settings, developer=True, timing=QUICK)


class InProcess(httpx.BaseTransport):
    """Hands requests to an app in this process; an answer comes when it is whole."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request.method, request.url, request.headers, request.read()))

    async def _answer(
        self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes
    ) -> httpx.Response:
        request = httpx.Request(method, url, headers=headers, content=body)
        response = await self._transport.handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())


def client_of(app: FastAPI, **options: Any) -> httpx.Client:
    """A client of an app in this process."""
    return httpx.Client(transport=InProcess(app), base_url=BASE, **options)


@pytest.fixture
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with client_of(app) as made:
        yield made


@dataclass(frozen=True)
class Live:
    """A server that listens."""

    url: str
    client: httpx.Client


@contextlib.contextmanager
def live(app: FastAPI, **client_options: Any) -> Iterator[Live]:
    """The app on a real uvicorn, on a free port."""
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, timeout=60, trust_env=False, **client_options) as client:
            yield Live(url, client)
    finally:
        server.should_exit = True
        thread.join(60)
        listener.close()


HIGHLIGHTS = {"vod_url": "stream.mp4", "chat_path": "chat.json"}


def submit(client: httpx.Client, **changes: Any) -> str:
    """Submit a highlights job; its id."""
    response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, **changes})
    assert response.status_code == 200, response.text
    job_id: str = response.json()["job_id"]
    return job_id
