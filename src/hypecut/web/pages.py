"""All pages on one application: `hypecut serve` adds them to that of the API."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from hypecut.jobs.engine.protocol import JobEngine
from hypecut.settings import Settings


def add_pages(app: FastAPI, engine: JobEngine, settings: Settings, *, token: str | None = None) -> None:
    """Put the pages under `/` and `/ui/` of an application; once in a process.

    Args:
        app: the API's application; its access rules hold for the pages too.
        engine: where the jobs are.
        settings: the settings in force.
        token: what people must show to get in; that is for the application's access rules to see to.
    """
    del token
    # Loading it takes a second, and only a server needs it.
    from nicegui import ui

    from hypecut.web.footage_routes import footage_router
    from hypecut.web.frame import ASSETS, ASSETS_URL
    from hypecut.web.jobs_pages import add_jobs_pages
    from hypecut.web.missing_page import add_missing_page
    from hypecut.web.result_page import add_result_page, result_router
    from hypecut.web.review_page import add_review_page
    from hypecut.web.site import Site
    from hypecut.web.start_page import add_start_page

    site = Site(engine, settings)
    add_missing_page()
    app.mount(ASSETS_URL, StaticFiles(directory=ASSETS), name="assets")
    app.include_router(footage_router(site))
    app.include_router(result_router(site))
    add_start_page(site)
    add_jobs_pages(site)
    add_review_page(site)
    add_result_page(site)
    ui.run_with(
        app,
        title="hypecut",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
    )
