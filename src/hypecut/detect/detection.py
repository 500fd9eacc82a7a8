"""The whole of detection: a chat log in, segments and the activity curve out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from hypecut.detect.activity import Crowd, local_weight, rolling_median, saturating, unusual
from hypecut.detect.evidence import Component, Evidence
from hypecut.detect.keywords import has_keyword
from hypecut.detect.options import DetectOptions
from hypecut.detect.spikes import find_spikes
from hypecut.detect.windows import windows_around
from hypecut.errors import ThinChatError, UsageError
from hypecut.models import ChatLog, FloatArray, Segment

# What each component counts in the curve; ranking weighs the segments' terms likewise.
CURVE_WEIGHTS: Final = {"activity": 1.0, "hype": 1.0, "keywords": 0.5}
_HALF_KEYWORD_CHATTERS: Final = 3.0


@dataclass(frozen=True, eq=False)
class Detection:
    """What was found in a chat.

    Attributes:
        segments: every candidate in order of time, none overlapping; their scores are left to ranking.
        curve: shape (seconds of the VOD, rounded up), 0..1, in event time: the reaction lag is taken off.
        step_s: seconds between two values of the curve.
    """

    segments: tuple[Segment, ...]
    curve: FloatArray
    step_s: float = 1.0


def detect(log: ChatLog, duration_s: float, options: DetectOptions | None = None) -> Detection:
    """The segments of a VOD in which its chat stirs.

    Args:
        log: the chat; messages before the VOD or after it (by more than the lag) play no part.
        duration_s: the VOD's length.
        options: the settings; defaults if left out.

    Raises:
        ThinChatError: there are too few messages to tell a highlight from chance.
        UsageError: the duration is not a positive number.
    """
    options = options or DetectOptions()
    if not 0 < duration_s < math.inf:
        raise UsageError(f"the VOD's duration is {duration_s} s; give a positive number of seconds.")
    _check_not_thin(log, duration_s, options)
    crowd = Crowd(log, options.lag_s, math.ceil(duration_s))
    components = components_of(log, crowd, duration_s, options.keywords)
    curve = combined(components)
    spikes = find_spikes(curve, math.ceil(options.min_distance_s), options.min_prominence)
    windows = windows_around(curve, spikes, duration_s, options)
    evidence = Evidence(log, crowd, components, options.keywords)
    return Detection(tuple(evidence.segment(window) for window in windows), curve)


def components_of(
    log: ChatLog, crowd: Crowd, duration_s: float, keywords: tuple[str, ...]
) -> dict[str, Component]:
    """What the curve is made of, by name: `activity`, `hype` and, if there are keywords, `keywords`."""
    local = local_weight(duration_s)
    everyone, shouting = crowd.chatters(crowd.counts), crowd.chatters(crowd.hype)
    components = {
        "activity": Component(unusual(everyone, local), everyone),
        "hype": Component(unusual(shouting, local), shouting),
    }
    if any(keyword.strip() for keyword in keywords):
        components["keywords"] = keyword_component(log, crowd, keywords)
    return components


def keyword_component(log: ChatLog, crowd: Crowd, keywords: tuple[str, ...]) -> Component:
    """How many more people than usual say one of the words, and how many do."""
    saying = crowd.chatters(crowd.counts & has_keyword(log, keywords))
    return Component(saturating(saying - rolling_median(saying), _HALF_KEYWORD_CHATTERS), saying)


def combined(components: Mapping[str, Component]) -> FloatArray:
    """Shape (seconds,), 0..1: the components' weighted mean."""
    weights = {name: CURVE_WEIGHTS[name] for name in components}
    parts = [weights[name] * component.level for name, component in components.items()]
    curve: FloatArray = np.sum(parts, axis=0) / sum(weights.values())
    return curve


def _check_not_thin(log: ChatLog, duration_s: float, options: DetectOptions) -> None:
    inside = len(log.between(0.0, duration_s + options.lag_s))
    minutes = duration_s / 60
    if inside < options.min_messages:
        outside = f" ({len(log)} in the file: is it the chat of this VOD?)" if len(log) > inside else ""
        raise ThinChatError(
            f"the chat has {inside} messages within the VOD's {duration_s:.0f} s{outside}, and at least"
            f" {options.min_messages} are needed; use a VOD with a livelier chat."
        )
    if inside < options.min_messages_per_minute * minutes:
        raise ThinChatError(
            f"the chat has {inside / minutes:.1f} messages a minute ({inside} in {minutes:.0f} min), and at"
            f" least {options.min_messages_per_minute:g} are needed; use a VOD with a livelier chat."
        )
