"""The steps of the highlights job up to its plan: what is there, what chat points at, what is shown."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from hypecut.chat import ChatImport, read_chat, write_chat
from hypecut.errors import HypecutError
from hypecut.files import written_aside
from hypecut.jobs import folder as names
from hypecut.jobs.bookends import Bookends, bookends, source_name
from hypecut.jobs.choosing import DECIMALS, Choice, choose
from hypecut.jobs.detection import ChatTimes, busy_segments, detect_options, detect_ranked, import_chat
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.inputs import bookend_assets
from hypecut.jobs.parts import Part, allowed_spans, located, opened_parts
from hypecut.jobs.pipeline import Asset, Output, StepContext, StepResult
from hypecut.jobs.requests import HighlightsRequest, read_request, tuned
from hypecut.models import ChatLog, Cut, CutScore, JobKind, Loudness, Plan, Segment, Titles, TransitionKind
from hypecut.plan.activity_plot import plot_activity
from hypecut.plan.document import write_plan
from hypecut.plan.explanation import explain, write_explanation
from hypecut.rank.selection import Window
from hypecut.settings import Settings
from hypecut.times import format_time

T = TypeVar("T")


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """What detection found: segments, the best first, and the activity every `step_s` in event time."""

    segments: tuple[Segment, ...]
    curve: tuple[float, ...]
    step_s: float


class RecordingPart(msgspec.Struct, frozen=True):
    """A file of the recording and its place on the recording's time line, in seconds."""

    path: str
    start_s: float
    duration_s: float


def request_of(context: StepContext) -> HighlightsRequest:
    """What the job was asked."""
    return read_request(context.params)


def settings_of(context: StepContext) -> Settings:
    """The settings in force for this job."""
    return tuned(context.settings, request_of(context))


def resolve(context: StepContext) -> StepResult:
    """Find out what the recording is: its files and how long they are."""
    request = request_of(context)
    context.progress.start("resolve", len(request.parts), "files")
    parts = _parts(context)
    allowed_spans(parts, request.from_s, request.to_s, request.exclude)
    context.progress.finish()
    found = [RecordingPart(str(part.path), part.start_s, part.duration_s) for part in parts]
    return StepResult(
        data={"parts": msgspec.to_builtins(found), "duration_s": parts[-1].end_s},
        assets=tuple(
            Asset(
                kind="recording", path=part.path, duration_s=part.duration_s, meta={"start_s": part.start_s}
            )
            for part in found
        ),
    )


def chat(context: StepContext) -> StepResult:
    """Read the chat in whatever format it is, and keep it normalised, on the recording's time line."""
    request, out = request_of(context), context.folder / names.CHAT
    times = ChatTimes(request.chat_offset_s, request.vod_start, request.allow_partial_chat)
    context.progress.start("chat", 1.0, "")
    imported = import_chat(Path(request.chat or ""), duration_s(context), times)
    write_chat(imported.log, out)
    chats_at_hand(context).append(imported.log)
    context.progress.finish()
    facts = chat_facts(imported)
    return StepResult(
        data=facts,
        outputs=(Output(kind="chat", path=str(out), meta=facts),),
        assets=(Asset(kind="chat", path=request.chat or "", meta=facts),),
    )


def chats_at_hand(context: StepContext) -> list[ChatLog]:
    """Where the step `chat` leaves the chat, so that `detect` in the same process need not read it again."""
    at_hand: list[ChatLog] = context.cache.get("chat", lambda: contextlib.nullcontext([]))
    return at_hand


def detect(context: StepContext) -> StepResult:
    """Find the moments that the chat points at."""
    context.progress.start("detect", 1.0, "")
    at_hand = chats_at_hand(context)
    # Nobody needs it afterwards, and it is large.
    log = at_hand.pop() if at_hand else read_chat(context.folder / names.CHAT).log
    request = request_of(context)
    options = detect_options(request.keywords, settings_of(context))
    found = detect_ranked(log, duration_s(context), options)
    segments = busy_segments(
        found.segments, log, options.lag_s, request.spike_messages, request.spike_window_s
    )
    curve = tuple(np.round(found.curve, DECIMALS).tolist())
    write_work(context, names.DETECTED, Detected(segments=segments, curve=curve, step_s=found.step_s))
    context.progress.finish()
    return StepResult(data={"segments": len(segments)})


def choose_moments(context: StepContext) -> StepResult:
    """Pick the moments that make the best montage, on boundaries that suit the recording."""
    detected = read_work(context, names.DETECTED, Detected)
    parts = _parts(context)
    choice = choose(
        request_of(context), detected.segments, parts, settings_of(context), room(context), context.progress
    )
    write_work(context, names.CHOSEN, choice)
    return StepResult(data={"candidates": len(choice.candidates), "picks": len(choice.picks)})


def room(context: StepContext) -> Window:
    """How long all moments together may be."""
    settings = settings_of(context)
    window = Window(settings.min_duration_s, settings.max_duration_s)
    return bookends_of(context).inside(window, request_of(context).cut_transition.overlap_s)


def fetch(context: StepContext) -> StepResult:
    """Have what is shown here: files are here already."""
    del context
    return StepResult()


def write_down(context: StepContext) -> StepResult:
    """Write the plan, and why it is what it is: the explanation and the curve."""
    request, folder = request_of(context), OutputFolder.claimed(context.folder)
    choice = chosen(context)
    context.progress.start("plan", 3, "files")
    ends = bookends_of(context)
    plan = ends.around(plan_of(request, choice, recording(context), context.folder))
    write_plan(plan, folder.file(names.PLAN))
    folder.planned()
    context.progress.update(1)
    write_explanation(_explanation(context, choice, plan), folder.file(names.EXPLANATION))
    context.progress.update(2)
    _plot(context, choice, folder.file(names.ACTIVITY))
    context.progress.finish()
    outputs = (
        Output(kind="plan", path=str(folder.file(names.PLAN)), meta={"duration_s": plan.duration_s}),
        Output(kind="explanation", path=str(folder.file(names.EXPLANATION))),
        Output(kind="activity", path=str(folder.file(names.ACTIVITY))),
    )
    data = {"cuts": len(plan.cuts), "duration_s": plan.duration_s}
    assets = bookend_assets(ends, request.intro or "", request.outro or "")
    return StepResult(data=data, outputs=outputs, assets=assets)


def chosen(context: StepContext) -> Choice:
    """What the step `choose` chose, or the step `fetch`, when it saw what there really is."""
    return read_work(context, context.done.get("fetch", {}).get("chosen", names.CHOSEN), Choice)


def recording(context: StepContext) -> list[RecordingPart]:
    """The recording's files, as the step `resolve` found them."""
    return msgspec.convert(context.done["resolve"]["parts"], list[RecordingPart])


def duration_s(context: StepContext) -> float:
    """The recording's length in seconds, as the step `resolve` found it."""
    return float(context.done["resolve"]["duration_s"])


def _parts(context: StepContext) -> tuple[Part, ...]:
    """The recording's files, open."""
    paths = [Path(part) for part in request_of(context).parts]
    return context.cache.get("parts", lambda: opened_parts(paths))


def bookends_of(context: StepContext) -> Bookends:
    """What the montage begins and ends with."""
    request = request_of(context)
    return bookends(request.intro, request.outro, context.folder)


def plan_of(request: HighlightsRequest, choice: Choice, parts: Sequence[RecordingPart], folder: Path) -> Plan:
    """The plan that shows what was chosen, for the folder it is written to."""
    named = [(source_name(Path(part.path), folder), part.start_s) for part in parts]
    return Plan(
        version=1,
        kind=JobKind.VOD_HIGHLIGHTS,
        cuts=tuple(_cut_of(pick, *located(named, pick.peak_s), request.titles) for pick in choice.picks),
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


def _explanation(context: StepContext, choice: Choice, plan: Plan) -> dict[str, Any]:
    request, settings = request_of(context), settings_of(context)
    parts = [
        {"source": source_name(Path(part.path), context.folder), "start_s": part.start_s}
        for part in recording(context)
    ]
    asked = ("keywords", "from_s", "to_s", "exclude", "chat_offset_s", "exact")
    return explain(
        choice.candidates,
        choice.selection,
        Window(settings.min_duration_s, settings.max_duration_s),
        vod={"source": parts[0]["source"], "duration_s": duration_s(context), "parts": parts}
        | context.done["resolve"].get("vod", {}),
        chat=context.done["chat"],
        options={name: getattr(request, name) for name in asked},
        montage={"duration_s": plan.duration_s, "cuts": len(plan.cuts)},
    )


def _plot(context: StepContext, choice: Choice, out: Path) -> None:
    detected = read_work(context, names.DETECTED, Detected)
    plot_activity(
        np.array(detected.curve),
        detected.step_s,
        choice.candidates,
        [(pick.start_s, pick.end_s) for pick in choice.picks],
        duration_s(context),
        out,
        title=context.done["resolve"].get("vod", {}).get("title") or Path(request_of(context).vod).name,
    )


def chat_facts(imported: ChatImport) -> dict[str, Any]:
    """What is told of a chat."""
    return {
        "format": imported.format,
        "messages": len(imported.log),
        "chatters": len(imported.log.users),
        "unreadable": imported.unreadable,
        "first_unreadable": imported.first_unreadable,
    }


def write_work(context: StepContext, name: str, value: object) -> None:
    """Keep something for later steps, under one of the names of `folder`."""
    with written_aside(context.folder / names.WORK / name) as part:
        part.write_bytes(msgspec.json.encode(value))


def read_work(context: StepContext, name: str, kind: type[T]) -> T:
    """What a step has kept.

    Raises:
        HypecutError: it is gone or was changed.
    """
    path = context.folder / names.WORK / name
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise HypecutError(
            f"{path}, which the job had made, can't be read any more; start it anew with --overwrite."
        ) from error
