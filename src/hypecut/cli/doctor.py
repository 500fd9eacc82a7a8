"""`hypecut doctor`: is everything here that hypecut needs?"""

from __future__ import annotations

import typer

from hypecut.cli import options
from hypecut.cli.console import say, say_json, table
from hypecut.cli.start import start


def doctor(json: options.Json = False) -> None:
    """Check that everything hypecut needs is here.

    Looks at versions, codecs, fonts, folders, the disk and the browser. Exit code 1 if something needed is
    missing.
    """
    from hypecut.jobs.doctor import examine

    loaded = start()
    checks = examine(loaded.settings)
    healthy = all(check.ok for check in checks if check.needed)
    if json:
        say_json({"ok": healthy, "checks": checks})
    else:
        rows = [(_verdict(check.ok, check.needed), check.name, check.detail) for check in checks]
        say(table(("", "what", "found"), rows))
    if not healthy:
        raise typer.Exit(1)


def _verdict(ok: bool, needed: bool) -> str:
    if ok:
        return "ok"
    return "MISSING" if needed else "absent"
