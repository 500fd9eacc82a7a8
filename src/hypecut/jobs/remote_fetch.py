"""Fetching what a job shows of a VOD by its address, and placing the moments on what is there."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import MediaError, NothingFoundError
from hypecut.jobs import folder as names
from hypecut.jobs import thinking
from hypecut.jobs.choosing import Choice, choose, pick, place
from hypecut.jobs.parts import Part, Span, allowed_spans, opened_parts, span_at
from hypecut.jobs.pipeline import Asset, Output, RunCache, StepContext, StepResult
from hypecut.jobs.sparse_vod import segment_starts, write_playlist, write_whole
from hypecut.jobs.thinking import Detected, request_of, settings_of
from hypecut.media.source import SourceReader
from hypecut.models import Segment
from hypecut.progress import Progress
from hypecut.rank.selection import Selection
from hypecut.settings import Settings
from hypecut.sources.cache import open_cache
from hypecut.sources.fetching import SegmentFetcher
from hypecut.sources.hls import HlsSegment
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.addresses import vod_id
from hypecut.sources.twitch.files import VodFiles
from hypecut.sources.twitch.gql import GqlClient
from hypecut.sources.twitch.vods import VodInfo, vod_info

log = logging.getLogger(__name__)

# Until it is fetched, a moment is taken to grow by so much on each side when it is moved to keyframes.
_GROWTH_S = 1.2
_ROUNDS = 8
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


def vod_of(context: StepContext) -> RemoteVod:
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


def fetch(context: StepContext) -> StepResult:
    """Fetch what is shown, or the whole VOD, and place the moments on what is there."""
    done = _fetch_whole(context) if request_of(context).full else _fetch_shown(context)
    choice, data = done
    thinking.write_work(context, names.FETCHED, choice)
    path = thinking.recording(context)[0].path
    vod = Asset(
        kind="vod",
        path=path,
        url=request_of(context).vod,
        duration_s=thinking.duration_s(context),
        size=data["bytes"],
        meta={"quality": context.done["resolve"]["vod"]["quality"]},
    )
    return StepResult(
        data=data | {"chosen": names.FETCHED, "picks": len(choice.picks)},
        outputs=(Output(kind="vod", path=path, meta=data),),
        assets=(vod,),
    )


def foresee(context: StepContext) -> StepResult:
    """What `fetch` would fetch, by what Twitch tells of the VOD: nothing of the video is asked for."""
    vod, soft = vod_of(context), thinking.read_work(context, names.CHOSEN, Choice)
    longer = tuple(grown(moment, context) for moment in soft.candidates)
    choice = Choice(candidates=longer, selection=soft.selection)
    thinking.write_work(context, names.FETCHED, choice)
    playlist, bytes_a_s = vod.files.playlist, vod.files.quality.bandwidth / 8
    segments = {s for pick in choice.picks for s in playlist.covering(pick.start_s, pick.end_s)}
    if request_of(context).full:
        segments = set(playlist.segments)
    shown_s = sum(pick.duration_s for pick in choice.picks)
    return StepResult(
        data={
            "chosen": names.FETCHED,
            "output_bytes": round(shown_s * bytes_a_s),
            "download_bytes": round(sum(s.duration_s for s in segments) * bytes_a_s),
            "download_segments": len(segments),
        }
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
        vod, segments = vod_of(context), folder / names.VOD_SEGMENTS
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
    vod, folder = vod_of(context), context.folder / names.VOD_SEGMENTS
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
    vod, request = vod_of(context), request_of(context)
    soft = thinking.read_work(context, names.CHOSEN, Choice)
    seen: dict[int, Segment | None] = {}
    usable, picked, rounds = list(range(len(soft.candidates))), list(soft.selection.picked), 0
    while missing := [i for i in picked if i not in seen]:
        rounds += 1
        covering = {s.index for i in missing for s in _covering(vod, soft.candidates[i])}
        _get(vod, sorted(covering), context.folder / names.VOD_SEGMENTS, context)
        seen |= _placed(vod, [(i, soft.candidates[i]) for i in missing], context)
        usable = [i for i in usable if (seen[i] is not None if i in seen else rounds < _ROUNDS)]
        if not usable:
            raise NothingFoundError(f"no moment of {request.vod} can be read; choose another vod_quality.")
        selection, picked = _picked(context, soft, seen, usable)
    why_not = soft.selection.why_not | {i: why for i, why in selection.why_not.items() if i in seen}
    place_of = {i: place for place, i in enumerate(usable)}
    final = msgspec.structs.replace(
        selection,
        picked=tuple(place_of[i] for i in picked),
        why_not={place_of[i]: why for i, why in why_not.items() if i in place_of and i not in picked},
    )
    candidates = tuple(seen.get(i) or soft.candidates[i] for i in usable)
    files = (context.folder / names.VOD_SEGMENTS).glob(f"*{vod.files.playlist.suffix}")
    return Choice(candidates=candidates, selection=final), {"bytes": sum(f.stat().st_size for f in files)}


def _picked(
    context: StepContext, soft: Choice, seen: Mapping[int, Segment | None], usable: Sequence[int]
) -> tuple[Selection, list[int]]:
    """What to show of the moments that are here, or, where these are too few, of all; and their numbers."""
    room = thinking.room(context)
    here = [i for i in usable if i in seen]
    for among in (here, usable):
        if not among:
            continue
        moments = [seen.get(i) or grown(soft.candidates[i], context) for i in among]
        try:
            found = pick(request_of(context), moments, room, thinking.duration_s(context))
        except NothingFoundError:
            if among is usable:
                raise
            continue
        if found.total_s >= room.min_s:
            break
    why_not = {among[i]: why for i, why in found.why_not.items()}
    return msgspec.structs.replace(found, why_not=why_not), [among[i] for i in found.picked]


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
        spans = spans_of(context, Part(path, 0.0, source.duration_s, source))
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


def grown(moment: Segment, context: StepContext) -> Segment:
    """A moment as long as it will probably be when its ends are moved to where can be copied."""
    growth_s = 0.0 if request_of(context).exact else min(_GROWTH_S, settings_of(context).snap_max_s)
    end_s = min(thinking.duration_s(context), moment.end_s + growth_s)
    return msgspec.structs.replace(moment, start_s=max(0.0, moment.start_s - growth_s), end_s=end_s)


def spans_of(context: StepContext, part: Part) -> tuple[Span, ...]:
    """What of the VOD may be shown."""
    request = request_of(context)
    return allowed_spans([part], request.from_s, request.to_s, request.exclude)
