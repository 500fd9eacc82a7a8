"""Faults that can be asked for, and the record of what was requested."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

Kind = Literal[
    "status",
    "stall",
    "slow",
    "truncate",
    "reset",
    "corrupt",
    "empty",
    "gql_error",
    "not_json",
    "hang",
    "null_comments",
    "redirect",
]


@dataclass
class Fault:
    """One rule. `where` is a shell pattern over "host/path" or "gql:OperationName".

    status     answer `code` (with Retry-After when `retry_after` is set)
    stall      send `fraction` of the body, wait `seconds`, then send the rest
    hang       send nothing for `seconds`, then close
    slow       send the body at `rate` bytes a second
    truncate   announce the full length, send `fraction` of it, close
    reset      close the connection without an answer
    corrupt    send the right number of bytes, the second half of them zeroed
    empty      a 200 with no body
    not_json   a 200 with an HTML body
    redirect   a 302 that leads `to` another address
    null_comments  a page of chat whose comments are null
    gql_error  a 200 with GraphQL errors: [{"message": `message`}] and data null

    `times` -1 is for ever, `skip` leaves the first so many alone, `then` is called at each hit.
    """

    where: str
    kind: Kind
    times: int = 1
    skip: int = 0
    code: int = 500
    retry_after: float | None = None
    fraction: float = 0.5
    seconds: float = 5.0
    rate: int = 65536
    to: str = ""
    message: str = "service error"
    then: Callable[[], None] | None = None
    hits: int = 0


@dataclass
class Served:
    """One answered request; `sent` counts the bytes of the body, status 0 means no answer."""

    method: str
    host: str
    path: str
    query: str
    status: int
    sent: int = 0
    range: str | None = None
    operation: str | None = None
    fault: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FaultBook:
    """Thread-safe faults and request log of one local Twitch."""

    faults: list[Fault] = field(default_factory=list)
    log: list[Served] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, where: str, kind: Kind, **options: Any) -> Fault:
        fault = Fault(where, kind, **options)
        with self._lock:
            self.faults.append(fault)
        return fault

    def take(self, target: str) -> Fault | None:
        """The fault that applies to this request, if any; uses one of its `times`."""
        with self._lock:
            for fault in self.faults:
                if not fnmatchcase(target, fault.where):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times == 0:
                    continue
                fault.times -= fault.times > 0
                fault.hits += 1
                if fault.then is not None:
                    fault.then()
                return fault
        return None

    def note(self, served: Served) -> None:
        with self._lock:
            self.log.append(served)

    def enter(self, step: int) -> None:
        with self._lock:
            self.busy += step
            self.busiest = max(self.busiest, self.busy)

    def reset(self) -> None:
        with self._lock:
            self.faults.clear()
            self.log.clear()
            self.refused.clear()
            self.busiest = self.busy

    def requests(self, pattern: str = "*") -> list[Served]:
        """The served requests whose "host/path" or "gql:Operation" matches a shell pattern."""
        with self._lock:
            return [
                s
                for s in self.log
                if fnmatchcase(s.host + s.path, pattern) or fnmatchcase(f"gql:{s.operation}", pattern)
            ]

    def bytes_sent(self, pattern: str = "*") -> int:
        return sum(s.sent for s in self.requests(pattern))
