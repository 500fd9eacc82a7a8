"""Fetching segments: whole or not at all, none twice, whatever the server does on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hypecut.errors import DiskFullError, InterruptedByUserError, SourceUnavailableError
from hypecut.progress import SilentProgress
from hypecut.sources.cache import open_cache
from hypecut.sources.fetching import SegmentFetcher, check_disk
from hypecut.sources.http import HttpClient
from hypecut.sources.twitch.files import VodFiles
from hypecut.sources.twitch.gql import GqlClient
from tests.twitch import LocalTwitch, Media, Vod

ALL = range(6)


class Session:
    """A fetcher of a one-minute VOD in six segments."""

    def __init__(self, twitch: LocalTwitch, folder: Path, vod: Vod, **changes: Any) -> None:
        self.settings = twitch.settings(folder, network_timeout_s=2, network_tries=3, **changes)
        self.http = HttpClient(self.settings, sleep=lambda seconds: None)
        self.files = VodFiles(self.http, GqlClient(self.http, self.settings), vod.id, "source")
        self.fetcher = SegmentFetcher(self.http, self.files, open_cache(self.settings), self.settings)


@pytest.fixture(params=["ts", "fmp4"])
def vod(request: pytest.FixtureRequest, twitch: LocalTwitch) -> Vod:
    made = Vod("31", "alpha", Media(seconds=60), container=request.param)
    twitch.add(made)
    return made


@pytest.fixture
def ts(twitch: LocalTwitch) -> Vod:
    made = Vod("32", "alpha", Media(seconds=60))
    twitch.add(made)
    return made


@pytest.fixture
def session(twitch: LocalTwitch, tmp_path: Path, ts: Vod) -> Iterator[Session]:
    one = Session(twitch, tmp_path, ts)
    yield one
    one.http.close()


def files_of(twitch: LocalTwitch, vod: Vod) -> dict[str, bytes]:
    whole = twitch.media.rendition(vod, "chunked")
    return {segment.name: (whole.folder / segment.name).read_bytes() for segment in whole.segments}


def test_what_is_asked_for_is_fetched_and_nothing_else(twitch: LocalTwitch, tmp_path: Path, vod: Vod) -> None:
    one = Session(twitch, tmp_path, vod)
    one.fetcher.fetch([1, 4], tmp_path / "out", SilentProgress())
    there = files_of(twitch, vod)
    for index in (1, 4):
        name = one.fetcher.name(index)
        assert (tmp_path / "out" / name).read_bytes() == there[name]
    segments = twitch.book.requests("*/chunked/[0-9]*")
    assert sorted(served.path.rsplit("/", 1)[1] for served in segments) == [
        one.fetcher.name(i) for i in (1, 4)
    ]
    assert one.fetcher.start(tmp_path / "out") is not None
    one.http.close()


def test_the_place_of_the_first_picture_costs_little(twitch: LocalTwitch, tmp_path: Path) -> None:
    vod = Vod("33", "alpha", Media(seconds=60, width=640, height=360, fps=30), clock_start=777.0)
    twitch.add(vod)
    one = Session(twitch, tmp_path, vod)
    start = one.fetcher.start(tmp_path)
    assert isinstance(start, Fraction)
    assert start == pytest.approx(777, abs=2)
    assert twitch.book.bytes_sent("*/0.ts") < 200_000 < len(files_of(twitch, vod)["0.ts"])
    one.fetcher.fetch([0], tmp_path, SilentProgress())
    assert one.fetcher.start(tmp_path) == start
    one.http.close()


def test_several_are_fetched_at_once(session: Session, twitch: LocalTwitch, tmp_path: Path) -> None:
    twitch.fault("*/chunked/*.ts", "slow", rate=400_000, times=-1)
    session.fetcher.fetch(ALL, tmp_path / "out", SilentProgress())
    assert twitch.book.busiest >= 2


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("status", {"code": 500, "times": 2}),
        ("status", {"code": 404}),
        ("status", {"code": 403}),
        ("truncate", {}),
        ("reset", {}),
        ("stall", {"seconds": 60}),
        ("corrupt", {}),
        ("empty", {}),
        ("not_json", {}),
    ],
)
def test_trouble_that_passes_leaves_no_trace(
    session: Session, twitch: LocalTwitch, tmp_path: Path, ts: Vod, kind: Any, options: dict[str, Any]
) -> None:
    twitch.fault("*/chunked/2.ts", kind, **options)
    session.fetcher.fetch([1, 2], tmp_path / "out", SilentProgress())
    assert (tmp_path / "out" / "2.ts").read_bytes() == files_of(twitch, ts)["2.ts"]


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("status", {"code": 500}, "status 500"),
        ("status", {"code": 404}, "status 404"),
        ("truncate", {"fraction": 0.0}, "broke the connection off"),
        ("reset", {}, "broke the connection off"),
        ("corrupt", {}, "damaged from byte"),
        ("empty", {}, "empty"),
        ("not_json", {}, "damaged"),
        ("hang", {"seconds": 60}, "silent"),
    ],
)
def test_what_can_not_be_had_is_named_and_the_rest_is_there(
    session: Session, twitch: LocalTwitch, tmp_path: Path, kind: Any, options: dict[str, Any], told: str
) -> None:
    twitch.fault("*/chunked/2.ts", kind, times=-1, **options)
    with pytest.raises(SourceUnavailableError, match=rf"1 of 3 parts .*0:20 to 0:30 \(.*{told}.*--exclude"):
        session.fetcher.fetch([1, 2, 3], tmp_path / "out", SilentProgress())
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["1.ts", "3.ts"]


def test_zeroes_in_fmp4_are_found(twitch: LocalTwitch, tmp_path: Path) -> None:
    vod = Vod("34", "alpha", Media(seconds=60), container="fmp4")
    twitch.add(vod)
    twitch.fault("*/chunked/2.mp4", "corrupt", times=-1)
    one = Session(twitch, tmp_path, vod)
    with pytest.raises(SourceUnavailableError, match=r"0:20 to 0:30 \(.*damaged"):
        one.fetcher.fetch([2], tmp_path / "out", SilentProgress())
    one.http.close()


def test_too_many_failures_end_the_fetch(session: Session, twitch: LocalTwitch, tmp_path: Path) -> None:
    twitch.fault("*/chunked/*.ts", "status", code=500, times=-1)
    with pytest.raises(SourceUnavailableError, match="at least 5 of 6 parts"):
        session.fetcher.fetch(ALL, tmp_path / "out", SilentProgress())


def test_a_permission_that_runs_out_is_renewed(session: Session, twitch: LocalTwitch, tmp_path: Path) -> None:
    def next_epoch() -> None:
        twitch.sites.epoch += 1

    twitch.fault("*/chunked/3.ts", "status", code=403, then=next_epoch)
    session.fetcher.fetch(ALL, tmp_path / "out", SilentProgress())
    assert len(list((tmp_path / "out").iterdir())) == 6
    assert len(twitch.book.requests("usher*")) == 2


def test_a_token_that_expires_before_the_playlist_is_renewed(
    twitch: LocalTwitch, tmp_path: Path, ts: Vod
) -> None:
    twitch.expire_tokens()

    def alive() -> None:
        twitch.fixture.token_seconds = 3600

    twitch.fault("usher*", "slow", rate=10**9, then=alive)
    one = Session(twitch, tmp_path, ts)
    assert len(one.files.playlist.segments) == 6
    one.http.close()


def test_muted_segments_are_fetched_by_their_name(twitch: LocalTwitch, tmp_path: Path) -> None:
    vod = Vod("35", "alpha", Media(seconds=60), muted=((10, 30),))
    twitch.add(vod)
    one = Session(twitch, tmp_path, vod)
    assert list(one.files.playlist.muted) == [(10, 30)]
    one.fetcher.fetch(ALL, tmp_path / "out", SilentProgress())
    assert len(list((tmp_path / "out").iterdir())) == 6
    one.http.close()


def test_nothing_is_fetched_twice(twitch: LocalTwitch, tmp_path: Path, session: Session, ts: Vod) -> None:
    session.fetcher.fetch([0, 1, 2], tmp_path / "one", SilentProgress())
    session.fetcher.fetch([0, 1, 2], tmp_path / "one", SilentProgress())
    other = Session(twitch, tmp_path, ts)
    other.fetcher.fetch([1, 2, 3], tmp_path / "two", SilentProgress())
    fetched = [served.path.rsplit("/", 1)[1] for served in twitch.book.requests("*/chunked/*.ts")]
    assert sorted(fetched) == ["0.ts", "1.ts", "2.ts", "3.ts"]
    other.http.close()


def test_a_damaged_file_in_the_folder_is_had_again(
    session: Session, tmp_path: Path, twitch: LocalTwitch, ts: Vod
) -> None:
    place = tmp_path / "out" / "1.ts"
    session.fetcher.fetch([1], tmp_path / "out", SilentProgress())
    place.unlink()
    place.write_bytes(b"G" + bytes(1000))
    session.fetcher.fetch([1], tmp_path / "out", SilentProgress())
    assert place.read_bytes() == files_of(twitch, ts)["1.ts"]


def test_who_watches_may_stop_it(session: Session, twitch: LocalTwitch, tmp_path: Path) -> None:
    class Impatient(SilentProgress):
        def update(self, done: float) -> None:
            raise InterruptedByUserError("enough.")

    twitch.fault("*/chunked/*.ts", "hang", seconds=60, times=-1)
    with pytest.raises(InterruptedByUserError):
        session.fetcher.fetch(ALL, tmp_path / "out", Impatient())


@pytest.mark.parametrize("rest", ["right", "wrong"])
def test_a_killed_download_goes_on_where_it_was(
    twitch: LocalTwitch, tmp_path: Path, ts: Vod, rest: str
) -> None:
    twitch.fault("*/chunked/3.ts", "stall", seconds=600)
    script = (
        "import sys; from pathlib import Path; from hypecut.settings import load_settings;"
        "from hypecut.sources.cache import open_cache; from hypecut.sources.fetching import SegmentFetcher;"
        "from hypecut.sources.http import HttpClient; from hypecut.sources.twitch.files import VodFiles;"
        "from hypecut.sources.twitch.gql import GqlClient; from hypecut.progress import SilentProgress;"
        "s = load_settings().settings; h = HttpClient(s);"
        "f = SegmentFetcher(h, VodFiles(h, GqlClient(h, s), '32', 'source'), open_cache(s), s);"
        "f.fetch(range(6), Path(sys.argv[1]), SilentProgress())"
    )
    folder, parts = tmp_path / "out", tmp_path / "cache" / "downloads" / "parts"
    env = {**os.environ, **twitch.env(), "HYPECUT_CACHE_DIR": str(tmp_path / "cache")}
    env["HYPECUT_NETWORK_TIMEOUT_S"] = "300"

    def half() -> list[Path]:
        return [file for file in parts.glob("*.ts") if file.stat().st_size]

    with subprocess.Popen([sys.executable, "-c", script, str(folder)], env=env) as process:
        deadline = time.monotonic() + 120
        while (len(list(folder.glob("?.ts"))) < 5 or not half()) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert sorted(file.name for file in folder.glob("?.ts")) == ["0.ts", "1.ts", "2.ts", "4.ts", "5.ts"]
    (left,) = half()
    have = left.stat().st_size
    if rest == "wrong":
        left.write_bytes(bytes(have))
    before = len(twitch.book.requests("*/chunked/*.ts"))
    one = Session(twitch, tmp_path, ts)
    one.fetcher.fetch(ALL, folder, SilentProgress())
    asked = [(s.path.rsplit("/", 1)[1], s.range) for s in twitch.book.requests("*/chunked/*.ts")[before:]]
    again = [] if rest == "right" else [("3.ts", None)]
    assert asked == [("3.ts", f"bytes={have}-"), *again]
    assert (folder / "3.ts").read_bytes() == files_of(twitch, ts)["3.ts"]
    one.http.close()


def test_too_small_a_disk_is_told_beforehand(tmp_path: Path) -> None:
    check_disk(tmp_path / "not" / "there", 1.0, "the VOD")
    with pytest.raises(DiskFullError, match=r"the VOD needs about 1000000000\.0 GB"):
        check_disk(tmp_path, 1e18, "the VOD")
