"""`hypecut cache`: what was downloaded and is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from hypecut.cli import options
from hypecut.cli.console import say, say_json, table
from hypecut.cli.start import start

if TYPE_CHECKING:
    from hypecut.sources.cache import AssetCache

cache = typer.Typer(help="Look at the downloads that are kept.", no_args_is_help=True, rich_markup_mode=None)


@cache.callback()
def _cache() -> None:
    """Look at the downloads that are kept."""


@cache.command()
def ls(json: options.Json = False) -> None:
    """List the downloads that are kept, what was used last first."""
    found = _open()
    entries = found.entries()
    if json:
        say_json({"folder": str(found.folder), "size": found.size, "entries": entries})
        return
    if entries:
        rows = [(f"{e.size / 1e6:,.1f}", _moment(e.used_at), e.key) for e in entries]
        say(table(("MB", "last used", "what"), rows, numbers=1))
    say(f"{found.folder}: {len(entries)} files, {found.size / 1e6:,.1f} MB")


@cache.command()
def clear(json: options.Json = False) -> None:
    """Remove all downloads that are kept; what a job has in its folder stays."""
    found = _open()
    freed = found.clear()
    if json:
        say_json({"folder": str(found.folder), "freed": freed})
    else:
        say(f"{found.folder}: {freed / 1e6:,.1f} MB freed")


def _open() -> AssetCache:
    settings = start().settings

    from hypecut.sources.cache import open_cache

    return open_cache(settings)


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
