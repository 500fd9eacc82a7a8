"""The process that renders for a worker: `python -m hypecut.jobs.child`, told what to do over a pipe.

It gets steps one after the other and keeps what they share. What it tells, it writes as lines of JSON to what
was its stdout; whatever else prints there goes to stderr. It ends when its worker does: the pipe closes.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

import msgspec

from hypecut.errors import HypecutError
from hypecut.jobs.pipeline import Pipeline, RunCache, StepContext
from hypecut.models import JobKind
from hypecut.settings import Settings

_MIB = 1 << 20
_EVERY_S = 0.1
_MEMORY = "takes more memory than worker_memory_mb ({} MB) allows; raise it, or 0 for no limit."


class Order(msgspec.Struct, frozen=True):
    """A step to be run.

    Attributes:
        pipelines: where the pipelines are: a module and the name of a mapping in it, with a colon between.
        kind, step: which step of which pipeline.
        params, settings, folder, done: as in `StepContext`.
    """

    pipelines: str
    kind: JobKind
    step: str
    params: Mapping[str, Any]
    settings: Settings
    folder: Path
    done: Mapping[str, Mapping[str, Any]]


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of what the child tells; `what` is start, update, finish, log, result or error."""

    what: str
    text: str = ""
    unit: str = ""
    number: float = 0.0
    kind: str = ""
    trace: str = ""
    result: Any = None


def send(pipe: IO[bytes], order: Order) -> None:
    """Give the child a step to run."""
    data = pickle.dumps(msgspec.structs.asdict(order))
    pipe.write(len(data).to_bytes(8, "big") + data)
    pipe.flush()


def main() -> None:
    """Run steps until the worker is gone."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    speaker = _Speaker(out)
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    cache = RunCache()
    try:
        while True:
            order = orders.get()
            speaker.log_from(order.settings.log_level)
            speaker.tell(_outcome(order, speaker, cache))
    except KeyboardInterrupt:
        os._exit(1)


def _listen(pipe: IO[bytes], orders: queue.SimpleQueue[Order]) -> None:
    """Take orders; when there are no more to come, end at once, whatever is going on."""
    while len(head := pipe.read(8)) == 8:
        orders.put(Order(**pickle.loads(pipe.read(int.from_bytes(head, "big")))))
    os._exit(1)


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _outcome(order: Order, speaker: _Speaker, cache: RunCache) -> Told:
    limit_mb = order.settings.worker_memory_mb
    try:
        _limit_memory(limit_mb)
        step = next(step for step in _pipeline(order).steps if step.name == order.step)
        context = StepContext(
            params=order.params,
            settings=order.settings,
            folder=order.folder,
            done=order.done,
            progress=speaker,
            cache=cache,
        )
        return Told("result", result=msgspec.to_builtins(step.run(context)))
    except MemoryError:
        return Told("error", f"the step {order.step} {_MEMORY.format(limit_mb)}", kind=HypecutError.__name__)
    except HypecutError as error:
        return Told("error", str(error), kind=type(error).__name__)
    except Exception as error:
        return Told("error", str(error), kind=type(error).__name__, trace=traceback.format_exc())


def _pipeline(order: Order) -> Pipeline:
    module, _, name = order.pipelines.partition(":")
    pipelines: Mapping[JobKind, Pipeline] = getattr(importlib.import_module(module), name)
    return pipelines[order.kind]


def _limit_memory(limit_mb: int) -> None:
    """Bound what the process may allocate, where the system can."""
    if limit_mb <= 0 or sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limit_mb * _MIB, hard))


class _Speaker(logging.Handler):
    """Tells the worker of progress and of what is logged."""

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__()
        self._out = out
        self._writing = threading.Lock()
        self._told_s = 0.0

    def tell(self, told: Told) -> None:
        """Write a line."""
        with self._writing:
            self._out.write(msgspec.json.encode(told) + b"\n")
            self._out.flush()

    def log_from(self, level: str) -> None:
        """Pass on what hypecut logs from this level on."""
        logger = logging.getLogger("hypecut")
        logger.handlers = [self]
        logger.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on."""
        self.tell(Told("log", record.getMessage(), kind=record.name, number=record.levelno))

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A part of the step begins."""
        self.tell(Told("start", step, unit, total))

    def update(self, done: float) -> None:
        """So much of it is done."""
        now_s = time.monotonic()
        if now_s - self._told_s >= _EVERY_S:
            self._told_s = now_s
            self.tell(Told("update", number=done))

    def finish(self) -> None:
        """It is done."""
        self.tell(Told("finish"))


if __name__ == "__main__":
    main()
