"""`hypecut overlay` and `hypecut card`: a name on one video, and a title card or a transition as a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import progress_on_stderr, say, say_json, tell
from hypecut.cli.start import start
from hypecut.times import format_time

if TYPE_CHECKING:
    from hypecut.media.render import RenderResult

Text = Annotated[str, typer.Argument(metavar="TEXT", help="What to show, on one line.")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The MP4 file to make.")]
Font = Annotated[
    Path | None,
    typer.Option("--font", metavar="FILE", help="A font file that goes before those that come along."),
]


def overlay(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="The video.")],
    text: Text,
    out: Out,
    duration: Annotated[str, typer.Option(metavar="TIME", help="How long the text shows.")] = "3s",
    letter_px: Annotated[
        int | None,
        typer.Option(metavar="PX", help="The letters' size.  [default: one that suits the picture]"),
    ] = None,
    font: Font = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Show a text, such as the streamer's name, over a video's first seconds."""
    settings = start().settings

    from hypecut.jobs.rendering import encoder_options
    from hypecut.media.overlay import render_overlay

    with progress_on_stderr() as progress:
        result = render_overlay(
            video,
            out,
            text,
            duration_s=options.time_option_s("--duration", duration) or 0.0,
            letter_px=letter_px,
            font=font,
            overwrite=overwrite,
            progress=progress,
            options=encoder_options(settings),
        )
    _tell_result(result, json)


def card(
    text: Text,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The MP4 file to make, or a folder to put it in.")
    ],
    duration: Annotated[str, typer.Option(metavar="TIME", help="How long the card shows.")] = "2.5s",
    before: Annotated[
        Path | None, typer.Option(metavar="VIDEO", help="A video that the card follows.")
    ] = None,
    after: Annotated[
        Path | None, typer.Option(metavar="VIDEO", help="A video that follows the card.")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(metavar="VIDEO", help="A video whose size and rate the card takes.  [default: 1080p60]"),
    ] = None,
    transition: options.TransitionOption = "fade",
    font: Font = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Make a title card, alone (to begin a montage with, by --intro) or between two videos.

    With an empty TEXT the two videos follow each other directly.
    """
    settings = start().settings

    from hypecut.jobs.rendering import encoder_options
    from hypecut.media.cards import picture_format
    from hypecut.media.transitions import one_transition

    with progress_on_stderr() as progress:
        result = one_transition(
            text,
            out,
            kind=transition,
            before=before,
            after=after,
            card_s=options.time_option_s("--duration", duration) or 0.0,
            picture=picture_format(like) if like is not None else None,
            font=font,
            overwrite=overwrite,
            progress=progress,
            options=encoder_options(settings),
        )
    _tell_result(result, json)


def _tell_result(result: RenderResult, json: bool) -> None:
    if json:
        say_json(result)
        return
    for warning in result.warnings:
        tell(warning)
    say(f"{result.montage_path} ({format_time(result.duration_s)})")
