"""Who is shown when: the chapters and the credits of a clip montage, with a link to each clip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypecut.models import Clip
from hypecut.plan.export_chapters import starts
from hypecut.plan.placement import Layout
from hypecut.plan.text import one_line, shortened
from hypecut.times import format_time

_TITLE_LENGTH = 90
# YouTube refuses descriptions with angle brackets.
_BRACKETS = str.maketrans("<>", "‹›")


def chapters_text(layout: Layout, clips: Sequence[Clip | None]) -> str:
    """Chapters for a video's description: when each clip begins, whose it is, and below it its address.

    Args:
        layout: of the montage.
        clips: the clip of each cut; None for an intro or outro.
    """
    lines = []
    for start_s, placed, clip in zip(starts(layout), layout.cuts, clips, strict=True):
        lines.append(f"{format_time(start_s)} {_named(clip) if clip else _plain(placed.name)}")
        if clip and clip.url:
            lines.append(_plain(clip.url))
    return "\n".join(lines) + "\n"


def credits_text(layout: Layout, clips: Sequence[Clip | None]) -> str:
    """Whom each part of the montage is owed to: streamer, title, who clipped it, game, address."""
    lines = ["Clips in this video:", ""]
    for start_s, clip in zip(starts(layout), clips, strict=True):
        if clip is None:
            continue
        facts = [_named(clip)]
        facts += [f"clipped by {_plain(clip.creator)}"] if clip.creator else []
        facts += [_plain(clip.game)] if clip.game else []
        facts += [clip.created_at.strftime("%Y-%m-%d")] if clip.created_at else []
        facts += [_plain(clip.url)] if clip.url else []
        lines.append(f"{format_time(start_s)} {' · '.join(facts)}")
    return "\n".join(lines) + "\n"


def _named(clip: Clip) -> str:
    names = [_plain(name) for name in (clip.streamer, clip.title) if name.strip()]
    return shortened(": ".join(names) or _plain(Path(clip.path).name) or "a clip", _TITLE_LENGTH)


def _plain(text: str) -> str:
    return one_line(text).translate(_BRACKETS)
