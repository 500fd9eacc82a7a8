from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hypecut.settings import Settings
from hypecut.sources.clips.chain import ClipSources
from hypecut.sources.clips.opening import opened_sources
from hypecut.sources.http import HttpClient
from tests.twitch import LocalTwitch

BRAVE = "BraveHumanClipOne-aaaaaaaaaaaaaaaa"
SLEEPY = "SleepyTurtleTwo-bbbbbbbbbbbbbbbb"
OLD = "OldGoldThree-cccccccccccccccc"
GONE = "DeletedFour-dddddddddddddddd"
HELIX = {"twitch_client_id": "test-client", "twitch_client_secret": "test-secret"}

Open = Callable[..., ClipSources]


def impatient(settings: Settings) -> HttpClient:
    """A way out that tries again at once."""
    return HttpClient(settings, sleep=lambda seconds: None)


@pytest.fixture
def sources(twitch: LocalTwitch, tmp_path: Path) -> Iterator[Open]:
    """Opens sources of the local Twitch by their names: `sources("gql", "yt-dlp", **settings)`."""
    with contextlib.ExitStack() as stack:

        def open_(*names: str, **changes: Any) -> ClipSources:
            settings = twitch.settings(tmp_path, clip_sources=names, **(HELIX | changes))
            http = stack.enter_context(impatient(settings))
            return stack.enter_context(opened_sources(settings, http))

        yield open_
