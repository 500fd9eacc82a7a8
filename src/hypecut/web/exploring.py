"""Chats kept at hand while people look at them with filters and the dial."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypecut.chat import read_chat
from hypecut.detect.explore import Explorer
from hypecut.jobs.detection import detect_options
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.jobs.explained import Moment
from hypecut.jobs.folder import CHAT
from hypecut.jobs.requests import read_request, tuned
from hypecut.models import FloatArray, Segment
from hypecut.rank.scoring import Scorer, ranked
from hypecut.rank.segments import SEGMENT_WEIGHTS
from hypecut.settings import Settings

_AT_HAND = 2
# Who asks for a word wants the moments in which it is said, not those in which much else is.
_WORD_WEIGHT = 4.0


@dataclass(frozen=True, eq=False)
class Explored:
    """A curve, one value a second, and its moments, the best first."""

    curve: FloatArray
    moments: Sequence[Moment]


class Explorers:
    """The chats looked at last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: OrderedDict[Path, Explorer] = OrderedDict()
        self._lock = threading.Lock()

    def find(
        self, details: JobDetails, duration_s: float, words: tuple[str, ...], sensitivity: float
    ) -> Explored:
        """The curve and the moments of a job's chat.

        Raises:
            HypecutError: the chat can't be read, or the sensitivity is out of range.
        """
        with self._lock:
            explorer = self._explorer(details, duration_s)
            found = explorer.find(words, sensitivity)
        keywords = _WORD_WEIGHT if words else SEGMENT_WEIGHTS["keywords"]
        scorer: Scorer[Segment] = Scorer({**SEGMENT_WEIGHTS, "keywords": keywords}, lambda one: one.terms)
        return Explored(found.curve, [Moment.of(segment) for segment in ranked(found.segments, scorer)])

    def _explorer(self, details: JobDetails, duration_s: float) -> Explorer:
        chat = Path(details.folder) / CHAT
        if chat not in self._open:
            request = read_request(details.job.params)
            options = detect_options(request.keywords, tuned(self._settings, request))
            self._open[chat] = Explorer(read_chat(chat).log, duration_s, options)
            while len(self._open) > _AT_HAND:
                self._open.popitem(last=False)
        self._open.move_to_end(chat)
        return self._open[chat]
