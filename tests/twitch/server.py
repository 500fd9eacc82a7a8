"""The listener: an HTTP proxy on loopback that answers for Twitch's hosts itself.

A client is given http://127.0.0.1:PORT as its proxy and the CA file. CONNECT to a host it knows ends
here, in TLS made here; any other host is refused, so that a test can never reach the real network by mistake.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from hypecut.settings import Settings
from tests.twitch.exchange import Answer, Request, as_json
from tests.twitch.faults import Fault, FaultBook, Kind, Served
from tests.twitch.fixture import Channel, Clip, Fixture, Vod
from tests.twitch.gql import CDN, special_id
from tests.twitch.media import MediaStore
from tests.twitch.sites import Sites
from tests.twitch.tls import make_context

_BLOCK = 65536


class LocalTwitch:
    """A local Twitch that runs in threads of this process while it is used in a `with` statement.

    Attributes:
        fixture: what it serves; may be changed at any time.
        book: faults to come and the requests so far.
        media: the video files.
        ca_file: what clients must trust.
    """

    def __init__(self, fixture: Fixture, cache: Path) -> None:
        self.fixture = fixture
        self.book = FaultBook()
        self.media = MediaStore(fixture, cache)
        self.sites = Sites(fixture, self.media)
        self.context, self.ca_file = make_context(cache / "tls", self.sites.hosts)
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.twitch = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def env(self) -> dict[str, str]:
        """Environment variables that send common clients here and make them trust the CA."""
        names = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY")
        trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
        return {**dict.fromkeys(names, self.proxy), **dict.fromkeys(trust, str(self.ca_file)), "NO_PROXY": ""}

    def settings(self, folder: Path, **changes: Any) -> Settings:
        """Settings that lead hypecut here and keep its files in `folder`."""
        usual: dict[str, Any] = {
            "output_dir": folder,
            "data_dir": folder / "data",
            "cache_dir": folder / "cache",
            "proxy": self.proxy,
            "ca_file": self.ca_file,
        }
        return Settings(**(usual | changes))

    def add(self, *things: Channel | Vod | Clip) -> None:
        """Adds to what is served; video files are made now, so that no client waits for them."""
        self.fixture.add(*things)
        for thing in things:
            if isinstance(thing, Vod):
                for quality in thing.qualities:
                    self.media.rendition(thing, quality)
            elif isinstance(thing, Clip):
                for height in thing.qualities or ():
                    self.media.clip_file(thing, height)

    def cdn_url(self, vod: Vod, quality: str = "chunked") -> str:
        """Where a VOD's segments are; their names follow."""
        return f"https://{CDN}/{self.sites.epoch}/{special_id(vod, self.fixture)}/{quality}/"

    def fault(self, where: str, kind: Kind, **options: Any) -> Fault:
        return self.book.add(where, kind, **options)

    def retire_hash(self, sha256: str) -> None:
        """From now on this persisted query is unknown, as when Twitch ships a new web client."""
        self.sites.retired.add(sha256)

    def expire_tokens(self, seconds: float = -1) -> None:
        """Playback and app tokens issued from now on last this long; app tokens already out are dropped."""
        self.fixture.token_seconds = seconds
        self.sites.helix.bearers.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    twitch: LocalTwitch

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is not worth a traceback; our own fault is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError, ssl.SSLError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120
    server: _Listener
    tls_host: str | None = None

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.twitch.open.add(self.connection)

    def finish(self) -> None:
        self.server.twitch.open.discard(self.connection)
        try:
            super().finish()
        finally:
            self.connection.close()

    def log_message(self, *args: Any) -> None:
        """Quiet: the FaultBook is the log."""

    def do_CONNECT(self) -> None:
        twitch = self.server.twitch
        host = self.path.rsplit(":", 1)[0].lower()
        if host not in twitch.sites.hosts:
            twitch.book.refused.append(host)
            self.send_error(502, f"the local Twitch does not serve {host}")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        twitch.open.discard(self.connection)
        try:
            self.connection = twitch.context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.connection.settimeout(self.timeout)
        twitch.open.add(self.connection)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)
        self.tls_host = host
        self.close_connection = False

    def _any(self) -> None:
        twitch = self.server.twitch
        url = urlsplit(self.path)
        host = self.tls_host or (
            url.hostname if url.scheme else (self.headers.get("Host") or "").rsplit(":", 1)[0]
        )
        host, path = (host or "").lower(), url.path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        multi = parse_qs(url.query)
        request = Request(
            self.command, host, path, {k: v[-1] for k, v in multi.items()}, self.headers, body, multi
        )
        if host not in twitch.sites.hosts:
            twitch.book.refused.append(host)
            self._send(request, Answer(b"", 502, "text/plain"), None)
            return
        twitch.book.enter(1)
        try:
            fault = twitch.book.take(host + path)
            if fault is None and host == "gql.twitch.tv" and body:
                asked = json.loads(body)
                for one in asked if isinstance(asked, list) else [asked]:
                    fault = fault or twitch.book.take(f"gql:{one.get('operationName') or 'query'}")
            if fault and fault.kind == "gql_error":
                error = {"errors": [{"message": fault.message}], "data": None}
                answer = as_json([error] if body.lstrip().startswith(b"[") else error)
            elif fault and fault.kind == "null_comments":
                answer = as_json({"data": {"video": {"id": "1", "comments": None}}})
            else:
                answer = twitch.sites.answer(request)
            self._send(request, answer, fault)
        finally:
            twitch.book.enter(-1)

    do_GET = do_POST = do_HEAD = _any  # noqa: N815

    def _send(self, request: Request, answer: Answer, fault: Fault | None) -> None:
        data = answer.body.read_bytes() if isinstance(answer.body, Path) else answer.body
        status, headers = answer.status, dict(answer.headers)
        asked = self.headers.get("Range")
        if fault and fault.kind == "status":
            status, data = fault.code, b'{"error":"injected","status":%d,"message":"injected"}' % fault.code
            if fault.retry_after is not None:
                headers["Retry-After"] = f"{fault.retry_after:g}"
        elif fault and fault.kind == "redirect":
            status, data, headers["Location"] = 302, b"", fault.to
        elif fault and fault.kind == "not_json":
            data, answer.kind = b"<html><body>Please wait</body></html>", "text/html"
        elif fault and fault.kind == "empty":
            data = b""
        elif isinstance(answer.body, Path) and status == 200:
            headers["Accept-Ranges"] = "bytes"
            if asked and asked.startswith("bytes="):
                total = len(data)
                first, last = _range(asked, total)
                if first >= total:
                    status, data, headers["Content-Range"] = 416, b"", f"bytes */{total}"
                else:
                    status, data, headers["Content-Range"] = (
                        206,
                        data[first : last + 1],
                        f"bytes {first}-{last}/{total}",
                    )
        if fault and fault.kind == "corrupt":
            data = data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
        kind = fault.kind if fault else None
        served = Served(
            method=request.method,
            host=request.host,
            path=request.path,
            query=urlsplit(self.path).query,
            status=0 if kind in ("reset", "hang") else status,
            range=asked,
            operation=answer.operation,
            fault=kind,
            headers=request.headers,
        )
        # Before the client can see anything of it, so that a test that has the answer finds it counted.
        self.server.twitch.book.note(served)
        if served.status == 0:
            self.close_connection = True
            if fault and kind == "hang":
                self.server.twitch.stopping.wait(fault.seconds)
            else:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        self.send_response(status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if request.method != "HEAD":
            self._write(data, fault, served)

    def _write(self, data: bytes, fault: Fault | None, served: Served) -> None:
        """Send the body, or as much of it as the fault allows."""
        kind = fault.kind if fault else None
        step = max(1, min(_BLOCK, fault.rate // 10)) if fault and kind == "slow" else _BLOCK
        cut = int(len(data) * fault.fraction) if fault and kind in ("truncate", "stall") else len(data)
        for part in (data[:cut], data[cut:]):
            for at in range(0, len(part), step):
                block = part[at : at + step]
                served.sent += len(block)
                self.wfile.write(block)
                if fault and kind == "slow":
                    time.sleep(step / fault.rate)
            if kind == "truncate":
                self.close_connection = True
                return
            if fault and kind == "stall":
                self.server.twitch.stopping.wait(fault.seconds)
                kind = None


def _range(text: str, total: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").split(",")[0].partition("-")
    if not first:
        return max(0, total - int(last)), total - 1
    return int(first), min(int(last) if last else total - 1, total - 1)
