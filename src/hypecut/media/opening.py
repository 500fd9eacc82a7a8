"""Opening videos by paths that may look like something else."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from hypecut.media.sparse import SUFFIX
from hypecut.media.sparse_container import SparseContainer


def openable(path: Path) -> str:
    """The path in a form that FFmpeg can't take for an address: `20:00.mp4` would name a protocol."""
    return str(path.absolute())


def opened(path: Path) -> InputContainer | SparseContainer:
    """The file as a container; a playlist as that of the VOD whose segments it lists.

    Raises:
        MediaError: the playlist can't be read.
        av.error.FFmpegError, OSError: the file can't be opened.
    """
    if path.suffix.lower() == SUFFIX:
        return SparseContainer(path)
    return av.open(openable(path), metadata_errors="replace")
