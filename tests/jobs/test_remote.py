"""Highlights of a VOD by its address: the chat decides, and only what is shown is fetched."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import pytest

from hypecut.chat.sample import planted_moments, sample_chat
from hypecut.errors import (
    DiskFullError,
    FolderInUseError,
    InterruptedByUserError,
    SourceUnavailableError,
    UsageError,
)
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.run import Patience
from hypecut.jobs.highlights import check, forecast_highlights, run_highlights
from hypecut.jobs.requests import HighlightsRequest, HighlightsResult
from hypecut.media.source import SourceReader
from hypecut.models import JobKind, JobStatus
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from hypecut.sources import fetching
from hypecut.sources.soundness import SegmentFacts, check_segment
from tests.support.verify import check_montage
from tests.twitch import LocalTwitch, Media, Message, Vod

ADDRESS = "https://www.twitch.tv/videos/2500000001"
DURATION_S = 420.0
SEED = 5
COMMAND = (sys.executable, "-m", "hypecut", "highlights", ADDRESS, "--json")
WINDOW: dict[str, Any] = {"min_duration_s": 60.0, "max_duration_s": 90.0}


def the_chat() -> list[Message]:
    """Seven minutes of chat with moments in it."""
    log = sample_chat(DURATION_S, planted_moments(DURATION_S, SEED), SEED)
    return [Message(message.time_s, message.user, message.text) for message in log if message.time_s >= 0]


@dataclass
class Remote:
    """A VOD of seven minutes in segments of ten seconds."""

    twitch: LocalTwitch
    folder: Path
    vod: Vod

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def settings(self, **changes: Any) -> Settings:
        usual: dict[str, Any] = {"network_timeout_s": 10, "network_tries": 2}
        return self.twitch.settings(self.folder, **(usual | changes))

    def run(self, *, settings: dict[str, Any] | None = None, **changes: Any) -> HighlightsResult:
        asked: dict[str, Any] = {"vod": ADDRESS, "out": str(self.out), **WINDOW}
        request = HighlightsRequest(**(asked | changes))
        return run_highlights(request, self.settings(**(settings or {})), SilentProgress())

    def check(self, result: HighlightsResult, *, sound: bool = True) -> list[str]:
        """What is wrong with the montage, against the original recording, or its picture alone."""
        plan = read_plan(Path(result.plan_path))
        original = self.twitch.media.source(self.vod.media)
        cuts = tuple(msgspec.structs.replace(cut, source=original.name) for cut in plan.cuts)
        truth = self.twitch.media.truth(self.vod.media)
        truths = {original.name: truth if sound else replace(truth, sound=None)}
        same = msgspec.structs.replace(plan, cuts=cuts)
        return check_montage(Path(result.montage_path or ""), same, original.parent, truths).problems()

    def fetched(self) -> dict[str, int]:
        """The segments asked for, and how many bytes of each were sent."""
        sent: dict[str, int] = {}
        for served in self.twitch.book.requests("*/chunked/[0-9]*"):
            name = served.path.rsplit("/", 1)[1]
            sent[name] = sent.get(name, 0) + served.sent
        return sent

    def covering_bytes(self, result: HighlightsResult) -> int:
        """The size of the segments that cover the plan's cuts."""
        whole = self.twitch.media.rendition(self.vod, "chunked")
        cuts = read_plan(Path(result.plan_path)).cuts
        return sum(
            self.twitch.media.segment(self.vod, "chunked", s.name).stat().st_size
            for s in whole.segments
            if any(cut.start_s < s.start + s.duration - 0.01 and cut.end_s > s.start + 0.01 for cut in cuts)
        )


@pytest.fixture
def remote(twitch: LocalTwitch, tmp_path: Path) -> Remote:
    media = Media(seconds=DURATION_S, width=160, height=90, fps=5)
    vod = Vod("2500000001", "alpha", media, title="A <long> day", chat=the_chat(), chat_page=100)
    twitch.add(vod)
    return Remote(twitch, tmp_path, vod)


def test_only_what_is_shown_is_fetched_and_every_frame_is_right(remote: Remote) -> None:
    result = remote.run()
    assert remote.check(result) == []
    assert 60 <= result.durations_s.montage_total <= 90
    assert result.vod_path == str(remote.out / "vod.m3u8")
    with SourceReader(Path(result.vod_path)) as source:
        assert source.duration_s == pytest.approx(DURATION_S, abs=0.2)
    bytes_of_segments = sum(remote.fetched().values())
    assert bytes_of_segments <= 1.15 * remote.covering_bytes(result)
    assert len(remote.fetched()) < 20
    assert {"chat.jsonl", "chat_raw.jsonl.gz", "plan.json", "montage.mp4"} <= {
        p.name for p in remote.out.iterdir()
    }
    told = msgspec.json.decode(Path(result.metadata_path).read_bytes())
    assert (told["vod"]["title"], told["vod"]["streamer"]) == ("A <long> day", "alpha")


@pytest.mark.parametrize("full", [False, True])
def test_a_dry_run_fetches_nothing_of_the_video(remote: Remote, full: bool) -> None:
    request = HighlightsRequest(vod=ADDRESS, out=str(remote.out), full=full, **WINDOW)
    told = forecast_highlights(request, remote.settings(), SilentProgress())
    assert remote.twitch.book.requests("gql:VideoComments*")
    assert not remote.fetched()
    assert not remote.out.exists()
    assert told.status == "dry run"
    assert told.vod_path == str(remote.out / ("vod.mp4" if full else "vod.m3u8"))
    expected = told.forecast
    assert expected is not None
    assert (expected.copied_cuts, expected.encoded_cuts) == (None, None)
    made = remote.run(plan_only=True)
    assert [pick.reasons for pick in told.picks] == [pick.reasons for pick in made.picks]
    assert told.durations_s.montage_total == pytest.approx(made.durations_s.montage_total, abs=20)
    seconds_fetched = 10.0 * expected.download_segments
    assert expected.download_bytes == pytest.approx(seconds_fetched * 2000 * 90 / 8, rel=0.05)
    covering = sum(served.range is None for served in remote.twitch.book.requests("*/chunked/[0-9]*"))
    assert expected.download_segments == (42 if full else pytest.approx(covering, abs=2))


@pytest.mark.parametrize(
    "change", [{"container": "fmp4"}, {"clock_start": 2**33 / 90_000 - 200}, {"segment_seconds": 4.0}]
)
def test_vods_of_all_kinds(remote: Remote, change: dict[str, Any]) -> None:
    remote.vod = replace(remote.vod, **change)
    remote.twitch.add(remote.vod)
    assert remote.check(remote.run(exact=True)) == []


def test_started_again_it_is_done_already(remote: Remote) -> None:
    remote.run()
    before = len(remote.twitch.book.requests())
    assert remote.run(vod="twitch.tv/videos/2500000001?t=5m").status == "already done"
    assert len(remote.twitch.book.requests()) == before


def test_two_jobs_share_what_was_fetched(remote: Remote) -> None:
    remote.run()
    before = len(remote.twitch.book.requests("*/chunked/[0-9]*"))
    chat = len(remote.twitch.book.requests("gql:VideoComments*"))
    remote.run(out=str(remote.folder / "other"), titles=True)
    again = remote.twitch.book.requests("*/chunked/[0-9]*")[before:]
    # But for the head of the first segment, which tells where time begins.
    assert [served.path.rsplit("/", 1)[1] for served in again] in ([], ["0.ts"])
    assert len(remote.twitch.book.requests("gql:VideoComments*")) == chat


def test_two_processes_at_the_same_moment_share_what_they_fetch(remote: Remote) -> None:
    # Slow enough that both want the same segment at once.
    remote.twitch.fault("*/chunked/[0-9]*.ts", "slow", rate=300_000, times=-1)
    both = [Remote(remote.twitch, remote.folder / name, remote.vod) for name in ("one", "other")]
    running = [
        subprocess.Popen(
            [*COMMAND, "--out", str(one.out), "--min-duration", "60", "--max-duration", "90"],
            env={
                **os.environ,
                **remote.twitch.env(),
                "HYPECUT_CACHE_DIR": str(remote.folder / "cache"),
                "HYPECUT_DATA_DIR": str(remote.folder / "data"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for one in both
    ]
    ended = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    results = [msgspec.json.decode(out, type=HighlightsResult, strict=False) for out, _ in ended]
    assert [one.check(result) for one, result in zip(both, results, strict=True)] == [[], []]
    # But for the head of the first segment, which tells where time begins.
    wanted = [s.path for s in remote.twitch.book.requests("*/chunked/[0-9]*") if s.range is None]
    assert wanted
    assert len(wanted) == len(set(wanted))
    assert len({s.path for s in remote.twitch.book.requests("*/chunked/[0-9]*")}) < 20


def test_the_whole_vod(remote: Remote) -> None:
    result = remote.run(full=True)
    assert remote.check(result) == []
    assert result.vod_path == str(remote.out / "vod.mp4")
    assert len(remote.fetched()) == 42
    with SourceReader(Path(result.vod_path)) as source:
        assert source.duration_s == pytest.approx(DURATION_S, abs=0.2)
    assert not (remote.out / "vod").exists()


def test_a_chat_file_instead_of_twitchs(remote: Remote, tmp_path: Path) -> None:
    first = remote.run(plan_only=True)
    remote.twitch.fixture.vods["2500000001"].chat = ()
    result = remote.run(chat=first.chat_path, out=str(tmp_path / "other"))
    assert result.picks == first.picks
    with pytest.raises(Exception, match=r"chat replay.*--chat"):
        remote.run(out=str(tmp_path / "third"), settings={"cache_dir": tmp_path / "empty"})


def test_muted_moments_are_worth_less_and_named(remote: Remote) -> None:
    before = remote.run(plan_only=True)
    best = max(before.picks, key=lambda pick: pick.score)
    remote.vod = replace(remote.vod, muted=((best.start_s, best.end_s),))
    remote.twitch.add(remote.vod)
    result = remote.run(out=str(remote.folder / "muted"))
    assert "Twitch has muted the sound of" in result.note
    told = msgspec.json.decode(Path(result.metadata_path).read_bytes())
    marked = [
        one for one in told["candidates"] if any("muted by Twitch" in reason for reason in one["reasons"])
    ]
    assert marked
    assert min(one["rank"] for one in marked) > 1
    assert result.montage_path


def test_segments_that_are_kept_back_are_shown_without_their_sound(remote: Remote) -> None:
    remote.vod = replace(remote.vod, muted=((0.0, DURATION_S),), kept_back=True)
    remote.twitch.add(remote.vod)
    fault = remote.twitch.fault("*-muted.ts", "status", code=403, times=-1)
    with pytest.raises(SourceUnavailableError, match=r"can't be had: .*status 403.*--exclude"):
        remote.run(plan_only=True)
    fault.times = 0
    result = remote.run(loudness_lufs=None)
    assert "Twitch has muted the sound of 0:00 to 7:00" in result.note
    assert all(any("sound muted by Twitch" in reason for reason in pick.reasons) for pick in result.picks)
    assert remote.check(result, sound=False) == []
    assert loudest(Path(result.montage_path or "")) == 0.0
    # What is kept back from everybody is not even asked for.
    assert not remote.twitch.book.requests("*-unmuted.ts")


def loudest(montage: Path) -> float:
    """The largest sample of its sound, which is whole."""
    with av.open(str(montage)) as container:
        frames = [np.abs(frame.to_ndarray()) for frame in container.decode(audio=0)]
        seconds = sum(frame.shape[-1] for frame in frames) / container.streams.audio[0].rate
        assert seconds == pytest.approx((container.duration or 0) / 1e6, abs=0.2)
    return max(float(frame.max()) for frame in frames)


def test_a_broadcast_that_goes_on_is_taken_as_far_as_it_is(remote: Remote) -> None:
    remote.vod.status = "RECORDING"
    result = remote.run(plan_only=True)
    assert "still goes on: only its first 7:00" in result.note


def test_what_is_lost_is_named_and_nothing_is_called_done(remote: Remote) -> None:
    fault = remote.twitch.fault("*/chunked/[1-9]*.ts", "status", code=404, skip=2, times=-1)
    with pytest.raises(
        SourceUnavailableError, match=r"parts of the VOD can't be had: .*status 404.*--exclude"
    ):
        remote.run()
    assert not (remote.out / "montage.mp4").exists()
    fault.times = 0
    assert remote.check(remote.run()) == []


def test_a_job_that_was_stopped_goes_on(remote: Remote) -> None:
    class Impatient(SilentProgress):
        def start(self, step: str, total: float, unit: str = "s") -> None:
            if step == "snap" or step == "clips":
                raise InterruptedByUserError("enough.")

    request = HighlightsRequest(vod=ADDRESS, out=str(remote.out), **WINDOW)
    with pytest.raises(InterruptedByUserError):
        run_highlights(request, remote.settings(), Impatient())
    before = set(remote.fetched())
    assert before
    result = remote.run()
    assert remote.check(result) == []
    counts = [served.path for served in remote.twitch.book.requests("*/chunked/[1-9]*.ts")]
    assert len(counts) == len(set(counts))


def test_a_step_that_is_tried_again_in_the_same_run(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever else is written to the disk meanwhile.
    patience = Patience(source_waits_s=(0.01,), disk_check_s=0.01, disk_room=-(1 << 60))
    engine = MemoryEngine(remote.settings(), patience=patience)
    full = iter([DiskFullError("no room.")])

    def no_room_once(part: Path, *args: Any) -> SegmentFacts:
        if (error := next(full, None)) is not None:
            raise error
        return check_segment(part, *args)

    monkeypatch.setattr(fetching, "check_segment", no_room_once)
    job = check({"vod": ADDRESS, "out": str(remote.out), **WINDOW}, remote.settings())
    submitted = engine.submit(JobKind.VOD_HIGHLIGHTS, job)
    done = engine.run_next()
    inputs = engine.inputs(submitted.id)
    engine.close()
    assert done is not None
    assert (done.id, done.status, done.error) == (submitted.id, JobStatus.DONE, None)
    assert [(asset.kind, asset.url) for asset in inputs.assets] == [("chat", ADDRESS), ("vod", ADDRESS)]
    sizes = [file.stat().st_size for file in (remote.out / "vod").glob("*.ts")]
    vod = inputs.assets[1]
    assert vod.size == sum(sizes)
    assert vod.duration_s == pytest.approx(DURATION_S, abs=1)


def test_what_can_not_be_asked(remote: Remote, tmp_path: Path) -> None:
    settings = remote.settings()
    for vod in ("https://example.org/videos/1", "https://www.twitch.tv/alpha"):
        with pytest.raises(UsageError, match="videos/ID"):
            check({"vod": vod}, settings)
    with pytest.raises(UsageError, match="whole by itself"):
        check({"vod": ADDRESS, "more_parts": ["b.mp4"]}, settings)
    assert check({"vod": "v2500000001"}, settings).params["vod"] == ADDRESS
    assert check({"vod": "2500000001"}, settings).folder == str(tmp_path / "vod-2500000001-highlights")
    with pytest.raises(UsageError, match=r"180p|choose one of"):
        remote.run(settings={"vod_quality": "4320p"})


def test_somebody_elses_files_stay(remote: Remote) -> None:
    remote.out.mkdir()
    (remote.out / "vod.m3u8").write_text("mine")
    with pytest.raises(FolderInUseError, match=r"vod\.m3u8 is there already"):
        remote.run()
    assert (remote.out / "vod.m3u8").read_text() == "mine"
