"""Intro and outro: clips shown whole before and after all else, as cuts of the plan, in its length."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hypecut.errors import BadInputError, MediaError, UsageError
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Plan
from hypecut.rank.selection import Window
from hypecut.times import format_time

# A file this near to the plan is named relative to it, so that both can move together.
_NEAR = 2


@dataclass(frozen=True)
class Bookends:
    """What a montage begins and ends with; None for nothing.

    Attributes:
        intro: the cut before all others.
        outro: the cut after them.
    """

    intro: Cut | None = None
    outro: Cut | None = None

    @property
    def cuts(self) -> list[Cut]:
        """Those there are."""
        return [cut for cut in (self.intro, self.outro) if cut is not None]

    def around(self, plan: Plan) -> Plan:
        """The plan with them."""
        cuts = (self.intro, *plan.cuts, self.outro)
        return msgspec.structs.replace(plan, cuts=tuple(cut for cut in cuts if cut is not None))

    def inside(self, window: Window, overlap_s: float = 0.0) -> Window:
        """What they leave of the window for everything between them.

        Args:
            window: how long the whole montage may be.
            overlap_s: by how much neighbouring cuts overlap.

        Raises:
            UsageError: they leave nothing.
        """
        taken_s = sum(cut.duration_s - overlap_s for cut in self.cuts)
        if taken_s >= window.max_s:
            raise UsageError(
                f"intro and outro take {format_time(taken_s)}, and the montage may be"
                f" {format_time(window.max_s)} long; choose shorter ones or a longer --max-duration."
            )
        return Window(max(0.0, window.min_s - taken_s), window.max_s - taken_s)


def bookends(intro: str | None, outro: str | None, folder: Path) -> Bookends:
    """The cuts of an intro's and an outro's file, for a plan in `folder`; None or '' for none.

    Raises:
        BadInputError: there is no such file.
        MediaError: it is no video that can be read.
    """
    named = {"intro": intro, "outro": outro}
    return Bookends(*(_whole(Path(file), folder, name) if file else None for name, file in named.items()))


def check_bookend(option: str, file: str | None) -> str:
    """The absolute path of the file given with `option`; '' when it is none.

    Raises:
        BadInputError: there is no such file.
    """
    if not file:
        return ""
    if not Path(file).is_file():
        raise BadInputError(f"{file} is not a file; give {option} a video.")
    return str(Path(file).absolute())


def source_name(file: Path, folder: Path) -> str:
    """How a plan in `folder` names a file: relative to it when it is near, else by its whole path."""
    try:
        relative = Path(os.path.relpath(file.resolve(), folder.resolve()))
    except ValueError:  # another drive
        return str(file.resolve())
    return relative.as_posix() if relative.parts.count("..") <= _NEAR else str(file.resolve())


def _whole(file: Path, folder: Path, name: str) -> Cut:
    with SourceReader(file) as source:
        length_s = source.duration_s
    if length_s <= 0:
        raise MediaError(f"{file} has no length; give a video, not a picture.")
    # Rounded down: a cut may not go on after its source.
    end_s = math.floor(length_s * 1e6) / 1e6
    # The reason is what editors and chapters call it, as it has no title to be shown.
    return Cut(source=source_name(file, folder), start_s=0.0, end_s=end_s, reasons=(name,))
