"""Several files read as one, the form in which the segments of a VOD make a video."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import IO


class JoinedFiles:
    """Several files, one after the other, to be read from the beginning to the end; one is open at a time.

    It can't be sought in, which keeps FFmpeg from looking for the end of a transport stream.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = list(files)
        self._starts = [0, *accumulate(file.stat().st_size for file in self._files)]
        self._at = 0
        self._open: tuple[int, IO[bytes]] | None = None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        while self._at < self._starts[-1]:
            index = bisect_right(self._starts, self._at) - 1
            data = self._file(index).read(size)
            if data:
                self._at += len(data)
                return data
            raise OSError(f"{self._files[index]} became shorter while it was read")
        return b""

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _file(self, index: int) -> IO[bytes]:
        """The file of this number, at the present place."""
        if self._open is None or self._open[0] != index:
            self.close()
            self._open = (index, self._files[index].open("rb"))
        file = self._open[1]
        place = self._at - self._starts[index]
        if file.tell() != place:
            file.seek(place)
        return file


class SeekableFiles(JoinedFiles):
    """The same, to be sought in: the sound of an fMP4 segment lies behind all of its pictures."""

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; returns it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, min(base + offset, self._starts[-1]))
        return self._at

    def tell(self) -> int:
        """The present place."""
        return self._at


def joined_files(files: Sequence[Path], seekable: bool) -> JoinedFiles:
    """The files as one.

    Raises:
        OSError: one of them is missing.
    """
    return SeekableFiles(files) if seekable else JoinedFiles(files)
