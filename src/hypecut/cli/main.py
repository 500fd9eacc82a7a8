"""The `hypecut` command: its subcommands, and what happens when one fails.

A `HypecutError` is shown as one sentence, with its exit code. Any other exception is a fault of the program:
its full trace goes into the log, and the terminal gets one line. Command modules import what is heavy only
when they run, so that help and usage errors come at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from hypecut import __version__
from hypecut.cli.cache import cache
from hypecut.cli.chat import chat
from hypecut.cli.config import config
from hypecut.cli.console import tell
from hypecut.cli.demo import demo
from hypecut.cli.detect import detect
from hypecut.cli.doctor import doctor
from hypecut.cli.export import export
from hypecut.cli.faults import record_fault
from hypecut.cli.highlights import highlights
from hypecut.cli.jobs import jobs
from hypecut.cli.montage import montage
from hypecut.cli.render import render
from hypecut.cli.serve import serve
from hypecut.cli.titling import card, overlay
from hypecut.cli.worker import worker
from hypecut.errors import HypecutError, InterruptedByUserError, UsageError

app = typer.Typer(name="hypecut", pretty_exceptions_enable=False, rich_markup_mode=None)
_COMMANDS = (highlights, montage, detect, render, export, overlay, card, serve, worker, demo, doctor, config)
for _command in _COMMANDS:
    app.command()(_command)
_GROUPS = {"jobs": jobs, "chat": chat, "cache": cache}
for _name, _group in _GROUPS.items():
    app.add_typer(_group, name=_name)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hypecut {__version__}")
        raise typer.Exit


@app.callback()
def hypecut(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Turn hours of Twitch into an 8-10 minute highlight montage."""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process with its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    _open_streams()
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: Sequence[str]) -> int:
    """Run the command line `args` (without the program's name).

    Returns:
        The exit code; whatever went wrong has been told on stderr in one sentence.
    """
    try:
        for arg in args:
            _check_text(arg)
        unsaid = not args or (len(args) == 1 and args[0] in _GROUPS)
        asked = [*args, "--help"] if unsaid else list(args)
        code: Any = app(asked, prog_name="hypecut", standalone_mode=False)
        failure = None
    except (HypecutError, typer.TyperException) as error:
        code, failure = error.exit_code, _sentence(error, args)
    except (KeyboardInterrupt, typer.Abort):
        code, failure = InterruptedByUserError.exit_code, None
    except Exception as error:
        code, failure = 1, record_fault(error)
    if code == InterruptedByUserError.exit_code:
        failure = failure or "interrupted; nothing half-written was left behind."
    if failure:
        tell(failure if code == InterruptedByUserError.exit_code else f"error: {failure}")
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Make stdout and stderr fit to be written to: there, and never at a loss for a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _check_text(arg: str) -> None:
    try:
        arg.encode()
    except UnicodeEncodeError as error:
        shown = arg.encode(errors="backslashreplace").decode()
        raise UsageError(f"{shown} is not UTF-8, so no plan could name it; rename it first.") from error


def _interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _sentence(error: HypecutError | typer.TyperException, args: Sequence[str]) -> str:
    """The error in one line, with the cure."""
    if isinstance(error, HypecutError):
        return " ".join(str(error).split())
    text = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
    context = getattr(error, "ctx", None)
    # An option that lacks its value is found before there is a context.
    named = [arg for arg in args[:1] if arg in {command.__name__ for command in _COMMANDS}]
    path = context.command_path if context else " ".join(["hypecut", *named])
    return f"{text}; see `{path} --help`."
