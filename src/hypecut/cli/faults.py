"""A fault of the program: its trace goes into the log, people get one line."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

_log = logging.getLogger("hypecut.cli")


def record_fault(error: Exception) -> str:
    """Log the full trace of `error`; return the line that says so.

    The log is the one the settings name; without usable settings, the default one; where that can't be
    written, a file in the system's folder for temporary files.
    """
    from hypecut.logs import close_log, configure_logging

    path = _writable_log()
    if path is None:
        fallback = Path(tempfile.gettempdir())
        path = configure_logging(fallback / "hypecut", "INFO")
    _log.error("fault of the program", exc_info=error)
    close_log()
    what = " ".join(f"{type(error).__name__}: {error}".split())
    where = f"the full trace is in {path}" if path else "no log could be written"
    return f"hypecut failed by a fault of its own ({what}); {where}."


def _writable_log() -> Path | None:
    from hypecut.logs import configure_logging
    from hypecut.settings import Settings, load_settings

    try:
        settings = load_settings().settings
    except Exception:  # the fault may lie in reading them
        settings = Settings()
    return configure_logging(settings.data_dir, settings.log_level)
