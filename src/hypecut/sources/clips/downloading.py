"""Downloading a video by an address that may go out of date at any moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from hypecut.errors import ClipGoneError, HttpStatusError
from hypecut.sources.clips.protocol import OnBytes
from hypecut.sources.http import HttpClient

log = logging.getLogger(__name__)

# A clip lasts 60 s at most; the best ones have 20 Mb/s.
MAX_CLIP_BYTES = 1_000_000_000
_EXPIRED = (401, 403)
_GONE = (404, 410)


def download_resolved(
    http: HttpClient, resolve: Callable[[], str], target: Path, on_bytes: OnBytes, tries: int = 3
) -> None:
    """Download to `target` from the address that `resolve` gives; when it is refused, from a new one.

    Raises:
        ClipGoneError: there is nothing at the address.
        SourceUnavailableError: it can't be had whole, or `resolve` fails.
        DiskFullError, BadInputError: it can't be written.
    """
    for left in reversed(range(tries)):
        try:
            http.download(resolve(), target, max_bytes=MAX_CLIP_BYTES, on_bytes=on_bytes)
            return
        except HttpStatusError as error:
            if error.status in _GONE:
                raise ClipGoneError(f"there is no video any more ({error}); leave the clip out.") from error
            if error.status not in _EXPIRED or not left:
                raise
            log.info("%s: the address is out of date, a new one is asked for", error)
