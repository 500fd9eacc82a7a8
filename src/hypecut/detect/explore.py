"""Looking at one chat in many ways, quickly: what is costly to know of it is found out once."""

from __future__ import annotations

import math
from typing import Final

from hypecut.detect.activity import Crowd
from hypecut.detect.detection import Detection, combined, components_of, keyword_component
from hypecut.detect.evidence import Evidence
from hypecut.detect.options import DetectOptions
from hypecut.detect.spikes import find_spikes
from hypecut.detect.windows import curve_at, windows_around
from hypecut.errors import UsageError
from hypecut.models import ChatLog

# The middle of the dial is the detector's own prominence; each end is a tenth or ten times of it.
MIDDLE: Final = 0.5
# Nobody looks through more, and each costs a look at its messages.
MOST: Final = 250
_DECADES: Final = 2.0


def prominence_at(sensitivity: float, middle: float) -> float:
    """How far a spike must stand out at a place of the dial.

    Args:
        sensitivity: 0..1, the higher the more spikes are found.
        middle: the prominence at `MIDDLE`.

    Raises:
        UsageError: the sensitivity is not within 0..1.
    """
    if not 0 <= sensitivity <= 1:
        raise UsageError(f"the sensitivity is {sensitivity}; give a number from 0 to 1.")
    return min(1.0, float(middle * 10 ** (_DECADES * (MIDDLE - sensitivity))))


class Explorer:
    """A chat whose curve and candidates can be asked for again and again.

    Args:
        log: the chat.
        duration_s: the VOD's length in seconds.
        options: the settings that don't change.
    """

    def __init__(self, log: ChatLog, duration_s: float, options: DetectOptions) -> None:
        self._log = log
        self._duration_s = duration_s
        self._options = options
        self._crowd = Crowd(log, options.lag_s, math.ceil(duration_s))
        self._components = components_of(log, self._crowd, duration_s, options.keywords)
        self._curve = combined(self._components)

    def find(self, words: tuple[str, ...] = (), sensitivity: float = MIDDLE) -> Detection:
        """The curve and its segments, of the `MOST` highest spikes at most.

        Args:
            words: show how many people say one of these words, emotes or phrases; without any, the curve is
                that of the whole chat.
            sensitivity: 0..1, the higher the more segments.

        Raises:
            UsageError: the sensitivity is not within 0..1.
        """
        options, components, curve = self._options, self._components, self._curve
        prominence = prominence_at(sensitivity, options.min_prominence)
        if any(word.strip() for word in words):
            spoken = keyword_component(self._log, self._crowd, words)
            components, curve = {**components, "keywords": spoken}, spoken.level
        spikes = find_spikes(curve, math.ceil(options.min_distance_s), prominence)
        windows = windows_around(curve, spikes, self._duration_s, options)
        if len(windows) > MOST:
            best = sorted(windows, key=lambda window: -curve_at(curve, window.peak_s))[:MOST]
            windows = tuple(sorted(best, key=lambda window: window.start_s))
        evidence = Evidence(self._log, self._crowd, components, words or options.keywords)
        return Detection(tuple(evidence.segment(window) for window in windows), curve)
