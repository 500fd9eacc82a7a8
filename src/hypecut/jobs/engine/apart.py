"""Running rendering steps in a child process: its crash, its memory or a cancel costs that process alone."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from hypecut.errors import HypecutError, JobCancelledError, JobFailedError
from hypecut.files import remove_leftovers
from hypecut.jobs.child import Order, Told, send
from hypecut.jobs.engine.run import StepFaultError, error_of, run_here
from hypecut.jobs.pipeline import Pipeline, Step, StepContext, StepResult

_LOOK_S = 0.2
_LEAVE_S = 1.0
_LAST_WORDS = 2_000
# The children of all runs of this process.
_living: set[_Child] = set()


def end_children() -> None:
    """End every child of this process, whoever runs it: its step ends as if the job had been stopped."""
    for child in tuple(_living):
        child.end()


class ChildRunner:
    """A `StepRunner` that runs the steps marked so in a child process, one for all of a job's run.

    Args:
        pipelines: where the child finds the pipelines; see `hypecut.jobs.child.Order`.
    """

    def __init__(self, pipelines: str = "hypecut.jobs.pipelines:PIPELINES") -> None:
        self._pipelines = pipelines

    def __call__(self, pipeline: Pipeline, step: Step, context: StepContext) -> StepResult:
        """What the step gives.

        Raises:
            HypecutError: as the step raised it.
            JobFailedError: the child died.
            JobCancelledError: the job is to stop; the child has ended then.
            StepFaultError: a fault of the program in the child.
        """
        if not step.apart:
            return run_here(pipeline, step, context)
        child = context.cache.get("child process", lambda: _children(context.folder))
        order = Order(
            self._pipelines,
            pipeline.kind,
            step.name,
            context.params,
            context.settings,
            context.folder,
            context.done,
        )
        return child.run(order, context)


@contextlib.contextmanager
def _children(folder: Path) -> Iterator[_Child]:
    child = _Child(folder)
    try:
        yield child
    finally:
        child.end()


class _Child:
    """The child of one run; started when it is needed, and anew when it has died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._told: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._words: IO[bytes] | None = None
        # Another thread than that which runs a step may end the child.
        self._ending = threading.Lock()

    def run(self, order: Order, context: StepContext) -> StepResult:
        """Run a step to its end; however it ends but well, the child ends, too."""
        try:
            with contextlib.suppress(BrokenPipeError):
                send(self._pipe(), order)
            while True:
                context.check()
                with contextlib.suppress(queue.Empty):
                    told = self._told.get(timeout=_LOOK_S)
                    if told is None:
                        raise self._death(order.step)
                    result = _heard(told, context)
                    if result is not None:
                        return result
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End the child, first kindly, so that it clears away what is half made."""
        with self._ending:
            _living.discard(self)
            if self._process is not None:
                _end(self._process)
                remove_leftovers(self._folder, self._process.pid)
                self._process = None
            if self._words is not None:
                self._words.close()
                self._words = None

    def _pipe(self) -> IO[bytes]:
        if self._process is None:
            _living.add(self)
            self._told = queue.SimpleQueue()
            self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child ends
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hypecut.jobs.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                # Ctrl-C in the terminal is for the worker; what the child starts ends with it.
                start_new_session=True,
            )
            reader = threading.Thread(target=_read, args=(self._process.stdout, self._told), daemon=True)
            reader.start()
        assert self._process.stdin is not None
        return self._process.stdin

    def _death(self, step: str) -> HypecutError:
        """What it means that the child is no more."""
        with self._ending:
            if self._process is None:
                return JobCancelledError("the job was stopped.")
            return JobFailedError(self._obituary(step, self._process))

    def _obituary(self, step: str, process: subprocess.Popen[bytes]) -> str:
        """How the child died, with the last it said."""
        assert self._words is not None
        code = process.wait()
        try:
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        except ValueError:
            how = f"was ended by signal {-code}"
        self._words.seek(max(0, self._words.seek(0, os.SEEK_END) - _LAST_WORDS))
        words = " ".join(self._words.read().decode(errors="replace").split())
        said = f"its last words were: {words}" if words else "it said nothing"
        return f"the process of the step {step} {how}; {said}"


def _read(pipe: IO[bytes], told: queue.SimpleQueue[Told | None]) -> None:
    """Read what a child tells to its end."""
    with pipe:
        for line in pipe:
            try:
                told.put(msgspec.json.decode(line, type=Told))
            except msgspec.MsgspecError:
                break  # cut off in mid-line
    told.put(None)


def _heard(told: Told, context: StepContext) -> StepResult | None:
    """Pass on what the child tells; the step's result, when it is that."""
    if told.what == "start":
        context.progress.start(told.text, told.number, told.unit)
    elif told.what == "update":
        context.progress.update(told.number)
    elif told.what == "finish":
        context.progress.finish()
    elif told.what == "log":
        logging.getLogger(told.kind).log(int(told.number), "%s", told.text)
    elif told.what == "error":
        raise _error(told)
    else:
        return msgspec.convert(told.result, StepResult)
    return None


def _error(told: Told) -> Exception:
    if told.trace:
        return StepFaultError(told.kind, told.text, told.trace)
    return error_of(told.kind, told.text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child, first kindly."""
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(_LEAVE_S)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
