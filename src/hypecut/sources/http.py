"""The one way out to the network: HTTPS to the hosts of the settings, bounded in size and time, retried.

Every request of hypecut's own goes through `HttpClient`. Redirects are followed only to allowed hosts, and no
more is taken from a server than what was asked for.
"""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from hypecut import __version__
from hypecut.errors import (
    HttpStatusError,
    SourceGoneError,
    SourceUnavailableError,
    UsageError,
)
from hypecut.files import told_as_write_error
from hypecut.logs import WAITS
from hypecut.settings import Settings
from hypecut.sources.connections import Connections
from hypecut.sources.pacing import Pacer
from hypecut.sources.retrying import MAX_ASKED_WAIT_S, RETRIED_STATUSES, asked_wait_s, backoff_s, told

log = logging.getLogger(__name__)
waits = logging.getLogger(WAITS)

MAX_ANSWER_BYTES = 32 * 1024**2
_MAX_REDIRECTS = 5
_MAX_ERROR_BYTES = 4096
_CHUNK_BYTES = 64 * 1024
_CONNECT_S = 15.0
# Whoever watches wonders why nothing happens.
_LONG_WAIT_S = 2.0
# Headers that are for one host alone.
_PRIVATE_HEADERS = ("authorization", "client-id", "client-integrity")

T = TypeVar("T")


@dataclass(frozen=True)
class HttpAnswer:
    """A whole answer.

    Attributes:
        status: 200 to 299.
        headers: to be asked in any case of letters.
        body: as sent, unpacked.
        url: where it came from, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; holds the error to raise if it doesn't."""

    def __init__(self, error: SourceUnavailableError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


class HttpClient:
    """HTTPS for all of hypecut's sources; safe to share among threads. Use it in a `with` statement.

    Args:
        settings: proxy, certificates, timeout, tries, allowed hosts, rate limit.
        sleep: waits so many seconds; None waits until then or until the client is closed.
        now: the time in seconds since 1970, for servers that name a moment.

    Raises:
        UsageError: the proxy or the certificates of the settings can't be used.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._tries = settings.network_tries
        self._hosts = settings.allowed_hosts
        proxy = settings.proxy.get_secret_value()
        try:
            self._client = httpx.Client(
                proxy=proxy or None,
                verify=ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True,
                timeout=httpx.Timeout(
                    settings.network_timeout_s, connect=min(_CONNECT_S, settings.network_timeout_s)
                ),
                limits=httpx.Limits(max_connections=settings.download_threads + 4),
                headers={"User-Agent": f"hypecut/{__version__}"},
                follow_redirects=False,
            )
        except OSError as error:
            raise UsageError(f"ca_file {settings.ca_file} can't be used ({error}); correct it.") from error
        except (ValueError, httpx.InvalidURL) as error:
            raise UsageError("the proxy can't be used; write it as http://HOST:PORT.") from error
        self._connections = Connections(self._client)
        self._sleep = self._connections.closed.wait if sleep is None else sleep
        self._pacer = Pacer(settings.download_limit_mb_s * 1e6, self._sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Whether it can't be used any more."""
        return self._connections.closed.is_set()

    def close(self) -> None:
        """Close all connections; requests in other threads end with an error soon."""
        self._connections.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> HttpAnswer:
        """Get a whole answer; raises as `request`."""
        return self.request("GET", url, params=params, headers=headers, max_bytes=max_bytes)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> HttpAnswer:
        """Ask for something whose answer fits into memory; it is asked again when that may help.

        Args:
            method: GET or POST; a POST must be safe to send twice.
            url: https, of an allowed host.
            params: the address's query.
            headers: sent along.
            json: the body of a POST, as JSON.
            form: the body of a POST, as a form.
            max_bytes: a longer answer is an error.

        Raises:
            HttpStatusError: the answer's status is an error that remains.
            SourceGoneError: the host may not be asked.
            SourceUnavailableError: there is no answer, or it can't be taken.
        """
        request = self._client.build_request(
            method,
            url,
            params=params,
            headers=dict(headers or {}),
            json=json,
            data=dict(form) if form else None,
        )

        def attempt() -> HttpAnswer:
            with self._answer(request) as answer:
                body = self._body(answer, max_bytes)
                return HttpAnswer(answer.status_code, answer.headers, body, str(answer.url))

        return self._with_retries(attempt)

    def download(
        self,
        url: str,
        target: Path,
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        on_bytes: Callable[[int], object] | None = None,
    ) -> int:
        """Download into a file that may hold the beginning already; what is there is not fetched again.

        A connection that breaks is taken up where it broke (by Range). The caller gives a name aside and
        renames.

        Args:
            url: https, of an allowed host.
            target: the file; its folder must be there.
            max_bytes: a longer file is an error.
            headers: sent along.
            on_bytes: told of each piece that came in, in bytes, in this thread; what it raises ends the
                download.

        Returns:
            The length of the file in bytes, which is what the server promised.

        Raises:
            HttpStatusError: the answer's status is an error that remains.
            SourceUnavailableError: the file can't be had whole.
            DiskFullError, BadInputError: it can't be written.
        """
        base = {**(headers or {}), "Accept-Encoding": "identity"}

        def attempt() -> int:
            with told_as_write_error(target), target.open("ab") as file:
                have = file.tell()
                request = self._client.build_request(
                    "GET", url, headers=base | ({"Range": f"bytes={have}-"} if have else {})
                )
                with self._answer(request, allow=(416,)) as answer:
                    begin, total = _place(answer, have)
                    if begin != have:
                        file.truncate(0)
                    if answer.status_code != 416:
                        self._copy(answer, file.write, max_bytes - begin, on_bytes)
                    size = file.tell()
            if total is not None and size != total:
                target.unlink()
                raise _TryAgainError(
                    SourceUnavailableError(f"{_host(url)} sent {size} of {total} bytes; try again later.")
                )
            return size

        return self._with_retries(attempt, lambda: target.stat().st_size if target.exists() else 0)

    def wait(self, attempt: int) -> None:
        """Wait after failed attempt number `attempt` (from 1) of something, longer each time.

        Raises:
            InterruptedByUserError: the client was closed.
        """
        self._connections.check_open()
        wait_s = backoff_s(attempt)
        _tell_wait("there is no usable answer yet", wait_s)
        self._sleep(wait_s)

    def _with_retries(self, attempt: Callable[[], T], done: Callable[[], int] = lambda: 0) -> T:
        """What `attempt` gives, tried with growing waits; one that moves `done` on counts as the first."""
        failed, before = 0, done()
        while True:
            self._connections.check_open()
            try:
                return attempt()
            except _TryAgainError as again:
                self._connections.check_open()
                after = done()
                failed = 1 if after > before else failed + 1
                before = after
                if failed >= self._tries or (again.wait_s or 0.0) > MAX_ASKED_WAIT_S:
                    raise again.error from again.__cause__
                wait_s = backoff_s(failed) if again.wait_s is None else again.wait_s
                _tell_wait(str(again).partition(";")[0].rstrip("."), wait_s)
                self._sleep(wait_s)

    @contextlib.contextmanager
    def _answer(self, request: httpx.Request, allow: tuple[int, ...] = ()) -> Iterator[httpx.Response]:
        """The open answer to a request, redirects followed; any error status is raised."""
        for _ in range(_MAX_REDIRECTS):
            self._check_host(request.url)
            with _told(request.url), self._connections.answer(request) as answer:
                log.debug(
                    "%s %s%s: %d", request.method, request.url.host, request.url.path, answer.status_code
                )
                if answer.next_request is None:
                    self._check_status(answer, allow)
                    yield answer
                    return
                following = answer.next_request
            if following.url.host != request.url.host:
                for name in _PRIVATE_HEADERS:
                    following.headers.pop(name, None)
            request = following
        raise SourceUnavailableError(f"{request.url.host} redirects in a circle; try again later.")

    def _check_host(self, url: httpx.URL) -> None:
        known = any(fnmatch.fnmatchcase(url.host.lower(), pattern) for pattern in self._hosts)
        if url.scheme != "https" or url.port not in (None, 443) or url.userinfo or not known:
            raise SourceGoneError(
                f"{url.scheme}://{url.host} is not among the addresses that may be asked; if it is right,"
                " add it to the setting allowed_hosts."
            )

    def _check_status(self, answer: httpx.Response, allow: tuple[int, ...]) -> None:
        status = answer.status_code
        if 200 <= status < 300 or status in allow:
            return
        body = b""
        for chunk in answer.iter_bytes(_MAX_ERROR_BYTES):
            body += chunk
            if len(body) >= _MAX_ERROR_BYTES:
                break
        host = answer.url.host
        if status not in RETRIED_STATUSES:
            raise HttpStatusError(f"{host} refused with status {status}.", status, body[:_MAX_ERROR_BYTES])
        wait_s = asked_wait_s(answer.headers, self._now())
        when = f"in {wait_s:.0f} s" if wait_s else "later"
        what = "takes no more requests for now" if status == 429 else f"has trouble (status {status})"
        raise _TryAgainError(HttpStatusError(f"{host} {what}; try again {when}.", status, body), wait_s)

    def _body(self, answer: httpx.Response, max_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        for chunk in answer.iter_bytes(_CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise _too_long(answer.url.host, max_bytes)
            parts.append(chunk)
        return b"".join(parts)

    def _copy(
        self,
        answer: httpx.Response,
        write: Callable[[bytes], object],
        max_bytes: int,
        on_bytes: Callable[[int], object] | None,
    ) -> None:
        size = 0
        for chunk in answer.iter_raw():
            size += len(chunk)
            if size > max_bytes:
                raise _too_long(answer.url.host, max_bytes)
            self._connections.check_open()
            write(chunk)
            if on_bytes is not None:
                on_bytes(len(chunk))
            self._pacer.took(len(chunk))


@contextlib.contextmanager
def _told(url: httpx.URL) -> Iterator[None]:
    """Raise what goes wrong on the way as an error for people that may pass."""
    try:
        yield
    except httpx.HTTPError as error:
        raise _TryAgainError(SourceUnavailableError(f"{url.host} {told(error)}; try again later.")) from error


def _tell_wait(why: str, wait_s: float) -> None:
    """Say what is waited for, to whoever watches if it takes long."""
    tell = waits.warning if wait_s >= _LONG_WAIT_S else log.info
    tell("%s; asked again in %.0f s", why, wait_s)


def _place(answer: httpx.Response, have: int) -> tuple[int, int | None]:
    """(where the answer's bytes begin in the file, the file's length); `have` bytes are there already."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise SourceUnavailableError(
            f"{answer.url.host} sends packed data where it must not; try again later."
        )
    if answer.status_code == 200:
        length = answer.headers.get("content-length")
        return 0, int(length) if length and length.isdecimal() else None
    unit, _, rest = answer.headers.get("content-range", "").partition(" ")
    span, _, length = rest.partition("/")
    total = int(length) if unit == "bytes" and length.isdecimal() else None
    if answer.status_code == 416:
        return (have, total) if total == have else (0, -1)
    begin = span.partition("-")[0]
    if not begin.isdecimal() or int(begin) != have:
        raise SourceUnavailableError(
            f"{answer.url.host} sent another part of a file than asked; try again later."
        )
    return have, total


def _too_long(host: str, max_bytes: int) -> SourceUnavailableError:
    return SourceUnavailableError(f"{host} sends more than {max_bytes} bytes, which is not believable.")


def _host(url: str) -> str:
    return httpx.URL(url).host
