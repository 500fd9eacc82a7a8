"""Waiting for what happens elsewhere, for long enough on any machine."""

from __future__ import annotations

import time
from collections.abc import Callable

LONGEST_S = 120.0


def until(what: str, condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    deadline_s = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited too long: {what}"
        time.sleep(0.02)
