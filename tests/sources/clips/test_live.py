"""The real Twitch, for whoever has a connection: HYPECUT_LIVE=1 pytest -m live."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hypecut.settings import load_settings
from hypecut.sources.clips import download_clip, get_clips

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.environ.get("HYPECUT_LIVE") != "1", reason="only with HYPECUT_LIVE=1"),
]
STREAMER = os.environ.get("HYPECUT_LIVE_STREAMER", "xqc")


@pytest.mark.parametrize("source", ["gql", "yt-dlp", "browser"])
def test_a_streamers_clips_are_listed_and_one_is_downloaded(source: str, tmp_path: Path) -> None:
    settings = load_settings({"clip_sources": (source,), "cache_dir": tmp_path / "cache"}).settings
    listing = get_clips(STREAMER, period="month", limit=5, settings=settings)
    assert 1 <= len(listing.clips) <= 5
    video = download_clip(listing.clips[0].url, tmp_path, settings=settings)
    assert video.facts.duration_s > 1


@pytest.mark.skipif("HYPECUT_TWITCH_CLIENT_ID" not in os.environ, reason="only with a client id and secret")
def test_helix_lists_the_same_streamer() -> None:
    settings = load_settings({"clip_sources": ("helix",)}).settings
    listing = get_clips(STREAMER, period="month", limit=5, settings=settings)
    assert listing.clips
    assert all(clip.views >= 0 and clip.created_at for clip in listing.clips)
