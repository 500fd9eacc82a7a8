"""Which folders of this machine the server reads from and writes to, whatever a request names."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from hypecut.errors import UsageError
from hypecut.files import told_as_write_error
from hypecut.settings import Settings

_MAX_NAME_BYTES = 255


@dataclass(frozen=True)
class Roots:
    """The folders; relative paths are taken inside them, links and `..` resolved before anything is allowed.

    Attributes:
        media: recordings and chats are read from here, and from what jobs wrote.
        output: jobs write here.
    """

    media: Path
    output: Path

    @classmethod
    def of(cls, settings: Settings) -> Roots:
        """The folders that the settings name."""
        return cls(_real(settings.media_root.absolute()), _real(settings.output_root.absolute()))

    def make(self) -> None:
        """Make the folders that are missing.

        Raises:
            BadInputError: one can't be made.
        """
        for folder in (self.media, self.output):
            with told_as_write_error(folder):
                folder.mkdir(parents=True, exist_ok=True)

    def readable(self, path: str) -> Path:
        """The file that `path` names, if it may be read; whether it is there is for others to say.

        Raises:
            UsageError: it is outside both folders, or no path.
        """
        real = _real(self.media / _checked(path))
        if not any(real.is_relative_to(root) for root in (self.media, self.output)):
            raise UsageError(
                "the path leads out of the folders that the server reads from; put the file into its media"
                " folder (the setting media_dir) and name it relative to that."
            )
        return real

    def writable(self, path: str) -> Path:
        """The folder that `path` names, if jobs may write there.

        Raises:
            UsageError: it is outside the output folder, or no path.
        """
        real = _real(self.output / _checked(path))
        if not real.is_relative_to(self.output):
            raise UsageError(
                "the path leads out of the folder that the server writes to; name one inside it"
                " (the setting output_dir)."
            )
        return real


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _checked(path: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in path):
        raise UsageError("the path holds a character that no file's name has; correct it.")
    if os.sep == "/" and "\\" in path:
        raise UsageError("the server's paths are written with /, not with \\; correct it.")
    if any(len(name.encode()) > _MAX_NAME_BYTES for name in path.split("/")):
        raise UsageError(f"a name in the path is longer than {_MAX_NAME_BYTES} bytes; shorten it.")
    return path
