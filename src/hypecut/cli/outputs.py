"""What each command prints with --json, as types: documented, and checked against what is really printed."""

from __future__ import annotations

import msgspec

from hypecut.jobs.chat_files import ChatFiles
from hypecut.jobs.clip_requests import MontageResult
from hypecut.jobs.demo import DemoResult
from hypecut.jobs.doctor import Check
from hypecut.jobs.engine.protocol import AssetRecord, JobDetails, JobPage
from hypecut.jobs.exporting import ExportResult
from hypecut.jobs.pipeline import SeenClip
from hypecut.jobs.requests import HighlightsResult
from hypecut.media.render import RenderResult
from hypecut.settings import OriginKind
from hypecut.sources.cache import Asset


class DetectedSegment(msgspec.Struct, frozen=True):
    """A moment that the chat points at; times in seconds of the VOD, score and components 0..1."""

    start_s: float
    end_s: float
    score: float
    components: dict[str, float]
    reasons: tuple[str, ...]


class Curve(msgspec.Struct, frozen=True):
    """The activity in event time (the reaction lag taken off): a value 0..1 every `step_s` seconds."""

    step_s: float
    score: tuple[float | None, ...]


class DetectOutput(msgspec.Struct, frozen=True):
    """Every candidate, the best first, and the curve."""

    segments: tuple[DetectedSegment, ...]
    curve: Curve


class ConvertOutput(msgspec.Struct, frozen=True):
    """How many of a chat's messages (or lines) were written, and the first that could not be read."""

    out: str
    format: str
    messages: int
    total: int
    unreadable: int
    first_unreadable: str


class CacheOutput(msgspec.Struct, frozen=True):
    """The downloads that are kept, what was used last first; sizes in bytes."""

    folder: str
    size: int
    entries: tuple[Asset, ...]


class ClearOutput(msgspec.Struct, frozen=True):
    """How many bytes were freed."""

    folder: str
    freed: int


class LogsOutput(msgspec.Struct, frozen=True):
    """What a job's run logged, the oldest first."""

    lines: tuple[str, ...]


class ShowOutput(JobDetails, frozen=True, kw_only=True):
    """A job, all that is known of its run, and what it looked at and used: clips (the best first), files."""

    clips: tuple[SeenClip, ...]
    assets: tuple[AssetRecord, ...]


class SettingOutput(msgspec.Struct, frozen=True):
    """A setting's value, the kind of place it came from, and which option, variable or file that was."""

    value: str | float | bool | tuple[str, ...] | None
    origin: OriginKind
    where: str


class ConfigOutput(msgspec.Struct, frozen=True):
    """The settings file that was read, if any, and each setting by name."""

    file: str | None
    settings: dict[str, SettingOutput]


class DoctorOutput(msgspec.Struct, frozen=True):
    """Whether all that is needed is here, and what was looked at."""

    ok: bool
    checks: tuple[Check, ...]


OUTPUTS: dict[str, type] = {
    "highlights": HighlightsResult,
    "montage": MontageResult,
    "detect": DetectOutput,
    "render": RenderResult,
    "export": ExportResult,
    "overlay": RenderResult,
    "card": RenderResult,
    "chat fetch": ChatFiles,
    "chat convert": ConvertOutput,
    "cache ls": CacheOutput,
    "cache clear": ClearOutput,
    "jobs submit": JobDetails,
    "jobs list": JobPage,
    "jobs show": ShowOutput,
    "jobs watch": JobDetails,
    "jobs cancel": JobDetails,
    "jobs retry": JobDetails,
    "jobs logs": LogsOutput,
    "demo": DemoResult,
    "doctor": DoctorOutput,
    "config": ConfigOutput,
}
