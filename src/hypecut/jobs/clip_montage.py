"""The clip montage job: the recent clips of several streamers become a montage with names on screen."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from hypecut.files import write_text
from hypecut.jobs import clip_steps, making
from hypecut.jobs import folder as names
from hypecut.jobs.bookends import check_bookend
from hypecut.jobs.claims import Claims
from hypecut.jobs.clip_credits import chapters_text, credits_text
from hypecut.jobs.clip_ledger import ClipLedger
from hypecut.jobs.clip_requests import (
    TUNING,
    ClipPick,
    LeftOut,
    MontageDurations,
    MontageRequest,
    MontageResult,
    StreamerListing,
    check_files,
    filled_in,
    read_montage_request,
)
from hypecut.jobs.clip_steps import Fetched, Listed
from hypecut.jobs.embedded import run_durably
from hypecut.jobs.exporting import source_facts
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob, Output, Pipeline, Step, StepContext, StepResult
from hypecut.jobs.running import run_pipeline, run_steps
from hypecut.jobs.thinking import read_work
from hypecut.media.render import RenderResult
from hypecut.models import Clip, Cut, JobKind, Plan
from hypecut.plan.document import read_plan
from hypecut.plan.placement import Layout
from hypecut.progress import Progress
from hypecut.rank.clips import ClipChoice
from hypecut.settings import Settings

_NAMING = (
    "streamer_names",
    "clips",
    "period",
    "start",
    "end",
    "keywords",
    "apply_overlay",
    "transition",
    "loudness_lufs",
    "skip_used",
    "opening",
)
_TITLED = 3
_MAX_TITLE = 80


def run_montage(request: MontageRequest, settings: Settings, progress: Progress) -> MontageResult:
    """Run the job here and now, and leave no record of it but its folder and the ledger of used clips.

    Raises:
        UsageError, BadInputError: an argument, a name or a file is wrong, or the folder is another job's.
        SourceUnavailableError: Twitch can't be asked.
        NothingFoundError: there is nothing to show.
        DiskFullError: no room.
    """
    job = check(msgspec.to_builtins(request), settings)
    return msgspec.convert(run_pipeline(CLIP_MONTAGE, job, settings, progress), MontageResult)


def run_montage_durably(request: MontageRequest, settings: Settings, progress: Progress) -> MontageResult:
    """Run the job as `run_montage`, but on record: one that was cut off goes on at the step it was at.

    Raises:
        DatabaseError: jobs can't be kept.
        HypecutError: as `run_montage`.
    """
    job = check(msgspec.to_builtins(request), settings)
    made = run_durably(JobKind.CLIP_MONTAGE, job, settings, progress, overwrite=request.overwrite)
    return msgspec.convert(made, MontageResult)


def forecast_montage(request: MontageRequest, settings: Settings, progress: Progress) -> MontageResult:
    """What `run_montage` would make, by what is known of the clips; nothing is downloaded or written.

    Raises:
        As `run_montage`.
    """
    job = check(msgspec.to_builtins(request), settings)
    finished = _CLAIMS.finished(job)
    if finished is not None:
        return finished
    steps = [step for step in CLIP_MONTAGE.steps if step.name in ("resolve", "choose")]
    with tempfile.TemporaryDirectory(prefix="hypecut-") as scratch:
        context = run_steps(steps, job, settings, progress, Path(scratch))
        choice = read_work(context, names.CHOSEN, ClipChoice)
        return _result(context, Path(job.folder), choice, {}, status="dry run")


def check(params: Mapping[str, Any], settings: Settings) -> CheckedJob:
    """See that the arguments (a `MontageRequest` as JSON) can be run with, and name the job.

    Raises:
        UsageError: an argument is unknown, of the wrong kind or out of bounds, or nobody is named.
        BadInputError: a file is missing.
    """
    request = filled_in(read_montage_request(params), settings)
    check_files(request)
    title = _title(request)
    out = Path(request.out) if request.out else settings.output_dir / f"{title}-montage"
    whole = msgspec.structs.replace(
        request,
        files=tuple(str(Path(file).absolute()) for file in request.files),
        intro=check_bookend("--intro", request.intro),
        outro=check_bookend("--outro", request.outro),
        out=str(out.absolute()),
    )
    return _CLAIMS.job(whole, {name: getattr(whole, name) for name in (*_NAMING, *TUNING)}, title)


def export(context: StepContext) -> StepResult:
    """Write the plan for editing programs, and chapters and credits with a link to each clip."""
    made = making.export(context)
    choice = read_work(context, names.FETCHED, Fetched).choice
    plan, shown = _shown_cuts(context)
    left = msgspec.structs.replace(plan, cuts=shown or plan.cuts)
    clips = _clips_of(left.cuts, choice, context.folder)
    layout = Layout(left, context.folder, sources=source_facts(left, context.folder).sources)
    write_text(context.folder / names.CHAPTERS, chapters_text(layout, clips))
    write_text(context.folder / names.CREDITS, credits_text(layout, clips))
    credit = Output(kind="credits", path=str(context.folder / names.CREDITS))
    return msgspec.structs.replace(made, outputs=(*made.outputs, credit))


def result(context: StepContext) -> Mapping[str, Any]:
    """The job's result, also noted in its folder and in the ledger when all of it is made."""
    fetched = read_work(context, names.FETCHED, Fetched)
    choice = fetched.choice
    if OutputFolder.claimed(context.folder).edited:
        choice = msgspec.structs.replace(choice, picks=_shown(context, choice), note="")
    told = _result(context, context.folder, choice, fetched.refused, status="done")
    if told.montage_path:
        OutputFolder.claimed(context.folder).done(msgspec.to_builtins(told))
        ledger = ClipLedger(context.settings.data_dir)
        ledger.add((pick.id for pick in told.picks), datetime.now(UTC), str(context.folder))
    return msgspec.to_builtins(told)  # type: ignore[no-any-return]


def _inputs(request: MontageRequest) -> list[Path]:
    return [Path(file) for file in (*request.files, request.intro, request.outro) if file]


_CLAIMS = Claims(JobKind.CLIP_MONTAGE, read_montage_request, _inputs, MontageResult)
CLIP_MONTAGE = Pipeline(
    kind=JobKind.CLIP_MONTAGE,
    steps=(
        Step("resolve", clip_steps.resolve, 5.0),
        Step("choose", clip_steps.choose, 1.0),
        Step("fetch", clip_steps.fetch, 25.0),
        Step("plan", clip_steps.write_down, 1.0),
        Step("cut", making.cut, 33.0, apart=True),
        Step("montage", making.montage, 33.0, apart=True),
        Step("export", export, 2.0),
    ),
    check=check,
    claim=_CLAIMS.claim,
    result=result,
    redo=making.redo,
    look=_CLAIMS.look,
)


def _title(request: MontageRequest) -> str:
    """The streamers in a few words, or the first clip or file."""
    stems = [Path(file).stem for file in request.files]
    named = (*request.streamer_names, *request.clips, *stems)
    more = len(named) - _TITLED
    return "-".join(named[:_TITLED])[:_MAX_TITLE] + (f"-and-{more}-more" if more > 0 else "")


def _clips_of(cuts: Sequence[Cut], choice: ClipChoice, folder: Path) -> list[Clip | None]:
    """The clip that each cut shows, be it chosen by the job or by a person; None for what is no clip."""
    clips = [verdict.clip for verdict in choice.verdicts]
    by_source = {clip_steps.clip_file(folder, clip).resolve(): clip for clip in clips}
    return [by_source.get((folder / cut.source).resolve()) for cut in cuts]


def _shown(context: StepContext, choice: ClipChoice) -> tuple[Clip, ...]:
    """The clips of the montage in their order, each once."""
    _, cuts = _shown_cuts(context)
    found = {clip.id: clip for clip in _clips_of(cuts, choice, context.folder) if clip is not None}
    return tuple(found.values())


def _shown_cuts(context: StepContext) -> tuple[Plan, tuple[Cut, ...]]:
    """The plan, and those of its cuts that are in the montage."""
    plan = read_plan(context.folder / names.PLAN)
    lost = {report.cut for report in rendered.skipped} if (rendered := _rendered(context)) else set()
    return plan, tuple(cut for number, cut in enumerate(plan.cuts, 1) if number not in lost)


def _rendered(context: StepContext) -> RenderResult | None:
    made = context.done.get("montage", {}).get("rendered")
    return msgspec.convert(made, RenderResult) if made else None


def _result(
    context: StepContext, out: Path, choice: ClipChoice, refused: Mapping[str, str], *, status: str
) -> MontageResult:
    """What was made, or, as far as the steps went, would be made in the folder `out`."""
    listed = read_work(context, names.LISTED, Listed)
    streamers = context.done["resolve"]["streamers"]
    listings = msgspec.convert(streamers, tuple[StreamerListing, ...])
    rendered = _rendered(context)
    paths = _clip_paths(context, out) if rendered else ()
    notes = [listing.note for listing in listings if listing.note]
    notes += [choice.note] if choice.note else []
    notes += context.done.get("export", {}).get("dislikes", [])
    notes += [warning.rstrip(".") for warning in rendered.warnings] if rendered else []
    left_out = _left_out(listed, {**listed.refused, **refused})
    if left_out:
        notes.append(f"{len(left_out)} clips could not be used and are left out")
    planned_s = float(context.done.get("plan", {}).get("duration_s", choice.total_s))
    return MontageResult(
        status=status,
        out=str(out),
        paths=paths,
        count=len(paths) if rendered else len(choice.picks),
        montage_path=str(out / names.MONTAGE) if rendered else None,
        plan_path=str(out / names.PLAN),
        metadata_path=str(out / names.EXPLANATION),
        credits_path=str(out / names.CREDITS) if "export" in context.done else None,
        clips_dir=str(out / names.CLIPS) if rendered else None,
        candidates_count=len(choice.verdicts),
        durations_s=MontageDurations(rendered.duration_s if rendered else planned_s),
        note="; ".join(notes),
        listings=listings,
        picks=tuple(map(_pick, choice.picks)),
        left_out=left_out,
        incomplete=tuple(report for report in rendered.cuts if report.reason) if rendered else (),
    )


def _clip_paths(context: StepContext, out: Path) -> tuple[str, ...]:
    """The files of the cut clips, in their order."""
    cut = context.done["cut"]["clips"]
    found = {int(path.name.partition("_")[0]): path for path in (out / names.CLIPS).glob("[0-9]*_*.mp4")}
    return tuple(str(found[number]) for number in cut if number in found)


def _left_out(listed: Listed, refused: Mapping[str, str]) -> tuple[LeftOut, ...]:
    known = {clip.id: clip for clip in listed.clips}
    nobody = Clip(id="", streamer="", duration_s=0.0)
    return tuple(
        LeftOut(
            id=clip_id,
            streamer=known.get(clip_id, nobody).streamer,
            title=known.get(clip_id, nobody).title,
            reason=reason,
        )
        for clip_id, reason in refused.items()
    )


def _pick(clip: Clip) -> ClipPick:
    return ClipPick(
        id=clip.id,
        streamer=clip.streamer,
        title=clip.title,
        url=clip.url,
        duration_s=clip.duration_s,
        score=clip.score.total,
        reasons=clip.score.reasons,
    )
