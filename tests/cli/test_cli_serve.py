"""`hypecut serve`: where it listens, whom it asks for a token, and how it stops."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Cli

SECRET = "correct horse battery staple"
_WAIT_S = 120


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def stop(self, how: signal.Signals) -> tuple[int, str]:
        """Stop it; its exit code, and what it said on stderr since it listened."""
        self.process.send_signal(how)
        _, rest = self.process.communicate(timeout=_WAIT_S)
        return self.process.returncode, rest


@contextmanager
def served(home: Path, *args: str, **variables: str) -> Iterator[Served]:
    """`hypecut serve` on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hypecut", "serve", "--port", "0", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, "HYPECUT_DATA_DIR": str(home / "data"), **variables},
    )
    try:
        assert process.stderr is not None
        ready, _, _ = select.select([process.stderr], [], [], _WAIT_S)
        line = process.stderr.readline() if ready else ""
        found = re.search(r"listening on (http://\S+);", line)
        assert found, line
        yield Served(process, found[1])
    finally:
        process.kill()
        process.communicate(timeout=_WAIT_S)


def get(url: str, **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.get(url, headers=headers)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_on_this_machine_and_stops_in_order(home: Path, how: signal.Signals) -> None:
    with served(home) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert get(f"{server.url}/health").json() == {"ok": True}
        assert get(f"{server.url}/jobs").json() == []
        code, said = server.stop(how)
    assert code == 0
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "hypecut: stopped."


def test_a_stream_that_is_open_does_not_keep_it(home: Path) -> None:
    with served(home, "--no-worker") as server, httpx.Client(trust_env=False, timeout=60) as client:
        media = home / "data" / "media"
        (media / "a.mp4").write_bytes(b"a")
        (media / "a.json").write_text("{}")
        body = {"vod_url": "a.mp4", "chat_path": "a.json"}
        job_id = client.post(f"{server.url}/jobs/vod-highlights", json=body).json()["job_id"]
        with client.stream("GET", f"{server.url}/jobs/{job_id}/events") as response:
            assert next(response.iter_lines()) == "event: state"
            code, _ = server.stop(signal.SIGTERM)
        assert code == 0


def test_pages_and_the_api_do_not_get_in_each_others_way(home: Path) -> None:
    with served(home, "--no-worker") as server, httpx.Client(trust_env=False, timeout=60) as client:
        page = client.get(f"{server.url}/", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        for method, path, status in (
            ("POST", "/health", 405),
            ("PUT", "/jobs", 405),
            ("GET", "/jobs/x", 404),
            ("GET", "/jobs/x/y/z", 404),
            ("GET", "/uploads/x", 404),
        ):
            answer = client.request(method, f"{server.url}{path}", headers={"Accept": "text/html"})
            assert answer.status_code == status, path
            assert isinstance(answer.json()["detail"], str), path
        foreign = client.get(f"{server.url}/", headers={"Host": "evil.example"})
        assert foreign.status_code == 403
        server.stop(signal.SIGTERM)


@pytest.mark.parametrize(("options", "kept"), [((), True), (("--ephemeral",), False)])
def test_jobs_outlive_the_server_unless_they_are_ephemeral(
    home: Path, options: tuple[str, ...], kept: bool
) -> None:
    with served(home, "--no-worker", *options) as server, httpx.Client(trust_env=False, timeout=60) as client:
        (home / "data" / "media" / "a.mp4").write_bytes(b"a")
        (home / "data" / "media" / "a.json").write_text("{}")
        body = {"vod_url": "a.mp4", "chat_path": "a.json"}
        job_id = client.post(f"{server.url}/jobs/vod-highlights", json=body).json()["job_id"]
        server.stop(signal.SIGTERM)
    with served(home, "--no-worker", *options) as server:
        found = [job["id"] for job in get(f"{server.url}/jobs").json()]
        server.stop(signal.SIGTERM)
    assert found == ([job_id] if kept else [])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_another_address_without_a_token_is_refused(cli: Cli, host: str) -> None:
    outcome = cli("serve", "--host", host, "--port", "0")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "--token" in outcome.err


def test_with_a_token_it_may_be_reached_from_outside(home: Path) -> None:
    with served(home, "--host", "0.0.0.0", HYPECUT_TOKEN=SECRET) as server:
        assert get(f"{server.url}/jobs").status_code == 401
        assert get(f"{server.url}/jobs", Authorization=f"Bearer {SECRET}").json() == []
        code, said = server.stop(signal.SIGTERM)
    assert code == 0
    assert SECRET not in said
    written = [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert written == []


def test_a_port_in_use_is_told_in_one_sentence(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outcome = cli("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.code == 2
    assert "--port" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_usage(cli: Cli, port: str) -> None:
    assert cli("serve", "--port", port).code == 2


def test_the_token_is_not_shown_by_config(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPECUT_TOKEN", SECRET)
    for args in (("config",), ("config", "--json")):
        outcome = cli(*args)
        assert outcome.code == 0
        assert SECRET not in outcome.out + outcome.err
