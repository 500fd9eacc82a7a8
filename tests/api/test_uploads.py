"""Chat files sent to the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from hypecut.api.app import create_app
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.settings import Settings
from tests.api.conftest import client_of, live, submit

CHAT = b"".join(b'{"time_s": %d.0, "user": "u%d", "text": "hi"}\n' % (i, i % 7) for i in range(200))


def test_a_chat_is_taken_in_and_can_be_used(client: httpx.Client, media: Path) -> None:
    response = client.post("/uploads/chat", files={"file": ("My Chat.jsonl", CHAT)})
    assert response.status_code == 201, response.text
    taken = response.json()
    assert taken["size"] == len(CHAT)
    assert taken["format"]
    assert (media / taken["chat_path"]).read_bytes() == CHAT
    job_id = submit(client, chat_path=taken["chat_path"])
    assert client.get(f"/jobs/{job_id}").json()["params"]["chat"] == str(
        (media / taken["chat_path"]).resolve()
    )


def test_the_whole_body_may_be_the_chat(client: httpx.Client, media: Path) -> None:
    response = client.post("/uploads/chat", content=CHAT)
    assert response.status_code == 201
    assert (media / response.json()["chat_path"]).read_bytes() == CHAT


def test_the_same_chat_again_is_the_same_file(client: httpx.Client, media: Path) -> None:
    first = client.post("/uploads/chat", files={"file": ("a.jsonl", CHAT)}).json()
    before = (media / first["chat_path"]).stat()
    again = client.post("/uploads/chat", files={"file": ("b.jsonl", CHAT)}).json()
    after = (media / again["chat_path"]).stat()
    assert again == first
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/etc/cron.d/evil", "..\\evil", "a\x00b", "-o.json", "." * 300]
)
def test_the_senders_name_names_no_path(client: httpx.Client, media: Path, tmp_path: Path, name: str) -> None:
    taken = client.post("/uploads/chat", files={"file": (name, CHAT)}).json()
    stored = media / taken["chat_path"]
    assert stored.parent == media / "uploads"
    assert stored.read_bytes() == CHAT
    assert list(tmp_path.rglob("*evil*")) == []


@pytest.mark.parametrize("body", [b"", b"\x00\x01\x02 not a chat at all", b"hello"])
def test_what_is_no_chat_is_refused_and_not_kept(client: httpx.Client, media: Path, body: bytes) -> None:
    response = client.post("/uploads/chat", content=body)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)
    assert str(media) not in response.text
    assert not any((media / "uploads").glob("*"))
    assert not any((media / "uploads").glob(".*"))


def test_a_form_without_a_file_is_refused(client: httpx.Client) -> None:
    response = client.post("/uploads/chat", files={"chat": ("a.jsonl", CHAT)})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "file"]


def test_a_broken_form_is_refused(client: httpx.Client) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    response = client.post("/uploads/chat", content=b"--y\r\nnonsense", headers=headers)
    assert response.status_code in (400, 422)
    assert "detail" in response.json()


@pytest.fixture
def small(engine: MemoryEngine, settings: Settings, media: Path) -> FastAPI:
    """A server that takes one megabyte at most."""
    return create_app(engine, settings.model_copy(update={"max_upload_mb": 1}))


def test_a_file_larger_than_allowed_is_refused_before_it_is_read(small: FastAPI, media: Path) -> None:
    with client_of(small) as client:
        response = client.post("/uploads/chat", content=CHAT * 500)
    assert response.status_code == 413
    assert "bytes" in response.json()["detail"]
    assert not (media / "uploads").exists()


def test_a_file_of_unknown_size_is_cut_off_at_the_limit(small: FastAPI, media: Path) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 200_000_000:
            sent += len(CHAT)
            yield CHAT

    with live(small) as server:
        try:
            status = server.client.post("/uploads/chat", content=endless()).status_code
        except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
            status = 413  # the server hung up on us while we were still sending
    assert status == 413
    assert sent < 200_000_000
    assert not any((media / "uploads").glob("*"))
    assert not any((media / "uploads").glob(".*"))
