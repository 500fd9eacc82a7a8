"""highlights.json: every candidate with its score, what that is made of, and why it was picked or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import BadInputError
from hypecut.files import written_aside
from hypecut.models import Segment
from hypecut.rank.scoring import rank_key
from hypecut.rank.selection import Selection, Window

VERSION = 1

_DECIMALS = 6


def explain(
    segments: Sequence[Segment],
    selection: Selection,
    window: Window,
    *,
    vod: Mapping[str, Any],
    chat: Mapping[str, Any],
    options: Mapping[str, Any],
    montage: Mapping[str, Any],
) -> dict[str, Any]:
    """The explanation of a choice, as plain values.

    Args:
        segments: all candidates, scored, in the order that `selection` counts them.
        selection: what was picked of them.
        window: how long the montage was to be.
        vod: facts about the VOD (source, title, duration_s, ...).
        chat: facts about the chat (messages, chatters, lag_s, ...).
        options: what the job was asked to do.
        montage: facts about the result (path, duration_s, ...).
    """
    cuts = {index: number for number, index in enumerate(selection.picked, 1)}
    best_first = sorted(range(len(segments)), key=lambda i: (*rank_key(segments[i]), i))
    return {
        "version": VERSION,
        "vod": dict(vod),
        "chat": dict(chat),
        "options": dict(options),
        "window": {"min_s": window.min_s, "max_s": window.max_s, "section_cap_s": selection.section_cap_s},
        "note": selection.note,
        "montage": dict(montage),
        "candidates": [
            _candidate(segments[i], rank, cuts.get(i), selection.why_not.get(i))
            for rank, i in enumerate(best_first, 1)
        ],
    }


def write_explanation(explanation: Mapping[str, Any], path: Path) -> None:
    """Write an explanation to `path` as indented JSON, aside and renamed.

    Dates become ISO 8601, paths and other values their text.

    Raises:
        BadInputError: the place can't be written to, or a name in it is no Unicode text.
        DiskFullError: no room was left.
    """
    try:
        data = msgspec.json.format(msgspec.json.encode(explanation, enc_hook=str), indent=2) + b"\n"
    except UnicodeEncodeError as error:
        raise BadInputError(
            f"can't write {path}: a file's name is no Unicode text; rename the file."
        ) from error
    with written_aside(path) as part:
        part.write_bytes(data)


def _candidate(segment: Segment, rank: int, cut: int | None, why_not: str | None) -> dict[str, Any]:
    return {
        "rank": rank,
        "start_s": round(segment.start_s, _DECIMALS),
        "end_s": round(segment.end_s, _DECIMALS),
        "peak_s": round(segment.peak_s, _DECIMALS),
        "score": round(segment.score.total, _DECIMALS),
        "components": {name: round(value, _DECIMALS) for name, value in segment.score.components.items()},
        "reasons": list(segment.score.reasons),
        "messages": list(segment.messages),
        "picked": cut is not None,
        "cut": cut,
        "why_not": None if cut is not None else why_not,
    }
