"""`hypecut chat`: chats fetched from Twitch, and chat files of any format converted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import progress_on_stderr, say, say_json, tell
from hypecut.cli.start import start

chat = typer.Typer(help="Fetch and convert chats.", no_args_is_help=True, rich_markup_mode=None)


@chat.callback()
def _chat() -> None:
    """Fetch and convert chats."""


@chat.command()
def fetch(
    vod: Annotated[str, typer.Argument(metavar="VOD", help="The VOD's address on Twitch, or its id.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The normalised chat to write (JSON lines).")],
    overwrite: options.Overwrite = False,
    json: options.Json = False,
) -> None:
    """Fetch the chat of a VOD from Twitch; what is received is kept beside OUT, as OUT's name + _raw."""
    settings = start().settings

    from hypecut.jobs.chat_files import fetch_chat_files

    with progress_on_stderr() as progress:
        fetched = fetch_chat_files(vod, out, overwrite, settings, progress)
    if fetched.note:
        tell(fetched.note)
    if json:
        say_json(fetched)
    else:
        say(f"{out}: {fetched.messages} messages")


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
