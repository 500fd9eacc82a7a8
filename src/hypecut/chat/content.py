"""Opening a chat file as UTF-8 bytes, whatever it is packed or encoded in."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import mmap
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from hypecut.errors import BadInputError, ChatFormatError
from hypecut.files import told_as_write_error

HEAD_BYTES = 256 * 1024
MAX_UNPACKED_BYTES = 4 * 1024**3
# Real chats shrink to a tenth or a thirtieth; what shrinks to much less than that is a bomb.
MAX_RATIO = 200
_RATIO_FROM_BYTES = 64 * 1024**2
_CHUNK_BYTES = 1024**2
_GZIP_MAGIC = b"\x1f\x8b"
# UTF-32's mark begins with UTF-16's, so it must be tried first.
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


Share = Literal["all", "first", "second"]


@dataclass(frozen=True)
class Content:
    """The bytes of a chat file: UTF-8 text from `start` on.

    Attributes:
        name: the path as the user gave it, for messages.
        data: the bytes; slicing them makes a copy of that part only.
        start: where the text begins, after a byte order mark.
        share: which part of a long JSON array to read: all of it, its first or its second half.
    """

    name: str
    data: mmap.mmap
    start: int = 0
    share: Share = "all"

    @property
    def head(self) -> bytes:
        """The first 256 KiB of the text, enough to tell formats apart."""
        return self.data[self.start : self.start + HEAD_BYTES]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Content]:
    """The content of the file at `path`: unpacked if it is gzip, re-encoded if it is UTF-16 or UTF-32.

    A plain file is mapped, not read, so that a big one costs only the part that is being looked at; others
    are unpacked into a temporary file, which is mapped likewise.

    Raises:
        BadInputError: there is no such file, it is a folder, it is empty or may not be read.
        ChatFormatError: it is a broken gzip file or not text.
        DiskFullError: there is no room to unpack it.
    """
    with contextlib.ExitStack() as stack:
        try:
            if path.exists() and not path.is_file() and not path.is_dir():
                raise BadInputError(f"{path} is a device or a pipe; give a chat file.")
            file: IO[bytes] = stack.enter_context(path.open("rb"))
            if file.peek(2)[:2] == _GZIP_MAGIC:  # type: ignore[attr-defined]
                file = stack.enter_context(_unpacked(path, file))
            encoding = next((name for mark, name in _WIDE_MARKS if _magic(file).startswith(mark)), None)
            if encoding:
                file = stack.enter_context(_reencoded(path, file, encoding))
            magic = _magic(file)
            if not magic:
                raise BadInputError(f"{path} is empty; download the chat again.")
            data = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            raise BadInputError(f"{path} does not exist; check the path of the chat file.") from None
        except IsADirectoryError:
            raise BadInputError(f"{path} is a folder; name the chat file in it.") from None
        except OSError as error:
            raise BadInputError(
                f"can't read {path} ({error.strerror or error}); check its permissions."
            ) from error
        yield Content(str(path), data, len(codecs.BOM_UTF8) if magic.startswith(codecs.BOM_UTF8) else 0)


def _magic(file: IO[bytes]) -> bytes:
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    return start


@contextlib.contextmanager
def _unpacked(path: Path, packed: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file with what the gzip file `packed` holds."""
    broken = f"{path} is a broken gzip file; download the chat again."

    def chunks() -> Iterator[bytes]:
        size = 0
        try:
            with gzip.GzipFile(fileobj=packed) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > MAX_UNPACKED_BYTES:
                        raise ChatFormatError(
                            f"{path} unpacks to more than 4 GiB, which no chat does; use another file."
                        )
                    if size > max(_RATIO_FROM_BYTES, MAX_RATIO * packed.tell()):
                        raise ChatFormatError(
                            f"{path} unpacks to {MAX_RATIO} times its size, as no chat does; use another."
                        )
                    yield chunk
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise ChatFormatError(broken) from None

    with _temporary(path, chunks()) as file:
        yield file


@contextlib.contextmanager
def _reencoded(path: Path, wide: IO[bytes], encoding: str) -> Iterator[IO[bytes]]:
    """The text of `wide` as UTF-8."""

    def chunks() -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := wide.read(_CHUNK_BYTES):
                yield decoder.decode(chunk).encode("utf-8", "replace")
            yield decoder.decode(b"", final=True).encode("utf-8", "replace")
        except UnicodeError:
            raise ChatFormatError(f"{path} is broken {encoding.upper()} text; save it as UTF-8.") from None

    with _temporary(path, chunks()) as file:
        yield file


@contextlib.contextmanager
def _temporary(path: Path, chunks: Iterator[bytes]) -> Iterator[IO[bytes]]:
    """A file without a name that holds `chunks` and is gone afterwards."""
    with tempfile.TemporaryFile(prefix="hypecut-") as file:
        with told_as_write_error(Path(tempfile.gettempdir()) / f"{path.name} (unpacked)"):
            for chunk in chunks:
                file.write(chunk)
            file.flush()
        yield file
