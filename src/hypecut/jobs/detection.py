"""From a chat file to ranked segments: what `hypecut detect` shows and the highlights job begins with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hypecut.chat import ChatImport, check_coverage, read_chat
from hypecut.detect import DetectOptions, detect
from hypecut.detect.detection import Detection
from hypecut.errors import NothingFoundError, ThinChatError
from hypecut.models import ChatLog, FloatArray, Segment
from hypecut.rank.scoring import ranked
from hypecut.rank.segments import segment_scorer
from hypecut.settings import Settings


@dataclass(frozen=True)
class DetectionReport:
    """What was found in a chat.

    Attributes:
        segments: scored, best first.
        curve: shape (seconds of the VOD,), the activity in event time.
        step_s: seconds between two values of the curve.
        imported: the chat as read.
        duration_s: the length of the VOD the segments were fitted into.
    """

    segments: tuple[Segment, ...]
    curve: FloatArray
    step_s: float
    imported: ChatImport
    duration_s: float


@dataclass(frozen=True)
class ChatTimes:
    """How a chat's times become times of the recording.

    Attributes:
        offset_s: added to every message's time.
        vod_start: when the recording began (aware), for chats that hold the time of day.
        allow_partial: a chat that covers less than half of the recording, or another's, is no error.
    """

    offset_s: float = 0.0
    vod_start: datetime | None = None
    allow_partial: bool = False


def detect_chat(
    chat: Path,
    duration_s: float | None,
    keywords: Sequence[str],
    settings: Settings,
    times: ChatTimes = ChatTimes(),
) -> DetectionReport:
    """Read a chat file, find its spikes and rank the segments around them.

    Args:
        chat: a chat file of any known format.
        duration_s: the VOD's length; None takes the time of the last message.
        keywords: words that raise a moment's score, beside those of the settings.
        settings: lag, lengths and the rest.
        times: how the chat's times become the VOD's.

    Raises:
        ChatFormatError, BadInputError: the file can't be read as chat, or is no chat of this VOD.
        ThinChatError: too few messages to tell.
    """
    options = detect_options(keywords, settings)
    imported = import_chat(chat, duration_s, times, options.min_messages)
    if duration_s is None:
        duration_s = _end_s(imported.log)
    found = detect_ranked(imported.log, duration_s, options)
    return DetectionReport(
        segments=found.segments,
        curve=found.curve,
        step_s=found.step_s,
        imported=imported,
        duration_s=duration_s,
    )


def import_chat(
    chat: Path, duration_s: float | None, times: ChatTimes, judged_from: int = DetectOptions.min_messages
) -> ChatImport:
    """Read a chat file onto the time line of its recording, and see that it belongs there.

    Args:
        chat: a chat file of any known format.
        duration_s: the recording's length; None takes the time of the last message.
        times: how the chat's times become the recording's.
        judged_from: a chat of fewer messages says by itself that it is too thin.

    Raises:
        ChatFormatError, BadInputError: the file can't be read as chat, or is no chat of this recording.
        ThinChatError: it has no messages.
    """
    imported = read_chat(chat, times.vod_start)
    log = shifted(imported.log, times.offset_s)
    if not len(log):
        raise ThinChatError(f"{chat} has no messages; give the chat of the whole VOD.")
    if not times.allow_partial and len(log) >= judged_from:
        check_coverage(log, _end_s(log) if duration_s is None else duration_s)
    return replace(imported, log=log)


def detect_ranked(log: ChatLog, duration_s: float, options: DetectOptions) -> Detection:
    """What `hypecut.detect.detect` finds, its segments scored and the best first.

    Raises:
        ThinChatError: too few messages to tell.
    """
    found = detect(log, duration_s, options)
    return replace(found, segments=tuple(ranked(found.segments, segment_scorer())))


def _end_s(log: ChatLog) -> float:
    return max(1.0, math.ceil(float(log.time_s[-1])))


def busy_segments(
    segments: Sequence[Segment], log: ChatLog, lag_s: float, messages: int, window_s: float
) -> tuple[Segment, ...]:
    """The segments whose spike holds at least so many messages within a window around it.

    Args:
        segments: segments, their spikes in event time.
        log: the chat.
        lag_s: how much later than the event chat answers.
        messages: how many there must be.
        window_s: in how many seconds.

    Raises:
        NothingFoundError: none of them does.
    """
    around = [(s.peak_s + lag_s - window_s / 2, s.peak_s + lag_s + window_s / 2) for s in segments]
    busy = [s for s, span in zip(segments, around, strict=True) if len(log.between(*span)) >= messages]
    if segments and not busy:
        raise NothingFoundError(
            f"no moment has {messages} messages within {window_s:g} s; ask for fewer, or for a longer window."
        )
    return tuple(busy)


def shifted(log: ChatLog, offset_s: float) -> ChatLog:
    """The same chat, every message `offset_s` later."""
    if offset_s == 0:
        return log
    return ChatLog(log.time_s + offset_s, log.user, log.users, log.text_utf8, log.text_start)


def detect_options(keywords: Sequence[str], settings: Settings) -> DetectOptions:
    """The detector's options, from the settings and the keywords of this run."""
    return DetectOptions(
        lag_s=settings.lag_s,
        lead_in_s=settings.lead_in_s,
        tail_s=settings.tail_s,
        min_segment_s=settings.min_segment_s,
        max_segment_s=settings.max_segment_s,
        min_distance_s=settings.min_peak_distance_s,
        keywords=tuple(dict.fromkeys((*settings.keywords, *keywords))),
    )
