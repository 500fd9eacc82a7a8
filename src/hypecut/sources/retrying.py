"""When to ask a server again, and after how long."""

from __future__ import annotations

import email.utils
import random
from collections.abc import Callable, Mapping

import httpx

# Statuses that say "not now": too many requests, and the server's own troubles.
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
# Whoever asks us to wait longer than this is told to the user instead.
MAX_ASKED_WAIT_S = 120.0
_FIRST_WAIT_S = 0.5
_MAX_WAIT_S = 30.0
_RESET_IS_EPOCH = 1_000_000_000


def backoff_s(attempt: int, rand: Callable[[], float] = random.random) -> float:
    """The seconds to wait after failed attempt number `attempt` (from 1): doubling, at random from a half up.

    Clients that failed together don't come back together ("equal jitter" of the AWS Architecture Blog's
    "Exponential Backoff And Jitter").
    """
    longest = min(_MAX_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
    return longest * (0.5 + rand() / 2)


def asked_wait_s(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds a server asks to wait, by `Retry-After` (RFC 9110) or Helix's `Ratelimit-Reset`.

    Args:
        headers: of its answer, to be asked in any case of letters.
        now: the time, in seconds since 1970.

    Returns:
        None if it doesn't ask.
    """
    asked = headers.get("retry-after", "").strip()
    if asked:
        try:
            return max(0.0, float(asked))
        except ValueError:
            pass
        try:
            return max(0.0, email.utils.parsedate_to_datetime(asked).timestamp() - now)
        except (ValueError, OverflowError):
            pass
    try:
        reset = float(headers.get("ratelimit-reset", ""))
    except ValueError:
        return None
    return max(0.0, reset - now if reset > _RESET_IS_EPOCH else reset)


def told(error: httpx.HTTPError) -> str:
    """What went wrong on the way, in words for people."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return "can't be reached in time"
    if isinstance(error, httpx.TimeoutException):
        return "stayed silent for too long"
    if isinstance(error, httpx.ProxyError):
        return f"can't be reached through the proxy ({error})"
    if isinstance(error, httpx.ConnectError):
        return f"can't be reached ({error})"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return "broke the connection off"
    return f"failed ({type(error).__name__}: {error})"
