"""The highlights job: a recording and its chat become a montage with the reason for each pick."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import msgspec

from hypecut.chat import write_chat
from hypecut.errors import BadInputError, UsageError
from hypecut.jobs import folder as names
from hypecut.jobs.choosing import DECIMALS, Choice, choose
from hypecut.jobs.exporting import SourceFacts, export_beside, source_facts
from hypecut.jobs.folder import OutputFolder, job_name
from hypecut.jobs.parts import located
from hypecut.jobs.rendering import check_room, encoder_options, forecast
from hypecut.jobs.requests import Durations, Forecast, HighlightsRequest, HighlightsResult, Pick
from hypecut.media.inspect import SourcePool
from hypecut.media.render import RenderResult, render
from hypecut.models import Cut, CutScore, JobKind, Loudness, Plan, Segment, Titles, TransitionKind
from hypecut.plan.activity_plot import plot_activity
from hypecut.plan.document import write_plan
from hypecut.plan.explanation import explain, write_explanation
from hypecut.progress import Progress, SilentProgress
from hypecut.rank.selection import Window
from hypecut.settings import Settings
from hypecut.times import format_time

# A recording this near to the output folder is named relative to it, so that both can move together.
_NEAR = 2
# A cut is written into the montage and as a clip of its own.
COPIES = 2


def run_highlights(request: HighlightsRequest, settings: Settings, progress: Progress) -> HighlightsResult:
    """Run the job: read the chat, detect, choose, plan, cut, export.

    Started again with the same arguments it says so when it is finished; one that was cut off runs again.

    Raises:
        UsageError, BadInputError: an argument or a file is wrong, or the folder is another job's.
        NothingFoundError: there is nothing to show.
        DiskFullError: no room.
    """
    chat = _check(request)
    out = request.out or settings.output_dir / f"{request.vod.stem}-highlights"
    inputs = [*request.parts, chat]
    folder = OutputFolder(
        out, _name(request, settings, inputs, out), inputs, request.overwrite, look_only=request.dry_run
    )
    finished = folder.finished
    if finished is not None:
        done = msgspec.convert(finished, HighlightsResult)
        return msgspec.structs.replace(done, status="already done")
    choice = choose(request, chat, settings, progress)
    plan = _plan(request, choice, out)
    facts = source_facts(plan, out)
    if request.dry_run:
        return _result(request, folder, choice, plan, None, forecast(plan, out, facts.durations))
    if not request.plan_only:
        check_room(plan, out, facts.durations, out, copies=COPIES)
    dislikes = _write_thinking(request, folder, choice, plan, facts, progress)
    rendered = None if request.plan_only else _cut(plan, folder, settings, progress)
    result = _result(request, folder, choice, plan, rendered, dislikes=dislikes)
    if rendered is not None:
        folder.done(msgspec.to_builtins(result))
    return result


def _check(request: HighlightsRequest) -> Path:
    for part in request.parts:
        if not part.is_file():
            raise BadInputError(f"{part} is not a file; give the path of a recording.")
    if len({part.resolve() for part in request.parts}) < len(request.parts):
        raise UsageError("a part of the recording is given twice; name each file once, in order.")
    if request.chat is None:
        raise UsageError(f"the highlights of {request.vod} need its chat: add --chat FILE.")
    if not request.chat.is_file():
        raise BadInputError(f"{request.chat} is not a file; give the recording's chat with --chat.")
    if request.min_duration_s > request.max_duration_s:
        raise UsageError("--min-duration is longer than --max-duration; swap them.")
    if request.to_s is not None and (request.from_s or 0.0) >= request.to_s:
        cure = "swap them" if request.from_s else "give a later --to"
        raise UsageError(f"--from is not before --to; {cure}.")
    for start_s, end_s in request.exclude:
        if not start_s < end_s:
            raise UsageError(f"--exclude {start_s:g}-{end_s:g} does not end after its start; swap the two.")
    return request.chat


def _name(request: HighlightsRequest, settings: Settings, inputs: list[Path], out: Path) -> str:
    """All that decides what the montage shows; how far to go (`plan_only`) does not."""
    left_out = ("vod", "more_parts", "chat", "out", "overwrite", "plan_only", "dry_run")
    arguments = {k: v for k, v in vars(request).items() if k not in left_out}
    chosen = (
        "keywords",
        "lag_s",
        "lead_in_s",
        "tail_s",
        "min_segment_s",
        "max_segment_s",
        "min_peak_distance_s",
    )
    tuning = {k: getattr(settings, k) for k in (*chosen, "snap_max_s")}
    return job_name(JobKind.VOD_HIGHLIGHTS, {"request": arguments, "settings": tuning}, inputs, out)


def _plan(request: HighlightsRequest, choice: Choice, out: Path) -> Plan:
    # A folder that is not made yet is nothing to be relative to.
    named = str if request.dry_run else functools.partial(_source_name, out=out)
    parts = [(named(path.resolve()), start_s) for path, start_s in choice.parts]
    cuts = tuple(_cut_of(pick, *located(parts, pick.peak_s), request.titles) for pick in choice.picks)
    return Plan(
        version=1,
        kind=JobKind.VOD_HIGHLIGHTS,
        cuts=cuts,
        transition=request.cut_transition if request.transition is not TransitionKind.NONE else None,
        titles=Titles() if request.titles else None,
        loudness=Loudness(target_lufs=request.loudness_lufs) if request.loudness_lufs is not None else None,
    )


def _cut_of(pick: Segment, source: str, part_start_s: float, titled: bool) -> Cut:
    """A pick as a cut of the part that starts at `part_start_s`; its title is its time in the recording."""
    return Cut(
        source=source,
        start_s=round(pick.start_s - part_start_s, DECIMALS),
        end_s=round(pick.end_s - part_start_s, DECIMALS),
        title=format_time(pick.start_s) if titled else "",
        score=CutScore(pick.score.total, dict(pick.score.components)),
        reasons=pick.score.reasons,
    )


def _source_name(vod: Path, out: Path) -> str:
    try:
        relative = Path(os.path.relpath(vod.resolve(), out.resolve()))
    except ValueError:  # another drive
        return str(vod.resolve())
    return relative.as_posix() if relative.parts.count("..") <= _NEAR else str(vod.resolve())


def _write_thinking(
    request: HighlightsRequest,
    folder: OutputFolder,
    choice: Choice,
    plan: Plan,
    facts: SourceFacts,
    progress: Progress,
) -> tuple[str, ...]:
    """Write everything but the videos: chat, plan, explanation, curve, hand-off files.

    Returns:
        What readers of the hand-off files may dislike.
    """
    write_chat(choice.report.imported.log, folder.file(names.CHAT))
    write_plan(plan, folder.file(names.PLAN))
    folder.planned()
    write_explanation(_explanation(request, choice, plan, folder.path), folder.file(names.EXPLANATION))
    spans = [(pick.start_s, pick.end_s) for pick in choice.picks]
    report = choice.report
    plot_activity(
        report.curve,
        report.step_s,
        choice.candidates,
        spans,
        report.duration_s,
        folder.file(names.ACTIVITY),
        title=request.vod.name,
    )
    files = {names.TIMELINE: "otio", names.CHAPTERS: "chapters"}
    return export_beside(plan, folder.path, facts, files, progress)


def _explanation(request: HighlightsRequest, choice: Choice, plan: Plan, out: Path) -> dict[str, Any]:
    imported, log_ = choice.report.imported, choice.report.imported.log
    return explain(
        choice.candidates,
        choice.selection,
        Window(request.min_duration_s, request.max_duration_s),
        vod={
            "source": _source_name(request.vod, out),
            "duration_s": choice.report.duration_s,
            "parts": [
                {"source": _source_name(path, out), "start_s": start_s} for path, start_s in choice.parts
            ],
        },
        chat={
            "format": imported.format,
            "messages": len(log_),
            "chatters": len(log_.users),
            "unreadable": imported.unreadable,
            "first_unreadable": imported.first_unreadable,
        },
        options={
            "keywords": request.keywords,
            "from_s": request.from_s,
            "to_s": request.to_s,
            "exclude": request.exclude,
            "chat_offset_s": request.chat_offset_s,
            "exact": request.exact,
        },
        montage={"duration_s": plan.duration_s, "cuts": len(plan.cuts)},
    )


def _cut(plan: Plan, folder: OutputFolder, settings: Settings, progress: Progress) -> RenderResult:
    """Render the montage, then each of its cuts as a clip of its own."""
    options = encoder_options(settings)
    with SourcePool() as pool:
        rendered = render(plan, folder.path, folder.file(names.MONTAGE), progress, options, pool=pool)
        folder.clear_clips()
        usable = [report.cut for report in rendered.cuts if report.mode != "skipped"]
        progress.start("clips", len(usable), "clips")
        for done, number in enumerate(usable, 1):
            cut = plan.cuts[number - 1]
            single = msgspec.structs.replace(plan, cuts=(cut,))
            clip = folder.file(names.CLIPS) / f"{number:03d}_{_stamp(cut.start_s)}.mp4"
            render(single, folder.path, clip, SilentProgress(), options, pool=pool)
            progress.update(done)
        progress.finish()
    return rendered


def _stamp(time_s: float) -> str:
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60}h{minutes % 60:02d}m{seconds:02d}s"


def _result(
    request: HighlightsRequest,
    folder: OutputFolder,
    choice: Choice,
    plan: Plan,
    rendered: RenderResult | None,
    expected: Forecast | None = None,
    dislikes: tuple[str, ...] = (),
) -> HighlightsResult:
    lost = {report.cut for report in rendered.skipped} if rendered else set()
    made = [pick for number, pick in enumerate(choice.picks, 1) if number not in lost]
    total_s = rendered.duration_s if rendered else plan.duration_s
    notes = [choice.selection.note] if choice.selection.note else []
    if lost:
        notes.append(f"{len(lost)} of {len(plan.cuts)} cuts could not be made: the montage lacks them")
    notes += dislikes
    return HighlightsResult(
        status="dry run" if expected else "done",
        out=str(folder.path),
        vod_path=str(request.vod),
        chat_path=str(folder.file(names.CHAT)),
        montage_path=str(folder.file(names.MONTAGE)) if rendered else None,
        plan_path=str(folder.file(names.PLAN)),
        metadata_path=str(folder.file(names.EXPLANATION)),
        activity_path=str(folder.file(names.ACTIVITY)),
        clips_dir=str(folder.file(names.CLIPS)) if rendered else None,
        segments_count=len(choice.candidates),
        clips_count=len(made) if rendered else 0,
        durations_s=Durations(choice.report.duration_s, total_s),
        note="; ".join(notes),
        incomplete=tuple(report for report in rendered.cuts if report.reason) if rendered else (),
        forecast=expected,
        picks=tuple(Pick(p.start_s, p.end_s, p.score.total, p.score.reasons) for p in made),
    )
