"""Which clips go into the montage: filtered, each moment once, scored, shared out, chosen and put in order.

docs/ranking.md tells the rules for people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from hypecut.models import Clip
from hypecut.rank.clip_groups import grouped, same_moment, votes
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.clip_order import running_order
from hypecut.rank.clip_scoring import clip_scorer
from hypecut.rank.clip_shares import Share, share_out
from hypecut.rank.scoring import Scorer, rank_key, ranked
from hypecut.rank.selection import Window
from hypecut.times import format_time


class ClipVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one clip.

    Attributes:
        clip: the clip with its score.
        why_not: why it is not in the montage; '' when it is.
        same_as: the id of the clip that is kept in its place when both show the same moment; '' otherwise.
        votes: how many people clipped its moment.
    """

    clip: Clip
    why_not: str = ""
    same_as: str = ""
    votes: int = 1


class ClipChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen, and what became of every clip.

    Attributes:
        picks: the clips of the montage in their running order.
        verdicts: every clip that was given, the best first.
        total_s: the length of the montage in seconds, crossfades counted once.
        note: '', or a sentence when the minimum could not be reached.
        share: what each streamer was allowed.
    """

    picks: tuple[Clip, ...]
    verdicts: tuple[ClipVerdict, ...]
    total_s: float
    note: str
    share: Share


def choose_clips(
    clips: Iterable[Clip],
    window: Window,
    options: ClipOptions,
    now: datetime,
    *,
    overlap_s: float = 0.0,
    refused: Mapping[str, str] | None = None,
    used: Collection[str] = (),
    wanted: Collection[str] = (),
) -> ClipChoice:
    """Choose the clips of a montage; the order in which they are given changes nothing.

    Args:
        clips: all that were found; one whose length is not known yet has 0 and counts as 30 s.
        window: how long the montage may be.
        options: what counts.
        now: the time from which a clip's age counts.
        overlap_s: how many seconds a crossfade makes neighbouring cuts overlap.
        refused: clips that can't be used, by id, each with the reason.
        used: ids of clips that were shown in earlier montages: their moments are left out.
        wanted: ids of clips that were asked for by themselves: they come first and are never too short, too
            long or too many for their streamer.
    """
    found = _once(clips)
    unfit = {clip.id: why for clip in found if clip.id not in wanted and (why := _unfit(clip, options))}
    refused = unfit | dict(refused or {})
    fit = [clip for clip in found if clip.id not in refused]
    groups = _moments(fit, clip_scorer(found, {}, now, options), wanted)
    count = {clip.id: votes(group) for group in groups for clip in group}
    scorer = clip_scorer(found, count, now, options)
    judged = {
        clip.id: ClipVerdict(
            clip=msgspec.structs.replace(clip, score=scorer.score(clip)),
            why_not=refused.get(clip.id, ""),
            votes=count.get(clip.id, 1),
        )
        for clip in found
    }
    for group in groups:
        for clip in group:
            judged[clip.id] = _in_group(judged[clip.id], group, used)
    fresh = sorted((v for v in judged.values() if not v.why_not), key=_best_first)
    shared = share_out(
        [verdict.clip for verdict in fresh if verdict.clip.id in wanted],
        [verdict.clip for verdict in fresh if verdict.clip.id not in wanted],
        window,
        options,
        overlap_s,
    )
    for clip_id, why in shared.why_not.items():
        judged[clip_id] = msgspec.structs.replace(judged[clip_id], why_not=why)
    return ClipChoice(
        picks=tuple(running_order(shared.picks)),
        verdicts=tuple(sorted(judged.values(), key=_best_first)),
        total_s=shared.total_s,
        note=_shortage(shared.total_s, window, found, wanted) if shared.total_s < window.min_s else "",
        share=shared.share,
    )


def _once(clips: Iterable[Clip]) -> list[Clip]:
    """Each clip once, in a fixed order; of several facts about one clip those with the most views."""
    by_id: dict[str, Clip] = {}
    for clip in sorted(clips, key=lambda clip: clip.views):
        by_id[clip.id] = clip
    return sorted(by_id.values(), key=lambda clip: (clip.streamer.casefold(), clip.id))


def _best_first(verdict: ClipVerdict) -> tuple[float, float, float, str, str]:
    return (*rank_key(verdict.clip), verdict.clip.streamer.casefold(), verdict.clip.id)


def _moments(clips: Sequence[Clip], scorer: Scorer[Clip], wanted: Collection[str]) -> list[list[Clip]]:
    """The clips of each moment, the one that is kept first: one asked for by itself, else the best.

    Which one is the best is judged without votes: they belong to the moment.
    """
    return grouped(sorted(ranked(clips, scorer), key=lambda clip: clip.id not in wanted))


def _in_group(verdict: ClipVerdict, group: Sequence[Clip], used: Collection[str]) -> ClipVerdict:
    """The verdict with what follows from the other clips of its moment."""
    leader, clip = group[0], verdict.clip
    shown = next((member.id for member in group if member.id in used), "")
    if clip.id != leader.id:
        reason = f"{same_moment(leader, clip)} as {leader.id}, which is kept"
        return msgspec.structs.replace(verdict, why_not=reason, same_as=leader.id)
    if shown:
        where = "" if shown == clip.id else f", as {shown}"
        subject = "was" if shown == clip.id else "its moment was"
        return msgspec.structs.replace(verdict, why_not=f"{subject} in an earlier montage{where}")
    return verdict


def _shortage(total_s: float, window: Window, found: Sequence[Clip], wanted: Collection[str]) -> str:
    """What to tell of too short a montage, with what helps: perhaps no streamer's clips were looked at."""
    cure = "name more streamers, or take a longer --period, more of each with --per-streamer-k"
    if all(clip.id in wanted for clip in found):
        cure = "name streamers, give more clips or files"
    return (
        f"only {format_time(total_s)} of clips were found that fit together: the montage is shorter than the"
        f" {format_time(window.min_s)} asked for; {cure}, or a shorter --min-duration"
    )


def _unfit(clip: Clip, options: ClipOptions) -> str:
    """Why a clip is out of the question, in words; '' when it is not."""
    if 0 < clip.duration_s < options.min_clip_s:
        return f"is {clip.duration_s:.1f} s long, clips of {options.min_clip_s:g} s or more are wanted"
    if clip.duration_s > options.max_clip_s:
        return f"is {clip.duration_s:.1f} s long, clips of {options.max_clip_s:g} s or less are wanted"
    return ""
