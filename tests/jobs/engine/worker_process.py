"""A worker in a process of its own; its arguments are the data folder and where the pipelines are.

Without the second these are the toy pipelines; else it is a module's name, a colon and a name in it. The
database's address comes from HYPECUT_DATABASE_URL. It works until it is killed, or stopped by SIGTERM.
"""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from pathlib import Path

from hypecut.jobs.engine.apart import ChildRunner
from hypecut.jobs.engine.worker import Pace
from hypecut.settings import load_settings
from tests.jobs.engine.conftest import open_durable

# Several of them at once would be busy with looking for jobs.
PACE = Pace(look_s=0.1, start_s=0.1, bury_s=0.2)
TOY = "tests.jobs.engine.toy:PIPELINES"


def main() -> None:
    data_dir, pipelines = [*sys.argv[1:], TOY][:2]
    settings = load_settings({"data_dir": Path(data_dir)}).settings
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    module, _, name = pipelines.partition(":")
    found = getattr(importlib.import_module(module), name)
    engine = open_durable(settings, pipelines=found, runner=ChildRunner(pipelines), pace=PACE)
    engine.start_workers(1)
    print("ready", flush=True)
    stop.wait()
    engine.close()


if __name__ == "__main__":
    main()
