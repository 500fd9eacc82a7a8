"""Whatever Twitch does wrong: the montage is right, or an error names what is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hypecut.errors import DiskFullError, HypecutError, SourceUnavailableError
from hypecut.jobs import remote as remote_steps
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.run import Patience
from hypecut.jobs.highlights import check
from hypecut.models import JobKind, JobStatus
from hypecut.sources import fetching
from tests.jobs.test_remote import ADDRESS, Remote
from tests.jobs.test_remote import remote as remote  # a fixture

# Leaves alone the head of the first segment, from which only the time is read.
SHOWN = "*/chunked/[1-9]*.ts"


def a_segment(remote: Remote) -> str:
    """A segment that is shown, found by a run of which nothing stays."""
    remote.run(
        out=str(remote.folder / "first"), plan_only=True, settings={"cache_dir": remote.folder / "first"}
    )
    name = sorted(remote.fetched(), key=len)[-1]
    remote.twitch.book.reset()
    return f"*/chunked/{name}"


@pytest.mark.parametrize(
    ("where", "kind", "options"),
    [
        (SHOWN, "status", {"code": 500, "times": 2}),
        (SHOWN, "truncate", {"times": 3}),
        (SHOWN, "stall", {"seconds": 60}),
        (SHOWN, "corrupt", {}),
        ("gql*", "status", {"code": 429, "retry_after": 0}),
        ("usher*", "status", {"code": 403}),
        ("*index-dvr.m3u8", "status", {"code": 403}),
    ],
)
def test_trouble_that_passes(remote: Remote, where: str, kind: Any, options: dict[str, Any]) -> None:
    fault = remote.twitch.fault(where, kind, **options)
    result = remote.run(settings={"network_timeout_s": 3, "network_tries": 4})
    assert fault.hits
    assert remote.check(result) == []


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("status", {"code": 404}, "status 404"),
        ("corrupt", {}, "damaged"),
        ("truncate", {}, "broke the connection off"),
    ],
)
def test_trouble_that_stays(remote: Remote, kind: Any, options: dict[str, Any], told: str) -> None:
    remote.twitch.fault(a_segment(remote), kind, times=-1, **options)
    with pytest.raises(
        SourceUnavailableError, match=rf"1 of \d+ parts .* can't be had: \d+:\d\d to .*{told}"
    ):
        remote.run(settings={"network_tries": 2})
    assert not (remote.out / "montage.mp4").exists()


@pytest.mark.parametrize(
    ("where", "kind", "options", "told"),
    [
        ("gql*", "status", {"code": 503}, "has trouble"),
        ("gql*", "not_json", {}, "something else than data"),
        ("gql*", "gql_error", {"message": "PersistedQueryNotFound"}, "update hypecut"),
        ("usher*", "status", {"code": 403}, "twitch_oauth_token"),
        ("*index-dvr.m3u8", "status", {"code": 403}, "status 403"),
        ("*index-dvr.m3u8", "not_json", {}, "something else than a playlist"),
        ("*index-dvr.m3u8", "empty", {}, "something else than a playlist"),
        ("gql:VideoComments*", "gql_error", {"message": "failed integrity check"}, "--chat"),
    ],
)
def test_twitch_as_a_whole_fails(
    remote: Remote, where: str, kind: Any, options: dict[str, Any], told: str
) -> None:
    remote.twitch.fault(where, kind, times=-1, **options)
    with pytest.raises(SourceUnavailableError, match=told):
        remote.run(settings={"network_tries": 1})
    assert not (remote.out / "montage.mp4").exists()


def test_permissions_run_out_in_the_middle(remote: Remote) -> None:
    def next_epoch() -> None:
        remote.twitch.sites.epoch += 1

    fault = remote.twitch.fault(SHOWN, "status", code=403, skip=3, then=next_epoch)
    assert remote.check(remote.run()) == []
    assert fault.hits == 1


def test_cursors_are_refused(remote: Remote) -> None:
    usual = remote.run(plan_only=True)
    remote.twitch.fixture.integrity_client_ids = {"*"}
    elsewhere = {"cache_dir": remote.folder / "b"}
    result = remote.run(out=str(remote.folder / "b"), plan_only=True, settings=elsewhere)
    assert [pick.start_s for pick in result.picks] == [pick.start_s for pick in usual.picks]


def test_a_vod_for_subscribers(remote: Remote) -> None:
    remote.vod = replace(remote.vod, sub_only=True, subscriber_token="mine")
    remote.twitch.add(remote.vod)
    with pytest.raises(SourceUnavailableError, match="only subscribers"):
        remote.run()
    assert remote.run(plan_only=True, settings={"twitch_oauth_token": "mine"}).picks
    kept = [
        file
        for file in remote.folder.rglob("*")
        if file.is_file() and file.suffix in (".json", ".log", ".jsonl")
    ]
    assert kept
    assert not any("mine" in file.read_text() for file in kept)


def test_a_host_that_is_not_allowed(remote: Remote) -> None:
    hosts = ("*.twitch.tv", "usher.ttvnw.net")
    with pytest.raises(SourceUnavailableError, match=r"cloudfront\.net is not among .*allowed_hosts"):
        remote.run(settings={"allowed_hosts": hosts})
    assert not remote.twitch.book.refused


def test_a_proxy_that_refuses(remote: Remote) -> None:
    remote.twitch.sites.hosts.remove("usher.ttvnw.net")
    with pytest.raises(SourceUnavailableError, match="through the proxy"):
        remote.run(settings={"network_tries": 1})


def test_a_full_disk_is_told_before_anything_is_fetched(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(folder: Path, needed_bytes: float, what: str) -> None:
        fetching.check_disk(folder, needed_bytes + 1e18, what)

    monkeypatch.setattr(remote_steps, "check_disk", no_room)
    with pytest.raises(DiskFullError, match="what is shown of the VOD 2500000001 needs about"):
        remote.run()
    assert not remote.fetched()


def test_every_error_is_a_sentence_with_an_exit_code(remote: Remote) -> None:
    remote.twitch.fixture.vods.clear()
    with pytest.raises(HypecutError) as caught:
        remote.run()
    assert caught.value.exit_code == 4
    assert str(caught.value).endswith(".")


def test_a_worker_does_not_wait_for_what_is_gone(remote: Remote) -> None:
    remote.twitch.fixture.vods.clear()
    engine = MemoryEngine(remote.settings(), patience=Patience(source_waits_s=(600.0,)))
    job = check({"vod": ADDRESS, "out": str(remote.out)}, remote.settings())
    engine.submit(JobKind.VOD_HIGHLIGHTS, job)
    ended = engine.run_next()
    engine.close()
    assert ended is not None
    assert ended.status is JobStatus.FAILED
    assert "no VOD 2500000001" in (ended.error or "")
