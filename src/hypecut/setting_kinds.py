"""The kinds of values that settings have, and how texts become them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from hypecut.errors import UsageError
from hypecut.times import parse_time_s


def _time(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a time is needed here, not true or false.")
    if not isinstance(value, str):
        return value
    try:
        return parse_time_s(value)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _words(value: object) -> object:
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, list | tuple):
        return tuple(word.strip() if isinstance(word, str) else word for word in value if word != "")
    return value


def _folder(value: object) -> object:
    if value == "":
        raise ValueError("name a folder; for the working folder, write a dot.")
    return Path(value).expanduser() if isinstance(value, str) else value


def _no_file(value: object) -> object:
    return None if value == "" else _folder(value)


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_time), Field(allow_inf_nan=False)]
Folder = Annotated[Path, BeforeValidator(_folder)]
OptionalFile = Annotated[Path | None, BeforeValidator(_no_file)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
EncoderName = Literal["auto", "x264", "nvenc", "videotoolbox", "qsv", "amf", "mediafoundation"]
Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]
