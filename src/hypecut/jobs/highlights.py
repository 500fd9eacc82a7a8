"""The highlights job: a recording and its chat become a montage with the reason for each pick."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import BadInputError, UsageError
from hypecut.jobs import folder as names
from hypecut.jobs import making, remote, remote_fetch, thinking
from hypecut.jobs.bookends import check_bookend, source_name
from hypecut.jobs.claims import Claims
from hypecut.jobs.embedded import run_durably
from hypecut.jobs.exporting import source_facts
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob, Pipeline, Step, StepContext
from hypecut.jobs.remote import canonical, either, is_remote
from hypecut.jobs.rendering import COPIES, forecast, free_bytes
from hypecut.jobs.requests import (
    TUNING,
    Durations,
    Forecast,
    HighlightsRequest,
    HighlightsResult,
    Pick,
    filled_in,
    read_request,
)
from hypecut.jobs.running import run_pipeline, run_steps
from hypecut.media.render import RenderResult
from hypecut.models import JobKind, Plan
from hypecut.plan.document import read_plan
from hypecut.progress import Progress
from hypecut.settings import Settings

# What decides what the montage shows, beside the files and the settings.
_NAMING = (
    "keywords",
    "from_s",
    "to_s",
    "exclude",
    "chat_offset_s",
    "vod_start",
    "allow_partial_chat",
    "exact",
    "spike_messages",
    "spike_window_s",
    "sections",
    "titles",
    "transition",
    "loudness_lufs",
    "intro",
    "outro",
)
_THINKING = ("resolve", "chat", "detect", "choose", "fetch", "plan")


def run_highlights(request: HighlightsRequest, settings: Settings, progress: Progress) -> HighlightsResult:
    """Run the job here and now, and leave no record of it but its folder.

    Started again with the same arguments it says so when it is finished; one that was cut off runs again.

    Raises:
        UsageError, BadInputError: an argument or a file is wrong, or the folder is another job's.
        NothingFoundError: there is nothing to show.
        DiskFullError: no room.
    """
    job = check(msgspec.to_builtins(request), settings)
    return msgspec.convert(run_pipeline(HIGHLIGHTS, job, settings, progress), HighlightsResult)


def run_highlights_durably(
    request: HighlightsRequest, settings: Settings, progress: Progress
) -> HighlightsResult:
    """Run the job as `run_highlights`, but on record: one that was cut off goes on at the step it was at.

    Raises:
        DatabaseError: jobs can't be kept.
        HypecutError: as `run_highlights`.
    """
    job = check(msgspec.to_builtins(request), settings)
    made = run_durably(JobKind.VOD_HIGHLIGHTS, job, settings, progress, overwrite=request.overwrite)
    return msgspec.convert(made, HighlightsResult)


def forecast_highlights(
    request: HighlightsRequest, settings: Settings, progress: Progress
) -> HighlightsResult:
    """What `run_highlights` would make; nothing is written but in a temporary folder.

    Of a VOD by its address the chat is fetched, and kept in the cache, but nothing of the video.

    Raises:
        UsageError, BadInputError: an argument or a file is wrong, or the folder is another job's.
        NothingFoundError: there is nothing to show.
        SourceUnavailableError, DiskFullError: as the job itself would raise them before it fetches video.
    """
    job = check(msgspec.to_builtins(request), settings)
    finished = _CLAIMS.finished(job)
    if finished is not None:
        return finished
    foreseen = {"fetch": Step("fetch", either(thinking.fetch, remote_fetch.foresee))}
    steps = [foreseen.get(step.name, step) for step in HIGHLIGHTS.steps if step.name in _THINKING]
    with tempfile.TemporaryDirectory(prefix="hypecut-") as scratch:
        context = run_steps(steps, job, settings, progress, Path(scratch))
        expected = _forecast(context, Path(job.folder))
        told = _result(context, Path(job.folder))
    return msgspec.structs.replace(told, status="dry run", forecast=expected)


def _forecast(context: StepContext, out: Path) -> Forecast:
    """What the job, as far as its plan, would take to make in the folder `out`."""
    if is_remote(context.params["vod"]):
        told = context.done["fetch"]
        return Forecast(
            output_bytes=told["output_bytes"] * COPIES,
            free_bytes=free_bytes(out),
            copied_cuts=None,
            encoded_cuts=None,
            download_bytes=told["download_bytes"],
            download_segments=told["download_segments"],
        )
    plan = read_plan(context.folder / names.PLAN)
    return forecast(plan, context.folder, source_facts(plan, context.folder).durations, out)


def check(params: Mapping[str, Any], settings: Settings) -> CheckedJob:
    """See that the arguments (a `HighlightsRequest` as JSON) can be run with, and name the job.

    Raises:
        UsageError: an argument is unknown, of the wrong kind or out of bounds, or contradicts another.
        BadInputError: a file is missing.
    """
    request = canonical(read_request(params))
    _check_files(request)
    _check_times(request)
    request = _with_files_of_bookends(filled_in(request, settings))
    if (request.min_duration_s or 0.0) > (request.max_duration_s or 0.0):
        raise UsageError("--min-duration is longer than --max-duration; swap them.")
    remote_vod = is_remote(request.vod)
    title = f"vod-{Path(request.vod).name}" if remote_vod else Path(request.vod).stem
    out = Path(request.out) if request.out else settings.output_dir / f"{title}-highlights"
    deciding = {name: getattr(request, name) for name in (*_NAMING, *TUNING)}
    if remote_vod:
        deciding |= {"vod": request.vod, "full": request.full, "quality": settings.vod_quality}
    whole = msgspec.structs.replace(
        request,
        vod=request.vod if remote_vod else str(Path(request.vod).absolute()),
        more_parts=tuple(str(Path(part).absolute()) for part in request.more_parts),
        chat=str(Path(request.chat).absolute()) if request.chat else None,
        out=str(out.absolute()),
    )
    return _CLAIMS.job(whole, deciding, title)


def result(context: StepContext) -> Mapping[str, Any]:
    """The job's result, also noted in its folder when all of it is made."""
    told = msgspec.to_builtins(_result(context, context.folder))
    if told["montage_path"]:
        OutputFolder.claimed(context.folder).done(told)
    return told  # type: ignore[no-any-return]


def _inputs(request: HighlightsRequest) -> list[Path]:
    """The recording's files in order, the chat's, those of intro and outro."""
    recording = () if is_remote(request.vod) else request.parts
    return [Path(file) for file in (*recording, request.chat, request.intro, request.outro) if file]


_CLAIMS = Claims(JobKind.VOD_HIGHLIGHTS, read_request, _inputs, HighlightsResult)
HIGHLIGHTS = Pipeline(
    kind=JobKind.VOD_HIGHLIGHTS,
    steps=(
        Step("resolve", either(thinking.resolve, remote.resolve), 2.0),
        Step("chat", either(thinking.chat, remote.chat), 10.0),
        Step("detect", thinking.detect, 3.0),
        Step("choose", either(thinking.choose_moments, remote.choose_moments), 3.0),
        Step("fetch", either(thinking.fetch, remote_fetch.fetch), 20.0),
        Step("plan", thinking.write_down, 4.0),
        Step("cut", making.cut, 25.0, apart=True),
        Step("montage", making.montage, 30.0, apart=True),
        Step("export", making.export, 3.0),
    ),
    check=check,
    claim=_CLAIMS.claim,
    result=result,
    redo=making.redo,
    look=_CLAIMS.look,
)


def _check_files(request: HighlightsRequest) -> None:
    parts = [] if is_remote(request.vod) else [Path(part) for part in request.parts]
    for part in parts:
        if not part.is_file():
            raise BadInputError(f"{part} is not a file; give the path of a recording.")
    if len({part.resolve() for part in parts}) < len(parts):
        raise UsageError("a part of the recording is given twice; name each file once, in order.")
    if request.chat is None and parts:
        raise UsageError(f"the highlights of {request.vod} need its chat: add --chat FILE.")
    if request.chat is not None and not Path(request.chat).is_file():
        raise BadInputError(f"{request.chat} is not a file; give the recording's chat with --chat.")


def _with_files_of_bookends(request: HighlightsRequest) -> HighlightsRequest:
    """The request with the absolute paths of intro and outro."""
    intro, outro = check_bookend("--intro", request.intro), check_bookend("--outro", request.outro)
    return msgspec.structs.replace(request, intro=intro, outro=outro)


def _check_times(request: HighlightsRequest) -> None:
    if request.to_s is not None and (request.from_s or 0.0) >= request.to_s:
        cure = "swap them" if request.from_s else "give a later --to"
        raise UsageError(f"--from is not before --to; {cure}.")
    for start_s, end_s in request.exclude:
        if not start_s < end_s:
            raise UsageError(f"--exclude {start_s:g}-{end_s:g} does not end after its start; swap the two.")


def _vod_path(context: StepContext, out: Path) -> str:
    """The recording's file; of a VOD by its address, what is fetched of it into the folder `out`."""
    vod = str(context.params["vod"])
    return str(out / Path(thinking.recording(context)[0].path).name) if is_remote(vod) else vod


def _result(context: StepContext, out: Path) -> HighlightsResult:
    """What was made, or, as far as the steps went, would be made in the folder `out`."""
    choice, done = thinking.chosen(context), context.done
    made = done.get("montage", {}).get("rendered")
    rendered = msgspec.convert(made, RenderResult) if made else None
    lost = {report.cut for report in rendered.skipped} if rendered else set()
    plan = read_plan(context.folder / names.PLAN)
    # What was chosen is no longer what is shown once somebody changed the plan.
    edited = OutputFolder.claimed(context.folder).edited
    notes = [*done["resolve"].get("notes", []), *done["chat"].get("notes", [])]
    notes += [choice.selection.note] if choice.selection.note and not edited else []
    if lost:
        notes.append(f"{len(lost)} of {len(plan.cuts)} cuts could not be made: the montage lacks them")
    notes += done.get("export", {}).get("dislikes", [])
    total_s = rendered.duration_s if rendered else float(done["plan"]["duration_s"])
    return HighlightsResult(
        status="done",
        out=str(out),
        vod_path=_vod_path(context, out),
        chat_path=str(out / names.CHAT),
        montage_path=str(out / names.MONTAGE) if rendered else None,
        plan_path=str(out / names.PLAN),
        metadata_path=str(out / names.EXPLANATION),
        activity_path=str(out / names.ACTIVITY),
        clips_dir=str(out / names.CLIPS) if rendered else None,
        segments_count=len(choice.candidates),
        clips_count=len(done["cut"]["clips"]) if rendered else 0,
        durations_s=Durations(thinking.duration_s(context), total_s),
        note="; ".join(notes),
        incomplete=tuple(report for report in rendered.cuts if report.reason) if rendered else (),
        picks=_picks(context, plan, lost),
    )


def _picks(context: StepContext, plan: Plan, lost: Collection[int]) -> tuple[Pick, ...]:
    """The plan's cuts on the recording's time line, without intro, outro and those that could not be made."""
    starts = {source_name(Path(p.path), context.folder): p.start_s for p in thinking.recording(context)}
    ends = [context.params[name] for name in ("intro", "outro") if context.params[name]]
    bookends = {source_name(Path(file), context.folder) for file in ends}
    picks = []
    for number, cut in enumerate(plan.cuts, 1):
        if number in lost or cut.source in bookends:
            continue
        shift_s = starts.get(cut.source, 0.0)
        score = cut.score.total if cut.score else 0.0
        picks.append(Pick(cut.start_s + shift_s, cut.end_s + shift_s, score, cut.reasons))
    return tuple(picks)
