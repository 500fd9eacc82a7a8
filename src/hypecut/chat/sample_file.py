"""Writing a chat as TwitchDownloader does, so that an invented replay is read like a real one."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypecut.files import write_text
from hypecut.models import ChatMessage

_VOD_START = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)
_VOD_ID = "2400000001"
_CHANNEL_ID = 1001
_EMOTE_IDS = {
    "LUL": "425618",
    "PogChamp": "305954156",
    "NotLikeThis": "58765",
    "WutFace": "28087",
    "HeyGuys": "30259",
    "Kappa": "25",
}
_SUBSCRIBER = {"_id": "subscriber", "version": "6"}
_BADGES: tuple[list[dict[str, str]], ...] = (
    [],
    [_SUBSCRIBER],
    [_SUBSCRIBER, {"_id": "premium", "version": "1"}],
)
_COLOURS = ("#1E90FF", "#FF69B4", "#9ACD32", "#DAA520", "#8A2BE2", "#FF4500", None)


def write_twitchdownloader(
    messages: Iterable[ChatMessage], path: Path, title: str, streamer: str, duration_s: float
) -> None:
    """Write `messages` to `path` in TwitchDownloader's JSON format.

    Args:
        messages: in order of time.
        path: the file to write, aside and renamed.
        title: the VOD's title.
        streamer: the channel's display name.
        duration_s: the VOD's length.

    Raises:
        DiskFullError, BadInputError: the file can't be written.
    """
    stamp = _utc(0.0)
    document = {
        "FileInfo": {"Version": {"Major": 1, "Minor": 4, "Patch": 0}, "CreatedAt": stamp, "UpdatedAt": stamp},
        "streamer": {"name": streamer, "login": streamer.lower(), "id": _CHANNEL_ID},
        "clipper": None,
        "video": _video(title, duration_s),
        "comments": [_comment(i, message) for i, message in enumerate(messages)],
        "embeddedData": None,
    }
    write_text(path, json.dumps(document, ensure_ascii=False))


def _utc(offset_s: float) -> str:
    return (
        (_VOD_START + timedelta(seconds=offset_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _video(title: str, duration_s: float) -> dict[str, Any]:
    length = math.ceil(duration_s)
    return {
        "title": title,
        "description": None,
        "id": _VOD_ID,
        "created_at": _utc(0.0),
        "start": 0,
        "end": length,
        "length": length,
        "viewCount": 60,
        "game": "Neon Drive",
        "chapters": [],
    }


def _comment(number: int, message: ChatMessage) -> dict[str, Any]:
    # crc32 rather than hash(): the same name must give the same id in every run.
    user_id = zlib.crc32(message.user.encode())
    return {
        "_id": f"{number:08x}-0000-4000-8000-000000000000",
        "created_at": _utc(message.time_s),
        "channel_id": str(_CHANNEL_ID),
        "content_type": "video",
        "content_id": _VOD_ID,
        "content_offset_seconds": int(message.time_s),
        "commenter": {
            "display_name": message.user,
            "_id": str(user_id),
            "name": message.user,
            "bio": None,
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "logo": None,
        },
        "message": {
            "body": message.text,
            "bits_spent": 0,
            "fragments": _fragments(message.text),
            "user_badges": _BADGES[user_id % len(_BADGES)],
            "user_color": _COLOURS[user_id % len(_COLOURS)],
            "emoticons": [],
        },
    }


def _fragments(text: str) -> list[dict[str, Any]]:
    """The text in pieces, each an emote or words between emotes."""
    pieces: list[dict[str, Any]] = []
    words = ""
    for i, word in enumerate(text.split(" ")):
        space = " " if i else ""
        if word not in _EMOTE_IDS:
            words += space + word
            continue
        if words + space:
            pieces.append({"text": words + space, "emoticon": None})
        pieces.append({"text": word, "emoticon": {"emoticon_id": _EMOTE_IDS[word]}})
        words = ""
    if words:
        pieces.append({"text": words, "emoticon": None})
    return pieces
