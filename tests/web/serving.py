"""The whole server in a process of its own: `python -m tests.web.serving FOLDER PORT ENGINE [TOKEN]`.

While a file `hold` is in its folder, no job gets past its step `fetch`, and with `hold-export` none past
`export`; a clip montage finds the clips that `clips.json` there lists.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from hypecut.jobs.folder import LISTED, WORK
from hypecut.jobs.pipeline import Pipeline, StepContext, StepResult

WAIT_S = 120.0
StepFunction = Callable[[StepContext], StepResult]
_HOST = "127.0.0.1"
_LOOK_S = 0.1


class Server:
    """A server that can be killed and started again on the same address.

    Args:
        folder: where its data is; recordings and chats are in `media` there, outputs in `out`.
        token: what it asks for.
        durable: its jobs outlive it.
    """

    def __init__(self, folder: Path, token: str = "", *, durable: bool = False) -> None:
        self.folder = folder
        self._arguments = ["durable" if durable else "memory", *([token] if token else [])]
        self._token = token
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{_HOST}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self.folder / "server.log").open("ab")
        command = [
            sys.executable,
            "-m",
            "tests.web.serving",
            str(self.folder),
            str(self.port),
            *self._arguments,
        ]
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        self.wait_for(self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "server.log").read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=WAIT_S).status_code == 200
        return False

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(WAIT_S)
            self._process = None

    def wait_for(self, fulfilled: Any) -> None:
        """Wait until `fulfilled()` is true."""
        deadline = time.monotonic() + WAIT_S
        while not fulfilled():
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text()[-4000:]
            time.sleep(_LOOK_S)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The JSON that the API answers."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        answer = httpx.request(method, self.url + path, headers=headers, timeout=WAIT_S, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def submit(self, name: str, **params: Any) -> str:
        """Submit a highlights job of the stream; gives its id."""
        body = {"vod_url": "stream.mp4", "chat_path": "chat.json", "output_dir": name} | params
        return str(self.call("POST", "/jobs/vod-highlights", json=body)["job_id"])

    def made(self, name: str, **params: Any) -> str:
        """As `submit`, when the job is done."""
        return self.done(self.submit(name, **params))

    def done(self, job_id: str) -> str:
        """The job, when it is done."""
        self.wait_for(lambda: self.state(job_id) not in ("queued", "running"))
        assert self.state(job_id) == "done", self.call("GET", f"/jobs/{job_id}")
        return job_id

    def state(self, job_id: str) -> str:
        """The state of a job."""
        return str(self.call("GET", f"/jobs/{job_id}")["status"])


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server while it runs."""
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        port: int = one.getsockname()[1]
        return port


def _serve(folder: Path, port: int, durable: bool, token: str | None) -> None:
    import uvicorn

    from hypecut.api.app import create_app
    from hypecut.jobs.engine.durable import DurableEngine
    from hypecut.jobs.engine.memory import MemoryEngine
    from hypecut.jobs.engine.protocol import JobEngine
    from hypecut.jobs.engine.worker import Pace
    from hypecut.jobs.pipelines import PIPELINES
    from hypecut.settings import Settings
    from hypecut.web.pages import add_pages

    settings = Settings(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        media_dir=folder / "media",
        output_dir=folder / "out",
        min_duration_s=30.0,
        max_duration_s=90.0,
    )
    pipelines = {kind: _for_tests(pipeline, folder) for kind, pipeline in PIPELINES.items()}
    engine: JobEngine = MemoryEngine(settings, pipelines)
    if durable:
        pace = Pace(look_s=0.05, start_s=0.02, bury_s=0.2)
        engine = DurableEngine(settings, pipelines, pace=pace)
    engine.start_workers()
    app = create_app(engine, settings, token=token)
    add_pages(app, engine, settings, token=token)
    # Gone with its starter, so that no test leaves one behind.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run(app, host=_HOST, port=port, log_level="warning")


def _for_tests(pipeline: Pipeline, folder: Path) -> Pipeline:
    """The pipeline whose step `fetch` can be held, and which finds the clips that `clips.json` lists."""
    others = {
        "fetch": partial(_held, folder / "hold"),
        "export": partial(_held, folder / "hold-export"),
        "resolve": partial(_resolved, folder / "clips.json"),
    }
    steps = tuple(
        replace(step, run=partial(others[step.name], step.run)) if step.name in others else step
        for step in pipeline.steps
    )
    return replace(pipeline, steps=steps)


def _held(hold: Path, run: StepFunction, context: StepContext) -> StepResult:
    context.progress.start("held", 2.0, "")
    while hold.exists():
        context.progress.update(1.0)
        time.sleep(_LOOK_S)
    return run(context)


def _resolved(listed: Path, run: StepFunction, context: StepContext) -> StepResult:
    if "streamer_names" not in context.params:
        return run(context)
    work = context.folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(listed, work / LISTED)
    return StepResult(data={"clips": 1, "streamers": []})


def _end_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


if __name__ == "__main__":
    _serve(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        sys.argv[3] == "durable",
        sys.argv[4] if len(sys.argv) > 4 else None,
    )
