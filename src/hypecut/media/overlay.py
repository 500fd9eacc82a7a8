"""A name on the picture of one video."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from hypecut.errors import UsageError
from hypecut.files import check_output
from hypecut.media.cards import check_text, picture_format
from hypecut.media.encoder import EncoderOptions
from hypecut.media.fonts import own_face
from hypecut.media.render import RenderResult, render
from hypecut.media.source import SourceReader
from hypecut.media.titles import TitleCard, TitleStyle
from hypecut.models import Cut, Plan, Titles
from hypecut.progress import Progress, SilentProgress

OVERLAY_S = 3.0
SUFFIX = ".mp4"
_LONGEST_S = 600.0
_SMALLEST_PX = 8
_LARGEST_SHARE = 0.5


def render_overlay(
    source: Path | str,
    out: Path | str,
    text: str,
    *,
    duration_s: float = OVERLAY_S,
    font: Path | str | None = None,
    letter_px: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    options: EncoderOptions | None = None,
) -> RenderResult:
    """Show a text, such as the streamer's name, in the lower left of a video's first seconds.

    It fades in and out. Only pictures under the text are encoded, where the video's kind lets the others be
    copied.

    Args:
        source: the video.
        out: the MP4 file to make, written aside and renamed; its folder is made if need be.
        text: what to show, on one line; set smaller, then shortened, where it would be too wide.
        duration_s: how long it shows, above 0 and at most 600; a shorter video shows it to its end.
        font: a font file that goes before the usual ones.
        letter_px: the letters' size in pixels, from 8 to half the picture's height; None for one that suits.
        overwrite: replace a file that is there.
        progress: told in seconds of video.
        options: how pictures that can't be copied are encoded.

    Returns:
        The video made; its warnings tell what of the text can't be shown as it is written.

    Raises:
        UsageError: there is no text to show, no room for it, or an option or the output is wrong.
        MediaError: the video or the font can't be read.
        DiskFullError, BadInputError: the output can't be written.
    """
    source, out = Path(source), Path(out)
    if not 0 < duration_s <= _LONGEST_S:
        raise UsageError(f"a text can't show for {duration_s:g} s; give more than 0 and at most 600 s.")
    style = title_style(font, letter_px)
    shown = check_text(text, style)
    check_video_output(out, overwrite, [source])
    with SourceReader(source) as reader:
        length_s = reader.duration_s
    check_room(shown, source, duration_s, style)
    cut = Cut(source=str(source.absolute()), start_s=0.0, end_s=length_s, title=shown)
    plan = Plan(version=1, cuts=(cut,), titles=Titles(duration_s=duration_s))
    return render(
        plan, source.parent, out, progress or SilentProgress(), options, strict=True, title_style=style
    )


def title_style(font: Path | str | None, letter_px: int | None) -> TitleStyle:
    """How a text looks.

    Raises:
        MediaError: the font can't be read.
        UsageError: letters can't be so small.
    """
    if letter_px is not None and letter_px < _SMALLEST_PX:
        raise UsageError(f"letters of {letter_px} pixels can't be read; give {_SMALLEST_PX} or more.")
    return TitleStyle(letter_px, own_face(Path(font)) if font is not None else None)


def check_room(text: str, source: Path, duration_s: float, style: TitleStyle) -> None:
    """Make sure that the text has room in the video's pictures.

    Raises:
        UsageError: it has none.
        MediaError: the video can't be read.
    """
    picture = picture_format(source)
    most_px = math.floor(picture.height * _LARGEST_SHARE)
    if style.letter_px is not None and style.letter_px > most_px:
        raise UsageError(
            f"letters of {style.letter_px} pixels are too large for a picture {picture.height} high; "
            f"give at most {most_px}."
        )
    if not TitleCard(text, picture, duration_s, style).text:
        raise UsageError(
            f"the picture of {source}, {picture.width}x{picture.height}, has no room for the text; "
            "give a shorter text or smaller letters."
        )


def check_video_output(out: Path, overwrite: bool, inputs: Iterable[Path]) -> None:
    """Make sure that a video may be written there.

    Raises:
        UsageError: it isn't named as MP4, is there already, or is one of the inputs.
    """
    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"the video is an MP4 file; name it with {SUFFIX}, not {out.name or out}.")
    check_output(out, overwrite, inputs)
