"""`hypecut render`: a plan becomes a montage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import progress_on_stderr, say, say_json, tell
from hypecut.cli.start import start
from hypecut.times import format_time

if TYPE_CHECKING:
    from hypecut.media.render import CutReport


def render(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan file.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The video.  [default: montage.mp4 beside the plan]"),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail when a cut can't be made, instead of leaving it out.")
    ] = False,
    intro: Annotated[
        str | None, typer.Option(metavar="FILE", help="A video to begin with, before the plan's cuts.")
    ] = None,
    outro: Annotated[
        str | None, typer.Option(metavar="FILE", help="A video to end with, after the plan's cuts.")
    ] = None,
    reencode: Annotated[
        bool,
        typer.Option("--reencode", help="Encode every frame, for players that stumble over joined parts."),
    ] = False,
    preview: Annotated[
        bool,
        typer.Option("--preview", help="Make a small preview of the same length and joins: preview.mp4."),
    ] = False,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Make the montage that a plan describes."""
    settings = start().settings
    if reencode:
        settings = settings.model_copy(update={"reencode": True})
    options.input_file(plan, "plan")

    from hypecut.jobs.rendering import render_plan

    with progress_on_stderr() as progress:
        result = render_plan(
            plan,
            out,
            settings,
            progress,
            overwrite=overwrite,
            strict=strict,
            intro=intro,
            outro=outro,
            preview=preview,
        )
    if json:
        say_json(result)
        return
    tell_incomplete(result.cuts)
    for warning in result.warnings:
        tell(warning)
    modes = [cut.mode for cut in result.cuts]
    counts = ", ".join(
        f"{modes.count(mode)} {mode}" for mode in ("copied", "joined", "encoded", "skipped") if mode in modes
    )
    say(f"{result.montage_path} ({format_time(result.duration_s)}, cuts: {counts})")


def tell_incomplete(cuts: Iterable[CutReport]) -> None:
    """Tell which cuts are missing from the montage, or shorter than planned, and why."""
    for cut in cuts:
        if cut.reason:
            state = "was left out" if cut.mode == "skipped" else "is shorter than planned"
            tell(f"cut {cut.cut}, from {cut.source}, {state}: {cut.reason}")
