"""`hypecut chat`: chat files of any format, converted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import say, say_json, tell
from hypecut.cli.start import start

chat = typer.Typer(help="Convert chat files.", no_args_is_help=True, rich_markup_mode=None)


@chat.callback()
def _chat() -> None:
    """Convert chat files."""


@chat.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A chat file of any known format.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The normalised chat to write (JSON lines).")],
    vod_start: options.VodStart = None,
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Write a chat of any known format as normalised JSON lines."""
    start()
    options.input_file(source, "chat")
    began = options.datetime_option("--vod-start", vod_start)

    from hypecut.chat import read_chat, write_chat
    from hypecut.files import check_output

    check_output(out, overwrite, [source])
    imported = read_chat(source, began)
    write_chat(imported.log, out)
    if imported.unreadable:
        tell(f"{imported.unreadable} could not be read, the first: {imported.first_unreadable}")
    if json:
        say_json(
            {
                "out": str(out),
                "format": imported.format,
                "messages": len(imported.log),
                "total": imported.total,
                "unreadable": imported.unreadable,
                "first_unreadable": imported.first_unreadable,
            }
        )
    else:
        say(f"{out}: {len(imported.log)} of {imported.total} messages ({imported.format})")
