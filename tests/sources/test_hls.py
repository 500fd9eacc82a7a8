"""HLS playlists as Twitch writes them, and such as nobody should."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import SourceUnavailableError
from hypecut.sources.hls import parse_master, parse_media

URL = "https://d2nvs31859zcd8.cloudfront.net/abc/chunked/index-dvr.m3u8"
MASTER = """#EXTM3U
#EXT-X-TWITCH-INFO:ORIGIN="s3",B="false",REGION="EU"
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="chunked",NAME="1080p60 (source, best)",AUTOSELECT=YES,DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=8534030,CODECS="avc1.64002A,mp4a.40.2",RESOLUTION=1920x1080,VIDEO="chunked",FRAME-RATE=59.997
https://d2nvs31859zcd8.cloudfront.net/abc/chunked/index-dvr.m3u8
#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="audio_only",NAME="Audio Only",AUTOSELECT=NO,DEFAULT=NO
#EXT-X-STREAM-INF:BANDWIDTH=220000,CODECS="mp4a.40.2",VIDEO="audio_only"
../audio_only/index-dvr.m3u8
"""


def media(*lines: str, head: tuple[str, ...] = ("#EXTM3U", "#EXT-X-TARGETDURATION:10")) -> str:
    return "\n".join((*head, *lines)) + "\n"


def test_qualities_with_their_size_and_rate() -> None:
    source, sound = parse_master(MASTER, "https://usher.ttvnw.net/vod/1.m3u8")
    assert (source.name, source.label, source.width, source.height) == (
        "chunked",
        "1080p60 (source, best)",
        1920,
        1080,
    )
    assert source.fps == pytest.approx(59.997)
    assert sound.height == 0
    assert sound.url == "https://usher.ttvnw.net/audio_only/index-dvr.m3u8"


def test_files_with_their_times() -> None:
    text = media(
        "#EXTINF:10.000,", "0.ts", "#EXTINF:9.5,", "1.ts", "#EXTINF:2.000,live", "2.ts", "#EXT-X-ENDLIST"
    )
    playlist = parse_media(text, URL)
    assert [(s.start_s, s.end_s) for s in playlist.segments] == [(0, 10), (10, 19.5), (19.5, 21.5)]
    assert playlist.segments[1].urls == ("https://d2nvs31859zcd8.cloudfront.net/abc/chunked/1.ts",)
    assert playlist.ended is True
    assert playlist.suffix == ".ts"
    assert playlist.duration_s == 21.5
    assert [s.index for s in playlist.covering(9, 10)] == [0]
    assert [s.index for s in playlist.covering(10, 10.1)] == [1]
    assert [s.index for s in playlist.covering(5, 100)] == [0, 1, 2]


def test_a_playlist_that_still_grows() -> None:
    assert not parse_media(media("#EXTINF:10,", "0.ts"), URL).ended


def test_muted_files_and_their_spans() -> None:
    names = ("0.ts", "1-unmuted.ts", "2-muted.ts", "3.ts", "4-muted.ts")
    playlist = parse_media(media(*(line for name in names for line in ("#EXTINF:10,", name))), URL)
    assert list(playlist.muted) == [(10, 30), (40, 50)]
    places = [[url.rsplit("/", 1)[1] for url in s.urls] for s in playlist.segments]
    assert places == [
        ["0.ts"],
        ["1-muted.ts", "1.ts"],
        ["2-muted.ts", "2.ts"],
        ["3.ts"],
        ["4-muted.ts", "4.ts"],
    ]


def test_fmp4_has_a_file_that_precedes_all() -> None:
    playlist = parse_media(media('#EXT-X-MAP:URI="init-0.mp4"', "#EXTINF:10,", "0.mp4"), URL)
    assert playlist.init_url == "https://d2nvs31859zcd8.cloudfront.net/abc/chunked/init-0.mp4"
    assert playlist.suffix == ".mp4"


def test_a_jump_of_the_time_stamps_is_kept() -> None:
    text = media("#EXT-X-DISCONTINUITY", "#EXTINF:10,", "0.ts", "#EXT-X-DISCONTINUITY", "#EXTINF:10,", "1.ts")
    assert [s.discontinuity for s in parse_media(text, URL).segments] == [False, True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<html>", "something else than a playlist"),
        ("", "something else than a playlist"),
        (media(), "empty"),
        (media("#EXTINF:nan,", "0.ts"), "impossible lengths"),
        (media("#EXTINF:-1,", "0.ts"), "impossible lengths"),
        (media("#EXTINF:1e9,", "0.ts"), "impossible lengths"),
        (media("0.ts"), "malformed"),
        (media('#EXT-X-KEY:METHOD=AES-128,URI="k"', "#EXTINF:1,", "0.ts"), "encrypted"),
        (media("#EXT-X-BYTERANGE:5@0", "#EXTINF:1,", "0.ts"), "shares files"),
        (media('#EXT-X-MAP:URI="a"', "#EXTINF:1,", "0.mp4", '#EXT-X-MAP:URI="b"'), "format changes"),
    ],
)
def test_what_can_not_be_used_is_told(text: str, told: str) -> None:
    with pytest.raises(SourceUnavailableError, match=told):
        parse_media(text, URL)


def test_a_master_playlist_without_qualities() -> None:
    with pytest.raises(SourceUnavailableError, match="no qualities"):
        parse_master("#EXTM3U\n", URL)


@given(st.text(max_size=300))
def test_no_text_does_harm(text: str) -> None:
    for parse in (parse_media, parse_master):
        with contextlib.suppress(SourceUnavailableError):
            assert parse(f"#EXTM3U\n{text}", URL)
