"""Renderings asked for on the pages: one at a time, beside the server's other work."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from hypecut.errors import HypecutError
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.jobs.rerender import rerender
from hypecut.settings import Settings

log = logging.getLogger(__name__)

_WORDS = {"clips": "Cutting the clips", "export": "Writing the files for editors"}


@dataclass
class _Run:
    """One rendering; receives its progress."""

    text: str = "Waiting for another rendering"
    share: float = 0.0
    busy: bool = True
    error: bool = False
    total: float = 1.0

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A part of the work begins; see `Progress`."""
        del unit
        self.text, self.share, self.total = _WORDS.get(step, "Making the montage"), 0.0, max(total, 1e-9)

    def update(self, done: float) -> None:
        """So much is done; see `Progress`."""
        self.share = min(1.0, done / self.total)

    def finish(self) -> None:
        """A part of the work is done; see `Progress`."""

    def end(self, text: str, *, error: bool = False) -> None:
        """All is done, or failed."""
        self.text, self.error, self.busy = text, error, False


class Renders:
    """The renderings of this server, the last of each job."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def begin(self, details: JobDetails) -> None:
        """Render a job's plan as it is now, unless that is going on."""
        job_id = details.job.id
        with self._lock:
            if self.busy(job_id):
                return
            run = self._runs[job_id] = _Run()
        thread = threading.Thread(target=self._work, args=(details, run), name="hypecut-render", daemon=True)
        thread.start()

    def busy(self, job_id: str) -> bool:
        """Whether the job is being rendered, or waits for it."""
        return job_id in self._runs and self._runs[job_id].busy

    def state(self, job_id: str) -> dict[str, Any]:
        """How far the job's rendering is, for its pages."""
        run = self._runs.get(job_id)
        if run is None:
            return {"busy": False, "text": "", "error": False, "share": 0.0}
        return {"busy": run.busy, "text": run.text, "error": run.error, "share": round(run.share, 2)}

    def _work(self, details: JobDetails, run: _Run) -> None:
        with self._turn:
            try:
                rerender(details, self._settings, run)
                run.end("Rendered: the result is this plan.")
            except HypecutError as error:
                run.end(str(error), error=True)
            except Exception:
                log.exception("the job %s could not be rendered", details.job.id)
                run.end("Rendering failed; the log tells why.", error=True)
