"""Clips of the same moment: several people clip what moved them, and the montage shows it once."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from hypecut.models import Clip
from hypecut.rank.clip_words import plain_title

# An edited clip's place in its VOD can be wrong by 12 s.
PLACE_TOLERANCE_S = 15.0
NEAR_IN_TIME_S = 90.0
LIKE_TITLE = 80.0


def same_moment(one: Clip, other: Clip) -> str:
    """Why two clips are of the same moment, in words; '' when they are not.

    They are when they have the same id; when they are of one VOD and their places in it overlap, give or
    take 15 s; or when they were made within 90 s on one channel under a like title (rapidfuzz's token sort
    ratio, 80 of 100 or more), unless their places in the VOD tell otherwise.
    """
    if one.id == other.id:
        return "is listed twice"
    if not one.streamer or one.streamer.casefold() != other.streamer.casefold():
        return ""
    gap_s = _gap_s(one, other)
    if gap_s is not None:
        return "shows the same place of the VOD" if gap_s <= PLACE_TOLERANCE_S else ""
    if one.created_at is None or other.created_at is None:
        return ""
    apart_s = abs((one.created_at - other.created_at).total_seconds())
    if apart_s <= NEAR_IN_TIME_S and _like(one.title, other.title):
        return f"was made within {max(1.0, apart_s):.0f} s under a like title"
    return ""


def grouped(clips: Sequence[Clip]) -> list[list[Clip]]:
    """The clips in groups of the same moment; of equals the one listed first leads.

    Each clip joins the first leader whose moment it shows, so no two leaders are of one moment and every
    other clip shows its leader's. (Joining any member instead would chain different moments together.)
    """
    groups: list[list[Clip]] = []
    # Only clips of one streamer can show the same moment; the same clip has one streamer, too.
    by_streamer: dict[str, list[list[Clip]]] = {}
    for clip in clips:
        known = by_streamer.setdefault(clip.streamer.casefold(), [])
        home = next((group for group in known if same_moment(group[0], clip)), None)
        if home is None:
            groups.append([clip])
            known.append(groups[-1])
        else:
            home.append(clip)
    return groups


def votes(group: Sequence[Clip]) -> int:
    """How many people clipped the moment: each known creator once, clips of unknown ones each as one."""
    by_id = {clip.id: clip for clip in group}.values()
    return len({clip.creator.casefold() or f"\0{clip.id}" for clip in by_id})


def _gap_s(one: Clip, other: Clip) -> float | None:
    """The time between two clips of one VOD, 0 when they overlap; None when not both have a place in it."""
    if not one.vod_id or one.vod_id != other.vod_id or one.vod_offset_s is None or other.vod_offset_s is None:
        return None
    first, second = sorted((one, other), key=lambda clip: clip.vod_offset_s or 0.0)
    return max(0.0, (second.vod_offset_s or 0.0) - (first.vod_offset_s or 0.0) - first.duration_s)


def _like(one: str, other: str) -> bool:
    titles = plain_title(one), plain_title(other)
    return all(titles) and fuzz.token_sort_ratio(*titles) >= LIKE_TITLE
