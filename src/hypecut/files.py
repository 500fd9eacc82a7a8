"""Writing files so that a half file never bears its final name."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hypecut.errors import BadInputError, DiskFullError, UsageError

_LEFTOVER = re.compile(r"\..*\.(\d+)\.part(\.\w+)?", re.DOTALL)


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it is renamed to `path` on success and removed otherwise.

    The folder is made if need be. The yielded path keeps the final suffix, for writers that go by it. A link
    stays, and the file it leads to is replaced; a device or a pipe is never replaced.

    Raises:
        DiskFullError: no room was left.
        BadInputError: the folder can't be written to, or `path` is a folder, a device or a pipe.
    """
    final = Path(os.path.realpath(path))
    part = final.with_name(f".{final.stem}.{os.getpid()}.part{final.suffix}")
    try:
        with told_as_write_error(path):
            _check_replaceable(path)
            final.parent.mkdir(parents=True, exist_ok=True)
            yield part
            part.replace(final)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def remove_leftovers(folder: Path, pid: int | None = None) -> None:
    """Remove what processes that were killed had half written by `written_aside` in `folder` and below.

    Args:
        folder: where to look.
        pid: only what that process wrote; None takes all, so nobody may be writing there.
    """
    for part in folder.rglob(".*.part*"):
        found = _LEFTOVER.fullmatch(part.name)
        if found and pid in (None, int(found[1])):
            with contextlib.suppress(OSError):
                part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, aside and renamed; raises as `written_aside`."""
    with written_aside(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


@contextlib.contextmanager
def told_as_write_error(path: Path) -> Iterator[None]:
    """Raise what the system says against writing `path` as an error for people.

    Raises:
        DiskFullError: no room was left.
        BadInputError: anything else.
    """
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def check_output(out: Path, overwrite: bool, inputs: Iterable[Path]) -> None:
    """Make sure that `out` may be written: that it is not there already, and none of the `inputs`.

    Raises:
        UsageError: it may not.
    """
    with told_as_write_error(out):
        _check_replaceable(out)
        if out.exists() and not overwrite:
            raise UsageError(f"{out} is there already; add --overwrite to replace it, or name another file.")
    final = os.path.realpath(out)
    if any(os.path.realpath(file) == final for file in inputs):
        raise UsageError(
            f"{out} is the plan or one of its sources and would be overwritten; name another file."
        )


def _check_replaceable(path: Path) -> None:
    if path.exists() and not path.is_file():
        what = "folder" if path.is_dir() else "device or pipe"
        raise BadInputError(f"{path} is a {what}; name a file to write instead.")


def write_error(path: Path, error: OSError) -> BadInputError | DiskFullError:
    """The error to raise when writing `path` failed with `error`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(
            f"no room left on the disk while writing {path}; free some space and run it again."
        )
    reason = error.strerror or str(error)
    return BadInputError(f"can't write {path} ({reason}); choose another place.")
