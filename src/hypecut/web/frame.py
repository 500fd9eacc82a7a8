"""What all pages share: head, navigation, the theme, and the elements of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

ASSETS: Final = Path(__file__).parent / "assets"
ASSETS_URL: Final = "/ui/assets"
# Where the pages' own scripts find their common parts.
MODULES: Final = {"hypecut-pages": "assets"}

HEAD: Final = f'<link rel="stylesheet" href="{ASSETS_URL}/hypecut.css">'
_PLACES = (("/", "New"), ("/ui/jobs", "Jobs"))


class JobTable(Element, component="assets/jobs.js", esm=MODULES):
    """The table of jobs; emits `act`, `filter` and `more`."""

    def __init__(self, *, filters: bool, empty: str) -> None:
        super().__init__()
        self.props["filters"] = filters
        self.props["empty"] = empty


class JobBoard(Element, component="assets/job.js", esm=MODULES):
    """One job and its steps; emits `act`."""


class ThemeSwitch(Element, component="assets/theme.js"):
    """Changes between light and dark; the browser remembers."""


@contextlib.contextmanager
def frame(title: str, place: str = "", *, wide: bool = False) -> Iterator[None]:
    """The page around what is made inside the `with` statement; `place` is the link of the current page.

    A `wide` one takes all the width there is.
    """
    ui.page_title(f"{title} · hypecut")
    ui.add_head_html(HEAD)
    with ui.element("header").classes("hc hc-top"):
        link("/", "hypecut").classes("brand")
        with ui.element("nav").props('aria-label="Pages"'):
            for href, name in _PLACES:
                shown = link(href, name)
                if href == place:
                    shown.props("aria-current=page")
        ThemeSwitch()
    with ui.element("div").classes("hc hc-main" + (" wide" if wide else "")):
        yield


def heading(text: str, level: int = 1) -> TextElement:
    """A heading of the page, or, at level 0, a line of small print."""
    if level:
        return TextElement(tag=f"h{level}", text=text)
    return TextElement(tag="p", text=text).classes("small muted")


def link(href: str, text: str) -> TextElement:
    """A link to another page."""
    made = TextElement(tag="a", text=text)
    made.props["href"] = href
    return made


def apology(title: str, reason: str, href: str, text: str) -> None:
    """What a page says instead of what is not there, and where to go on."""
    heading(title)
    heading(sentence(reason), 0)
    link(href, text).classes("button")


def sentence(text: str) -> str:
    """An error's message as a sentence of its own."""
    return text[:1].upper() + text[1:]
