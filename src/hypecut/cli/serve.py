"""`hypecut serve`: the API and the pages, with a worker."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from hypecut.cli.console import tell, waits_told
from hypecut.cli.start import start

if TYPE_CHECKING:
    from hypecut.jobs.engine.protocol import JobEngine


def serve(
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="The address to listen on; any but this machine's own needs a token."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="The port to listen on; 0 takes a free one.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            help="Let in only who shows this; other users of the machine don't see it in HYPECUT_TOKEN.",
        ),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Run no jobs here: `hypecut worker` does, elsewhere.")
    ] = False,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep jobs in memory: stopping the server forgets them.")
    ] = False,
    developer: Annotated[
        bool, typer.Option("--developer", help="Also offer what only helps in development.")
    ] = False,
) -> None:
    """Serve the API, and run the jobs submitted to it."""
    settings = start(host=host, port=port, token=token, developer=developer or None).settings

    from hypecut.api.access import check_exposure
    from hypecut.api.app import create_app
    from hypecut.api.server import address_of, bind
    from hypecut.api.server import serve as answer
    from hypecut.jobs.engine import open_engine
    from hypecut.jobs.engine.memory import MemoryEngine
    from hypecut.web.pages import add_pages

    secret = settings.token.get_secret_value() or None
    check_exposure(settings.host, secret)
    with closing(bind(settings.host, settings.port)) as listener:
        with waits_told():
            engine: JobEngine = MemoryEngine(settings) if ephemeral else open_engine(settings)
        try:
            app = create_app(engine, settings, token=secret, developer=settings.developer)
            add_pages(app, engine, settings, token=secret)
            if not no_worker:
                engine.start_workers()
            answer(app, listener, lambda: tell(f"listening on {address_of(listener)}; Ctrl-C stops it."))
        finally:
            engine.close(settings.worker_grace_s)
    tell("stopped.")
