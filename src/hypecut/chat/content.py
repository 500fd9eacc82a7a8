"""Opening a chat file as UTF-8 bytes, whatever it is packed or encoded in."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import mmap
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hypecut.errors import BadInputError, ChatFormatError

HEAD_BYTES = 256 * 1024
MAX_UNPACKED_BYTES = 4 * 1024**3
_GZIP_MAGIC = b"\x1f\x8b"
# UTF-32's mark begins with UTF-16's, so it must be tried first.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Content:
    """The bytes of a chat file: UTF-8 text from `start` on.

    Attributes:
        name: the path as the user gave it, for messages.
        data: the bytes; slicing them makes a copy of that part only.
        start: where the text begins, after a byte order mark.
    """

    name: str
    data: bytes | mmap.mmap
    start: int = 0

    @property
    def head(self) -> bytes:
        """The first 256 KiB of the text, enough to tell formats apart."""
        return self.data[self.start : self.start + HEAD_BYTES]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The content of the file at `path`: unpacked if it is gzip, re-encoded if it is UTF-16 or UTF-32.

    A plain file is mapped, not read, so that a big one costs only the part that is being looked at.

    Raises:
        BadInputError: there is no such file, it is a folder, it is empty or may not be read.
        ChatFormatError: it is a broken gzip file or not text.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            if not magic:
                raise BadInputError(f"{path} is empty; download the chat again.")
            if magic.startswith(_GZIP_MAGIC):
                yield _as_utf8(path, _unpacked(path))
            elif any(magic.startswith(mark) for mark, _ in _WIDE_MARKS):
                yield _as_utf8(path, path.read_bytes())
            else:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    yield Content(str(path), data, _text_start(magic))
    except FileNotFoundError:
        raise BadInputError(f"{path} does not exist; check the path of the chat file.") from None
    except IsADirectoryError:
        raise BadInputError(f"{path} is a folder; name the chat file in it.") from None
    except OSError as error:
        raise BadInputError(
            f"can't read {path} ({error.strerror or error}); check its permissions."
        ) from error


def _text_start(data: bytes) -> int:
    return len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            data = file.read(MAX_UNPACKED_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ChatFormatError(f"{path} is a broken gzip file; download the chat again.") from None
    if len(data) > MAX_UNPACKED_BYTES:
        raise ChatFormatError(f"{path} unpacks to more than 4 GiB, which no chat does; use another file.")
    if not data:
        raise BadInputError(f"{path} is empty; download the chat again.")
    return data


def _as_utf8(path: Path, data: bytes) -> Content:
    for mark, encoding in _WIDE_MARKS:
        if data.startswith(mark):
            try:
                return Content(str(path), data.decode(encoding).encode("utf-8", "replace"))
            except UnicodeError:
                raise ChatFormatError(
                    f"{path} is broken {encoding.upper()} text; save it as UTF-8."
                ) from None
    return Content(str(path), data, _text_start(data))
