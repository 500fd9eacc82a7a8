"""Clips that the tests' server finds, and the montage asked of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from hypecut.jobs.clip_steps import Listed
from hypecut.models import Clip
from tests.support.recordings import Recordings
from tests.web.serving import Server

_NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def montage_body(folder: str, **changes: Any) -> dict[str, Any]:
    """The body that asks for a montage of the two streamers' clips in an output folder of that name."""
    usual = {
        "streamer_names": ["alpha", "bravo"],
        "plan_only": True,
        "min_duration_s": 20,
        "max_duration_s": 40,
    }
    return usual | {"current_videos_dir": folder} | changes


def listed_clips(server: Server, tiny_recording: Recordings) -> list[Clip]:
    """Three of alpha, two of them of one moment, and two of bravo; the server finds them from now on."""
    files = [tiny_recording(".mp4", seed=seed, preset="ultrafast").path for seed in range(31, 36)]
    found = [
        _clip("One", "alpha", files[0], 900, 0, "the great escape"),
        _clip("Two", "alpha", files[1], 300, 1, "The great escape!"),
        _clip("Three", "alpha", files[2], 200, 300, "boss down"),
        _clip("Four", "bravo", files[3], 800, 0, "clutch"),
        _clip("Five", "bravo", files[4], 100, 300, "what a fail"),
    ]
    listed = Listed(now=_NOW, clips=tuple(found), streamers=())
    (server.folder / "clips.json").write_bytes(msgspec.json.encode(listed))
    return found


def _clip(name: str, streamer: str, path: Path, views: int, minute: int, title: str) -> Clip:
    made = _NOW - timedelta(hours=20) + timedelta(minutes=minute)
    return Clip(
        id=name,
        streamer=streamer,
        duration_s=12.0,
        title=title,
        views=views,
        created_at=made,
        creator=f"fan of {name}",
        path=str(path),
    )
