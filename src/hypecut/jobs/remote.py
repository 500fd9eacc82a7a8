"""The highlights job's steps for a VOD by its address: chat decides, then what is shown is fetched."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from hypecut.chat import ChatImport, write_chat
from hypecut.errors import FolderInUseError, NothingFoundError, UsageError
from hypecut.jobs import folder as names
from hypecut.jobs import thinking
from hypecut.jobs.choosing import Choice, allowed, pick, why_nothing
from hypecut.jobs.detection import shifted
from hypecut.jobs.parts import Part, allowed_spans
from hypecut.jobs.pipeline import Asset, Output, StepContext, StepResult
from hypecut.jobs.remote_fetch import grown, spans_of, vod_of
from hypecut.jobs.requests import HighlightsRequest
from hypecut.jobs.thinking import Detected, RecordingPart, request_of, settings_of
from hypecut.models import Segment
from hypecut.sources.fetching import check_disk
from hypecut.sources.hls import MediaPlaylist
from hypecut.sources.twitch.addresses import is_vod_address, vod_id, vod_url
from hypecut.sources.twitch.chat import read_pages
from hypecut.sources.twitch.chat_cache import chat_replay
from hypecut.sources.twitch.vods import VodInfo
from hypecut.times import format_time

log = logging.getLogger(__name__)

# A moment without sound is worth half.
_MUTED_WORTH = 0.5
_NAMED_SPANS = 10
# Beside what is shown, part of the segments at its ends is fetched.
_SPARE = 1.5


def is_remote(vod: str) -> bool:
    """Whether a recording, as a checked job names it, is a VOD by its address."""
    return vod.startswith("https://")


def canonical(request: HighlightsRequest) -> HighlightsRequest:
    """The request, a VOD in it named by the one address it has of all that lead to it.

    Raises:
        UsageError: an address leads to no VOD on Twitch, or parts are mixed with it.
    """
    if not is_vod_address(request.vod) or Path(request.vod).exists():
        return request
    address = vod_url(vod_id(request.vod))
    if request.more_parts:
        raise UsageError(f"{address} is whole by itself; give no more files with it.")
    return msgspec.structs.replace(request, vod=address)


def either(
    local: Callable[[StepContext], StepResult], remote: Callable[[StepContext], StepResult]
) -> Callable[[StepContext], StepResult]:
    """The step for a file, or the one for an address, as the job has it."""
    return lambda context: (remote if is_remote(context.params["vod"]) else local)(context)


def resolve(context: StepContext) -> StepResult:
    """Ask Twitch what the VOD is, and see that there is room for what will be fetched."""
    request = request_of(context)
    context.progress.start("resolve", 1, "VOD")
    vod = vod_of(context)
    info, playlist, bandwidth = vod.info, vod.files.playlist, vod.files.quality.bandwidth
    path = context.folder / (names.VOD_FILE if request.full else names.VOD_PLAYLIST)
    allowed_spans([Part(path, 0.0, playlist.duration_s)], request.from_s, request.to_s, request.exclude)
    shown_s = min(playlist.duration_s, thinking.room(context).max_s * _SPARE)
    needed = bandwidth / 8 * (2 * playlist.duration_s if request.full else shown_s)
    what = f"the VOD {info.id}" if request.full else f"what is shown of the VOD {info.id}"
    # A dry run has a temporary folder; what counts is where the job would put it all.
    check_disk(Path(context.params["out"]), needed, what)
    _mark(context, path, info)
    context.progress.finish()
    told = {"muted": playlist.muted, "quality": vod.files.quality.label, "url": vod_url(info.id)}
    return StepResult(
        data={
            "parts": [msgspec.to_builtins(RecordingPart(str(path), 0.0, playlist.duration_s))],
            "duration_s": playlist.duration_s,
            "vod": msgspec.to_builtins(info) | told,
            "notes": _notes(info, playlist),
        }
    )


def chat(context: StepContext) -> StepResult:
    """Fetch the chat replay and keep it, as received and normalised."""
    request = request_of(context)
    if request.chat is not None:
        return thinking.chat(context)
    raw, out = context.folder / names.CHAT_RAW, context.folder / names.CHAT
    info = msgspec.convert(context.done["resolve"]["vod"], VodInfo)
    fetched = chat_replay(vod_of(context).http, context.settings, info, raw, context.progress)
    told = shifted(read_pages(raw), request.chat_offset_s)
    write_chat(told, out)
    thinking.chats_at_hand(context).append(told)
    facts = thinking.chat_facts(ChatImport(told, "Twitch chat replay", len(told), 0, ""))
    data = facts | msgspec.to_builtins(fetched) | {"notes": [fetched.note] if fetched.note else []}
    outputs = (
        Output(kind="chat", path=str(out), meta=facts),
        Output(kind="chat", path=str(raw), meta={"pages": fetched.pages}),
    )
    source = Asset(kind="chat", path=str(raw), url=vod_url(info.id), meta={"messages": len(told)})
    return StepResult(data=data, outputs=outputs, assets=(source,))


def choose_moments(context: StepContext) -> StepResult:
    """Pick the moments by the chat alone; where they begin and end exactly is seen when they are here."""
    request, settings = request_of(context), settings_of(context)
    detected = thinking.read_work(context, names.DETECTED, Detected)
    muted = context.done["resolve"]["vod"]["muted"]
    segments = sorted((_without_sound(s, muted) for s in detected.segments), key=lambda s: -s.score.total)
    wanted = allowed(segments, spans_of(context, _absent(context)), settings.min_segment_s)
    if not wanted:
        raise NothingFoundError(why_nothing(request, len(segments), wanted))
    candidates = tuple(segment for segment, _ in wanted)
    longer = [grown(segment, context) for segment in candidates]
    selection = pick(request, longer, thinking.room(context), thinking.duration_s(context))
    thinking.write_work(context, names.CHOSEN, Choice(candidates=candidates, selection=selection))
    return StepResult(data={"candidates": len(candidates), "picks": len(selection.picked)})


def _without_sound(moment: Segment, muted: Sequence[Sequence[float]]) -> Segment:
    """The moment, worth less as far as its sound was taken out, and said so."""
    silent_s = sum(max(0.0, min(moment.end_s, to_s) - max(moment.start_s, from_s)) for from_s, to_s in muted)
    if not silent_s:
        return moment
    worth = 1.0 - (1.0 - _MUTED_WORTH) * silent_s / moment.duration_s
    reasons = (*moment.score.reasons, f"sound muted by Twitch for {silent_s:.0f} s")
    score = msgspec.structs.replace(moment.score, total=moment.score.total * worth, reasons=reasons)
    return msgspec.structs.replace(moment, score=score)


def _absent(context: StepContext) -> Part:
    """The recording, of which nothing is here."""
    part = thinking.recording(context)[0]
    return Part(Path(part.path), 0.0, part.duration_s)


def _mark(context: StepContext, path: Path, info: VodInfo) -> None:
    """Make what is fetched into the folder the job's own."""
    mark = context.folder / names.WORK / names.VOD_MARK
    if path.exists() and not mark.exists():
        raise FolderInUseError(f"{path} is there already; choose another folder with --out, or move it away.")
    thinking.write_work(context, names.VOD_MARK, info)


def _notes(info: VodInfo, playlist: MediaPlaylist) -> list[str]:
    """What one should know of the VOD."""
    notes = []
    if info.recording or not playlist.ended:
        notes.append(
            f"the broadcast still goes on: only its first {format_time(playlist.duration_s)} were used"
        )
    if playlist.muted:
        spans = [f"{format_time(from_s)} to {format_time(to_s)}" for from_s, to_s in playlist.muted]
        more = f" and {len(spans) - _NAMED_SPANS} more" if len(spans) > _NAMED_SPANS else ""
        notes.append(f"Twitch has muted the sound of {', '.join(spans[:_NAMED_SPANS])}{more}")
    return notes
