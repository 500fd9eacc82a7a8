"""A client that is closed by another thread: whoever uses it stops soon, and no socket is left open."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from hypecut.errors import InterruptedByUserError
from hypecut.sources.http import HttpClient
from tests.twitch import LocalTwitch

PIXEL = "https://static-cdn.jtvnw.net/a.png"
PATIENCE_S = 60.0


class Reader(threading.Thread):
    """Asks for something in a thread of its own, and keeps the error."""

    def __init__(self, http: HttpClient) -> None:
        super().__init__()
        self.http = http
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.http.get(PIXEL)
        except BaseException as error:
            self.error = error

    def ended(self) -> BaseException | None:
        self.join(PATIENCE_S)
        assert not self.is_alive()
        # A socket that nobody closed is told of when it is collected.
        gc.collect()
        return self.error


class SlowTunnel(threading.Thread):
    """A proxy before the proxy of the local Twitch that lets TLS begin only when told to."""

    def __init__(self, twitch: LocalTwitch) -> None:
        super().__init__()
        self.behind = int(twitch.proxy.rsplit(":", 1)[1])
        self.connected = threading.Event()
        self.go_on = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self) -> None:
        with (
            self.listener,
            self.listener.accept()[0] as near,
            socket.create_connection(("127.0.0.1", self.behind)) as far,
        ):
            far.sendall(near.recv(65536))
            near.sendall(far.recv(65536))
            hello = near.recv(65536)
            self.connected.set()
            self.go_on.wait(PATIENCE_S)
            far.sendall(hello)
            back = threading.Thread(target=_pass_on, args=(far, near))
            back.start()
            _pass_on(near, far)
            back.join()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@pytest.fixture
def tunnel(twitch: LocalTwitch) -> Iterator[SlowTunnel]:
    one = SlowTunnel(twitch)
    yield one
    one.go_on.set()
    one.join(PATIENCE_S)


def test_who_waits_for_an_answer_stops(twitch: LocalTwitch, tmp_path: Path) -> None:
    twitch.fault("*/a.png", "hang", seconds=280)
    http = HttpClient(twitch.settings(tmp_path, network_timeout_s=280))
    reader = Reader(http)
    deadline = time.monotonic() + PATIENCE_S
    while not twitch.book.requests("*/a.png"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    http.close()
    assert isinstance(reader.ended(), InterruptedByUserError)


def test_who_is_still_connecting_stops(twitch: LocalTwitch, tmp_path: Path, tunnel: SlowTunnel) -> None:
    http = HttpClient(twitch.settings(tmp_path, proxy=SecretStr(tunnel.address)))
    reader = Reader(http)
    assert tunnel.connected.wait(PATIENCE_S)
    http.close()
    tunnel.go_on.set()
    assert isinstance(reader.ended(), InterruptedByUserError)
    assert not twitch.book.requests("*/a.png")


def test_a_closed_client_asks_nothing(twitch: LocalTwitch, tmp_path: Path) -> None:
    http = HttpClient(twitch.settings(tmp_path))
    http.get(PIXEL)
    http.close()
    http.close()
    with pytest.raises(InterruptedByUserError):
        http.get(PIXEL)
    assert len(twitch.book.requests("*/a.png")) == 1
