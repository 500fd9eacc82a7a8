"""How fast the server lists jobs: `python benchmarks/api_list.py`.

A real server process on a SQLite file with ten thousand finished jobs and all that is recorded of them, asked
over HTTP as a page or a client asks.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from hypecut.settings import Settings
from many_jobs import WORD, fill

JOBS = 10_000
PAGE = 100
REQUESTS = 30
TARGET_MS = 50.0
QUERIES: dict[str, dict[str, str | int]] = {
    "newest": {"limit": PAGE},
    "by status": {"limit": PAGE, "status": "done"},
    "by text": {"limit": PAGE, "search": WORD},
    "last page": {"limit": PAGE, "offset": JOBS - PAGE},
}


def main() -> int:
    """Measure, print a line for each kind of list, and fail when one misses the target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = fill(Settings(data_dir=folder), JOBS)
        print(f"{JOBS:,} jobs, with steps, files and clips {rows:,} rows")
        with _Server(folder) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            slowest_ms = max(_measured(client, kind, query) for kind, query in QUERIES.items())
    return 0 if slowest_ms <= TARGET_MS else 1


def _measured(client: httpx.Client, kind: str, query: dict[str, str | int]) -> float:
    """The median time of a list, in milliseconds."""
    times_ms = []
    for _ in range(REQUESTS):
        began_s = time.perf_counter()
        answer = client.get("/jobs", params=query)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        assert len(answer.json()) == PAGE
        assert answer.headers["x-total-count"] == str(JOBS)
    median_ms = statistics.median(times_ms)
    print(f"{PAGE} of {JOBS:,} jobs, {kind}: {median_ms:.1f} ms (target {TARGET_MS:.0f} ms)")
    return median_ms


class _Server:
    """`hypecut serve` on a free port."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hypecut", "serve", "--port", "0", "--no-worker"],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HYPECUT_DATA_DIR": str(data_dir)},
        )

    def __enter__(self) -> str:
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        found = re.search(r"listening on (http://\S+);", line)
        assert found, line
        return found[1]

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
