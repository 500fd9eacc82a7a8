"""Options that several commands share, and how their texts become values."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from hypecut.errors import BadInputError, UsageError
from hypecut.times import parse_datetime, parse_time_s

TransitionName = Literal["none", "fade", "crossfade"]

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Ephemeral = Annotated[
    bool,
    typer.Option(
        "--ephemeral", help="Keep no record of the job: cut off, it begins again instead of going on."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")]
Keywords = Annotated[
    list[str] | None,
    typer.Option(
        "--keyword",
        metavar="WORD",
        help="A word or emote that raises a moment's score; give it again for more.",
    ),
]
MinDuration = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="The montage's least length.  [default: 8m]", show_default=False),
]
MaxDuration = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="The montage's greatest length.  [default: 10m]", show_default=False),
]
Title = Annotated[
    bool,
    typer.Option("--title/--no-title", help="Show over each cut's first seconds where in the VOD it is."),
]
TransitionOption = Annotated[
    TransitionName, typer.Option("--transition", help="How one cut follows another.")
]
LoudnessOption = Annotated[
    float | None,
    typer.Option(
        "--loudness", metavar="LUFS", min=-70, max=-5, help="Bring each cut to this loudness, e.g. -14."
    ),
]

Intro = Annotated[
    str | None,
    typer.Option(
        "--intro", metavar="FILE", help="A video to begin with, counted in the length; '' for none at all."
    ),
]
Outro = Annotated[
    str | None,
    typer.Option(
        "--outro", metavar="FILE", help="A video to end with, counted in the length; '' for none at all."
    ),
]

VodStart = Annotated[
    str | None,
    typer.Option(
        "--vod-start",
        metavar="TIME",
        help="When the recording began, for chats that hold the time of day, e.g. 2026-11-19T18:00:00Z.",
    ),
]
ChatOffset = Annotated[
    str, typer.Option(metavar="S", help="Add so many seconds to the chat's times; may be negative.")
]
AllowPartialChat = Annotated[
    bool,
    typer.Option(
        "--allow-partial-chat", help="Go on although the chat covers less than half of the recording."
    ),
]


def time_option_s(option: str, text: str | None, *, signed: bool = False) -> float | None:
    """The seconds of a time given with `option`; None when it wasn't given.

    Raises:
        UsageError: the text is not a time; the message names the option.
    """
    if text is None:
        return None
    try:
        return parse_time_s(text, signed=signed)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error


def range_option_s(option: str, text: str) -> tuple[float, float]:
    """The seconds of a range such as `1:00-2:30`, given with `option`.

    Raises:
        UsageError: the text is not two times with a dash between; the message names the option.
    """
    start, dash, end = text.partition("-")
    if not dash:
        raise UsageError(f"{option}: {text!r} is not a range; write two times, e.g. 1:00-2:30.")
    bounds = time_option_s(option, start), time_option_s(option, end)
    return bounds[0] or 0.0, bounds[1] or 0.0


def datetime_option(option: str, text: str | None) -> datetime | None:
    """The moment given with `option`; None when it wasn't given.

    Raises:
        UsageError: the text is not a date and time; the message names the option.
    """
    if text is None:
        return None
    try:
        return parse_datetime(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error


def input_file(path: Path, what: str) -> Path:
    """`path`, if it is a file.

    Raises:
        BadInputError: there is no such file.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BadInputError(f"there is no {what} file {path}; check its name.") from error
    except OSError as error:
        raise BadInputError(f"can't read the {what} file {path} ({error.strerror}); give another.") from error
    if stat.S_ISDIR(mode):
        raise BadInputError(f"{path} is a folder; name the {what} file.")
    return path


def recording(vod: str) -> str:
    """The recording that the argument VOD names: a file, or the address of a VOD on Twitch.

    Raises:
        UsageError: it is another address.
        BadInputError: there is no such file.
    """
    from hypecut.sources.twitch.addresses import is_vod_address, vod_id, vod_url

    if is_vod_address(vod) and not Path(vod).exists():
        return vod_url(vod_id(vod))
    return str(input_file(Path(vod), "video"))
