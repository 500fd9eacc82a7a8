"""The local Twitch itself: the protocol as clients see it."""

from __future__ import annotations

import gc
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import av
import httpx
import pytest

from tests.twitch import LocalTwitch, Media, Vod

SLUG = "BraveHumanClipOne-aaaaaaaaaaaaaaaa"


@pytest.fixture
def web(twitch: LocalTwitch) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=twitch.ca_file)
    with httpx.Client(proxy=twitch.proxy, verify=trust, headers={"Client-ID": "kd1unb4b3q4t58"}) as client:
        yield client


def gql(web: httpx.Client, name: str, **variables: Any) -> Any:
    stored = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    body = {"operationName": name, "variables": variables, "extensions": stored}
    return web.post("https://gql.twitch.tv/gql", json=body).json()


def playlists(web: httpx.Client, vod: str) -> httpx.Response:
    text = "query($v: ID!) { videoPlaybackAccessToken(id: $v, params: {}) { value signature } }"
    answer = web.post("https://gql.twitch.tv/gql", json={"query": text, "variables": {"v": vod}}).json()
    access = answer["data"]["videoPlaybackAccessToken"]
    query = urlencode({"nauth": access["value"], "nauthsig": access["signature"]})
    return web.get(f"https://usher.ttvnw.net/vod/v2/{vod}.m3u8?{query}")


def test_clips_of_the_last_day_by_views(web: httpx.Client) -> None:
    found = gql(web, "ClipsCards__User", login="alpha", criteria={"filter": "LAST_DAY"})
    assert [e["node"]["viewCount"] for e in found["data"]["user"]["clips"]["edges"]] == [900, 350]
    assert gql(web, "ClipsCards__User", login="nobody", limit=5)["data"]["user"] is None


def test_a_clip_needs_its_signature_and_serves_ranges(web: httpx.Client) -> None:
    clip = gql(web, "ShareClipRenderStatus", slug=SLUG)["data"]["clip"]
    url = clip["assets"][0]["videoQualities"][0]["sourceURL"]
    assert web.get(url).status_code == 401
    access = clip["playbackAccessToken"]
    signed = f"{url}?{urlencode({'sig': access['signature'], 'token': access['value']})}"
    whole = web.get(signed)
    assert whole.content[4:8] == b"ftyp"
    part = web.get(signed, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert web.get(signed.replace(access["signature"], "0" * 40)).status_code == 401


def test_a_retired_hash_an_expired_token_and_no_client_id(web: httpx.Client, twitch: LocalTwitch) -> None:
    twitch.retire_hash("0" * 64)
    assert gql(web, "ShareClipRenderStatus", slug=SLUG)["errors"] == [{"message": "PersistedQueryNotFound"}]
    twitch.expire_tokens()
    answer = playlists(web, "2400000001")
    assert answer.status_code == 403
    assert "expired" in answer.text
    refused = web.post("https://gql.twitch.tv/gql", json={"query": "{clip}"}, headers={"Client-ID": ""})
    assert refused.status_code == 400


def test_an_unknown_field_is_refused(web: httpx.Client) -> None:
    text = f'{{clip(slug:"{SLUG}"){{nope}}}}'
    answer = web.post("https://gql.twitch.tv/gql", json={"query": text}).json()
    assert answer["errors"][0]["message"] == 'Cannot query field "nope" on type "Clip".'


def test_chat_by_offset_begins_a_little_early_and_goes_on_by_cursor(web: httpx.Client) -> None:
    seen: list[str] = []
    where: dict[str, Any] = {"contentOffsetSeconds": 0}
    more = True
    while more:
        answer = gql(web, "VideoCommentsByOffsetOrCursor", videoID="2400000001", **where)
        page = answer["data"]["video"]["comments"]
        seen += [e["node"]["id"] for e in page["edges"]]
        where = {"cursor": page["edges"][-1]["cursor"]}
        more = page["pageInfo"]["hasNextPage"]
    assert len(seen) == len(set(seen)) == 75
    answer = gql(web, "VideoCommentsByOffsetOrCursor", videoID="2400000001", contentOffsetSeconds=30)
    edges = answer["data"]["video"]["comments"]["edges"]
    assert edges[0]["node"]["contentOffsetSeconds"] < 30 < edges[-1]["node"]["contentOffsetSeconds"]


def test_helix_pages_windows_and_limits(web: httpx.Client, twitch: LocalTwitch) -> None:
    ask = "https://api.twitch.tv/helix/clips?broadcaster_id=1001&first=2"
    assert web.get(ask).status_code == 401
    form = {"client_id": "test-client", "client_secret": "test-secret"}
    bearer = web.post("https://id.twitch.tv/oauth2/token", data=form).json()["access_token"]
    auth = {"Authorization": f"Bearer {bearer}", "Client-ID": "test-client"}
    answer = web.get(ask, headers=auth)
    assert [c["view_count"] for c in answer.json()["data"]] == [12000, 900]
    assert answer.headers["Ratelimit-Remaining"] == "799"
    after = answer.json()["pagination"]["cursor"]
    page = web.get(f"{ask}&after={after}", headers=auth).json()
    assert [c["view_count"] for c in page["data"]] == [350]
    assert page["pagination"] == {}
    twitch.sites.helix.left = 1
    assert web.get(ask, headers=auth).status_code == 429


@pytest.mark.parametrize(("container", "suffix"), [("ts", "ts"), ("fmp4", "mp4")])
def test_segments_some_of_them_muted(
    web: httpx.Client, twitch: LocalTwitch, container: str, suffix: str
) -> None:
    vod = Vod("88", "beta", Media(seconds=12), container=container, segment_seconds=4, muted=((4, 8),))
    twitch.add(vod)
    url = next(line for line in playlists(web, "88").text.splitlines() if line.startswith("https:"))
    names = [line for line in web.get(url).text.splitlines() if not line.startswith("#")]
    assert names == [f"0.{suffix}", f"1-muted.{suffix}", f"2.{suffix}"]
    for name, status in (
        (names[0], 200),
        (names[1], 200),
        (f"1.{suffix}", 403),
        (f"1-unmuted.{suffix}", 403),
    ):
        assert web.get(twitch.cdn_url(vod) + name).status_code == status


def test_faults_are_used_up_and_counted(web: httpx.Client, twitch: LocalTwitch) -> None:
    vod = twitch.fixture.vods["2400000001"]
    url = twitch.cdn_url(vod) + "0.ts"
    twitch.fault("*/chunked/0.ts", "status", code=503, times=2)
    assert [web.get(url).status_code for _ in range(3)] == [503, 503, 200]
    twitch.fault("*/chunked/0.ts", "truncate", fraction=0.25)
    with pytest.raises(httpx.RemoteProtocolError):
        web.get(url)
    assert [served.status for served in twitch.book.requests("*/0.ts")] == [503, 503, 200, 200]
    twitch.fault("gql:VideoMetadata", "gql_error", message="service timeout")
    assert gql(web, "VideoMetadata", videoID="2400000001")["errors"] == [{"message": "service timeout"}]


def test_other_hosts_are_refused(web: httpx.Client, twitch: LocalTwitch) -> None:
    with pytest.raises(httpx.ProxyError):
        web.get("https://example.org/")
    assert twitch.book.refused == ["example.org"]


def test_clients_that_go_before_tls_begins_leave_no_socket_open(twitch: LocalTwitch) -> None:
    address = ("127.0.0.1", int(twitch.proxy.rsplit(":", 1)[1]))
    for _ in range(40):
        with socket.create_connection(address) as client:
            client.sendall(b"CONNECT gql.twitch.tv:443 HTTP/1.1\r\nHost: gql.twitch.tv\r\n\r\n")
            # Not closed but reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    while twitch.open:
        time.sleep(0.01)
    gc.collect()


def test_a_recording_that_begins_anew_differs_in_its_time_stamps_alone(twitch: LocalTwitch) -> None:
    media = Media(seconds=120, width=160, height=90, fps=5, period_s=40)
    # The clock of time stamps begins anew, too, in the second period.
    vod = Vod("2400000009", "alpha", media, clock_start=2**33 / 90_000 - 60)
    twitch.add(vod)
    made = twitch.media.rendition(vod, "chunked")
    assert [segment.start for segment in made.segments] == pytest.approx(
        [10.0 * n for n in range(12)], abs=0.5
    )
    assert made.duration == pytest.approx(120)
    first, later = (_packets(twitch.media.segment(vod, "chunked", name)) for name in ("1.ts", "9.ts"))
    assert [data for _, _, data in first] == [data for _, _, data in later]
    moved = {(pts - first_pts) % 2**33 for (_, first_pts, _), (_, pts, _) in zip(first, later, strict=True)}
    assert moved == {80 * 90_000}


def _packets(file: Path) -> list[tuple[int, int, bytes]]:
    with av.open(str(file)) as container:
        return [
            (packet.stream.index, packet.pts, bytes(packet))
            for packet in container.demux()
            if packet.pts is not None
        ]
