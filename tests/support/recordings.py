"""Small generated recordings for tests, each made once a session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypecut.media.sample import RecordingSpec, generate_recording
from hypecut.progress import SilentProgress
from tests.support.truth import SourceTruth

NTSC_60 = Fraction(60_000, 1001)


@dataclass(frozen=True)
class Recording:
    """A generated recording and what is known of it."""

    path: Path
    spec: RecordingSpec

    @property
    def truth(self) -> SourceTruth:
        """What its frames and its sound are."""
        return SourceTruth.of(self.spec)


class Recordings:
    """Makes recordings of 12 s at 320x180 in `folder`, unless told otherwise; the same one only once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, suffix: str = ".mp4", **changes: Any) -> Recording:
        """A recording in the container of that suffix.

        Args:
            suffix: .mp4, .mkv, .ts or .flv.
            changes: fields of `RecordingSpec` that differ from the usual.
        """
        usual: dict[str, Any] = {"duration_s": 12.0, "width": 320, "height": 180, "gop_frames": 45, "crf": 26}
        spec = RecordingSpec(**(usual | changes))
        name = hashlib.blake2b(repr(spec).encode(), digest_size=8).hexdigest()
        path = self._folder / f"{name}{suffix}"
        if not path.exists():
            generate_recording(path, spec, SilentProgress())
        return Recording(path, spec)
