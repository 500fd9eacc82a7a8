"""Which texts are addresses of a VOD, and of which."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import UsageError
from hypecut.sources.twitch.addresses import is_vod_address, vod_id, vod_url


@pytest.mark.parametrize(
    "text",
    [
        "https://www.twitch.tv/videos/2400000001",
        "http://www.twitch.tv/videos/2400000001/",
        "https://twitch.tv/videos/2400000001?t=1h2m3s&filter=archives",
        "HTTPS://WWW.TWITCH.TV/videos/2400000001#top",
        "www.twitch.tv/videos/2400000001",
        "twitch.tv/videos/2400000001",
        "m.twitch.tv/videos/2400000001",
        "https://go.twitch.tv/videos/2400000001",
        "https://www.twitch.tv/alpha/v/2400000001",
        "https://www.twitch.tv/alpha/video/2400000001?sr=a",
        "https://www.twitch.tv/alpha/videos/2400000001",
        "https://www.twitch.tv/alpha/schedule?vodID=2400000001",
        "https://player.twitch.tv/?channel=alpha&video=v2400000001",
        "https://player.twitch.tv/?video=2400000001&parent=example.org",
        "2400000001",
        "v2400000001",
        " 2400000001 ",
    ],
)
def test_every_form_of_a_vods_address(text: str) -> None:
    assert vod_id(text) == "2400000001"


@pytest.mark.parametrize(
    "text",
    [
        "https://www.twitch.tv/",
        "https://www.twitch.tv/alpha",
        "https://www.twitch.tv/videos/",
        "https://www.twitch.tv/videos/12a",
        "https://www.twitch.tv/videos/1/../2",
        "https://www.twitch.tv.example.org/videos/2400000001",
        "https://example.org/?u=https://www.twitch.tv/videos/2400000001",
        "https://user:pass@www.twitch.tv/videos/2400000001",
        "https://www.twitch.tv:8443/videos/2400000001",
        "ftp://www.twitch.tv/videos/2400000001",
        "file:///etc/passwd",
        "https://[::1",
        "https://player.twitch.tv/?channel=alpha",
        "https://www.youtube.com/watch?v=2400000001",
        "٢٤٠٠٠٠٠٠٠١",
        "vod.mp4",
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="videos/ID"):
        vod_id(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://clips.twitch.tv/BraveHumanClipOne", "hypecut montage"),
        ("https://www.twitch.tv/alpha/clip/BraveHumanClipOne", "hypecut montage"),
        ("https://www.twitch.tv/alpha", "past broadcasts"),
    ],
)
def test_what_is_something_else_on_twitch_is_named(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        vod_id(text)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org/x", True),
        ("www.twitch.tv/alpha", True),
        ("2400000001", True),
        ("vod.mp4", False),
        ("1234.mp4", False),
        ("2024", False),
        ("./2400000001", False),
        ("C:\\videos\\1.mp4", False),
    ],
)
def test_addresses_are_told_from_files(text: str, is_one: bool) -> None:
    assert is_vod_address(text) is is_one


@given(st.text(max_size=60))
def test_no_text_does_harm(text: str) -> None:
    found = "0"
    with contextlib.suppress(UsageError):
        found = vod_id(text)
    assert found.isascii()
    assert found.isdecimal()


@given(st.integers(10_000, 10**19))
def test_a_vods_own_page_leads_back(number: int) -> None:
    assert vod_id(vod_url(str(number))) == str(number)
