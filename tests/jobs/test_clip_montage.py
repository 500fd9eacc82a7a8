"""The clip montage job against the local Twitch: from names to a montage, checked by the frames' numbers."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest

from hypecut.errors import (
    BadInputError,
    FolderInUseError,
    NothingFoundError,
    SourceUnavailableError,
    UnknownStreamerError,
    UsageError,
)
from hypecut.jobs.clip_montage import CLIP_MONTAGE, check, forecast_montage, run_montage
from hypecut.jobs.clip_requests import MontageRequest, MontageResult
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.running import run_pipeline
from hypecut.models import JobKind, JobStatus, TransitionKind
from hypecut.plan.document import read_plan
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.support.recordings import Recordings
from tests.support.truth import SourceTruth
from tests.support.verify import check_montage
from tests.twitch import Clip, LocalTwitch, Media
from tests.twitch.fixture import Fixture

VIDEOS = "production.assets.clips.twitchcdn.net/*"
TITLES = ("What a play", "Nobody expected this", "The chair breaks", "Wrong button", "Cat on the keyboard")


@pytest.fixture
def twitch(twitch_files: Path) -> Iterator[LocalTwitch]:
    """Three streamers with five clips each, of different moments, and nothing else."""
    fixture = Fixture()
    with LocalTwitch(fixture, twitch_files) as running:
        for number, name in enumerate(("alpha", "beta", "gamma")):
            for n, title in enumerate(TITLES):
                media = Media(seconds=4 + n, seed=10 * number + n + 1)
                running.add(
                    Clip(
                        f"{name.title()}Clip{n}-abcdef",
                        name,
                        media,
                        title=title,
                        created_at=f"-{10 * n + number + 1}h",
                        views=10 ** (number + 1) * (n + 1),
                        curator=f"viewer{n}",
                    )
                )
        yield running


@pytest.fixture
def settings(twitch: LocalTwitch, tmp_path: Path) -> Settings:
    return twitch.settings(tmp_path, min_clip_s=2.0, clip_sources=("gql", "yt-dlp"), network_tries=2)


def request(tmp_path: Path, *names: str, **more: Any) -> MontageRequest:
    usual: dict[str, Any] = {
        "streamer_names": names,
        "out": str(tmp_path / "out"),
        "min_duration_s": 20.0,
        "max_duration_s": 40.0,
    }
    return MontageRequest(**(usual | more))


def run(asked: MontageRequest, settings: Settings) -> MontageResult:
    return run_montage(asked, settings, SilentProgress())


def explained(result: MontageResult) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(Path(result.metadata_path).read_text(encoding="utf-8"))
    return text


def truths(twitch: LocalTwitch, result: MontageResult) -> dict[str, SourceTruth]:
    return {
        f"sources/{pick.id}.mp4": twitch.media.truth(twitch.fixture.clips[pick.id].media)
        for pick in result.picks
    }


def test_three_streamers_make_one_montage_and_a_second_run_fetches_nothing(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    result = run(request(tmp_path, "alpha", "beta", "gamma"), settings)
    out = tmp_path / "out"

    assert {pick.streamer for pick in result.picks} == {"Alpha", "Beta", "Gamma"}
    assert 20.0 <= result.durations_s.montage_total <= 40.0
    assert [listing.source for listing in result.listings] == ["gql"] * 3
    assert (result.count, result.candidates_count, result.left_out) == (len(result.picks), 15, ())
    assert all(Path(path).is_file() for path in result.paths)
    assert [Path(path).name[:3] for path in result.paths] == [f"{n:03}" for n in range(1, result.count + 1)]

    plan = read_plan(out / "plan.json")
    assert (plan.kind, plan.titles is not None, plan.transition and plan.transition.kind) == (
        "clip_montage",
        True,
        "fade",
    )
    assert plan.loudness is not None
    assert plan.loudness.target_lufs == -14.0
    assert [cut.title for cut in plan.cuts] == [pick.streamer for pick in result.picks]
    assert [cut.source for cut in plan.cuts] == [f"sources/{pick.id}.mp4" for pick in result.picks]
    report = check_montage(out / "montage.mp4", plan, out, truths(twitch, result))
    assert report.problems() == []

    videos = len(twitch.book.requests(VIDEOS))
    assert videos == result.count
    second = request(tmp_path, "alpha", "beta", "gamma", out=str(tmp_path / "second"), plan_only=True)
    again = run(second, settings)
    assert [pick.id for pick in again.picks] == [pick.id for pick in result.picks]
    assert len(twitch.book.requests(VIDEOS)) == videos
    assert twitch.book.refused == []


def test_everything_is_explained_and_credited(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    twitch.add(
        Clip(
            "AlphaAgain-abcdef",
            "alpha",
            Media(seconds=4),
            title="what a PLAY",
            created_at="-1h",
            curator="kim",
        ),
        Clip("TooLong-abcdef", "beta", Media(seconds=12), title="On and on", created_at="-2h"),
    )
    result = run(request(tmp_path, "alpha", "beta", max_clip_s=10.0, plan_only=True), settings)
    told = explained(result)
    by_id = {candidate["id"]: candidate for candidate in told["candidates"]}
    assert len(by_id) == 12
    kept, same = by_id["AlphaClip0-abcdef"], by_id["AlphaAgain-abcdef"]
    if kept["same_as"]:
        kept, same = same, kept
    assert (kept["votes"], kept["near_duplicates"], same["same_as"]) == (2, [same["id"]], kept["id"])
    assert "clipped by 2 people" in kept["reasons"]
    assert by_id["TooLong-abcdef"]["why_not"].startswith("is 12.0 s long, clips of 10 s or less")
    for candidate in by_id.values():
        assert candidate["picked"] is (candidate["why_not"] is None) is (candidate["cut"] is not None)
        assert set(candidate["components"]) >= {"views", "recency", "length"}
    assert told["streamers"][0]["source"] == "gql"

    credits_ = (tmp_path / "out" / "credits.txt").read_text(encoding="utf-8")
    chapters = (tmp_path / "out" / "chapters.txt").read_text(encoding="utf-8").splitlines()
    assert chapters[0].startswith("0:00 ")
    for pick in result.picks:
        assert pick.url in credits_
        assert pick.url in chapters
        assert f"{pick.streamer}: {pick.title}" in credits_
    assert "clipped by" in credits_
    assert result.montage_path is None
    assert not (tmp_path / "out" / "montage.mp4").exists()


def test_a_clip_that_is_gone_or_damaged_is_replaced_by_the_next_best(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    asked = request(tmp_path, "alpha", "beta", "gamma", plan_only=True)
    best = forecast_montage(asked, settings, SilentProgress()).picks
    gone, damaged = best[0].id, best[1].id
    twitch.fault(f"production.assets.clips.twitchcdn.net/v2/media/{gone}/*", "status", code=404, times=-1)
    twitch.fault(f"production.assets.clips.twitchcdn.net/v2/media/{damaged}/*", "corrupt", times=-1)
    result = run(asked, settings)
    assert not {gone, damaged} & {pick.id for pick in result.picks}
    assert result.durations_s.montage_total >= 20.0
    reasons = {lost.id: lost.reason for lost in result.left_out}
    assert "no video any more" in reasons[gone]
    assert "damaged" in reasons[damaged]
    assert "2 clips could not be used and are left out" in result.note
    by_id = {candidate["id"]: candidate for candidate in explained(result)["candidates"]}
    assert by_id[gone]["why_not"] == reasons[gone]


def test_nothing_but_damaged_clips_is_a_clear_error(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    twitch.fault(VIDEOS, "corrupt", times=-1)
    with pytest.raises(NothingFoundError, match=r"none of the clips can be used.*damaged"):
        run(request(tmp_path, "alpha"), settings)


def test_twitch_out_of_reach_ends_the_job_and_it_goes_on_later(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    fault = twitch.fault(VIDEOS, "status", code=503, times=-1)
    asked = request(tmp_path, "alpha", "beta", plan_only=True, min_duration_s=40.0, max_duration_s=60.0)
    with pytest.raises(SourceUnavailableError, match="503"):
        run(asked, settings.model_copy(update={"network_tries": 1}))
    fault.times = 0
    assert run(asked, settings).left_out == ()


def test_no_clips_in_the_period_are_told_with_the_cure(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    for clip in twitch.fixture.clips.values():
        clip.created_at = "-20d"
    with pytest.raises(NothingFoundError, match=r"no clips of alpha, beta of the last week.*--period"):
        run(request(tmp_path, "alpha", "beta"), settings)
    found = run(request(tmp_path, "alpha", period="month", plan_only=True), settings)
    assert found.count > 0


def test_a_streamer_without_clips_is_told_and_costs_nobody_else(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    for clip in twitch.fixture.clips.values():
        clip.created_at = "-20d" if clip.channel == "beta" else clip.created_at
    result = run(request(tmp_path, "alpha", "beta", plan_only=True), settings)
    assert "beta has no clips of that time" in result.note


def test_a_list_that_no_source_gives_is_told_as_missing(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    # Two tries of each of two sources fail for the first streamer, then Twitch is well again.
    twitch.fault("gql.twitch.tv/*", "status", code=503, times=4)
    result = run(request(tmp_path, "alpha", "beta", plan_only=True), settings)
    assert {pick.streamer for pick in result.picks} == {"Beta"}
    assert "the clips of alpha are missing: no source can give" in result.note


def test_when_twitch_answers_nobody_not_everyone_is_asked_for(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    twitch.fault("gql.twitch.tv/*", "status", code=404, times=-1)
    with pytest.raises(SourceUnavailableError, match="the clips of beta"):
        run(request(tmp_path, "alpha", "beta", "gamma"), settings)
    assert len(twitch.book.requests("gql.twitch.tv/*")) == 4  # two streamers, each of two sources
    with pytest.raises(SourceUnavailableError, match="no source can give the clip AlphaClip0"):
        run(request(tmp_path, clips=("AlphaClip0-abcdef",)), settings)


def test_an_unknown_streamer_is_named_before_anything_is_made(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownStreamerError, match="'nobody'"):
        run(request(tmp_path, "alpha", "nobody"), settings)
    assert not (tmp_path / "out" / "plan.json").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"streamer_names": ()}, "nobody is named"),
        ({"streamer_names": (" ", "")}, "nobody is named"),
        ({"streamer_names": ("a b",)}, "can't be a streamer's name"),
        ({"streamer_names": ("x" * 26,)}, "can't be a streamer's name"),
        ({"clips": ("https://www.twitch.tv/alpha",)}, "is no clip"),
        ({"files": ("no-such.mp4",)}, "is not a file"),
        ({"max_clips": 0}, "max_clips can't be 0"),
        ({"min_duration_s": 50.0, "max_duration_s": 40.0}, "longer than --max-duration"),
        ({"min_clip_s": 50.0, "max_clip_s": 40.0}, "min_clip_s is more"),
        ({"max_duration_s": float("nan")}, "not finite"),
    ],
)
def test_wrong_arguments_are_told(
    settings: Settings, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    asked = request(tmp_path, "alpha", **changes)
    with pytest.raises((UsageError, BadInputError), match=told):
        check(msgspec.to_builtins(asked), settings)


def test_names_are_trimmed_and_folded(settings: Settings, tmp_path: Path) -> None:
    asked = request(tmp_path, " Alpha ", "@alpha", "https://www.twitch.tv/ALPHA", "beta")
    job = check(msgspec.to_builtins(asked), settings)
    assert list(job.params["streamer_names"]) == ["alpha", "beta"]
    assert job.title == "alpha-beta"
    assert check(job.params, settings) == job  # what was checked is fit to be checked again


def test_single_clips_and_files_come_first(twitch: LocalTwitch, settings: Settings, tmp_path: Path) -> None:
    mine = tmp_path / "my clip.mp4"
    mine.write_bytes(twitch.media.clip_file(Clip("x", "x", Media(seconds=5, seed=77)), 180).read_bytes())
    address = "https://clips.twitch.tv/GammaClip4-abcdef"
    gone = "https://clips.twitch.tv/NeverWas-123456"
    result = run(
        request(tmp_path, "alpha", clips=(address, gone), files=(str(mine),), plan_only=True), settings
    )
    ids = [pick.id for pick in result.picks]
    assert "GammaClip4-abcdef" in ids
    assert f"file:{mine}" in ids
    assert [lost.id for lost in result.left_out] == ["NeverWas-123456"]
    plan = read_plan(tmp_path / "out" / "plan.json")
    assert "../my clip.mp4" in [cut.source for cut in plan.cuts]
    assert "my clip.mp4" in (tmp_path / "out" / "credits.txt").read_text(encoding="utf-8")


def test_what_was_shown_before_can_be_skipped(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    usual = {"min_duration_s": 4.0, "max_duration_s": 10.0}
    first = run(request(tmp_path, "alpha", **usual), settings)
    second = run(request(tmp_path, "alpha", out=str(tmp_path / "2"), skip_used=True, **usual), settings)
    shown = {pick.id for pick in first.picks}
    assert shown
    assert not shown & {pick.id for pick in second.picks}
    why = {candidate["id"]: candidate["why_not"] for candidate in explained(second)["candidates"]}
    assert {why[clip_id] for clip_id in shown} == {"was in an earlier montage"}
    with pytest.raises(NothingFoundError, match="earlier montage"):
        run(
            request(tmp_path, "alpha", out=str(tmp_path / "3"), skip_used=True, period="day"),
            used_up(settings),
        )


def used_up(settings: Settings) -> Settings:
    """The settings with a ledger in which all clips of alpha are."""
    lines = [
        json.dumps({"id": f"AlphaClip{n}-abcdef", "used_at": "2026-01-01T00:00:00Z", "folder": "elsewhere"})
        for n in range(5)
    ]
    (settings.data_dir / "used-clips.jsonl").write_text("\n".join([*lines, '{"cut off']))
    return settings


def test_a_finished_job_says_so_and_another_ones_folder_is_left_alone(
    settings: Settings, tmp_path: Path
) -> None:
    usual = {"min_duration_s": 4.0, "max_duration_s": 8.0}
    first = run(request(tmp_path, "alpha", **usual), settings)
    again = run(request(tmp_path, "alpha", **usual), settings)
    assert (first.status, again.status, again.picks) == ("done", "already done", first.picks)
    with pytest.raises(FolderInUseError):
        run(request(tmp_path, "beta", **usual), settings)
    assert run(request(tmp_path, "beta", overwrite=True, **usual), settings).status == "done"


def test_what_an_earlier_montage_was_cut_from_goes_with_it(settings: Settings, tmp_path: Path) -> None:
    usual = {"min_duration_s": 4.0, "max_duration_s": 8.0, "plan_only": True}
    sources = tmp_path / "out" / "sources"
    run(request(tmp_path, "alpha", **usual), settings)
    (sources / "mine.mp4").write_bytes(b"not the job's")
    run(request(tmp_path, "beta", overwrite=True, **usual), settings)
    assert [path.name[:4] for path in sorted(sources.iterdir())] == ["Beta", "mine"]


def test_clips_that_turn_out_too_short_are_told(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    twitch.add(Clip("Rounded-abcdef", "delta", Media(seconds=5.6, seed=50)))  # listed as 6 s long
    with pytest.raises(NothingFoundError, match=r"Rounded-abcdef, is 5\.6 s long"):
        run(request(tmp_path, "delta", min_clip_s=5.8), settings)


def test_a_dry_run_downloads_and_writes_nothing(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    result = forecast_montage(request(tmp_path, "alpha", "gamma"), settings, SilentProgress())
    assert (result.status, result.montage_path, result.paths) == ("dry run", None, ())
    assert 20.0 <= result.durations_s.montage_total <= 40.0
    assert not (tmp_path / "out").exists()
    assert twitch.book.requests(VIDEOS) == []


def test_titles_transition_and_loudness_can_be_left_out(settings: Settings, tmp_path: Path) -> None:
    asked = request(
        tmp_path,
        "alpha",
        apply_overlay=False,
        transition=TransitionKind.NONE,
        loudness_lufs=None,
        max_duration_s=9.0,
        min_duration_s=4.0,
    )
    result = run(asked, settings)
    plan = read_plan(tmp_path / "out" / "plan.json")
    assert (plan.titles, plan.transition, plan.loudness) == (None, None, None)
    with av.open(str(result.montage_path)) as container:
        assert container.streams.video[0].frames > 0


def test_a_card_opens_the_montage_and_is_no_clip(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path
) -> None:
    asked = request(tmp_path, "alpha", "beta", opening="加藤 week 47", max_duration_s=30.0)
    result = run(asked, settings)
    plan = read_plan(tmp_path / "out" / "plan.json")
    assert plan.cuts[0].source == "sources/001_加藤_week_47.mp4"
    assert plan.cuts[0].duration_s == pytest.approx(2.5, abs=0.05)
    assert result.durations_s.montage_total == pytest.approx(plan.duration_s, abs=0.1)
    assert 20.0 <= plan.duration_s <= 30.0
    assert result.count == len(result.picks) == len(plan.cuts) - 1
    with av.open(result.montage_path or "") as container:
        pictures = [
            frame.to_ndarray()[: frame.height].max()
            for _, frame in zip(range(20), container.decode(video=0), strict=False)
        ]
    assert min(pictures) > 200
    assert "week 47" not in (tmp_path / "out" / "credits.txt").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "chapters.txt").read_text(encoding="utf-8").startswith("0:00 title card\n")


def test_a_video_before_and_one_after_the_clips(
    twitch: LocalTwitch, settings: Settings, tiny_recording: Recordings, tmp_path: Path
) -> None:
    intro, outro = tiny_recording(duration_s=3.0, seed=31), tiny_recording(".mkv", duration_s=2.0, seed=32)
    asked = request(
        tmp_path,
        "alpha",
        intro=str(intro.path),
        outro=str(outro.path),
        min_duration_s=10.0,
        max_duration_s=16.0,
    )
    result = run(asked, settings)
    out = tmp_path / "out"
    plan = read_plan(out / "plan.json")
    assert 10.0 <= plan.duration_s <= 16.0
    first, *clips, last = plan.cuts
    assert [(out / cut.source).resolve() for cut in (first, last)] == [intro.path, outro.path]
    assert result.count == len(clips)
    known = truths(twitch, result) | {first.source: intro.truth, last.source: outro.truth}
    assert check_montage(out / "montage.mp4", plan, out, known).problems() == []
    chapters = (out / "chapters.txt").read_text(encoding="utf-8").splitlines()
    assert chapters[0] == "0:00 intro"
    assert chapters[-1].endswith(" outro")
    assert "tro" not in (out / "credits.txt").read_text(encoding="utf-8")


def test_an_opening_that_can_not_be_shown_is_told_at_once(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no font here can show"):
        check(msgspec.to_builtins(request(tmp_path, "alpha", opening="\U000f0123")), settings)
    with pytest.raises(UsageError, match="301 letters are too many for an opening; give 300 at most"):
        check(msgspec.to_builtins(request(tmp_path, "alpha", opening="a" * 301)), settings)
    check(msgspec.to_builtins(request(tmp_path, "alpha", opening="a" * 300)), settings)


def test_what_a_name_lacks_on_screen_is_told(
    twitch: LocalTwitch, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypecut.media.render.titles_complaint", lambda *_: "no font here can show 語.")
    result = run(request(tmp_path, "alpha", max_duration_s=12.0, min_duration_s=5.0), settings)
    assert "no font here can show 語" in result.note


def test_a_step_can_be_run_twice(settings: Settings, tmp_path: Path) -> None:
    job = check(msgspec.to_builtins(request(tmp_path, "alpha", plan_only=True)), settings)
    plan = tmp_path / "out" / "plan.json"
    run_pipeline(CLIP_MONTAGE, job, settings, SilentProgress())
    sources = [cut.source for cut in read_plan(plan).cuts]
    run_pipeline(CLIP_MONTAGE, job, settings, SilentProgress())
    assert [cut.source for cut in read_plan(plan).cuts] == sources


def test_the_engine_runs_it_as_any_job(twitch: LocalTwitch, settings: Settings, tmp_path: Path) -> None:
    asked = request(tmp_path, "alpha", "beta", min_duration_s=4.0, max_duration_s=10.0)
    with contextlib.closing(MemoryEngine(settings)) as engine:
        submitted = engine.submit(
            JobKind.CLIP_MONTAGE, check(json.loads(msgspec.json.encode(asked)), settings)
        )
        job = engine.run_next()
        assert job is not None
        assert (job.id, job.status, job.error) == (submitted.id, JobStatus.DONE, None)
        assert job.result is not None
        assert job.result["count"] == len(job.result["paths"]) > 0
        kinds = {output.kind for output in engine.get(job.id).outputs}
        inputs = engine.inputs(job.id)
    assert kinds >= {"montage", "plan", "explanation", "clip", "credits", "chapters", "timeline", "source"}
    assert len(inputs.clips) == 10
    shown = {clip.id: clip for clip in inputs.clips if clip.chosen}
    assert set(shown) == {pick["id"] for pick in job.result["picks"]}
    assert all(clip.why_not for clip in inputs.clips if not clip.chosen)
    for clip in shown.values():
        assert clip.title in TITLES
        assert (clip.views > 0, clip.created_at is not None, clip.url != "") == (True, True, True)
    assert [asset.kind for asset in inputs.assets] == ["clip"] * len(shown)
    for asset in inputs.assets:
        file, clip = Path(asset.path), shown[asset.meta["clip"]]
        assert (asset.size, asset.url) == (file.stat().st_size, clip.url)
        assert asset.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        # Probed: the file itself is a little longer or shorter than Twitch says.
        assert asset.duration_s == clip.duration_s > 3.5
