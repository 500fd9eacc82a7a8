"""The steps of the clip montage job up to its plan: what there is, what is shown, and having it here."""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import (
    ClipGoneError,
    HypecutError,
    MediaError,
    NothingFoundError,
    SourceUnavailableError,
    UnknownStreamerError,
)
from hypecut.jobs import folder as names
from hypecut.jobs.bookends import Bookends, bookends, source_name
from hypecut.jobs.choosing import DECIMALS
from hypecut.jobs.clip_ledger import ClipLedger
from hypecut.jobs.clip_requests import (
    MontageRequest,
    StreamerListing,
    clip_options,
    read_montage_request,
    window_of,
)
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.inputs import bookend_assets, clip_assets, seen_clips
from hypecut.jobs.pipeline import Output, StepContext, StepResult
from hypecut.jobs.thinking import read_work, write_work
from hypecut.media.cards import usual_format, with_cards
from hypecut.media.source import SourceReader
from hypecut.models import Clip, Cut, CutScore, JobKind, Loudness, Plan, Titles, TransitionKind
from hypecut.plan.clip_explanation import explain_clips
from hypecut.plan.document import write_plan
from hypecut.plan.explanation import write_explanation
from hypecut.rank.clips import ClipChoice, choose_clips
from hypecut.sources.cache import open_cache
from hypecut.sources.clips.chain import ClipSources
from hypecut.sources.clips.opening import opened_sources
from hypecut.sources.clips.probing import probe_clip
from hypecut.sources.clips.store import SUFFIX, ClipStore

log = logging.getLogger(__name__)

# So many clips in a row that no source gives are no chance: Twitch is out of reach, the job can go on later.
_MAX_FAILURES_IN_ROW = 5
# So many lists that no source gives, before any was had, likewise.
_MAX_UNANSWERED = 2
_FILE = "file:"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        now: when; ages count from it.
        clips: all clips, each once.
        streamers: what was found of each streamer.
        wanted: ids of the clips that were asked for by themselves.
        refused: clips asked for that can't be had, by id, each with the reason.
        used: ids of the clips that earlier montages showed and this one must not.
    """

    now: datetime
    clips: tuple[Clip, ...]
    streamers: tuple[StreamerListing, ...]
    wanted: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    used: tuple[str, ...] = ()


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What is here.

    Attributes:
        choice: what is shown, with the lengths as they really are.
        refused: all clips that can't be had or used, by id, each with the reason.
    """

    choice: ClipChoice
    refused: dict[str, str] = {}


def request_of(context: StepContext) -> MontageRequest:
    """What the job was asked."""
    return read_montage_request(context.params)


def resolve(context: StepContext) -> StepResult:
    """Find out which clips there are."""
    request, now = request_of(context), datetime.now(UTC)
    count = len(request.streamer_names) + len(request.clips) + len(request.files)
    context.progress.start("resolve", count, "names")
    with opened_sources(context.settings) as sources:
        clips, listings = _listed(sources, request, now, context)
        wanted, refused = _asked_for(sources, request, context)
    context.progress.finish()
    every = {clip.id: clip for clip in (*clips, *wanted)}
    if not every:
        raise NothingFoundError(_why_nothing(request, refused))
    ledger = ClipLedger(context.settings.data_dir)
    found = Listed(
        now=now,
        clips=tuple(every.values()),
        streamers=tuple(listings),
        wanted=tuple(clip.id for clip in wanted),
        refused=refused,
        used=tuple(sorted(ledger.used(but_in=str(context.folder)))) if request.skip_used else (),
    )
    write_work(context, names.LISTED, found)
    return StepResult(data={"clips": len(every), "streamers": msgspec.to_builtins(listings)})


def choose(context: StepContext) -> StepResult:
    """Pick the clips that make the best montage, by what is known of them so far."""
    context.progress.start("choose", 1.0, "")
    listed = read_work(context, names.LISTED, Listed)
    choice = _chosen(context, listed, {}, {})
    write_work(context, names.CHOSEN, choice)
    context.progress.finish()
    if not choice.picks:
        raise NothingFoundError(_why_none_picked(request_of(context), choice))
    return StepResult(
        data={"candidates": len(choice.verdicts), "picks": len(choice.picks)},
        clips=seen_clips(choice, listed.refused),
    )


def fetch(context: StepContext) -> StepResult:
    """Have the clips here; one that can't be had or used is replaced by the next best."""
    listed = read_work(context, names.LISTED, Listed)
    choice = read_work(context, names.CHOSEN, ClipChoice)
    here: dict[str, float] = {}
    refused: dict[str, str] = {}
    in_row = 0
    context.progress.start("fetch", len(choice.picks), "clips")
    with opened_sources(context.settings) as sources:
        store = ClipStore(sources, open_cache(context.settings))
        while missing := [clip for clip in choice.picks if clip.id not in here]:
            for clip in missing:
                try:
                    here[clip.id] = _fetched_s(context, store, clip, len(here))
                    in_row = 0
                except (SourceUnavailableError, MediaError) as error:
                    log.warning("the clip %s is left out: %s", clip.id, error)
                    refused[clip.id] = str(error).rstrip(".")
                    in_row = 0 if isinstance(error, ClipGoneError | MediaError) else in_row + 1
                    if in_row >= _MAX_FAILURES_IN_ROW:
                        raise
                context.progress.update(len(here))
            choice = _chosen(context, listed, here, refused)
    context.progress.finish()
    if not choice.picks:
        why = _why_all_lost(refused) if refused else _why_none_picked(request_of(context), choice)
        raise NothingFoundError(why)
    _keep_only(context, [clip_file(context.folder, clip).name for clip in choice.picks if not clip.path])
    write_work(context, names.FETCHED, Fetched(choice=choice, refused=refused))
    assets = clip_assets((clip, clip_file(context.folder, clip)) for clip in choice.picks)
    outputs = tuple(
        Output(
            kind="source",
            path=asset.path,
            meta={"clip": clip.id, "url": clip.url, "duration_s": clip.duration_s},
        )
        for clip, asset in zip(choice.picks, assets, strict=True)
        if not clip.path
    )
    return StepResult(
        data={"picks": len(choice.picks), "refused": refused},
        outputs=outputs,
        assets=assets,
        clips=seen_clips(choice, {**listed.refused, **refused}),
    )


def write_down(context: StepContext) -> StepResult:
    """Write the plan, and why it is what it is."""
    request, folder = request_of(context), OutputFolder.claimed(context.folder)
    choice = read_work(context, names.FETCHED, Fetched).choice
    context.progress.start("plan", 2, "files")
    plan = plan_of(request, choice, context.folder)
    if request.opening:
        lengths = [(clip_file(context.folder, clip), clip.duration_s) for clip in choice.picks]
        card = {0: request.opening}
        plan = with_cards(plan, context.folder, card, usual_format(lengths), subfolder=names.SOURCES)
    ends = _bookends(context)
    plan = ends.around(plan)
    write_plan(plan, folder.file(names.PLAN))
    folder.planned()
    context.progress.update(1)
    write_explanation(explanation(context, choice, plan), folder.file(names.EXPLANATION))
    context.progress.finish()
    outputs = (
        Output(kind="plan", path=str(folder.file(names.PLAN)), meta={"duration_s": plan.duration_s}),
        Output(kind="explanation", path=str(folder.file(names.EXPLANATION))),
    )
    data = {"cuts": len(plan.cuts), "duration_s": plan.duration_s}
    assets = bookend_assets(ends, request.intro or "", request.outro or "")
    return StepResult(data=data, outputs=outputs, assets=assets)


def plan_of(request: MontageRequest, choice: ClipChoice, folder: Path) -> Plan:
    """The plan that shows what was chosen, each clip whole, for the folder it is written to."""
    return Plan(
        version=1,
        kind=JobKind.CLIP_MONTAGE,
        cuts=tuple(_cut_of(clip, folder, request.apply_overlay) for clip in choice.picks),
        transition=request.cut_transition if request.transition is not TransitionKind.NONE else None,
        titles=Titles() if request.apply_overlay else None,
        loudness=Loudness(target_lufs=request.loudness_lufs) if request.loudness_lufs is not None else None,
    )


def explanation(context: StepContext, choice: ClipChoice, plan: Plan) -> dict[str, Any]:
    """What highlights.json says."""
    request = request_of(context)
    asked = (
        "streamer_names",
        "clips",
        "files",
        "period",
        "start",
        "end",
        "keywords",
        "skip_used",
    )
    return explain_clips(
        choice,
        window_of(request),
        streamers=context.done["resolve"]["streamers"],
        options={name: getattr(request, name) for name in asked},
        montage={"duration_s": plan.duration_s, "cuts": len(plan.cuts)},
    )


def clip_file(folder: Path, clip: Clip) -> Path:
    """Where a clip's whole video is: the given file, or the downloaded one in the job's folder."""
    return Path(clip.path) if clip.path else folder / names.SOURCES / f"{clip.id}{SUFFIX}"


def _listed(
    sources: ClipSources, request: MontageRequest, now: datetime, context: StepContext
) -> tuple[list[Clip], list[StreamerListing]]:
    """The clips of all streamers; a list that no source gives is missing, unless that is so of all."""
    clips: list[Clip] = []
    listings: list[StreamerListing] = []
    failed: SourceUnavailableError | None = None
    for done, streamer in enumerate(request.streamer_names):
        context.progress.update(done)
        try:
            found = sources.list_clips(streamer, request.span(now), request.scrape_pool_size or 1)
        except UnknownStreamerError:
            raise
        except SourceUnavailableError as error:
            failed = error
            note = f"the clips of {streamer} are missing: {error}".rstrip(".")
            listings.append(StreamerListing(streamer=streamer, clips=0, source="", note=note))
            if len(listings) >= _MAX_UNANSWERED and not any(listing.source for listing in listings):
                break
            continue
        clips += found.clips
        note = found.note or ("" if found.clips else f"{streamer} has no clips of that time")
        listings.append(
            StreamerListing(
                streamer=streamer,
                clips=len(found.clips),
                source=found.source,
                failures=found.failures,
                note=note,
            )
        )
    if failed is not None and not any(listing.source for listing in listings):
        raise failed
    return clips, listings


def _asked_for(
    sources: ClipSources, request: MontageRequest, context: StepContext
) -> tuple[list[Clip], dict[str, str]]:
    """The clips that were asked for by themselves, and why others of those can't be had."""
    clips: list[Clip] = []
    refused: dict[str, str] = {}
    for done, slug in enumerate(request.clips, len(request.streamer_names)):
        context.progress.update(done)
        try:
            clips.append(sources.find_clip(slug))
        except ClipGoneError as error:
            refused[slug] = str(error).rstrip(".")
    for done, name in enumerate(request.files, len(request.streamer_names) + len(request.clips)):
        context.progress.update(done)
        path = Path(name)
        try:
            duration_s = probe_clip(path).duration_s
        except MediaError as error:
            refused[name] = str(error).rstrip(".")
            continue
        clips.append(Clip(id=f"{_FILE}{path}", streamer="", duration_s=duration_s, path=str(path)))
    return clips, refused


def _chosen(
    context: StepContext, listed: Listed, here: Mapping[str, float], refused: Mapping[str, str]
) -> ClipChoice:
    """What is shown, by the lengths of those clips that are `here` and without those that are `refused`."""
    request = request_of(context)
    overlap_s = request.cut_transition.overlap_s
    clips = [
        msgspec.structs.replace(clip, duration_s=here[clip.id]) if clip.id in here else clip
        for clip in listed.clips
    ]
    return choose_clips(
        clips,
        _bookends(context).inside(window_of(request), overlap_s),
        clip_options(request),
        listed.now,
        overlap_s=overlap_s,
        refused=refused,
        used=frozenset(listed.used),
        wanted=frozenset(listed.wanted),
    )


def _fetched_s(context: StepContext, store: ClipStore, clip: Clip, done: int) -> float:
    """Have a clip's video in the job's folder; how long it is, in seconds."""
    if clip.path:
        return probe_clip(Path(clip.path)).duration_s

    def tell(_more: int = 0) -> None:
        context.progress.update(done)

    return store.fetch(clip, clip_file(context.folder, clip), tell, tell).duration_s


def _keep_only(context: StepContext, shown: list[str]) -> None:
    """Remove what earlier runs in this folder had placed there and is not shown now; other files stay."""
    placed: list[str] = []
    with contextlib.suppress(HypecutError):
        placed = read_work(context, names.PLACED, list[str])
    for name in placed:
        if name not in shown and Path(name).name == name:
            (context.folder / names.SOURCES / name).unlink(missing_ok=True)
    write_work(context, names.PLACED, shown)


def _cut_of(clip: Clip, folder: Path, titled: bool) -> Cut:
    file = clip_file(folder, clip)
    with SourceReader(file) as source:
        length_s = source.duration_s
    return Cut(
        source=source_name(file, folder),
        start_s=0.0,
        # Rounded down: a cut may not go on after its source.
        end_s=math.floor(length_s * 10**DECIMALS) / 10**DECIMALS,
        title=clip.streamer if titled else "",
        score=CutScore(clip.score.total, dict(clip.score.components)),
        reasons=clip.score.reasons,
    )


def _bookends(context: StepContext) -> Bookends:
    request = request_of(context)
    return bookends(request.intro, request.outro, context.folder)


def _why_nothing(request: MontageRequest, refused: Mapping[str, str]) -> str:
    if refused:
        return _why_all_lost(refused)
    whose = ", ".join(request.streamer_names)
    if request.start is None and request.end is None:
        back = "of all time" if request.period == "all" else f"of the last {request.period}"
        return f"there are no clips of {whose} {back}; take a longer --period or other streamers."
    return f"there are no clips of {whose} between these times; widen them."


def _why_none_picked(request: MontageRequest, choice: ClipChoice) -> str:
    best = choice.verdicts[0]
    shortest_s = 2 * request.cut_transition.overlap_s
    short = all(0 < verdict.clip.duration_s < shortest_s for verdict in choice.verdicts)
    cure = "take longer ones, or another --transition" if short else "ask for others or widen the limits"
    return (
        f"none of {len(choice.verdicts)} clips can be shown; the best, {best.clip.path or best.clip.id},"
        f" {best.why_not}; {cure}."
    )


def _why_all_lost(refused: Mapping[str, str]) -> str:
    name, reason = next(iter(refused.items()))
    return f"none of the clips can be used, e.g. {name}: {reason}; ask for others, or try again later."
