"""What every command does first: read the settings and open the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypecut.settings import LoadedSettings


def start(**overrides: object) -> LoadedSettings:
    """The settings with the command line's values on top; from here on the log is written.

    Raises:
        UsageError: a setting is wrong.
    """
    import logging

    from hypecut.logs import configure_logging
    from hypecut.settings import load_settings

    loaded = load_settings(overrides)
    configure_logging(loaded.settings.data_dir, loaded.settings.log_level)
    if not logging.root.handlers:  # else the libraries' remarks would go to stderr, which is for people
        logging.root.addHandler(logging.NullHandler())
    return loaded
