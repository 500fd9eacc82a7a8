"""The sample job: an invented recording and its chat, made in the media folder when somebody asks for it."""

from __future__ import annotations

import logging
import threading
from typing import Any

from fastapi.exceptions import RequestValidationError

from hypecut.api.bodies import JobBody
from hypecut.errors import HypecutError
from hypecut.jobs.demo import MAX_DURATION_S, MIN_DURATION_S, make_sample
from hypecut.models import JobKind
from hypecut.web.site import Site

log = logging.getLogger(__name__)

_FOLDER = "sample"


class Sample:
    """Makes the sample once, beside the server's other work, and submits its job.

    Args:
        site: what the pages share.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._text, self._error, self._share, self._total = "", "", 0.0, 1.0
        self._job_id = ""

    def begin(self) -> None:
        """Begin, unless it is at work already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._text, self._error, self._share, self._job_id = "Making the recording", "", 0.0, ""
            self._thread = threading.Thread(target=self._run, name="hypecut-sample", daemon=True)
            self._thread.start()

    def state(self) -> dict[str, Any]:
        """How far it is, for the page."""
        busy = self._thread is not None and self._thread.is_alive()
        return {
            "busy": busy,
            "text": f"{self._text}: {self._share:.0%}" if busy else "",
            "error": self._error,
            "share": round(self._share, 2),
            "job_id": self._job_id,
        }

    def _run(self) -> None:
        try:
            folder = self._site.roots.media / _FOLDER
            recording, chat = make_sample(folder, self)
            params = {
                "vod_url": f"{_FOLDER}/{recording.name}",
                "chat_path": f"{_FOLDER}/{chat.name}",
                "min_duration_s": MIN_DURATION_S,
                "max_duration_s": MAX_DURATION_S,
            }
            self._job_id = self._site.submit(JobBody(type=JobKind.VOD_HIGHLIGHTS, params=params))
        except (HypecutError, RequestValidationError) as error:
            self._error = str(error)
        except Exception:
            log.exception("the sample could not be made")
            self._error = "The sample could not be made; the log tells why."

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A part of the work begins; see `Progress`."""
        del step, unit
        self._total = max(total, 1e-9)

    def update(self, done: float) -> None:
        """So much is done; see `Progress`."""
        self._share = min(1.0, done / self._total)

    def finish(self) -> None:
        """A part of the work is done; see `Progress`."""
