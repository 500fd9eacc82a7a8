"""What is shown at an address that leads nowhere."""

from __future__ import annotations

from fastapi.exception_handlers import http_exception_handler
from nicegui import Client, app, ui
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hypecut.web.frame import apology, frame

# Where NiceGUI has the scripts and styles of its own: programs ask for those.
_OWN = "/_nicegui"


def add_missing_page() -> None:
    """Say on a page of ours that there is none, with a way back."""

    @app.exception_handler(404)
    async def missing(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(_OWN):
            return await http_exception_handler(request, error)
        with Client(ui.page(""), request=request) as client, frame("No such page"):
            apology("There is no such page", "The address may be misspelt.", "/", "New montage")
        return client.build_response(request, 404)
