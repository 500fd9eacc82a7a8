"""`hypecut demo`: the whole job on a recording made up on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import progress_on_stderr, say, say_json
from hypecut.cli.start import start
from hypecut.times import format_time


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put everything.")] = Path(
        "hypecut-demo"
    ),
    json: options.Json = False,
) -> None:
    """Run the whole job on a made-up recording and chat.

    Moments are planted in them; the command tells which of these were found.
    """
    settings = start().settings

    from hypecut.jobs.demo import run_demo

    with progress_on_stderr() as progress:
        result = run_demo(folder, settings, progress)
    if json:
        say_json(result)
        return
    say(f"recording  {result.recording}")
    say(f"chat       {result.chat}")
    found = sum(moment.found for moment in result.moments)
    say(f"planted    {found} of {len(result.moments)} moments found:")
    for moment in result.moments:
        say(f"           {'found ' if moment.found else 'MISSED'} {format_time(moment.at_s)}  {moment.title}")
    say(f"montage    {result.montage_path}")
