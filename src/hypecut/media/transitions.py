"""One transition as a video of its own: a title card, a fade through black, or a crossfade."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypecut.errors import UsageError
from hypecut.media.cards import CARD_S, HD, check_text, file_name, picture_format, write_card
from hypecut.media.encoder import EncoderOptions, PictureFormat
from hypecut.media.overlay import SUFFIX, check_video_output, title_style
from hypecut.media.render import CutReport, RenderResult, render
from hypecut.media.source import SourceReader
from hypecut.media.titles import TitleStyle
from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.progress import Progress, SilentProgress

TRANSITION_S = 0.5
_LONGEST_S = 10.0


def one_transition(
    text: str,
    out: Path | str,
    *,
    kind: TransitionKind | str = TransitionKind.FADE,
    before: Path | str | None = None,
    after: Path | str | None = None,
    duration_s: float = TRANSITION_S,
    card_s: float = CARD_S,
    picture: PictureFormat | None = None,
    font: Path | str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    options: EncoderOptions | None = None,
) -> RenderResult:
    """Make a transition: a title card alone, or one video leading over to another.

    With a text, a card of it stands between the two videos, or alone where none is given; without one, the
    videos follow each other directly. `fade` goes through black at each join, `crossfade` mixes picture and
    sound, `none` cuts. A card alone comes out of black and goes back into it, unless the kind is `none`.

    Args:
        text: what stands on the card; '' for no card.
        out: the MP4 file to make, or a folder (a name without suffix), in which it is named after the text.
        kind: how one follows the other.
        before: the video that is led over from, shown whole.
        after: the video that is led over to, shown whole.
        duration_s: how long the transition takes, above 0 and at most 10 s.
        card_s: how long the card shows, its fades included.
        picture: the format of the card's pictures; None for that of the videos, or 1920x1080 at 60 a second.
        font: a font file that goes before the usual ones.
        overwrite: replace a file that is there.
        progress: told in seconds of video.
        options: how pictures are encoded.

    Raises:
        UsageError: nothing is given to show, an option is wrong, a video or the card is too short for the
            crossfade, or the output is wrong.
        MediaError: a video or the font can't be read.
        DiskFullError, BadInputError: the output can't be written.
    """
    kind = _kind(kind)
    if not 0 < duration_s <= _LONGEST_S:
        raise UsageError(f"a transition can't take {duration_s:g} s; give more than 0 and at most 10 s.")
    style = title_style(font, None)
    videos = [Path(video) if video is not None else None for video in (before, after)]
    given = [video for video in videos if video is not None]
    if not text and len(given) < 2:
        raise UsageError("there is nothing to show; give a text, or a video before and one after.")
    if text:
        check_text(text, style)
    path = _path(Path(out), text)
    check_video_output(path, overwrite, given)
    picture = picture or (picture_format(given[0]) if given else HD)
    progress = progress or SilentProgress()
    if not given:
        fade_s = 0.0 if kind is TransitionKind.NONE else min(duration_s, card_s / 2)
        return _card_alone(text, path, picture, card_s, fade_s, style, options, progress)
    with tempfile.TemporaryDirectory(prefix="hypecut-") as folder:
        parts: list[Path | None] = list(videos)
        if text:
            card = Path(folder, "card.mp4")
            write_card(text, card, picture, card_s, style=style, options=options)
            parts.insert(1, card)
        cuts = _cuts([part for part in parts if part is not None])
        _check_lengths(cuts, kind, duration_s)
        transition = Transition(kind=kind, duration_s=duration_s)
        plan = Plan(version=1, cuts=tuple(cuts), transition=transition)
        return render(plan, path.parent, path, progress, options, strict=True)


def _kind(kind: TransitionKind | str) -> TransitionKind:
    try:
        return TransitionKind(kind)
    except ValueError as error:
        known = ", ".join(TransitionKind)
        raise UsageError(f"there is no transition “{kind}”; take one of {known}.") from error


def _path(out: Path, text: str) -> Path:
    """The file to make: in a folder it gets the text's name."""
    if out.is_dir() or (not out.suffix and not out.is_file()):
        return out / f"{file_name(text) if text else 'transition'}{SUFFIX}"
    return out


def _card_alone(
    text: str,
    out: Path,
    picture: PictureFormat,
    card_s: float,
    fade_s: float,
    style: TitleStyle,
    options: EncoderOptions | None,
    progress: Progress,
) -> RenderResult:
    progress.start("montage", card_s)
    write_card(text, out, picture, card_s, fade_s=fade_s, style=style, options=options)
    progress.finish()
    with SourceReader(out) as made:
        report = CutReport(cut=1, source=out.name, mode="encoded", frames=made.video.frames)
        return RenderResult(montage_path=str(out), duration_s=made.duration_s, cuts=(report,))


def _cuts(paths: Sequence[Path]) -> list[Cut]:
    cuts: list[Cut] = []
    for path in paths:
        with SourceReader(path) as source:
            cuts.append(Cut(source=str(path.absolute()), start_s=0.0, end_s=source.duration_s))
    return cuts


def _check_lengths(cuts: Sequence[Cut], kind: TransitionKind, duration_s: float) -> None:
    if kind is not TransitionKind.CROSSFADE:
        return
    short = next((cut for cut in cuts if cut.duration_s < 2 * duration_s), None)
    if short is not None:
        raise UsageError(
            f"{Path(short.source).name} lasts {short.duration_s:.3f} s, too short for crossfades of "
            f"{duration_s:g} s; give a shorter transition, or a longer video or card."
        )
