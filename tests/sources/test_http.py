"""The way out to the network: where it may lead, what it bears, and what it does when a server fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hypecut.errors import HttpStatusError, InterruptedByUserError, SourceUnavailableError, UsageError
from hypecut.logs import WAITS
from hypecut.settings import Settings
from hypecut.sources.http import HttpClient
from hypecut.sources.pacing import Pacer
from hypecut.sources.retrying import asked_wait_s, backoff_s
from tests.twitch import LocalTwitch, Media, Vod

PIXEL = "https://static-cdn.jtvnw.net/a.png"


class Waits(list[float]):
    """A sleep that only takes notes."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def http(twitch: LocalTwitch, tmp_path: Path, waits: Waits) -> Iterator[HttpClient]:
    with HttpClient(twitch.settings(tmp_path, network_timeout_s=5), sleep=waits) as client:
        yield client


def segment(twitch: LocalTwitch) -> tuple[str, Path]:
    """The address of a VOD's first segment, and the file that is served there."""
    vod = Vod("77", "alpha", Media(seconds=12))
    twitch.add(vod)
    file = twitch.media.rendition(vod, "chunked").folder / "0.ts"
    return twitch.cdn_url(vod) + "0.ts", file


def test_an_answer_is_whole_and_bounded(http: HttpClient) -> None:
    assert http.get(PIXEL).body.startswith(b"\x89PNG")
    with pytest.raises(SourceUnavailableError, match="more than 10 bytes"):
        http.get(PIXEL, max_bytes=10)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "https://twitch.tv.example.org/",
        "http://www.twitch.tv/",
        "https://www.twitch.tv:8443/",
        "https://user@www.twitch.tv/",
    ],
)
def test_only_https_to_known_hosts_is_asked(http: HttpClient, twitch: LocalTwitch, url: str) -> None:
    with pytest.raises(SourceUnavailableError, match="allowed_hosts"):
        http.get(url)
    assert not twitch.book.requests()
    assert not twitch.book.refused


def test_a_redirect_is_followed_to_known_hosts_only(http: HttpClient, twitch: LocalTwitch) -> None:
    twitch.fault("static-cdn*", "redirect", to="https://vod-secure.twitch.tv/a.png")
    assert http.get(PIXEL, headers={"Authorization": "OAuth x"}).url == "https://vod-secure.twitch.tv/a.png"
    assert "Authorization" not in twitch.book.requests("vod-secure*")[0].headers
    twitch.fault("static-cdn*", "redirect", to="https://example.org/")
    with pytest.raises(SourceUnavailableError, match=r"example\.org"):
        http.get(PIXEL)
    twitch.fault("static-cdn*", "redirect", to=PIXEL, times=-1)
    with pytest.raises(SourceUnavailableError, match="circle"):
        http.get(PIXEL)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"code": 503}),
        ("status", {"code": 429}),
        ("reset", {}),
        ("truncate", {}),
        ("stall", {"seconds": 60}),
        ("hang", {"seconds": 60}),
    ],
)
def test_what_may_pass_is_tried_again(
    twitch: LocalTwitch, tmp_path: Path, waits: Waits, kind: Any, options: dict[str, Any]
) -> None:
    twitch.fault("static-cdn*", kind, **options)
    with HttpClient(twitch.settings(tmp_path, network_timeout_s=1), sleep=waits) as http:
        assert http.get(PIXEL).body.startswith(b"\x89PNG")
    assert len(waits) == 1


def test_what_does_not_pass_is_given_up(http: HttpClient, twitch: LocalTwitch, waits: Waits) -> None:
    twitch.fault("static-cdn*", "status", code=503, times=-1)
    with pytest.raises(HttpStatusError, match="status 503") as caught:
        http.get(PIXEL)
    assert caught.value.status == 503
    assert len(waits) == 4
    assert sorted(waits) == waits


def test_a_refusal_is_final(http: HttpClient, twitch: LocalTwitch, waits: Waits) -> None:
    twitch.fault("static-cdn*", "status", code=404)
    with pytest.raises(HttpStatusError, match="status 404") as caught:
        http.get(PIXEL)
    assert caught.value.body.startswith(b'{"error"')
    assert not waits


def test_the_server_says_how_long_to_wait(http: HttpClient, twitch: LocalTwitch, waits: Waits) -> None:
    twitch.fault("static-cdn*", "status", code=429, retry_after=7)
    http.get(PIXEL)
    assert waits == [7]
    twitch.fault("static-cdn*", "status", code=429, retry_after=4000)
    with pytest.raises(HttpStatusError, match="in 4000 s"):
        http.get(PIXEL)


def test_waits_that_servers_ask_for() -> None:
    assert asked_wait_s({}, 0) is None
    assert asked_wait_s({"retry-after": "3"}, 0) == 3
    assert asked_wait_s({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 50) == 10
    assert asked_wait_s({"retry-after": "soon"}, 0) is None
    assert asked_wait_s({"ratelimit-reset": "1795371823"}, 1795371800) == 23
    assert asked_wait_s({"ratelimit-reset": "1795371823"}, 1795371900) == 0


def test_waits_grow_and_are_bounded() -> None:
    waits = [backoff_s(n, lambda: 1.0) for n in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[0] == 1.0
    assert waits[-1] == 30.0
    assert backoff_s(1, lambda: 0.0) == 0.5


def test_nobody_there(tmp_path: Path, waits: Waits) -> None:
    settings = Settings(data_dir=tmp_path, proxy=SecretStr("http://127.0.0.1:9"), network_tries=2)
    with HttpClient(settings, sleep=waits) as http, pytest.raises(SourceUnavailableError, match="be reached"):
        http.get(PIXEL)
    assert len(waits) == 1


@pytest.mark.parametrize("change", [{"proxy": SecretStr("nonsense")}, {"ca_file": Path("missing.pem")}])
def test_settings_that_lead_nowhere(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"proxy|ca_file"):
        HttpClient(Settings(**change))


@pytest.mark.parametrize("kind", ["truncate", "reset", "stall"])
def test_a_broken_download_goes_on_where_it_broke(
    twitch: LocalTwitch, tmp_path: Path, waits: Waits, kind: Any
) -> None:
    url, file = segment(twitch)
    twitch.fault("*/0.ts", kind, seconds=60)
    came: list[int] = []
    with HttpClient(twitch.settings(tmp_path, network_timeout_s=1), sleep=waits) as http:
        size = http.download(url, tmp_path / "0.ts", max_bytes=10**7, on_bytes=came.append)
    assert (tmp_path / "0.ts").read_bytes() == file.read_bytes()
    assert size == sum(came) == file.stat().st_size
    asked = [served.status for served in twitch.book.requests("*/0.ts")]
    assert asked == ([0, 200] if kind == "reset" else [200, 206])


def test_what_is_there_is_not_fetched_again(http: HttpClient, twitch: LocalTwitch, tmp_path: Path) -> None:
    url, file = segment(twitch)
    target = tmp_path / "0.ts"
    whole = file.read_bytes()
    target.write_bytes(whole[:-1000])
    http.download(url, target, max_bytes=10**7)
    assert target.read_bytes() == whole
    assert twitch.book.bytes_sent("*/0.ts") == 1000
    http.download(url, target, max_bytes=10**7)
    assert twitch.book.bytes_sent("*/0.ts") == 1000
    target.write_bytes(whole + b"more than there is")
    http.download(url, target, max_bytes=10**7)
    assert target.read_bytes() == whole


def test_a_download_is_bounded_and_never_ends_short(
    http: HttpClient, twitch: LocalTwitch, tmp_path: Path
) -> None:
    url, file = segment(twitch)
    with pytest.raises(SourceUnavailableError, match="more than 1000 bytes"):
        http.download(url, tmp_path / "a", max_bytes=1000)
    twitch.fault("*/0.ts", "truncate", fraction=0.0, times=-1)
    with pytest.raises(SourceUnavailableError, match="broke the connection off"):
        http.download(url, tmp_path / "b", max_bytes=10**7)
    assert file.stat().st_size > 1000


def test_a_closed_client_stops(http: HttpClient, twitch: LocalTwitch, tmp_path: Path) -> None:
    url, _ = segment(twitch)
    with pytest.raises(InterruptedByUserError):
        http.download(url, tmp_path / "a", max_bytes=10**7, on_bytes=lambda count: http.close())


def test_downloads_keep_below_the_rate(waits: Waits) -> None:
    pacer = Pacer(1000, waits, clock=lambda: 0.0)
    for _ in range(3):
        pacer.took(500)
    assert waits == [0.5, 1.0, 1.5]
    Pacer(0, waits, clock=lambda: 0.0).took(10**9)
    assert len(waits) == 3


def test_long_waits_are_logged_for_whoever_watches(http: HttpClient, twitch: LocalTwitch) -> None:
    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    told: list[str] = []
    log, kept = logging.getLogger(WAITS), Kept(logging.WARNING)
    log.addHandler(kept)
    try:
        for asked_s in (0.5, 7):
            twitch.fault(PIXEL.removeprefix("https://"), "status", code=429, retry_after=asked_s)
            http.get(PIXEL)
        http.wait(1)
        http.wait(4)
    finally:
        log.removeHandler(kept)
    first, second = told
    assert first == "static-cdn.jtvnw.net takes no more requests for now; asked again in 7 s"
    assert second.startswith("there is no usable answer yet; asked again in ")
