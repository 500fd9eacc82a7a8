"""The settings of detection."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from hypecut.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class DetectOptions:
    """What detection can be told; the defaults suit any game and language.

    Attributes:
        lag_s: how long after a moment chat reacts to it; chat is moved earlier by so much.
        keywords: words or phrases whose use raises a moment, by at most a fifth of the full score.
        min_segment_s: no segment is shorter, unless the VOD is.
        max_segment_s: no segment is longer.
        lead_in_s: how long before its spike a segment begins.
        tail_s: how long after its spike a segment goes on at least; it goes on while the spike lasts.
        min_distance_s: two spikes are at least so far apart.
        min_prominence: by how much, 0..1, a spike must stand out of the curve around it; 0 takes all.
        min_messages: a chat with fewer messages is too thin to judge.
        min_messages_per_minute: so is one with fewer a minute, over the whole VOD.

    Raises:
        UsageError: a value is negative, not a number, or the longest segment is shorter than the shortest.
    """

    lag_s: float = 15.0
    keywords: tuple[str, ...] = ()
    min_segment_s: float = 20.0
    max_segment_s: float = 40.0
    lead_in_s: float = 5.0
    tail_s: float = 15.0
    min_distance_s: float = 60.0
    min_prominence: float = 0.03
    min_messages: int = 100
    min_messages_per_minute: float = 2.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "keywords" and not 0 <= value < math.inf:
                raise UsageError(f"{field.name} is {value}; give a number that is not negative.")
        if self.max_segment_s < self.min_segment_s or self.max_segment_s <= 0:
            raise UsageError(
                f"max_segment_s ({self.max_segment_s:g}) must be positive and not less than"
                f" min_segment_s ({self.min_segment_s:g})."
            )
        if self.min_prominence > 1:
            raise UsageError(f"min_prominence is {self.min_prominence:g}; give a number from 0 to 1.")
