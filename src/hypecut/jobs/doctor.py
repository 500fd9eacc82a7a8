"""What hypecut needs of the machine it runs on, examined."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hypecut import __version__
from hypecut.errors import HypecutError
from hypecut.settings import Settings
from hypecut.sources.browser.firefox import geckodriver

_LIBRARIES = (
    "av",
    "msgspec",
    "numpy",
    "pillow",
    "matplotlib",
    "opentimelineio",
    "pydantic-settings",
    "typer",
)
_CODECS: tuple[tuple[str, Literal["r", "w"]], ...] = (
    ("h264", "r"),
    ("aac", "r"),
    ("libx264", "w"),
    ("aac", "w"),
)
_BROWSERS = ("firefox", "firefox-esr", "chromium", "chromium-browser", "google-chrome")
# A word of each script that streamers' names come in.
_ALL_SCRIPTS = "a я λ 字 か カ 한 ب ש ह ส த 😀"
_NEEDED_FREE_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        ok: whether it is there and usable.
        detail: its version or place, or what is wrong and how to cure it.
        needed: whether hypecut can't do its work without it.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True


def examine(settings: Settings) -> tuple[Check, ...]:
    """Look at versions, codecs, fonts, folders, the disk and the browser; nothing is changed or started."""
    return (
        Check("hypecut", True, __version__),
        Check("Python", True, f"{platform.python_version()} on {platform.platform()}"),
        *_libraries(),
        *_codecs(),
        *_fonts(),
        *_folders(settings),
        _disk(settings.output_dir),
        _browser(),
        _browser_driver(settings),
    )


def _libraries() -> Iterator[Check]:
    for name in _LIBRARIES:
        try:
            yield Check(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Check(name, False, f"not installed; run: pip install {name}")


def _codecs() -> Iterator[Check]:
    try:
        import av
    except ImportError as error:
        yield Check(
            "video codecs", False, f"PyAV can't be loaded ({error}); run: pip install --force-reinstall av"
        )
        return
    versions = ", ".join(
        f"{name} {'.'.join(map(str, version))}" for name, version in av.library_versions.items()
    )
    yield Check("FFmpeg libraries", True, versions)
    for name, mode in _CODECS:
        verb = "decode" if mode == "r" else "encode"
        try:
            detail = av.Codec(name, mode).long_name
            yield Check(f"{verb} {name}", True, detail)
        except (ValueError, av.FFmpegError):
            yield Check(f"{verb} {name}", False, "not in this build of PyAV; install it from a wheel")


def _fonts() -> Iterator[Check]:
    """The fonts that titles are set in, and the scripts they lack."""
    from hypecut.media.fonts import find_font, lettering_complaint, scripts_of

    path = find_font()
    yield Check("font", path is not None, str(path) if path else "none found; install hypecut anew")
    shown = ", ".join(scripts_of(_ALL_SCRIPTS.replace(" ", "")))
    complaint = lettering_complaint(_ALL_SCRIPTS)
    yield Check("scripts in titles", not complaint, complaint or shown, needed=False)


def _folders(settings: Settings) -> Iterator[Check]:
    for name in ("output_dir", "data_dir", "cache_dir"):
        folder = Path(getattr(settings, name)).absolute()
        place = _existing(folder)
        try:
            with tempfile.TemporaryFile(dir=place):
                yield Check(f"write to {name}", True, str(folder))
        except OSError as error:
            cure = f"set {name} to a folder that can be written to"
            yield Check(f"write to {name}", False, f"{folder}: {error.strerror}; {cure}")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(_existing(folder.absolute())).free
    text = f"{free / 1e9:.1f} GB free for output"
    if free >= _NEEDED_FREE_BYTES:
        return Check("disk", True, text, needed=False)
    return Check(
        "disk", False, f"{text}; a long montage can need {_NEEDED_FREE_BYTES / 1e9:.0f} GB", needed=False
    )


def _browser() -> Check:
    path = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    return Check(
        "browser", path is not None, path or "none of " + ", ".join(_BROWSERS) + " found", needed=False
    )


def _browser_driver(settings: Settings) -> Check:
    """What the browser is driven by when it must read clips from Twitch's pages."""
    installed = importlib.util.find_spec("selenium") is not None
    try:
        path = geckodriver(settings)
    except HypecutError as error:
        return Check("geckodriver", False, str(error).rstrip("."), needed=False)
    missing = "" if installed else "; selenium is missing, run: pip install 'hypecut[browser]'"
    return Check("geckodriver", installed, f"{path}{missing}", needed=False)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest folder above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())
