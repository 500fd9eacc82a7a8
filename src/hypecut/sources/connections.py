"""The connections of an HTTP client, so that another thread can break them off."""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from hypecut.errors import InterruptedByUserError


class Connections:
    """Who uses a client, and by which sockets; closes both without leaving one open.

    A client that is closed while a connection is still being made would lose sight of it. So closing only
    breaks the sockets off, and whoever uses the client last closes it.

    Args:
        client: closed when nobody uses it any more.
    """

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._users = 0
        self._lock = threading.Lock()
        self.closed = threading.Event()

    @contextlib.contextmanager
    def answer(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """The open answer to a request.

        Raises:
            InterruptedByUserError: all is closed.
            httpx.HTTPError: there is no answer.
        """
        with self._lock:
            self.check_open()
            self._users += 1
        try:
            request.extensions["trace"] = self._trace
            answer = self._client.send(request, stream=True)
            try:
                yield answer
            finally:
                answer.close()
        finally:
            with self._lock:
                self._users -= 1
                last = self.closed.is_set() and not self._users
            if last:
                self._client.close()

    def close(self) -> None:
        """Break off what is under way; whoever waits for it gets an error of the network soon."""
        with self._lock:
            self.closed.set()
            for one in list(self._sockets):
                _break_off(one)
            unused = not self._users
        if unused:
            self._client.close()

    def check_open(self) -> None:
        """Raise InterruptedByUserError if it is closed."""
        if self.closed.is_set():
            raise InterruptedByUserError("the download was stopped; run it again to go on.")

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn of a socket; httpcore tells of it when it is connected and again when it speaks TLS."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        one = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.add(one)
            if self.closed.is_set():
                _break_off(one)


def _break_off(one: socket.socket) -> None:
    # Closing it would not wake a thread that waits for data.
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
