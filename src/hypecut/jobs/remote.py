"""The highlights job's steps for a VOD by its address: chat decides, then what is shown is fetched."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from hypecut.chat import ChatImport, write_chat
from hypecut.errors import FolderInUseError, MediaError, NothingFoundError, UsageError
from hypecut.jobs import folder as names
from hypecut.jobs import thinking
from hypecut.jobs.choosing import Choice, allowed, choose, pick, place, why_nothing
from hypecut.jobs.detection import shifted
from hypecut.jobs.parts import Part, Span, allowed_spans, opened_parts, span_at
from hypecut.jobs.pipeline import Output, RunCache, StepContext, StepResult
from hypecut.jobs.requests import HighlightsRequest
from hypecut.jobs.sparse_vod import segment_starts, write_playlist, write_whole
from hypecut.jobs.thinking import Detected, RecordingPart, request_of, settings_of
from hypecut.media.source import SourceReader
from hypecut.models import Segment
from hypecut.progress import Progress
from hypecut.settings import Settings
from hypecut.sources.cache import open_cache
from hypecut.sources.fetching import SegmentFetcher, check_disk
from hypecut.sources.hls import HlsSegment, MediaPlaylist
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.addresses import is_vod_address, vod_id, vod_url
from hypecut.sources.twitch.chat import read_pages
from hypecut.sources.twitch.chat_cache import chat_replay
from hypecut.sources.twitch.files import VodFiles
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import VodInfo, vod_info
from hypecut.times import format_time

log = logging.getLogger(__name__)

# Until it is fetched, a moment is taken to grow by so much on each side when it is moved to keyframes.
_GROWTH_S = 1.0
# A moment without sound is worth half.
_MUTED_WORTH = 0.5
_ROUNDS = 8
_NAMED_SPANS = 10
# Beside what is shown, part of the segments at its ends is fetched.
_SPARE = 1.5
_MARGIN_S = 5.0


class RemoteVod:
    """A VOD on Twitch and the means to fetch it, for the steps of one run."""

    def __init__(self, http: HttpClient, info: VodInfo, files: VodFiles, fetcher: SegmentFetcher) -> None:
        self.http = http
        self.info = info
        self.files = files
        self.fetcher = fetcher
        self._origin: Fraction | None = None

    def origin(self, folder: Path) -> Fraction | None:
        """The time stamp of the VOD's first picture; segments that are here are in `folder`."""
        if self._origin is None:
            self._origin = self.fetcher.start(folder)
        return self._origin


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
    vod = _vod(context)
    info, playlist, bandwidth = vod.info, vod.files.playlist, vod.files.quality.bandwidth
    path = context.folder / (names.VOD_FILE if request.full else names.VOD_PLAYLIST)
    allowed_spans([Part(path, 0.0, playlist.duration_s)], request.from_s, request.to_s, request.exclude)
    shown_s = min(playlist.duration_s, thinking.room(context).max_s * _SPARE)
    needed = bandwidth / 8 * (2 * playlist.duration_s if request.full else shown_s)
    what = f"the VOD {info.id}" if request.full else f"what is shown of the VOD {info.id}"
    check_disk(context.folder, needed, what)
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
    fetched = chat_replay(_vod(context).http, context.settings, info, raw, context.progress)
    told = shifted(read_pages(raw), request.chat_offset_s)
    write_chat(told, out)
    context.cache.get("chat", lambda: contextlib.nullcontext(told))
    facts = thinking.chat_facts(ChatImport(told, "Twitch chat replay", len(told), 0, ""))
    data = facts | msgspec.to_builtins(fetched) | {"notes": [fetched.note] if fetched.note else []}
    outputs = (
        Output(kind="chat", path=str(out), meta=facts),
        Output(kind="chat", path=str(raw), meta={"pages": fetched.pages}),
    )
    return StepResult(data=data, outputs=outputs)


def choose_moments(context: StepContext) -> StepResult:
    """Pick the moments by the chat alone; where they begin and end exactly is seen when they are here."""
    request, settings = request_of(context), settings_of(context)
    detected = thinking.read_work(context, names.DETECTED, Detected)
    muted = context.done["resolve"]["vod"]["muted"]
    segments = sorted((_without_sound(s, muted) for s in detected.segments), key=lambda s: -s.score.total)
    wanted = allowed(segments, _spans(context, _absent(context)), settings.min_segment_s)
    if not wanted:
        raise NothingFoundError(why_nothing(request, len(segments), wanted))
    candidates = tuple(segment for segment, _ in wanted)
    grown = [_grown(segment, context) for segment in candidates]
    selection = pick(request, grown, thinking.room(context), thinking.duration_s(context))
    thinking.write_work(context, names.CHOSEN, Choice(candidates=candidates, selection=selection))
    return StepResult(data={"candidates": len(candidates), "picks": len(selection.picked)})


def fetch(context: StepContext) -> StepResult:
    """Fetch what is shown, or the whole VOD, and place the moments on what is there."""
    done = _fetch_whole(context) if request_of(context).full else _fetch_shown(context)
    choice, data = done
    thinking.write_work(context, names.FETCHED, choice)
    path = thinking.recording(context)[0].path
    return StepResult(
        data=data | {"chosen": names.FETCHED, "picks": len(choice.picks)},
        outputs=(Output(kind="vod", path=path, meta=data),),
    )


def fetch_span(
    params: Mapping[str, Any],
    settings: Settings,
    folder: Path,
    span: tuple[float, float],
    progress: Progress,
) -> None:
    """Have a part of a job's VOD here too, beside what was fetched before, as when a boundary is moved there.

    Args:
        params: the job's.
        settings: the settings in force.
        folder: the job's.
        span: from where to where, in seconds of the VOD.
        progress: told of the segments.

    Raises:
        SourceUnavailableError: it can't be had.
        DiskFullError: there is no room.
    """
    cache = RunCache()
    context = StepContext(
        params=params, settings=settings, folder=folder, done={}, progress=progress, cache=cache
    )
    try:
        vod, segments = _vod(context), folder / names.VOD_SEGMENTS
        playlist = vod.files.playlist
        here = {s.index for s in playlist.segments if (segments / vod.fetcher.name(s.index)).is_file()}
        # The playlist's times are a little off, and a copied end may lie behind the one asked for.
        first_s, last_s = max(0.0, span[0] - _MARGIN_S), min(playlist.duration_s, span[1] + _MARGIN_S)
        here |= {segment.index for segment in playlist.covering(first_s, last_s)}
        _get(vod, sorted(here), segments, context)
        _write_playlist(vod, context)
    finally:
        cache.close()


def _fetch_whole(context: StepContext) -> tuple[Choice, dict[str, Any]]:
    """Fetch all segments, join them into one file, and choose as for any file."""
    vod, folder = _vod(context), context.folder / names.VOD_SEGMENTS
    out = context.folder / names.VOD_FILE
    if not out.exists():
        _get(vod, range(len(vod.files.playlist.segments)), folder, context)
        write_whole(_write_playlist(vod, context), out, context.progress)
        (context.folder / names.VOD_PLAYLIST).unlink()
        shutil.rmtree(folder)
    detected = thinking.read_work(context, names.DETECTED, Detected)
    with opened_parts([out]) as parts:
        choice = choose(
            request_of(context),
            detected.segments,
            parts,
            settings_of(context),
            thinking.room(context),
            context.progress,
        )
    return choice, {"bytes": out.stat().st_size}


def _fetch_shown(context: StepContext) -> tuple[Choice, dict[str, Any]]:
    """Fetch what covers the moments picked, see where these begin and end, and pick again until it fits."""
    vod, request = _vod(context), request_of(context)
    soft = thinking.read_work(context, names.CHOSEN, Choice)
    seen: dict[int, Segment | None] = {}
    usable, selection, rounds = list(range(len(soft.candidates))), soft.selection, 0
    while missing := [usable[i] for i in selection.picked if usable[i] not in seen]:
        rounds += 1
        covering = {s.index for i in missing for s in _covering(vod, soft.candidates[i])}
        _get(vod, sorted(covering), context.folder / names.VOD_SEGMENTS, context)
        seen |= _placed(vod, [(i, soft.candidates[i]) for i in missing], context)
        usable = [i for i in usable if (seen[i] is not None if i in seen else rounds < _ROUNDS)]
        if not usable:
            raise NothingFoundError(f"no moment of {request.vod} can be read; choose another vod_quality.")
        tried = [seen.get(i) or _grown(soft.candidates[i], context) for i in usable]
        selection = pick(request, tried, thinking.room(context), thinking.duration_s(context))
    candidates = tuple(seen.get(i) or soft.candidates[i] for i in usable)
    files = (context.folder / names.VOD_SEGMENTS).glob(f"*{vod.files.playlist.suffix}")
    return Choice(candidates=candidates, selection=selection), {"bytes": sum(f.stat().st_size for f in files)}


def _get(vod: RemoteVod, indices: Sequence[int], folder: Path, context: StepContext) -> None:
    vod.fetcher.fetch(indices, folder, context.progress)


def _covering(vod: RemoteVod, moment: Segment) -> Sequence[HlsSegment]:
    return vod.files.playlist.covering(moment.start_s, moment.end_s)


def _placed(
    vod: RemoteVod, moments: Sequence[tuple[int, Segment]], context: StepContext
) -> dict[int, Segment | None]:
    """The moments where what was fetched can be copied; None for one that can't be read."""
    path = _write_playlist(vod, context)
    told = [segment.start_s for segment in vod.files.playlist.segments]
    starts = _starts(vod, context)
    max_shift_s = None if request_of(context).exact else settings_of(context).snap_max_s
    found: dict[int, Segment | None] = {}
    with SourceReader(path) as source:
        spans = _spans(context, Part(path, 0.0, source.duration_s, source))
        for number, moment in moments:
            first = _covering(vod, moment)[0].index
            shift_s = starts[first] - told[first]
            moved = msgspec.structs.replace(
                moment, start_s=max(0.0, moment.start_s + shift_s), end_s=moment.end_s + shift_s
            )
            span = span_at(spans, min(moment.peak_s, source.duration_s))
            try:
                found[number] = place(moved, span, max_shift_s) if span else None
            except MediaError as error:
                log.warning("a moment at %.0f s is passed over: %s", moment.peak_s, error)
                found[number] = None
    return found


def _write_playlist(vod: RemoteVod, context: StepContext) -> Path:
    """Write the playlist of what is here."""
    here = frozenset(vod.fetcher.starts)
    origin = vod.origin(context.folder / names.VOD_SEGMENTS)
    return write_playlist(context.folder, vod.files.playlist, _starts(vod, context), here, origin)


def _starts(vod: RemoteVod, context: StepContext) -> tuple[float, ...]:
    origin = vod.origin(context.folder / names.VOD_SEGMENTS)
    return segment_starts(vod.files.playlist, vod.fetcher.starts, origin)


def _grown(moment: Segment, context: StepContext) -> Segment:
    """A moment as long as it will probably be when its ends are moved to where can be copied."""
    growth_s = 0.0 if request_of(context).exact else min(_GROWTH_S, settings_of(context).snap_max_s)
    end_s = min(thinking.duration_s(context), moment.end_s + growth_s)
    return msgspec.structs.replace(moment, start_s=max(0.0, moment.start_s - growth_s), end_s=end_s)


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


def _spans(context: StepContext, part: Part) -> tuple[Span, ...]:
    request = request_of(context)
    return allowed_spans([part], request.from_s, request.to_s, request.exclude)


def _vod(context: StepContext) -> RemoteVod:
    """The VOD on Twitch, asked for once in a run; anew after a fetch that was broken off."""
    asked: list[RemoteVod] = context.cache.get("remote", _asked)
    if not asked or asked[-1].http.closed:
        asked.append(_ask(context))
    return asked[-1]


@contextlib.contextmanager
def _asked() -> Iterator[list[RemoteVod]]:
    asked: list[RemoteVod] = []
    try:
        yield asked
    finally:
        for vod in asked:
            vod.http.close()


def _ask(context: StepContext) -> RemoteVod:
    settings = context.settings
    with contextlib.ExitStack() as failing:
        http = failing.enter_context(HttpClient(settings))
        gql = GqlClient(http, settings)
        info = vod_info(gql, vod_id(request_of(context).vod))
        files = VodFiles(http, gql, info.id, settings.vod_quality)
        fetcher = SegmentFetcher(http, files, open_cache(settings), settings)
        failing.pop_all()
    return RemoteVod(http, info, files, fetcher)


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
