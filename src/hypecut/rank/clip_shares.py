"""Sharing the montage out among the streamers, and choosing the clips that fill it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hypecut.models import Clip
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.selection import SHARES, Selection, Window, select_clips

# What a clip whose length is not known yet is taken to last: Twitch's own default.
ASSUMED_S = 30.0
FIRST_K = 5

_TOLERANCE_S = 1e-6


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What each streamer was allowed: the best `per_streamer_k` clips, `cap_s` seconds (None: no limit)."""

    per_streamer_k: int
    cap_s: float | None


class SharedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen clips, why the others were not chosen (by id), and under which shares."""

    picks: tuple[Clip, ...]
    total_s: float
    why_not: dict[str, str]
    share: Share


def share_out(
    wanted: Sequence[Clip],
    ranked: Sequence[Clip],
    window: Window,
    options: ClipOptions,
    overlap_s: float,
) -> SharedOut:
    """Choose the clips of the montage.

    What was asked for by itself (`wanted`) has the first right to the window. The rest is filled with the
    highest sum of scores of the best K clips of each streamer, none of whom may fill more than 1.5 even
    shares of the longest montage; where the minimum is out of reach so, K grows first (unless it is given),
    then the shares do (`SHARES`), and are given up in the end.

    Args:
        wanted: scored, the best first.
        ranked: the other clips, scored, the best first.
        window: how long the montage may be.
        options: K and the greatest number of clips.
        overlap_s: how many seconds a crossfade makes neighbouring cuts overlap.
    """
    first = select_clips(_timed(wanted), Window(0.0, window.max_s), overlap_s=overlap_s)
    fixed = [wanted[i] for i in first.picked][: options.max_clips]
    why_not = {wanted[i].id: why for i, why in first.why_not.items()}
    why_not |= {wanted[i].id: _too_many(options) for i in first.picked[options.max_clips :]}

    taken_s = sum(_length_s(clip) - overlap_s for clip in fixed)
    left = _left(window, taken_s)
    share = Share(per_streamer_k=options.per_streamer_k or FIRST_K, cap_s=None)
    picks: list[Clip] = []
    if left is not None and len(fixed) < options.max_clips:
        selection, share, best = _filled(ranked, left, options, overlap_s)
        picks = [best[i] for i in selection.picked]
        why_not |= {best[i].id: why for i, why in selection.why_not.items()}
    chosen = sorted(picks, key=lambda clip: -clip.score.total)[: options.max_clips - len(fixed)]
    why_not |= {clip.id: _too_many(options) for clip in picks if clip not in chosen}
    shown = {clip.id for clip in chosen}
    for clip in ranked:
        if clip.id not in shown:
            why_not.setdefault(clip.id, _beyond(clip, share, left is None or len(fixed) >= options.max_clips))
    total_s = taken_s + sum(_length_s(clip) - overlap_s for clip in chosen)
    return SharedOut(
        picks=(*fixed, *chosen),
        total_s=round(total_s + overlap_s if fixed or chosen else 0.0, 6),
        why_not=why_not,
        share=share,
    )


def _left(window: Window, taken_s: float) -> Window | None:
    """The window that is left beside `taken_s`; None when it is full."""
    if window.max_s - taken_s <= _TOLERANCE_S:
        return None
    return Window(max(0.0, window.min_s - taken_s), window.max_s - taken_s)


def _filled(
    ranked: Sequence[Clip], window: Window, options: ClipOptions, overlap_s: float
) -> tuple[Selection, Share, list[Clip]]:
    """The choice under the tightest shares that let the minimum be reached, else the best shorter one."""
    names = sorted({clip.streamer.casefold() for clip in ranked})
    caps_s: list[float | None] = [s * window.max_s / len(names) for s in SHARES if s < len(names)]
    for cap_s in (*caps_s, None):
        for k, best in _best_of_each(ranked, options.per_streamer_k):
            last = cap_s is None and len(best) == _most(ranked, options.per_streamer_k)
            if not last and _longest_s(best, cap_s, overlap_s) < window.min_s - _TOLERANCE_S:
                continue
            groups = [names.index(clip.streamer.casefold()) for clip in best]
            selection = select_clips(
                _timed(best), window, overlap_s=overlap_s, groups=groups, group_cap_s=cap_s
            )
            if last or (selection.picked and not selection.note):
                return selection, Share(per_streamer_k=k, cap_s=cap_s), best
    raise AssertionError("the last attempt always answers")


def _best_of_each(ranked: Sequence[Clip], given_k: int | None) -> Iterator[tuple[int, list[Clip]]]:
    """The best K clips of each streamer, best first, for each K to be tried."""
    k = given_k or FIRST_K
    while True:
        counts: dict[str, int] = {}
        best = []
        for clip in ranked:
            name = clip.streamer.casefold()
            counts[name] = counts.get(name, 0) + 1
            if counts[name] <= k:
                best.append(clip)
        yield k, best
        if given_k is not None or len(best) == len(ranked):
            return
        k *= 2


def _most(ranked: Sequence[Clip], given_k: int | None) -> int:
    """How many clips the largest K lets through."""
    return max(len(best) for _, best in _best_of_each(ranked, given_k))


def _longest_s(clips: Sequence[Clip], cap_s: float | None, overlap_s: float) -> float:
    """No montage of these clips can be longer."""
    by_streamer: dict[str, float] = {}
    for clip in clips:
        name = clip.streamer.casefold()
        by_streamer[name] = by_streamer.get(name, 0.0) + _length_s(clip) - overlap_s
    lengths_s = [length_s if cap_s is None else min(cap_s, length_s) for length_s in by_streamer.values()]
    return sum(lengths_s) + overlap_s


def _timed(clips: Sequence[Clip]) -> list[Clip]:
    return [msgspec.structs.replace(clip, duration_s=_length_s(clip)) for clip in clips]


def _length_s(clip: Clip) -> float:
    return clip.duration_s if clip.duration_s > 0 else ASSUMED_S


def _too_many(options: ClipOptions) -> str:
    return f"the montage has its {options.max_clips} clips with better ones (max_clips)"


def _beyond(clip: Clip, share: Share, full: bool) -> str:
    if full:
        return "the clips asked for by themselves fill the montage"
    return f"is not among the best {share.per_streamer_k} of {clip.streamer or 'its kind'} (per_streamer_k)"
