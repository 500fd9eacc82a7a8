"""A request and its answer, as the hosts of the local Twitch see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Request:
    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes = b""
    multi: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Answer:
    body: bytes | Path = b""
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    operation: str | None = None


def as_json(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(json.dumps(data).encode(), status, headers=headers or {})
