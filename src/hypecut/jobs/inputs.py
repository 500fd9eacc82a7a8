"""What is recorded of a job's inputs: the clips it looked at, the files it used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hypecut.jobs.bookends import Bookends
from hypecut.jobs.pipeline import Asset, SeenClip
from hypecut.models import Clip
from hypecut.rank.clips import ClipChoice


def seen_clips(choice: ClipChoice, refused: Mapping[str, str]) -> tuple[SeenClip, ...]:
    """What became of every clip, the best first, then those that could not be had at all.

    Args:
        choice: what was chosen.
        refused: the reasons against clips that can't be had, by id.
    """
    seen = [_seen(verdict.clip, verdict.why_not) for verdict in choice.verdicts]
    known = {clip.id for clip in seen}
    return (
        *seen,
        *(SeenClip(id=name, why_not=reason) for name, reason in refused.items() if name not in known),
    )


def clip_assets(clips: Iterable[tuple[Clip, Path]]) -> tuple[Asset, ...]:
    """The files of clips."""
    return tuple(
        Asset(kind="clip", path=str(file), url=clip.url, duration_s=clip.duration_s, meta={"clip": clip.id})
        for clip, file in clips
    )


def bookend_assets(ends: Bookends, intro: str, outro: str) -> tuple[Asset, ...]:
    """The files of intro and outro, as far as there are any."""
    named = (("intro", intro, ends.intro), ("outro", outro, ends.outro))
    return tuple(
        Asset(kind=kind, path=file, duration_s=cut.duration_s) for kind, file, cut in named if cut is not None
    )


def _seen(clip: Clip, why_not: str) -> SeenClip:
    return SeenClip(
        id=clip.id,
        streamer=clip.streamer,
        title=clip.title,
        url=clip.url,
        views=clip.views,
        created_at=clip.created_at,
        duration_s=clip.duration_s,
        game=clip.game,
        vod_id=clip.vod_id,
        vod_offset_s=clip.vod_offset_s,
        chosen=not why_not,
        why_not=why_not,
    )
