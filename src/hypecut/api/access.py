"""Who may use the server: checks of Host, Origin and token, for the API and the pages alike.

A page of another site can make a browser send requests here, and by DNS rebinding even let it read the
answers. Such requests carry a foreign name in Host or Origin, so only known names are let through. A token
keeps out everybody else, wherever the server listens.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hypecut.errors import UsageError

SESSION_COOKIE = "hypecut_session"
LOGIN_PATH = "/ui/login"
# Tells nothing, and is asked for by what watches over servers.
OPEN_PATHS = frozenset({"/health", LOGIN_PATH})
# Asked for by programs, which are told with a status; anything else is a page, and leads to the login.
_API_PATHS = ("/jobs", "/uploads", "/openapi.json")
_LOOPBACK_NAMES = frozenset({"localhost"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    # Not no-referrer: browsers then send the login form with an origin of null, like another site's.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def is_loopback(host: str) -> bool:
    """Whether the address or name `host` can be reached from this machine only."""
    address = _address(host)
    return address.is_loopback if address else host.lower() in _LOOPBACK_NAMES


def check_exposure(host: str, token: str | None) -> None:
    """Make sure that a server which others can reach asks for a token.

    Raises:
        UsageError: `host` is no address of this machine alone, and there is no token.
    """
    if token is None and not is_loopback(host):
        raise UsageError(
            f"others could reach the server at {host}: set a token with --token or HYPECUT_TOKEN,"
            " or listen on 127.0.0.1."
        )


@dataclass(frozen=True)
class Access:
    """The rules.

    Attributes:
        hosts: names that Host may hold, in lower case.
        any_address: whether Host may also hold any IP address: none can be rebound by DNS.
        token: what requests must show; None asks for nothing.
    """

    hosts: frozenset[str]
    any_address: bool = False
    token: str | None = None

    @classmethod
    def of(cls, host: str, names: Iterable[str], token: str | None) -> Access:
        """The rules of a server that listens on `host`."""
        hosts = {*_LOOPBACK_NAMES, *(name.lower() for name in names)}
        local = is_loopback(host)
        if not local:
            own = socket.gethostname().lower()
            hosts |= {host.lower(), own, own.partition(".")[0] + ".local"}
        return cls(frozenset(hosts), any_address=not local or token is not None, token=token or None)

    def host_allowed(self, header: str) -> bool:
        """Whether the value of a Host header names this server."""
        host = _host_of(header)
        address = _address(host)
        if address is not None:
            return self.any_address or address.is_loopback or host in self.hosts
        return host in self.hosts

    def origin_allowed(self, origin: str | None, host: str) -> bool:
        """Whether a request from a page of `origin` may come to `host`, the value of its Host header.

        Requests without an origin come from programs, or lead to a page.
        """
        if origin is None:
            return True
        asked = _authority(origin)
        return asked is not None and asked == _authority(f"{asked[0]}://{host}")

    def token_shown(self, headers: Headers) -> bool:
        """Whether the headers hold the token, or the session cookie made of it."""
        if self.token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return _same(given.strip(), self.token)
        return _same(_cookie(headers), session_value(self.token))


def session_value(token: str) -> str:
    """What the session cookie holds: it proves knowledge of the token, and does not tell it."""
    return hmac.new(token.encode(), b"hypecut session", hashlib.sha256).hexdigest()


def token_matches(given: str, token: str) -> bool:
    """Whether `given` is the token, compared in a time that tells nothing of how much of it is right."""
    return _same(given, token)


class AccessMiddleware:
    """Lets only requests pass that the rules allow, and sets headers that keep answers from other sites.

    Args:
        app: what the requests are for.
        access: the rules.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request, and pass on any other."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._access.host_allowed(host):
            return _error(
                403,
                "the Host header does not name this server; use its address,"
                " or add the name to the setting server_names.",
            )
        if not self._access.origin_allowed(headers.get("origin"), host):
            return _error(403, "a page of another site may not send requests here.")
        if scope["path"] in OPEN_PATHS or self._access.token_shown(headers):
            return None
        if self._leads_to_login(scope, headers):
            return RedirectResponse(LOGIN_PATH, status_code=303)
        return _error(
            401,
            "the token is missing or wrong; send it as 'Authorization: Bearer TOKEN'.",
            {"WWW-Authenticate": "Bearer"},
        )

    @staticmethod
    def _leads_to_login(scope: Scope, headers: Headers) -> bool:
        """Whether a person asks for a page with a browser."""
        path: str = scope["path"]
        if scope["type"] != "http" or any(path == one or path.startswith(one + "/") for one in _API_PATHS):
            return False
        return scope["method"] == "GET" and "text/html" in headers.get("accept", "")


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            added = [pair for pair in _HEADERS if pair[0] not in there]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return wrapped


def _error(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


def _cookie(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[SESSION_COOKIE].value if SESSION_COOKIE in cookies else ""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _host_of(header: str) -> str:
    """The name or address of a Host header, in lower case and without its port; '' for a malformed one."""
    authority = _authority(f"http://{header}")
    return authority[1] if authority else ""


def _authority(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an origin; None for what is none, such as `null`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, host.rstrip("."), port or _DEFAULT_PORTS.get(parts.scheme)
