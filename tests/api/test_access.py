"""Who is let in: hosts, origins, tokens, and which parts of the disk a request may name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from hypecut.api.access import (
    SESSION_COOKIE,
    Access,
    AccessMiddleware,
    check_exposure,
    is_loopback,
    session_value,
)
from hypecut.api.app import create_app
from hypecut.errors import UsageError
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.settings import Settings
from tests.api.conftest import BASE, HIGHLIGHTS, client_of

TOKEN = "correct horse battery staple"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1", "127.8.9.10:80", "[::1]:8765"])
def test_the_servers_own_names_are_let_through(client: httpx.Client, host: str) -> None:
    assert client.get("/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.5:8765",
        "8.8.8.8",
        "[2001:db8::1]",
        "localhost@evil.example",
        "evil.example#localhost",
        "localhost:port",
        "::1",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/jobs", "/health", "/"])
def test_a_name_rebound_to_this_machine_is_refused(client: httpx.Client, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert "server_names" in response.json()["detail"]


def test_a_name_from_the_settings_is_let_through(
    engine: MemoryEngine, settings: Settings, media: Path
) -> None:
    named = settings.model_copy(update={"server_names": ("Videos.Example.org",)})
    with client_of(create_app(engine, named)) as client:
        assert client.get("/jobs", headers={"Host": "videos.example.org"}).status_code == 200
        assert client.get("/jobs", headers={"Host": "example.org"}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "http://localhost:8765",
        "http://127.0.0.1:8765.evil.example",
        "http://127.0.0.1:8765@evil.example",
        "file://",
        "nonsense",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/jobs"), ("POST", "/jobs"), ("DELETE", "/jobs/x")])
def test_a_page_of_another_site_is_refused(client: httpx.Client, origin: str, method: str, path: str) -> None:
    response = client.request(method, path, headers={"Origin": origin})
    assert response.status_code == 403
    assert not any(name.startswith("access-control") for name in response.headers)


def test_its_own_pages_are_let_through(client: httpx.Client) -> None:
    assert client.get("/jobs", headers={"Origin": BASE}).status_code == 200


def test_a_preflight_request_is_not_granted(client: httpx.Client) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    response = client.options("/jobs", headers=headers)
    assert response.status_code == 403


@pytest.fixture
def guarded(engine: MemoryEngine, settings: Settings, media: Path) -> Iterator[httpx.Client]:
    """A client of a server with a token, which it does not show."""
    with client_of(create_app(engine, settings, token=TOKEN)) as client:
        yield client


def shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_right_token_is_let_in(guarded: httpx.Client) -> None:
    assert guarded.get("/jobs", headers=shown(TOKEN)).status_code == 200
    assert guarded.get("/jobs", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        shown(""),
        shown(TOKEN[:-1]),
        shown(TOKEN + "x"),
        shown(TOKEN.upper()),
        {"Cookie": f"{SESSION_COOKIE}={TOKEN}"},
        {"Cookie": f"{SESSION_COOKIE}="},
        {"Cookie": ";;;=="},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/openapi.json"), ("POST", "/uploads/chat"), ("GET", "/x")],
)
def test_without_the_right_token_nothing_is_told(
    guarded: httpx.Client, headers: dict[str, str], method: str, path: str
) -> None:
    response = guarded.request(method, path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert set(response.json()) == {"detail"}
    assert TOKEN not in response.text


def test_a_token_that_is_no_ascii_is_refused(guarded: httpx.Client) -> None:
    response = guarded.get("/jobs", headers={b"Authorization": "Bearer \u00fc".encode()})
    assert response.status_code == 401


def test_health_needs_no_token(guarded: httpx.Client) -> None:
    assert guarded.get("/health").json() == {"ok": True}


def test_host_and_origin_are_checked_beside_the_token(guarded: httpx.Client) -> None:
    assert guarded.get("/jobs", headers={**shown(TOKEN), "Host": "evil.example"}).status_code == 403
    assert guarded.get("/jobs", headers={**shown(TOKEN), "Origin": "http://evil.example"}).status_code == 403


def test_with_a_token_any_address_is_let_through_but_no_foreign_name(guarded: httpx.Client) -> None:
    assert guarded.get("/jobs", headers={**shown(TOKEN), "Host": "192.168.1.5:8765"}).status_code == 200
    assert guarded.get("/jobs", headers={**shown(TOKEN), "Host": "rebound.example"}).status_code == 403


def test_a_browser_is_led_to_the_login_and_in(guarded: httpx.Client) -> None:
    html = {"Accept": "text/html,*/*"}
    sent_away = guarded.get("/ui/jobs", headers=html)
    assert (sent_away.status_code, sent_away.headers["location"]) == (303, "/ui/login")
    page = guarded.get("/ui/login")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    wrong = guarded.post("/ui/login", data={"token": "guess<b>"})
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    assert "guess" not in wrong.text
    right = guarded.post("/ui/login", data={"token": TOKEN})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert TOKEN not in cookie
    assert guarded.cookies[SESSION_COOKIE] == session_value(TOKEN)
    assert guarded.get("/jobs").status_code == 200


def test_programs_are_never_led_to_the_login(guarded: httpx.Client) -> None:
    assert guarded.get("/jobs", headers={"Accept": "text/html"}).status_code == 401
    assert guarded.post("/ui/anything", headers={"Accept": "text/html"}).status_code == 401


def websocket_is_let_through(access: Access, headers: dict[str, str]) -> bool:
    """Whether a websocket's opening with these headers comes through."""
    reached: list[str] = []
    sent: list[Message] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": "/ws", "headers": raw}
    asyncio.run(AccessMiddleware(inner, access)(scope, receive, send))
    if not reached:
        assert [message["type"] for message in sent] == ["websocket.close"]
    return bool(reached)


def test_websockets_are_checked_too() -> None:
    access = Access.of("127.0.0.1", (), TOKEN)
    cookie = {"Cookie": f"{SESSION_COOKIE}={session_value(TOKEN)}"}
    own = {"Host": "127.0.0.1:8765", "Origin": "http://127.0.0.1:8765"}
    assert websocket_is_let_through(access, {**own, **cookie})
    assert not websocket_is_let_through(access, own)
    assert not websocket_is_let_through(access, {**own, **cookie, "Origin": "http://evil.example"})
    assert not websocket_is_let_through(access, {**own, **cookie, "Host": "evil.example"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org"])
def test_any_other_address_needs_one(host: str) -> None:
    with pytest.raises(UsageError, match="--token"):
        check_exposure(host, None)
    check_exposure(host, TOKEN)


OUTSIDE = [
    "../secret.mp4",
    "../../../../../../../../etc/passwd",
    "a/../../secret.mp4",
    "/etc/passwd",
    "/proc/self/environ",
    "link/secret.mp4",
    "file-link.mp4",
    "//etc/passwd",
    "~/secret.mp4",
    "secret.mp4\x00.mp4",
    "a\nb.mp4",
    "C:\\secret.mp4",
    "..\\secret.mp4",
    "x" * 300 + ".mp4",
]


@pytest.fixture
def trap(settings: Settings, media: Path, tmp_path: Path) -> Path:
    """A folder outside, with links from inside that lead there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.mp4").write_bytes(b"secret")
    (media.parent / "secret.mp4").write_bytes(b"secret")
    for root in (media, settings.output_root):
        root.mkdir(parents=True, exist_ok=True)
        (root / "link").symlink_to(outside)
        (root / "file-link.mp4").symlink_to(outside / "secret.mp4")
    return outside


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("field", ["vod_url", "chat_path", "more_parts", "intro", "outro"])
def test_nothing_outside_the_folders_is_read(client: httpx.Client, trap: Path, path: str, field: str) -> None:
    value = [path] if field == "more_parts" else path
    response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, field: value})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:2] == ["body", field]
    assert client.get("/jobs").json() == []


def test_whether_a_file_outside_is_there_is_not_told(client: httpx.Client, trap: Path) -> None:
    answers = []
    for name in ("secret.mp4", "no-secret.mp4"):
        response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, "vod_url": str(trap / name)})
        answers.append(response.json()["detail"][0]["msg"])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "path",
    ["../out2", "/tmp/out", "a/../../out2", "link/out", "link", "x\x00y", "a\\b", "/", "..", "x" * 300],
)
@pytest.mark.parametrize("way", ["output_dir", "current_videos_dir", "params"])
def test_nothing_outside_the_output_folder_is_written(
    client: httpx.Client, trap: Path, path: str, way: str
) -> None:
    if way == "current_videos_dir":
        body: dict[str, Any] = {"streamer_names": ["alpha"], way: path}
        response = client.post("/jobs/clip-montage", json=body)
    elif way == "params":
        body = {"type": "vod_highlights", "params": {**HIGHLIGHTS, "out": path}}
        response = client.post("/jobs", json=body)
    else:
        response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, way: path})
    assert response.status_code == 422
    assert sorted(trap.iterdir()) == [trap / "secret.mp4"]
    assert client.get("/jobs").json() == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:8765/jobs",
        "http://127.0.0.1/videos/1",
        "https://evil.example/videos/123456789",
        "https://twitch.tv.evil.example/videos/123456789",
        "https://eviltwitch.tv/videos/123456789",
        "https://www.twitch.tv@evil.example/videos/123456789",
        "https://www.twitch.tv:8080/videos/123456789",
        "https://user:pass@www.twitch.tv/videos/123456789",
        "https://www.twitch.tv/directory",
        "https://www.twitch.tv/videos/abc",
        "https://www.twitch.tv/videos/../../x",
        "ftp://www.twitch.tv/videos/123456789",
        "file:///etc/passwd",
        "concat:/etc/passwd|/etc/group",
        "data:text/plain,hello",
        "http:/etc/passwd",
        "subfile,,start,0,end,10,,:/etc/passwd",
        "-i",
    ],
)
def test_only_vods_on_twitch_are_fetched(client: httpx.Client, url: str) -> None:
    response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, "vod_url": url})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "vod_url"]


@pytest.mark.parametrize("path", ["/jobs", "/jobs/vod-highlights", "/jobs/clip-montage"])
def test_a_body_that_is_too_large_is_refused(client: httpx.Client, path: str) -> None:
    response = client.post(path, content=b" " * 1_100_000, headers={"content-type": "application/json"})
    assert response.status_code == 413
    assert set(response.json()) == {"detail"}


def test_the_token_is_in_no_log_and_no_answer(
    engine: MemoryEngine, settings: Settings, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with client_of(create_app(engine, settings, token=TOKEN)) as client:
        answers = [
            client.get("/jobs", headers=shown(TOKEN)),
            client.get("/openapi.json", headers=shown(TOKEN)),
            client.post("/jobs", headers=shown(TOKEN), json={"type": TOKEN[:0]}),
            client.get("/ui/login", headers=shown(TOKEN)),
            client.get("/nothing", headers=shown(TOKEN)),
        ]
    assert all(TOKEN not in answer.text for answer in answers)
    assert TOKEN not in caplog.text


def test_the_api_document_says_how_the_token_is_shown(app: FastAPI, guarded: httpx.Client) -> None:
    document = guarded.get("/openapi.json", headers=shown(TOKEN)).json()
    assert document["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}
    assert document["security"] == [{"token": []}]
    assert "security" not in app.openapi()
