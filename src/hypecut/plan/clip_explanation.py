"""highlights.json of a clip montage: every clip that was found, and why it was picked or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypecut.models import JobKind
from hypecut.plan.explanation import VERSION
from hypecut.rank.clips import ClipChoice, ClipVerdict
from hypecut.rank.selection import Window

_DECIMALS = 6


def explain_clips(
    choice: ClipChoice,
    window: Window,
    *,
    streamers: Sequence[Mapping[str, Any]],
    options: Mapping[str, Any],
    montage: Mapping[str, Any],
) -> dict[str, Any]:
    """The explanation of a choice of clips, as plain values.

    Args:
        choice: what was chosen, and what became of each clip.
        window: how long the montage was to be.
        streamers: what was found of each streamer.
        options: what the job was asked to do.
        montage: facts about the result (duration_s, cuts).
    """
    cuts = {clip.id: number for number, clip in enumerate(choice.picks, 1)}
    groups: dict[str, list[str]] = {}
    for verdict in choice.verdicts:
        if verdict.same_as:
            groups.setdefault(verdict.same_as, []).append(verdict.clip.id)
    return {
        "version": VERSION,
        "kind": JobKind.CLIP_MONTAGE.value,
        "streamers": [dict(streamer) for streamer in streamers],
        "options": dict(options),
        "window": {
            "min_s": window.min_s,
            "max_s": window.max_s,
            "streamer_cap_s": choice.share.cap_s,
            "per_streamer_k": choice.share.per_streamer_k,
        },
        "note": choice.note,
        "montage": dict(montage),
        "candidates": [
            _candidate(verdict, rank, cuts.get(verdict.clip.id), groups.get(verdict.clip.id, []))
            for rank, verdict in enumerate(choice.verdicts, 1)
        ],
    }


def _candidate(verdict: ClipVerdict, rank: int, cut: int | None, same: list[str]) -> dict[str, Any]:
    clip = verdict.clip
    return {
        "rank": rank,
        "id": clip.id,
        "streamer": clip.streamer,
        "title": clip.title,
        "url": clip.url,
        "creator": clip.creator,
        "game": clip.game,
        "views": clip.views,
        "created_at": clip.created_at,
        "vod_id": clip.vod_id,
        "vod_offset_s": clip.vod_offset_s,
        "start_s": 0.0,
        "end_s": round(clip.duration_s, _DECIMALS),
        "score": round(clip.score.total, _DECIMALS),
        "components": {name: round(value, _DECIMALS) for name, value in clip.score.components.items()},
        "reasons": list(clip.score.reasons),
        "votes": verdict.votes,
        "near_duplicates": same,
        "same_as": verdict.same_as or None,
        "picked": cut is not None,
        "cut": cut,
        "why_not": None if cut is not None else verdict.why_not,
    }
