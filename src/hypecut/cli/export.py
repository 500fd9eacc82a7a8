"""`hypecut export`: a plan in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import say, say_document, say_json, tell
from hypecut.cli.start import start
from hypecut.errors import UsageError


def export(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan file.")],
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="otio (OpenTimelineIO), fcpxml (Final Cut Pro X), premiere (Final Cut 7 XML, for Premiere "
            "and Resolve), edl (CMX 3600), csv (a table) or chapters (a list for a video's description).",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write.  [default: stdout]")
    ] = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a plan in the formats of other tools."""
    start()
    options.input_file(plan, "plan")

    from hypecut.jobs.exporting import export_file
    from hypecut.plan.export import EXPORT_FORMATS

    if format_ not in EXPORT_FORMATS:
        raise UsageError(f"--format can't be '{format_}'; choose from {', '.join(EXPORT_FORMATS)}.")
    result = export_file(plan, format_, out, overwrite=overwrite)
    if json:
        say_json(result)
        return
    for warning in result.warnings:
        tell(warning)
    if result.path:
        say(str(result.path))
    else:
        say_document((result.text or "").rstrip("\n"))
