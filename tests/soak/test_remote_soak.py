"""Long VODs by their address: an hour to the frame, its bytes counted, and ten in bounded memory."""

from __future__ import annotations

import itertools
import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hypecut.chat import read_chat
from hypecut.chat.sample import planted_moments, sample_chat
from hypecut.errors import DiskFullError
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import HighlightsRequest, HighlightsResult
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from tests.jobs.test_remote import ADDRESS, DURATION_S, Remote
from tests.support.memory import Measured, measured
from tests.support.small_disk import run_on_small_disk
from tests.twitch import LocalTwitch, Media, Message, Vod
from tests.twitch.repeating import Crowd

pytestmark = pytest.mark.soak

HOUR_S = 3600.0
SEED = 7
# Room for what Twitch's figures let expect to be fetched, not for what it really is.
SMALL_DISK = 3_600 << 10
# Of memory, from a VOD of an hour to one of ten, beside the columns of its chat.
MAX_GROWTH = 1.3


def chat_of(duration_s: float, seed: int = SEED) -> list[Message]:
    log = sample_chat(duration_s, planted_moments(duration_s, seed), seed)
    return [Message(message.time_s, message.user, message.text) for message in log if message.time_s >= 0]


@pytest.mark.timeout(3600)
def test_an_hour_to_the_frame_with_its_bytes_counted(twitch: LocalTwitch, tmp_path: Path) -> None:
    vod = Vod("2500000001", "alpha", Media(seconds=HOUR_S, fps=30), chat=chat_of(HOUR_S), chat_page=100)
    twitch.add(vod)
    remote = Remote(twitch, tmp_path, vod)
    request = HighlightsRequest(vod=ADDRESS, out=str(remote.out))
    result = run_highlights(request, remote.settings(), SilentProgress())
    assert remote.check(result) == []
    assert 480 <= result.durations_s.montage_total <= 600
    whole = twitch.media.rendition(vod, "chunked")
    total = sum(file.stat().st_size for file in whole.folder.glob("*.ts"))
    fetched, covering = sum(remote.fetched().values()), remote.covering_bytes(result)
    print(
        f"an hour: {total / 1e6:.1f} MB; covering the cuts: {covering / 1e6:.1f} MB in"
        f" {len(read_plan(Path(result.plan_path)).cuts)} cuts; fetched: {fetched / 1e6:.1f} MB in"
        f" {len(remote.fetched())} of {len(whole.segments)} segments, {fetched / covering:.3f} times that;"
        f" chat: {twitch.book.bytes_sent('gql*') / 1e6:.1f} MB"
    )
    assert fetched <= 1.15 * covering


@pytest.mark.timeout(3600)
def test_what_is_fetched_stays_near_what_is_shown_for_all_kinds_of_segments(
    twitch: LocalTwitch, tmp_path: Path
) -> None:
    """Several chats, segment lengths and keyframe distances, both containers: the smallest VODs are worst."""
    ratios: list[float] = []
    for gop_s, segment_s, container in itertools.product((2, 4, 10), (2.0, 4.0, 10.0), ("ts", "fmp4")):
        media = Media(seconds=DURATION_S, width=160, height=90, fps=5, gop_seconds=gop_s)
        for seed in (1, 2, 3):
            chat = chat_of(DURATION_S, seed)
            vod = Vod("2500000001", "alpha", media, chat=chat, segment_seconds=segment_s, container=container)
            twitch.add(vod)
            twitch.book.reset()
            remote = Remote(twitch, tmp_path / f"{gop_s}-{segment_s:g}-{container}-{seed}", vod)
            result = remote.run(plan_only=True)
            ratios.append(sum(remote.fetched().values()) / remote.covering_bytes(result))
            print(
                f"keyframes every {gop_s} s, segments of {segment_s:g} s, {container}, chat {seed}:"
                f" {ratios[-1]:.3f}"
            )
    print(f"at most {max(ratios):.3f}, in the middle {sorted(ratios)[len(ratios) // 2]:.3f}")
    assert max(ratios) <= 1.15


@pytest.mark.timeout(1200)
def test_a_disk_that_fills_while_segments_come_in(twitch: LocalTwitch, tmp_path: Path) -> None:
    """On a small disk of its own; when there is room again, the same command goes on."""
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    media = Media(seconds=DURATION_S, width=160, height=90, fps=30)
    vod = Vod("2500000001", "alpha", media, chat=chat_of(DURATION_S), chat_page=100)
    twitch.add(vod)
    words = [sys.executable, "-m", "hypecut", "highlights", ADDRESS, "--json", "--out", str(disk / "out")]
    words += ["--min-duration", "60", "--max-duration", "90"]
    command = shlex.join(words)
    script = (
        f"{command} > {tmp_path}/first 2>&1; echo $?; ls {disk}/out/vod > {tmp_path}/whole;"
        f"mount -o remount,size=200m {disk} || exit;"
        f"{command} 2> {tmp_path}/talk > {tmp_path}/second; echo $?; cp -r {disk}/out {kept}"
    )
    env = {**os.environ, **twitch.env(), "HYPECUT_CACHE_DIR": str(disk / "cache")}
    env["HYPECUT_DATA_DIR"] = str(tmp_path / "data")
    done = run_on_small_disk(["sh", "-c", script], disk, SMALL_DISK, env)
    assert done.returncode == 0, done.stderr
    first_code, second_code = map(int, done.stdout.split())
    whole = (tmp_path / "whole").read_text().split()
    told = (tmp_path / "first").read_text()
    assert first_code == DiskFullError.exit_code, told
    assert f"no room left on the disk while writing {disk}" in told
    assert "free some space and run it again" in told
    assert whole, told
    assert second_code == 0, (tmp_path / "talk").read_text()
    result = msgspec.json.decode((tmp_path / "second").read_bytes(), type=HighlightsResult, strict=False)
    there = msgspec.structs.replace(
        result, plan_path=str(kept / "plan.json"), montage_path=str(kept / "montage.mp4")
    )
    assert Remote(twitch, tmp_path, vod).check(there) == []
    asked = [served.path.rsplit("/", 1)[1] for served in twitch.book.requests("*/chunked/[1-9]*")]
    print(f"{len(whole)} segments before the disk was full, {len(set(asked))} in all")
    assert [asked.count(name) for name in whole if name != "0.ts"] == [1] * len(set(whole) - {"0.ts"})


@dataclass(frozen=True)
class Long:
    """A VOD of which ten minutes are shown over and over, and its chat."""

    hours: int
    messages: int
    vod: Vod

    @classmethod
    def of(cls, hours: int, messages: int) -> Long:
        said = chat_of(hours * HOUR_S)
        chat = Crowd(said, -(-messages // len(said)))
        media = Media(seconds=hours * HOUR_S, width=160, height=90, fps=5, period_s=600)
        return cls(
            hours, len(chat), Vod("2500000001", "alpha", media, chat=chat, chat_page=500, created_at="-2d")
        )

    def run(self, twitch: LocalTwitch, folder: Path) -> Measured:
        """Make the highlights with the command line, all as usual."""
        folder.mkdir()
        twitch.add(self.vod)
        env = {**os.environ, **twitch.env(), "HYPECUT_CACHE_DIR": str(folder / "cache")}
        env["HYPECUT_DATA_DIR"] = str(folder / "data")
        words = [sys.executable, "-m", "hypecut", "highlights", ADDRESS, "--out", "out", "--json"]
        done = measured(words, env, folder)
        assert done.code == 0, done.stderr[-2000:]
        return done


@pytest.mark.timeout(3600)
def test_ten_hours_and_a_million_messages_in_bounded_memory(twitch: LocalTwitch, tmp_path: Path) -> None:
    short, long = Long.of(1, 20_000), Long.of(10, 1_000_000)
    assert long.messages >= 1_000_000
    peaks: list[float] = []
    columns_mib = 0.0
    for one in (short, long):
        folder = tmp_path / f"{one.hours}h"
        begun = time.monotonic()
        done = one.run(twitch, folder)
        peaks.append(done.peak_mib)
        result = msgspec.convert(msgspec.json.decode(done.stdout), HighlightsResult, strict=False)
        chat = read_chat(folder / "out" / "chat.jsonl").log
        assert len(chat) == one.messages
        columns = (chat.time_s, chat.user, chat.text_start, np.frombuffer(chat.text_utf8, np.uint8))
        columns_mib = sum(column.nbytes for column in columns) / 1024**2
        print(
            f"{one.hours} h, {one.messages} messages: {done.peak_mib:.0f} MiB, of which the chat's columns"
            f" {columns_mib:.0f}; {time.monotonic() - begun:.0f} s"
        )
        assert 480 <= result.durations_s.montage_total <= 600
        remote = Remote(twitch, folder, one.vod)
        assert remote.check(result) == []
        assert len(list((folder / "out" / "vod").glob("*.ts"))) < 200
    assert peaks[1] <= MAX_GROWTH * peaks[0] + columns_mib
