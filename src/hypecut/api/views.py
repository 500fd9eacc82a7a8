"""Jobs as the API shows them.

A job has the eleven fields that an existing client relies on, by these names; what hypecut knows beyond them
is in its details.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from hypecut.jobs.engine.protocol import FINAL, JobDetails, JobInputs, OutputRecord, StepRecord
from hypecut.models import Job, JobKind, JobStatus

_CLIP_KIND = "clip"
# By what name the path of an output is known, where it is not its kind.
_PATH_KEYS = {"explanation": "metadata_path"}

_EXAMPLE: Any = {
    "id": "5f0c7d8e9b",
    "type": "vod_highlights",
    "status": "running",
    "progress": 0.42,
    "created_at": "2026-11-20T18:03:11.532+00:00",
    "started_at": "2026-11-20T18:03:12.004+00:00",
    "finished_at": None,
    "error": None,
    "result": None,
    "outputs": {"plan_path": "/videos/output/stream-highlights/plan.json"},
    "params": {"vod": "/videos/media/stream.mp4"},
}


class JobView(BaseModel):
    """A job."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    type: JobKind
    status: JobStatus
    progress: float = Field(ge=0, le=1, description="How much of it is done.")
    created_at: str = Field(description="When it was submitted: ISO 8601, as all moments.")
    started_at: str | None
    finished_at: str | None
    error: str | None = Field(description="Why it failed, in one sentence.")
    result: dict[str, Any] | None = Field(
        description="What it made, once it is done. For vod_highlights among others vod_path, chat_path,"
        " segments_count, clips_count, montage_path, clips_dir, metadata_path and durations_s {vod_total,"
        " montage_total}; for clip_montage among others paths and count."
    )
    outputs: dict[str, Any] = Field(description="The paths of what it has made so far, by name.")
    params: dict[str, Any] = Field(description="Its arguments, with every default filled in.")


class StepView(BaseModel):
    """One step of a job."""

    name: str
    status: JobStatus
    task: str = Field(description="What it is at, in a word.")
    done: float
    total: float
    unit: str = Field(description="What done and total count.")
    speed: float | None = Field(description="Units a second.")
    eta_s: float | None = Field(description="Seconds left.")
    attempts: int = Field(description="How many times it was begun.")
    started_at: str | None
    finished_at: str | None


class FileView(BaseModel):
    """A file that a job made."""

    name: str = Field(description="Its path inside the job's folder.")
    kind: str
    step: str
    path: str
    size: int
    sha256: str
    meta: dict[str, Any]
    url: str = Field(description="Where it is fetched from.")


class JobDetailsView(JobView):
    """A job and all that is known of its run."""

    title: str = Field(description="The job in a few words.")
    folder: str = Field(description="Its output folder.")
    priority: int
    attempts: int = Field(description="How many times it was run.")
    error_kind: str = Field(description="The kind of error it failed with.")
    note: str = Field(description="What else is to be said of it.")
    steps: list[StepView]
    files: list[FileView]


class AssetView(BaseModel):
    """A file of video or chat that a job used."""

    step: str
    kind: str = Field(description="What it is: recording, vod, chat, clip, intro or outro.")
    path: str
    url: str = Field(description="Where it came from; empty for a file that was there.")
    duration_s: float | None
    size: int | None = Field(description="In bytes.")
    sha256: str = Field(description="Empty when it is not known.")
    meta: dict[str, Any]


class SeenClipView(BaseModel):
    """A clip that a job looked at."""

    id: str
    streamer: str
    title: str
    url: str
    views: int
    created_at: str | None
    duration_s: float = Field(description="As told, until the clip is here; then as it is.")
    game: str
    vod_id: str
    vod_offset_s: float | None
    chosen: bool = Field(description="Whether it is shown.")
    why_not: str = Field(description="Why it is not.")


class JobInputsView(BaseModel):
    """What a job has looked at and used so far."""

    clips: list[SeenClipView] = Field(description="The best first.")
    assets: list[AssetView]


def job_view(job: Job, outputs: Iterable[OutputRecord] = ()) -> dict[str, Any]:
    """The eleven fields of a job; without its outputs their paths are taken from its result."""
    return {
        "id": job.id,
        "type": job.type.value,
        "status": job.status.value,
        "progress": job.progress,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "error": job.error,
        "result": job.result,
        "outputs": _paths_made(outputs) | _paths_in(job.result or {}),
        "params": job.params,
    }


def details_view(details: JobDetails) -> dict[str, Any]:
    """All that is known of a job."""
    job = details.job
    return {
        **job_view(job, details.outputs),
        "title": details.title,
        "folder": details.folder,
        "priority": details.priority,
        "attempts": details.attempts,
        "error_kind": details.error_kind,
        "note": details.note,
        "steps": [_step_view(step) for step in details.steps],
        "files": [_file_view(job.id, name, record) for name, record in files_of(details).items()],
    }


def inputs_view(inputs: JobInputs) -> dict[str, Any]:
    """What a job has looked at and used."""
    return {
        "clips": [
            {**msgspec.structs.asdict(clip), "created_at": moment(clip.created_at)} for clip in inputs.clips
        ],
        "assets": [msgspec.structs.asdict(asset) for asset in inputs.assets],
    }


def is_final(details: JobDetails) -> bool:
    """Whether the job has come to its end."""
    return details.job.status in FINAL


def files_of(details: JobDetails) -> dict[str, OutputRecord]:
    """The files a job made, by their path inside its folder; later ones of a name replace earlier ones."""
    folder = Path(details.folder)
    found = {}
    for record in details.outputs:
        path = Path(record.path)
        if path.is_relative_to(folder):
            found[path.relative_to(folder).as_posix()] = record
    return found


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as JSON; numbers that are not finite become null, and text that is no Unicode its escapes."""
    try:
        body = msgspec.json.encode(value)
    except UnicodeEncodeError:
        body = msgspec.json.encode(_unicode(msgspec.to_builtins(value)))
    return Response(body, status, dict(headers or {}), "application/json")


def moment(time: datetime | None) -> str | None:
    """A moment as ISO 8601, in UTC."""
    return None if time is None else time.astimezone(UTC).isoformat(timespec="milliseconds")


def _paths_made(outputs: Iterable[OutputRecord]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for record in outputs:
        if record.kind == _CLIP_KIND:
            found["clips_dir"] = str(Path(record.path).parent)
        else:
            found[_PATH_KEYS.get(record.kind, f"{record.kind}_path")] = record.path
    return found


def _paths_in(result: Mapping[str, Any]) -> dict[str, Any]:
    """The paths that a result holds."""
    named = {key: value for key, value in result.items() if key.endswith(("_path", "_dir")) and value}
    return named | ({"paths": result["paths"]} if result.get("paths") else {})


def _step_view(step: StepRecord) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(step),
        "status": step.status.value,
        "started_at": moment(step.started_at),
        "finished_at": moment(step.finished_at),
    }


def _file_view(job_id: str, name: str, record: OutputRecord) -> dict[str, Any]:
    return {
        "name": name,
        "kind": record.kind,
        "step": record.step,
        "path": record.path,
        "size": record.size,
        "sha256": record.sha256,
        "meta": record.meta,
        "url": f"/jobs/{quote(job_id, safe='')}/files/{quote(name)}",
    }


def _unicode(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_unicode(key): _unicode(one) for key, one in value.items()}
    return [_unicode(one) for one in value] if isinstance(value, list) else value
