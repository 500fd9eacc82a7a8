"""Long VODs by their address: an hour to the frame, its bytes counted, and ten in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypecut.chat.sample import planted_moments, sample_chat
from hypecut.jobs.highlights import run_highlights
from hypecut.jobs.requests import HighlightsRequest
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from tests.jobs.test_remote import ADDRESS, Remote
from tests.twitch import LocalTwitch, Media, Message, Vod

pytestmark = pytest.mark.soak

HOUR_S = 3600.0
LONG_S = 10 * HOUR_S
MESSAGES = 1_000_000
MAX_MEMORY_MB = 700
SEED = 7


def chat_of(duration_s: float) -> list[Message]:
    log = sample_chat(duration_s, planted_moments(duration_s, SEED), SEED)
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


@pytest.mark.timeout(7200)
def test_ten_hours_and_a_million_messages_in_bounded_memory(twitch: LocalTwitch, tmp_path: Path) -> None:
    some = chat_of(LONG_S)
    more = max(1, MESSAGES // len(some))
    chat = [
        Message(
            round(min(LONG_S - 1, m.offset + n * 0.1), 3), f"{m.user}{n or ''}", f"{m.text} {n or ''}".strip()
        )
        for m in some
        for n in range(more)
    ]
    chat += [
        Message(LONG_S * n / 50_000, f"quiet{n % 997}", f"hm {n}")
        for n in range(max(0, MESSAGES - len(chat)))
    ]
    chat.sort(key=lambda message: message.offset)
    vod = Vod(
        "2500000001",
        "alpha",
        Media(seconds=LONG_S, width=160, height=90, fps=2),
        chat=chat,
        chat_page=500,
        created_at="-2d",
    )
    twitch.add(vod)
    script = (
        "import resource, sys; from hypecut.cli.main import run;"
        "code = run(sys.argv[1:]);"
        "mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024;"
        "print(f'MEMORY {mb:.0f} {code}', file=sys.stderr)"
    )
    env = {**os.environ, **twitch.env(), "HYPECUT_CACHE_DIR": str(tmp_path / "cache")}
    env["HYPECUT_DATA_DIR"] = str(tmp_path / "data")
    words = [sys.executable, "-c", script, "highlights", ADDRESS, "--out", "out", "--ephemeral", "--json"]
    done = subprocess.run(words, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    memory = next(line for line in done.stderr.splitlines() if line.startswith("MEMORY"))
    print(memory, len(chat), "messages")
    assert memory.endswith(" 0"), done.stderr[-2000:]
    result: Any = msgspec.json.decode(done.stdout)
    assert result["durations_s"]["montage_total"] >= 480
    assert int(memory.split()[1]) <= MAX_MEMORY_MB
    assert len(list((tmp_path / "out" / "vod").glob("*.ts"))) < 200
