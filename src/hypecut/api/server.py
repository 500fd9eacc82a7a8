"""The server: the application on uvicorn, stopped in an orderly way, logging where hypecut does."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from hypecut.errors import UsageError

# Streams and downloads that do not end by then are cut off.
GRACE_S = 5
_BACKLOG = 128


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the address, which is free and this machine's.

    Raises:
        UsageError: it is not.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise UsageError(f"can't listen on {host} ({error.strerror}); name another --host.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"can't listen on {host}, port {port} ({error.strerror}); choose another with --port."
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Where a browser finds what listens there."""
    host, port = listener.getsockname()[:2]
    named = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else host
    return f"http://[{named}]:{port}" if ":" in named and named[0] != "[" else f"http://{named}:{port}"


def serve(app: FastAPI, listener: socket.socket, started: Callable[[], None] = lambda: None) -> None:
    """Answer requests until SIGTERM or Ctrl-C; what is under way then is finished within `GRACE_S`.

    Args:
        app: the application.
        listener: from `bind`; closed at the end.
        started: called once requests are answered.
    """
    _log_where_hypecut_does()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )
    # The signal that stopped it is raised once more when all is closed.
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, started).run(sockets=[listener])


def _log_where_hypecut_does() -> None:
    """Let the server's own remarks go to hypecut's log; requests aren't logged: their paths tell too much."""
    logger = logging.getLogger("uvicorn")
    logger.handlers = list(logging.getLogger("hypecut").handlers)
    logger.propagate = False


class _Server(uvicorn.Server):
    """Tells when it has started."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._tell_started()
