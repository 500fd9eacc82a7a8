"""Keeping downloads together below a rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pacer:
    """Makes those who take bytes wait, so that all together stay below a rate.

    Args:
        rate: bytes a second; 0 is no limit.
        sleep: waits so many seconds.
        clock: seconds that only rise.
    """

    def __init__(
        self, rate: float, sleep: Callable[[float], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock()

    def took(self, count: int) -> None:
        """So many bytes came in; returns when the next may."""
        if not self._rate:
            return
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now) + count / self._rate
            wait_s = self._free_at - now
        self._sleep(wait_s)
