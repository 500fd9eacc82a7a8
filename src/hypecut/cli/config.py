"""`hypecut config`: each setting, and where its value came from."""

from __future__ import annotations

from hypecut.cli import options
from hypecut.cli.console import say, say_json, table
from hypecut.cli.start import start


def config(json: options.Json = False) -> None:
    """Print every setting and where its value came from."""
    loaded = start()
    values = loaded.settings.model_dump(mode="json")
    if json:
        settings = {
            name: {"value": value, "origin": loaded.origins[name].kind, "where": loaded.origins[name].where}
            for name, value in values.items()
        }
        say_json({"file": loaded.file, "settings": settings})
        return
    # Values come last: some are longer than any line.
    rows = [(name, str(loaded.origins[name]), _text(value)) for name, value in values.items()]
    say(table(("setting", "from", "value"), rows))


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "(none)"
    if value is None or value == "":
        return "(unset)"
    return f"{value:g}" if isinstance(value, float) else str(value)
