"""How clips are filtered, scored and shared out among their streamers."""

from __future__ import annotations

import math

import msgspec


class ClipOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What counts when clips are ranked.

    Attributes:
        min_clip_s: a shorter clip is left out.
        max_clip_s: a longer clip is left out.
        half_life_s: after so many seconds a clip's recency is worth half.
        keywords: words or phrases in a clip's title that raise its score, beside the usual ones.
        per_streamer_k: of each streamer the best so many are ranked together; None: 5, and more if the
            montage gets too short.
        max_clips: the montage has no more clips than this.

    Raises:
        ValueError: a number is out of range.
    """

    min_clip_s: float = 5.0
    max_clip_s: float = 90.0
    half_life_s: float = 3 * 86_400.0
    keywords: tuple[str, ...] = ()
    per_streamer_k: int | None = None
    max_clips: int = 40

    def __post_init__(self) -> None:
        if not 0 <= self.min_clip_s <= self.max_clip_s < math.inf:
            raise ValueError("clips need 0 <= min_clip_s <= max_clip_s")
        if not 0 < self.half_life_s < math.inf:
            raise ValueError("half_life_s must be above 0 and finite")
        if self.max_clips < 1 or (self.per_streamer_k is not None and self.per_streamer_k < 1):
            raise ValueError("max_clips and per_streamer_k must be 1 or more")
