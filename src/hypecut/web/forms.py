"""What is typed into the start page, as a body of the API: so that both are checked by the same rules."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from hypecut.api.bodies import JobBody
from hypecut.api.roots import Roots
from hypecut.jobs.pipeline import CheckedJob
from hypecut.models import JobKind
from hypecut.times import format_time, parse_time_s

RECORDINGS = frozenset({".mp4", ".mkv", ".ts", ".flv", ".mov", ".m4v", ".webm", ".m3u8"})
CHATS = frozenset({".json", ".jsonl", ".txt", ".csv", ".gz", ".log", ".srt", ".chat", ".tsv"})
_MOST_FILES = 300
_MOST_LOOKED_AT = 20_000
_WATCHED = "https://www.twitch.tv/videos/"


def job_body(asked: Mapping[str, Any]) -> JobBody | None:
    """The body that the form stands for; None while what is needed most is not typed yet.

    Raises:
        UsageError: a time is none.
    """
    if asked.get("kind") == JobKind.CLIP_MONTAGE:
        return _montage(asked)
    return _highlights(asked)


def _highlights(asked: Mapping[str, Any]) -> JobBody | None:
    source = _text(asked, "source")
    if not source:
        return None
    params: dict[str, Any] = {
        "vod_url": f"{_WATCHED}{source}" if source.isascii() and source.isdigit() else source,
        "keywords": [str(word) for word in asked.get("keywords", ())],
        "exact": bool(asked.get("exact")),
        "titles": bool(asked.get("titles")),
        "allow_partial_chat": bool(asked.get("partial")),
    }
    params |= _unless_blank({"chat_path": _text(asked, "chat"), "output_dir": _text(asked, "out")})
    params |= _times(asked, {"from": "from_s", "to": "to_s", "offset": "chat_offset_s"})
    return JobBody(type=JobKind.VOD_HIGHLIGHTS, params=params | _common(asked))


def _montage(asked: Mapping[str, Any]) -> JobBody | None:
    names = [str(name) for name in asked.get("streamers", ())]
    if not names:
        return None
    params = {
        "streamer_names": names,
        "period": _text(asked, "period"),
        "per_streamer_k": asked.get("k") or None,
        "apply_overlay": bool(asked.get("overlay")),
    }
    params |= _unless_blank({"current_videos_dir": _text(asked, "out"), "opening": _text(asked, "opening")})
    return JobBody(type=JobKind.CLIP_MONTAGE, params=params | _common(asked))


def _common(asked: Mapping[str, Any]) -> dict[str, Any]:
    common: dict[str, Any] = {"plan_only": bool(asked.get("review"))}
    common |= _unless_blank({name: _text(asked, name) for name in ("transition", "intro", "outro")})
    return common | _times(asked, {"min": "min_duration_s", "max": "max_duration_s"})


def _text(asked: Mapping[str, Any], name: str) -> str:
    return str(asked.get(name) or "").strip()


def _unless_blank(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _times(asked: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, float]:
    texts = {name: _text(asked, field) for field, name in names.items()}
    signed = "chat_offset_s"
    return {name: parse_time_s(text, signed=name == signed) for name, text in texts.items() if text}


def summary(job: CheckedJob, body: JobBody, roots: Roots) -> str:
    """What the job will do, in a sentence or two."""
    params = job.params
    length = f"{format_time(params['min_duration_s'])} to {format_time(params['max_duration_s'])}"
    folder = Path(job.folder)
    place = folder.relative_to(roots.output) if folder.is_relative_to(roots.output) else folder
    then = (
        "You review the picks before anything is rendered."
        if params.get("plan_only")
        else "The montage is rendered at once; you can change it afterwards."
    )
    if body.type is JobKind.CLIP_MONTAGE:
        names = ", ".join(body.params["streamer_names"])
        return f"Gathers the best recent clips of {names} into a montage of {length}, in {place}. {then}"
    chat = Path(params["chat"]).name if params.get("chat") else "its chat"
    words = f", {', '.join(params['keywords'])} counting more" if params.get("keywords") else ""
    return (
        f"Finds the moments of {job.title} that {chat} points at{words}, and makes a montage of {length}"
        f" of them, in {place}. {then}"
    )


def recording_files(roots: Roots) -> list[str]:
    """Recordings in the media folder, as they are named in the form."""
    return _files(roots.media, RECORDINGS)


def chat_files(roots: Roots) -> list[str]:
    """Files in the media folder that may be chats."""
    return _files(roots.media, CHATS)


def _files(folder: Path, suffixes: frozenset[str]) -> list[str]:
    found = (path for path in islice(_walk(folder), _MOST_LOOKED_AT) if path.suffix.lower() in suffixes)
    return sorted(path.relative_to(folder).as_posix() for path in islice(found, _MOST_FILES))


def _walk(folder: Path) -> Iterator[Path]:
    """The files of a folder and those below that are not hidden."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(here, name) for name in names if not name.startswith("."))
