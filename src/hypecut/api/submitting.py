"""Submitting jobs: what a body asks for becomes a pipeline's arguments, in folders that may be used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from hypecut.api.bodies import ClipMontageBody, JobBody, Submitted, VodHighlightsBody
from hypecut.api.context import ApiContext, Context
from hypecut.api.limits import StrictRoute, body_error
from hypecut.api.problems import documented
from hypecut.errors import FolderInUseError, UsageError
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob
from hypecut.jobs.pipelines import PIPELINES
from hypecut.models import JobKind, JobStatus
from hypecut.sources.twitch.addresses import is_vod_address, vod_id
from hypecut.sources.twitch.addresses import vod_url as page_of_vod

T = TypeVar("T", bound=BaseModel)

router = APIRouter(tags=["submitting"], route_class=StrictRoute)

# What a body may ask for that the pipeline calls otherwise, and how.
_TUNING = {
    "min_count": ("spike_messages",),
    "spike_window_seconds": ("spike_window_s", "min_peak_distance_s"),
    "diversity_windows": ("sections",),
    "segment_padding_seconds": ("lead_in_s", "tail_s"),
    "max_segment_seconds": ("max_segment_s",),
}
_HIGHLIGHTS_OPTIONS = (
    "from_s",
    "to_s",
    "exclude",
    "chat_offset_s",
    "vod_start",
    "allow_partial_chat",
    "exact",
    "full",
    "titles",
    "lag_s",
    "lead_in_s",
    "tail_s",
    "min_segment_s",
    "max_segment_s",
    "min_peak_distance_s",
    "snap_max_s",
)
_DRESSING = (
    "keywords",
    "min_duration_s",
    "max_duration_s",
    "transition",
    "loudness_lufs",
    "plan_only",
    "overwrite",
)
_MONTAGE_OPTIONS = (
    "streamer_names",
    "period",
    "apply_overlay",
    "max_clips",
    "scrape_pool_size",
    "per_streamer_k",
    "clips",
    "start",
    "end",
    "min_clip_s",
    "max_clip_s",
    "clip_half_life_s",
    "skip_used",
    "opening",
)
# As the pipeline calls what the bodies call otherwise.
_PIPELINE_NAMES = {"vod": "vod_url", "chat": "chat_path", "out": "output_dir"}
_MAX_FOLDERS = 1000
_MAX_TITLE = 80
# So many streamers name a montage's folder.
_TITLED = 3
_ACTIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
# Choosing a folder and submitting the job that takes it are one act.
_LOCK = threading.Lock()


class _Wanted(NamedTuple):
    """A job as a body asks for it: its arguments, and the folder it is to have."""

    kind: JobKind
    params: dict[str, Any]
    folder: Path
    priority: int


@router.post("/jobs/vod-highlights", response_model=Submitted, responses=documented(409))
def submit_highlights(body: VodHighlightsBody, context: Context) -> Submitted:
    """Submit a job that makes highlights of a recording."""
    return _submit(_highlights(body, context), context)


@router.post("/jobs/clip-montage", response_model=Submitted, responses=documented(409))
def submit_montage(body: ClipMontageBody, context: Context) -> Submitted:
    """Submit a job that makes a montage of streamers' clips."""
    return _submit(_montage(body, context), context)


@router.post("/jobs", response_model=Submitted, responses=documented(409))
def submit_job(body: JobBody, context: Context) -> Submitted:
    """Submit a job of any kind."""
    return _submit(_wanted(body, context), context)


def check_job(body: JobBody, context: ApiContext) -> CheckedJob:
    """The job that a body asks for, as submitting it now would make it; nothing is submitted.

    Raises:
        RequestValidationError: something in the body is wrong.
        HypecutError: the job can't be run.
    """
    wanted = _wanted(body, context)
    with _LOCK:
        return _placed(wanted, context)


def _wanted(body: JobBody, context: ApiContext) -> _Wanted:
    if body.type is JobKind.CLIP_MONTAGE:
        return _montage(_nested(ClipMontageBody, body.params), context)
    params = {_PIPELINE_NAMES.get(name, name): value for name, value in body.params.items()}
    return _highlights(_nested(VodHighlightsBody, params), context)


def _nested(kind: type[T], params: Mapping[str, Any]) -> T:
    """The params of a job as the body of its kind."""
    try:
        return kind.model_validate(params)
    except ValidationError as error:
        places = [
            {**entry, "loc": ("body", "params", *entry["loc"])} for entry in error.errors(include_url=False)
        ]
        raise RequestValidationError(places) from error


def _highlights(body: VodHighlightsBody, context: ApiContext) -> _Wanted:
    vod, title = _recording(body.vod_url, context)
    remote = urlsplit(vod).scheme == "https"
    params = _given(body, (*_HIGHLIGHTS_OPTIONS, *_DRESSING)) | {"vod": vod}
    params["more_parts"] = [_file(part, context, "more_parts") for part in body.more_parts]
    if body.chat_path is not None:
        params["chat"] = _file(body.chat_path, context, "chat_path")
    elif not remote:
        raise body_error("the highlights of a file need its chat; name it here.", "chat_path", kind="missing")
    params |= _bookends(body, context)
    for name, settings in _TUNING.items():
        value = getattr(body, name)
        params = ({} if value is None else dict.fromkeys(settings, value)) | params
    wanted = _folder(body.output_dir, "output_dir", f"{title}-highlights", context)
    return _Wanted(JobKind.VOD_HIGHLIGHTS, params, wanted, body.priority)


def _montage(body: ClipMontageBody, context: ApiContext) -> _Wanted:
    if not (body.streamer_names or body.clips or body.files):
        raise body_error("name at least one streamer.", "streamer_names", value=[], kind="too_short")
    title = "-".join(body.streamer_names[:_TITLED])[:_MAX_TITLE] or "clips"
    params = _given(body, (*_MONTAGE_OPTIONS, *_DRESSING)) | _bookends(body, context)
    params["files"] = [_file(file, context, "files") for file in body.files]
    wanted = _folder(body.current_videos_dir, "current_videos_dir", f"{title}-montage", context)
    return _Wanted(JobKind.CLIP_MONTAGE, params, wanted, body.priority)


def _submit(wanted: _Wanted, context: ApiContext) -> Submitted:
    with _LOCK:
        job = _placed(wanted, context)
        return Submitted(job_id=context.engine.submit(wanted.kind, job, wanted.priority).id)


def _placed(wanted: _Wanted, context: ApiContext) -> CheckedJob:
    """The job in the folder that it is to have, or in the next of that name which is no other job's."""
    for number in range(1, _MAX_FOLDERS):
        name = wanted.folder.name if number == 1 else f"{wanted.folder.name}-{number}"
        params = {**wanted.params, "out": str(wanted.folder.with_name(name))}
        job = PIPELINES[wanted.kind].check(params, context.settings)
        if params.get("overwrite") or not _is_taken(job, context):
            PIPELINES[wanted.kind].look(job)
            return job
    raise FolderInUseError(f"{wanted.folder} and {_MAX_FOLDERS} more are taken; name another folder.")


def _is_taken(job: CheckedJob, context: ApiContext) -> bool:
    """Whether another job has made something in this job's folder, or is about to."""
    owner = OutputFolder.owner(Path(job.folder))
    if owner is not None:
        return not owner or not job.name.startswith(owner)
    active = context.engine.list(JobFilter(status=_ACTIVE, search=job.folder, limit=_MAX_FOLDERS)).jobs
    return any(one.params.get("out") == job.folder and one.params != job.params for one in active)


def _bookends(body: VodHighlightsBody | ClipMontageBody, context: ApiContext) -> dict[str, Any]:
    """Intro and outro, as far as the body names them."""
    named = {name: getattr(body, name) for name in ("intro", "outro")}
    return {name: _file(file, context, name) for name, file in named.items() if file is not None}


def _given(body: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """What the body gives of these, as JSON."""
    return body.model_dump(mode="json", include=set(names), exclude_none=True)


def _recording(vod_url: str, context: ApiContext) -> tuple[str, str]:
    """The recording as the pipeline takes it, and a short name for it."""
    if is_vod_address(vod_url) and not _is_file(vod_url, context):
        try:
            number = vod_id(vod_url)
        except UsageError as error:
            raise body_error(str(error), "vod_url", value=vod_url) from error
        return page_of_vod(number), f"vod-{number}"
    path = _file(vod_url, context, "vod_url")
    return path, Path(path).stem[:_MAX_TITLE]


def _is_file(path: str, context: ApiContext) -> bool:
    """Whether a number is the name of a file in the media folder, and not a VOD's."""
    return path.isdigit() and (context.roots.media / path).is_file()


def _file(path: str, context: ApiContext, field: str) -> str:
    found = _confined(lambda: context.roots.readable(path), path, field)
    if not found.is_file():
        raise body_error(
            "there is no such file in the server's folders; correct the path.", field, value=path
        )
    return str(found)


def _folder(path: str | None, field: str, default: str, context: ApiContext) -> Path:
    found = _confined(lambda: context.roots.writable(path or default), path, field)
    # The root itself holds the folders of all jobs.
    return context.roots.output / default if found == context.roots.output else found


def _confined(find: Callable[[], Path], path: str | None, field: str) -> Path:
    try:
        return find()
    except UsageError as error:
        raise body_error(str(error), field, value=path) from error
