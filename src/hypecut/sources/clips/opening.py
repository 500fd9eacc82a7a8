"""The sources of clips that the settings name, ready to be asked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hypecut.errors import UsageError
from hypecut.settings import Settings
from hypecut.sources.clips.browser import BrowserClips
from hypecut.sources.clips.chain import ClipSources
from hypecut.sources.clips.gql import GqlClips
from hypecut.sources.clips.helix import HelixClips
from hypecut.sources.clips.protocol import ClipSource
from hypecut.sources.clips.ytdlp import YtDlpClips
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.gql import GqlClient

SOURCES = ("helix", "gql", "yt-dlp", "browser")


@contextlib.contextmanager
def opened_sources(settings: Settings, http: HttpClient | None = None) -> Iterator[ClipSources]:
    """The sources of the setting `clip_sources`, in its order; Helix only with an id and a secret.

    Args:
        settings: which ones, and all they need.
        http: the way out; None opens one.

    Raises:
        UsageError: a source is not known.
    """
    unknown = [name for name in settings.clip_sources if name not in SOURCES]
    if unknown:
        raise UsageError(f"clip_sources has {unknown[0]!r}; there are {', '.join(SOURCES)}.")
    with contextlib.ExitStack() as stack:
        way_out = http or stack.enter_context(HttpClient(settings))
        sources: list[ClipSource] = []
        for name in dict.fromkeys(settings.clip_sources):
            if (
                name == "helix"
                and settings.twitch_client_id
                and settings.twitch_client_secret.get_secret_value()
            ):
                sources.append(HelixClips(way_out, settings))
            elif name == "gql":
                sources.append(GqlClips(GqlClient(way_out, settings), way_out))
            elif name == "yt-dlp":
                sources.append(YtDlpClips(way_out))
            elif name == "browser":
                sources.append(stack.enter_context(BrowserClips(way_out, settings)))
        yield ClipSources(sources)
