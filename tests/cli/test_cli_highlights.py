from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hypecut.jobs.requests import HighlightsRequest
from hypecut.models import TransitionKind
from hypecut.settings import Settings
from tests.cli.conftest import Cli, one_sentence


class Job:
    """Stands in for the job: keeps the request it got, and hands out a made-up result."""

    def __init__(self) -> None:
        self.requests: list[HighlightsRequest] = []
        self.settings: Settings | None = None
        self.result: dict[str, Any] = {
            "status": "done",
            "out": "o",
            "montage_path": "o/montage.mp4",
            "plan_path": "o/plan.json",
            "clips_count": 2,
            "durations_s": SimpleNamespace(vod_total=7200.0, montage_total=493.2),
            "note": "",
            "forecast": None,
            "incomplete": [],
            "picks": [
                SimpleNamespace(
                    start_s=3723.0, end_s=3751.0, score=0.834, reasons=["60 chatters", "KEKW x41"]
                )
            ],
        }

    def __call__(self, request: HighlightsRequest, settings: Settings, progress: Any) -> Any:
        self.requests.append(request)
        self.settings = settings
        progress.start("cutting", 10.0)
        progress.finish()
        return SimpleNamespace(**self.result)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    job = Job()
    monkeypatch.setattr("hypecut.jobs.highlights.run_highlights_durably", job)
    monkeypatch.setattr("hypecut.jobs.highlights.forecast_highlights", job)
    return job


@pytest.fixture
def vod(home: Path) -> Path:
    (home / "chat.json").write_text("{}")
    path = home / "vod.mp4"
    path.write_bytes(b"")
    return path


def test_defaults(cli: Cli, job: Job, vod: Path) -> None:
    assert cli("highlights", vod).code == 0
    assert job.requests == [
        HighlightsRequest(
            vod=str(vod), chat=None, out=None, from_s=None, to_s=None, min_duration_s=480, max_duration_s=600
        )
    ]


def test_every_option_reaches_the_job(cli: Cli, job: Job, vod: Path) -> None:
    options = (
        "--chat chat.json --out o --keyword gg --keyword KEKW --from 1:00 --to 1h02m --chat-offset -2.5 "
        "--exact --full --plan-only --min-duration 90 --max-duration 2m --title --transition fade "
        "--loudness -14 --overwrite --exclude 10:00-11:30 --exclude 1h-1h0m30s "
        "--vod-start 2026-11-19T18:00:00Z --allow-partial-chat --intro i.mp4 --outro o.mp4"
    )
    assert cli("highlights", vod, *options.split()).code == 0
    assert job.requests == [
        HighlightsRequest(
            vod=str(vod),
            chat="chat.json",
            out="o",
            keywords=("gg", "KEKW"),
            from_s=60,
            to_s=3720,
            chat_offset_s=-2.5,
            exact=True,
            full=True,
            plan_only=True,
            overwrite=True,
            min_duration_s=90,
            max_duration_s=120,
            titles=True,
            transition=TransitionKind.FADE,
            loudness_lufs=-14,
            exclude=((600, 690), (3600, 3630)),
            vod_start=datetime(2026, 11, 19, 18, tzinfo=UTC),
            allow_partial_chat=True,
            intro="i.mp4",
            outro="o.mp4",
        )
    ]


def test_several_files_are_parts_in_order(cli: Cli, job: Job, vod: Path) -> None:
    second = vod.with_name("part 2.mp4")
    second.write_bytes(b"")
    assert cli("highlights", vod, second).code == 0
    assert (job.requests[0].vod, job.requests[0].more_parts) == (str(vod), (str(second),))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--exclude", "1:00"], "--exclude: '1:00' is not a range"),
        (["--exclude", "1:00-x"], "--exclude: 'x' is not a time"),
        (["--vod-start", "yesterday"], "--vod-start: 'yesterday' is not a date and time"),
    ],
)
def test_wrong_ranges_and_dates(cli: Cli, job: Job, vod: Path, options: list[str], words: str) -> None:
    outcome = cli("highlights", vod, *options)
    assert (outcome.code, job.requests) == (2, [])
    assert words in outcome.err


def test_a_dry_run_is_told_as_one(cli: Cli, job: Job, vod: Path) -> None:
    forecast = SimpleNamespace(output_bytes=1_200_000_000, free_bytes=5e10, copied_cuts=1, encoded_cuts=1)
    job.result |= {"forecast": forecast}
    told = cli("highlights", vod, "--dry-run").out
    assert "would make" in told
    assert "1 copied and 1 encoded" in told
    assert "1,200 MB (50,000 MB are free); nothing was written" in told


def test_settings_stand_in_for_options(
    cli: Cli, job: Job, vod: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPECUT_MAX_DURATION_S", "2m")
    monkeypatch.setenv("HYPECUT_KEYWORDS", "gg,KEKW")
    cli("highlights", vod)
    cli("highlights", vod, "--max-duration", "3m", "--keyword", "pog")
    assert [(r.max_duration_s, r.min_duration_s, r.keywords) for r in job.requests] == [
        (120, 96, ("gg", "KEKW")),
        (180, 144, ("pog",)),
    ]


def test_people_are_told_what_was_made_and_why(cli: Cli, job: Job, vod: Path) -> None:
    job.result |= {
        "note": "only 8 moments stand out.",
        "incomplete": [SimpleNamespace(cut=3, source="vod.mp4", mode="encoded", reason="damaged")],
    }
    outcome = cli("highlights", vod)
    assert "o/montage.mp4 (8:13, cuts: 2)" in outcome.out
    assert "1:02:03  1:02:31   0.83  60 chatters; KEKW x41" in outcome.out
    assert "only 8 moments stand out." in outcome.err
    assert "cut 3, from vod.mp4, is shorter than planned: damaged" in outcome.err


def test_a_finished_job_is_named(cli: Cli, job: Job, vod: Path) -> None:
    job.result["status"] = "already done"
    outcome = cli("highlights", vod)
    assert outcome.code == 0
    assert "already done: o/montage.mp4" in outcome.out


def test_progress_goes_to_stderr(cli: Cli, job: Job, vod: Path) -> None:
    outcome = cli("highlights", vod)
    assert [json.loads(line)["step"] for line in outcome.err.splitlines()] == ["cutting", "cutting"]


def test_json_result(cli: Cli, vod: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = {"status": "done", "picks": [{"score": math.nan}]}
    monkeypatch.setattr("hypecut.jobs.highlights.run_highlights_durably", lambda *_: result)
    outcome = cli("highlights", vod, "--json")
    assert json.loads(outcome.out) == {"status": "done", "picks": [{"score": None}]}


@pytest.mark.parametrize(
    "address",
    ["https://www.twitch.tv/videos/2400000001", "twitch.tv/videos/2400000001", "2400000001", "v2400000001"],
)
def test_a_twitch_vod_goes_by_one_address(cli: Cli, job: Job, address: str) -> None:
    outcome = cli("highlights", address)
    assert outcome.code == 0
    assert [request.vod for request in job.requests] == ["https://www.twitch.tv/videos/2400000001"]


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (("no.mp4",), "no.mp4"),
        ((".",), "folder"),
        (("vod.mp4", "--chat", "no.json"), "no.json"),
        (("vod.mp4", "--from", "1:75"), "--from"),
        (("vod.mp4", "--to", "later"), "--to"),
        (("vod.mp4", "--chat-offset", "soon"), "--chat-offset"),
        (("vod.mp4", "--min-duration", "-1"), "--min-duration"),
        (("vod.mp4", "--max-duration", "0"), "--max-duration"),
        (("vod.mp4", "--min-duration", "9m", "--max-duration", "8m"), "max_duration_s"),
    ],
)
def test_a_wrong_value_is_named(cli: Cli, job: Job, vod: Path, args: tuple[str, ...], named: str) -> None:
    outcome = cli("highlights", *args)
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert named in outcome.err
    assert not job.requests
