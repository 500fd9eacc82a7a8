"""A worker in a process of its own, with the toy pipelines; its argument is the data folder.

The database's address comes from HYPECUT_DATABASE_URL. It works until it is killed, or stopped by SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from hypecut.jobs.engine.apart import ChildRunner
from hypecut.settings import load_settings
from tests.jobs.engine.conftest import open_durable


def main() -> None:
    settings = load_settings({"data_dir": Path(sys.argv[1])}).settings
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    engine = open_durable(settings, runner=ChildRunner("tests.jobs.engine.toy:PIPELINES"))
    engine.start_workers(1)
    print("ready", flush=True)
    stop.wait()
    engine.close()


if __name__ == "__main__":
    main()
