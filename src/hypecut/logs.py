"""The log file: what the pipelines say of their work, and the full trace of a fault of the program."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

WAITS = "hypecut.waits"
"""The log of waits that whoever watches should know of; the command line shows it as well."""

DATABASE_WAITS = f"{WAITS}.database"
"""Those of them that are for the database: logs that are kept there have to leave these out."""

_FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
_MAX_BYTES = 1_000_000
_KEPT_FILES = 3


def log_path(data_dir: Path) -> Path:
    """Where the log is written for the data folder `data_dir`."""
    return data_dir / "logs" / "hypecut.log"


def configure_logging(data_dir: Path, level: str) -> Path | None:
    """Send hypecut's log records of `level` and above to the log file, with three older files kept.

    Returns:
        The log file, or None when it can't be written; logging then goes nowhere.
    """
    root = logging.getLogger("hypecut")
    close_log()
    root.propagate = False
    root.setLevel(level)
    path = log_path(data_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
        )
    except OSError:
        root.addHandler(logging.NullHandler())
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    return path


def close_log() -> None:
    """Flush and close the log file; records then go nowhere until it is configured again."""
    root = logging.getLogger("hypecut")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
