"""All settings in one place, and where each value came from.

Precedence: command-line flag > environment variable `HYPECUT_<NAME>` > `hypecut.toml` > default. The file is
looked for in the working folder, then in the user's configuration folder; `HYPECUT_CONFIG` names another one.
"""

from __future__ import annotations

import difflib
import enum
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from hypecut.errors import UsageError
from hypecut.setting_jobs import JobSettings
from hypecut.setting_kinds import EncoderName, Folder, LogLevel, OptionalFile, Preset, Seconds, Words
from hypecut.setting_sources import SourceSettings

CONFIG_FILE = "hypecut.toml"
CONFIG_VARIABLE = "HYPECUT_CONFIG"
ENV_PREFIX = "HYPECUT_"


def _data_dir() -> Path:
    return platformdirs.user_data_path("hypecut", appauthor=False)


def _cache_dir() -> Path:
    return platformdirs.user_cache_path("hypecut", appauthor=False)


class Settings(JobSettings, SourceSettings):
    """Every setting, checked and immutable; times are in seconds (`_s`). Made by `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=ENV_PREFIX)

    output_dir: Folder = Field(
        default=Path(),
        description="Folder in which a job's output folder is made when --out isn't given.",
    )
    data_dir: Folder = Field(
        default_factory=_data_dir,
        description="Folder of hypecut's own files, such as the log.",
    )
    cache_dir: Folder = Field(
        default_factory=_cache_dir,
        description="Folder of what can be fetched or made again.",
    )
    cache_max_gb: float = Field(
        default=20.0,
        gt=0,
        le=100_000,
        allow_inf_nan=False,
        description="Beyond this many gigabytes of downloads, what was not used for longest is removed.",
    )
    pieces_max_gb: float = Field(
        default=2.0,
        ge=0,
        le=100_000,
        allow_inf_nan=False,
        description="So many gigabytes of encoded pieces are kept, to render changed plans fast; 0: none.",
    )
    log_level: LogLevel = Field(default="INFO", description="The least serious messages kept in the log.")
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        max_length=255,
        description="Address that `hypecut serve` listens on; any but this machine's own needs a token.",
    )
    port: int = Field(
        default=8765, ge=0, le=65535, description="Port that `hypecut serve` listens on; 0 takes a free one."
    )
    token: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that requests to `hypecut serve` must show; if empty, they need none.",
    )
    server_names: Words = Field(
        default=(),
        description="Names under which the server is reached, beside its own, e.g. that of a proxy.",
    )
    media_dir: Folder | None = Field(
        default=None,
        description="Folder of recordings and chats; what is asked of the server may read from no other.",
    )
    max_upload_mb: int = Field(
        default=1024,
        ge=1,
        le=100_000,
        description="The largest chat file that may be uploaded, in megabytes.",
    )
    developer: bool = Field(
        default=False, description="Whether the server offers what only helps in development."
    )
    min_duration_s: Seconds = Field(
        default=480.0, gt=0, description="The montage is at least so long, if there is material enough."
    )
    max_duration_s: Seconds = Field(
        default=600.0, gt=0, description="The montage is never longer than this, transitions counted."
    )
    max_clips: int = Field(default=40, ge=1, le=1000, description="The most clips in a clip montage.")
    per_streamer_k: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="In a clip montage, the best so many of each streamer are ranked together; if unset, 5,"
        " and more where the montage gets too short.",
    )
    scrape_pool_size: int = Field(
        default=100,
        ge=1,
        le=1000,
        description="How many of each streamer's most viewed clips are looked at.",
    )
    min_clip_s: Seconds = Field(default=5.0, ge=0, le=3600, description="A shorter clip is left out.")
    max_clip_s: Seconds = Field(default=90.0, gt=0, le=3600, description="A longer clip is left out.")
    clip_half_life_s: Seconds = Field(
        default=259_200.0, gt=0, le=1e9, description="How old a clip is when its recency is worth half."
    )

    keywords: Words = Field(
        default=(),
        description="Words or emotes whose use in chat raises a moment's score (in a variable: with commas).",
    )
    lag_s: Seconds = Field(
        default=15.0, ge=0, le=120, description="How long after a moment chat's reaction to it peaks."
    )
    lead_in_s: Seconds = Field(
        default=5.0, ge=0, le=120, description="How long before its spike a segment begins."
    )
    tail_s: Seconds = Field(
        default=15.0, ge=0, le=120, description="How long after its spike a segment goes on at least."
    )
    min_segment_s: Seconds = Field(default=20.0, gt=0, le=600, description="No segment is shorter than this.")
    max_segment_s: Seconds = Field(default=40.0, gt=0, le=3600, description="No segment is longer than this.")
    min_peak_distance_s: Seconds = Field(
        default=60.0, gt=0, le=3600, description="Two spikes nearer than this count as one."
    )

    intro: OptionalFile = Field(
        default=None, description="A video that every new montage begins with, counted in its length."
    )
    outro: OptionalFile = Field(
        default=None, description="A video that every new montage ends with, counted in its length."
    )

    snap_max_s: Seconds = Field(
        default=5.0,
        ge=0,
        le=60,
        description="How far outward a boundary may move to where the recording can be copied, not encoded.",
    )
    crf: int = Field(
        default=18, ge=0, le=51, description="x264's quality of re-encoded frames; lower is better, larger."
    )
    preset: Preset = Field(
        default="veryfast", description="x264's speed of re-encoding; slower makes smaller files."
    )
    reencode: bool = Field(
        default=False,
        description="Encode every frame of montages and clips, for players that stumble over joined parts.",
    )
    encoder: EncoderName = Field(
        default="auto",
        description="What encodes montages of which nothing is copied; `auto`: hardware where it works.",
    )

    @property
    def media_root(self) -> Path:
        """The folder that the server reads recordings and chats from."""
        return self.media_dir or self.data_dir / "media"

    @property
    def output_root(self) -> Path:
        """The folder that the server's jobs write to: never the working folder unless it was asked for."""
        return self.output_dir if "output_dir" in self.model_fields_set else self.data_dir / "output"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in; `load_settings` reads the other sources itself, to keep the origins."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


class OriginKind(enum.StrEnum):
    """The four places a value can come from, the strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


class Origin(NamedTuple):
    """Where a value came from: the kind of place, and which option, variable or file it was."""

    kind: OriginKind
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.where}".strip()


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, the origin of each value by the setting's name, and the file read, if any."""

    settings: Settings
    origins: Mapping[str, Origin]
    file: Path | None = None


def load_settings(overrides: Mapping[str, object] | None = None) -> LoadedSettings:
    """Read the settings from all their sources.

    Args:
        overrides: values given on the command line, by setting; None means not given. Times may be text.

    Raises:
        UsageError: a value is out of bounds or of the wrong kind, a key in the file is unknown, or the file
            can't be read; one sentence that names the setting, its origin and the cure.
    """
    values: dict[str, object] = {}
    origins = dict.fromkeys(Settings.model_fields, Origin(OriginKind.DEFAULT))
    file = config_file()
    if file is not None:
        _take(_read_file(file), lambda _: Origin(OriginKind.FILE, str(file)), values, origins)
    _check_variables()
    _take(
        EnvSettingsSource(Settings)(),
        lambda name: Origin(OriginKind.ENVIRONMENT, variable(name)),
        values,
        origins,
    )
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    _take(given, lambda name: Origin(OriginKind.FLAG, flag(name)), values, origins)
    try:
        settings = Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        raise UsageError(_first_problem(error, origins)) from error
    return LoadedSettings(_ordered(settings, origins), origins, file)


def config_file() -> Path | None:
    """The settings file in force: the one `HYPECUT_CONFIG` names, else the working folder's, else the user's.

    Raises:
        UsageError: `HYPECUT_CONFIG` names a file that doesn't exist.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not _is_file(path):
            raise UsageError(
                f"{CONFIG_VARIABLE} names {path}, which is not a file; correct the name or unset it."
            )
        return path
    user_folder = platformdirs.user_config_path("hypecut", appauthor=False)
    return next((path for path in (Path(CONFIG_FILE), user_folder / CONFIG_FILE) if _is_file(path)), None)


def _check_variables() -> None:
    """Refuse a variable whose name is nearly that of a setting: it would be without effect."""
    known = [variable(name) for name in Settings.model_fields]
    for name in os.environ:
        if name.startswith(ENV_PREFIX) and name not in known and name != CONFIG_VARIABLE:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                raise UsageError(
                    f"the environment variable {name} is no setting; did you mean {near[0]}? Else unset it."
                )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that can't be looked into
        return False


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + name.upper()


def flag(name: str) -> str:
    """The command-line option of a setting, for those that have one."""
    return {"keywords": "--keyword"}.get(name, "--" + name.removesuffix("_s").replace("_", "-"))


def _take(
    source: Mapping[str, object],
    origin: Callable[[str], Origin],
    values: dict[str, object],
    origins: dict[str, Origin],
) -> None:
    for name, value in source.items():
        values[name] = value
        origins[name] = origin(name)


def _read_file(path: Path) -> Mapping[str, object]:
    try:
        values = TomlConfigSettingsSource(Settings, path).toml_data
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read {path} ({error}); correct it or remove it.") from error
    except (ValueError, RecursionError) as error:  # malformed, or a number or nesting beyond all measure
        raise UsageError(f"{path} is not valid TOML: {error}; correct it.") from error
    for key in values:
        if key not in Settings.model_fields:
            near = difflib.get_close_matches(key, Settings.model_fields, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "`hypecut config` lists them all."
            raise UsageError(f"{path} has an unknown setting '{key}'; {hint}")
    return values


def _first_problem(error: ValidationError, origins: Mapping[str, Origin]) -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    name = str(problem["loc"][0])
    origin = origins[name]
    subject = origin.where if origin.kind is OriginKind.FLAG else f"{name} (from {origin})"
    if problem["type"] == "value_error":
        return f"{subject}: {problem['msg'].removeprefix('Value error, ')}"
    cure = problem["msg"].replace("Input should", "it should", 1)
    secret = Settings.model_fields[name].annotation is SecretStr
    given = "what it was given" if secret else repr(problem["input"])
    return f"{subject} can't be {given}: {cure}."


def _ordered(settings: Settings, origins: dict[str, Origin]) -> Settings:
    """The settings with each minimum below its maximum.

    A default gives way to a value that was given, in the proportion of the two defaults: a maximum given
    alone still leaves a window to fill.
    """
    for low, high in (("min_duration_s", "max_duration_s"), ("min_segment_s", "max_segment_s")):
        low_s, high_s = getattr(settings, low), getattr(settings, high)
        share = Settings.model_fields[low].default / Settings.model_fields[high].default
        if low_s < high_s:
            continue
        if origins[low].kind is OriginKind.DEFAULT:
            origins[low] = Origin(OriginKind.DEFAULT, f"lowered to fit {high}")
            settings = settings.model_copy(update={low: high_s * share})
        elif origins[high].kind is OriginKind.DEFAULT:
            origins[high] = Origin(OriginKind.DEFAULT, f"raised to fit {low}")
            settings = settings.model_copy(update={high: low_s / share})
        elif low_s > high_s:
            raise UsageError(
                f"{low} is {low_s:g} (from {origins[low]}), more than {high}, which is {high_s:g} "
                f"(from {origins[high]}); lower the one or raise the other."
            )
    return settings
