"""The steps of the highlights job after its plan: the clips, the montage, and files for editing programs."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from hypecut.errors import MediaError
from hypecut.jobs import folder as names
from hypecut.jobs.exporting import export_beside, source_facts
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob, Output, StepContext, StepResult
from hypecut.jobs.rendering import check_room, encoder_options, kept_pieces
from hypecut.media.cards import is_card
from hypecut.media.inspect import SourcePool
from hypecut.media.render import render
from hypecut.models import Cut, JobKind, Plan
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress

# A cut is written into the montage and as a clip of its own.
COPIES = 2
_NAME_LENGTH = 40
_EDITORS = {names.TIMELINE: "otio", names.CHAPTERS: "chapters"}


def cut(context: StepContext) -> StepResult:
    """Render each cut as a clip of its own; one that can't be used is left out."""
    if context.params["plan_only"]:
        return StepResult(data={"clips": []})
    folder = OutputFolder.claimed(context.folder)
    plan = read_plan(folder.file(names.PLAN))
    pool = context.cache.get("pool", SourcePool)
    check_room(plan, folder.path, source_facts(plan, folder.path).durations, folder.path, copies=COPIES)
    folder.clear_clips()
    context.progress.start("clips", len(plan.cuts), "clips")
    options, pieces = encoder_options(context.settings), kept_pieces(context.settings)
    clips: dict[int, Output] = {}
    for number, cut in _between_bookends(plan, context):
        single = msgspec.structs.replace(plan, cuts=(cut,))
        clip = folder.file(names.CLIPS) / f"{number:03d}_{_called(plan, cut)}.mp4"
        try:
            made = render(single, folder.path, clip, SilentProgress(), options, pool=pool, pieces=pieces)
        except MediaError:
            continue  # the montage tells why
        finally:
            context.progress.update(number)
        clips[number] = Output(
            kind="clip", path=str(clip), meta={"cut": number, "duration_s": made.duration_s}
        )
    context.progress.finish()
    return StepResult(data={"clips": list(clips)}, outputs=tuple(clips.values()))


def montage(context: StepContext) -> StepResult:
    """Render the montage."""
    if context.params["plan_only"]:
        return StepResult(data={"rendered": None})
    plan = read_plan(context.folder / names.PLAN)
    out = context.folder / names.MONTAGE
    pool = context.cache.get("pool", SourcePool)
    options, pieces = encoder_options(context.settings), kept_pieces(context.settings)
    rendered = render(plan, context.folder, out, context.progress, options, pool=pool, pieces=pieces)
    meta = {"duration_s": rendered.duration_s, "cuts": len(rendered.cuts) - len(rendered.skipped)}
    return StepResult(
        data={"rendered": msgspec.to_builtins(rendered)},
        outputs=(Output(kind="montage", path=str(out), meta=meta),),
    )


def export(context: StepContext) -> StepResult:
    """Write the plan for editing programs and players."""
    plan = read_plan(context.folder / names.PLAN)
    facts = source_facts(plan, context.folder)
    dislikes = export_beside(plan, context.folder, facts, _EDITORS, context.progress)
    kinds = {names.TIMELINE: "timeline", names.CHAPTERS: "chapters"}
    outputs = tuple(Output(kind=kind, path=str(context.folder / name)) for name, kind in kinds.items())
    return StepResult(data={"dislikes": list(dislikes)}, outputs=outputs)


def _between_bookends(plan: Plan, context: StepContext) -> list[tuple[int, Cut]]:
    """The plan's cuts and their numbers, without intro, outro and title cards: those are clips already."""
    first, last = bool(context.params["intro"]), bool(context.params["outro"])
    numbered = list(enumerate(plan.cuts, 1))
    return [(number, cut) for number, cut in numbered[first : len(numbered) - last] if not is_card(cut)]


def _called(plan: Plan, cut: Cut) -> str:
    """What tells a cut from others, as part of a file's name: its place in the recording, or its streamer."""
    if plan.kind is not JobKind.CLIP_MONTAGE:
        return _stamp(cut.start_s)
    name = re.sub(r"[^\w-]+", "-", cut.title).strip("-")[:_NAME_LENGTH]
    return name or "clip"


def redo(job: CheckedJob) -> CheckedJob:
    """Take the plan in the job's folder for its own; the job that makes its montage by it.

    Raises:
        PlanError: it can't be read.
    """
    folder = Path(job.folder)
    read_plan(folder / names.PLAN)
    OutputFolder.claimed(folder).redone()
    return msgspec.structs.replace(job, params={**job.params, "plan_only": False, "overwrite": False})


def _stamp(time_s: float) -> str:
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60}h{minutes % 60:02d}m{seconds:02d}s"
