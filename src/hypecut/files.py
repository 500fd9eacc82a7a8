"""Writing files so that a half file never bears its final name."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from hypecut.errors import BadInputError, DiskFullError


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it is renamed to `path` on success and removed otherwise.

    The folder is made if need be. The yielded path keeps the final suffix, for writers that go by it.

    Raises:
        DiskFullError: no room was left.
        BadInputError: the folder can't be written to, or `path` is a folder.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        if path.is_dir():
            raise BadInputError(f"{path} is a folder; name a file to write instead.")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, aside and renamed; raises as `written_aside`."""
    with written_aside(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def write_error(path: Path, error: OSError) -> BadInputError | DiskFullError:
    """The error to raise when writing `path` failed with `error`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(
            f"no room left on the disk while writing {path}; free some space and run it again."
        )
    reason = error.strerror or str(error)
    return BadInputError(f"can't write {path} ({reason}); choose another place with --out.")
