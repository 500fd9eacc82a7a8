"""The page on which a person shows the token once; from then on the browser does."""

from __future__ import annotations

from html import escape
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hypecut.api.access import LOGIN_PATH, SESSION_COOKIE, Access, session_value, token_matches

router = APIRouter(include_in_schema=False)

_MONTH_S = 30 * 24 * 3600
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · hypecut</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
  form { display: grid; gap: .75rem; width: min(20rem, 90vw); }
  input, button { font: inherit; padding: .5rem .75rem; }
  h1, p { margin: 0; } p { color: light-dark(#b3261e, #ffb4ab); }
</style>
</head>
<body>
<main>
<form method="post" action="{action}">
<h1>hypecut</h1>
<label for="token">Token of this server</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<p role="alert">{message}</p>
<button type="submit">Open</button>
</form>
</main>
</body>
</html>
"""


@router.get(LOGIN_PATH)
def login_page() -> Response:
    """Ask for the token."""
    return _page("")


@router.post(LOGIN_PATH)
def login(request: Request, token: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Let the browser in that shows the token."""
    access: Access = request.app.state.access
    if access.token is not None and not token_matches(token.strip(), access.token):
        return _page("That is not the token.", 401)
    response = RedirectResponse("/", status_code=303)
    if access.token is not None:
        response.set_cookie(
            SESSION_COOKIE,
            session_value(access.token),
            max_age=_MONTH_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    return response


def _page(message: str, status: int = 200) -> HTMLResponse:
    page = _PAGE.replace("{action}", LOGIN_PATH).replace("{message}", escape(message))
    return HTMLResponse(page, status)
