"""`hypecut montage` on the local Twitch and on files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, one_sentence
from tests.support.recordings import Recordings
from tests.twitch import Clip as ServedClip
from tests.twitch import LocalTwitch, Media

SLUG = "BraveHumanClipOne-aaaaaaaaaaaaaaaa"


@pytest.fixture
def online(twitch: LocalTwitch, home: Path, monkeypatch: pytest.MonkeyPatch) -> LocalTwitch:
    """The command line's network leads to the local Twitch."""
    monkeypatch.setenv("HYPECUT_PROXY", twitch.proxy)
    monkeypatch.setenv("HYPECUT_CA_FILE", str(twitch.ca_file))
    monkeypatch.setenv("HYPECUT_CLIP_SOURCES", "gql")
    return twitch


def test_names_and_addresses_become_a_plan_with_reasons(online: LocalTwitch, cli: Cli, home: Path) -> None:
    online.add(ServedClip("BetaBest-123456", "beta", Media(seconds=7, seed=9), title="Beta at its best"))
    outcome = cli("montage", "alpha", "Beta", f"https://clips.twitch.tv/{SLUG}", "--plan-only")
    assert outcome.code == 0, outcome.err
    assert "Beta at its best" in outcome.out
    assert "median of Alpha" in outcome.out
    assert "alpha-beta-" in outcome.out
    assert "is shorter than the 8:00 asked for" in outcome.err
    plan = json.loads((home / f"alpha-beta-{SLUG}-montage" / "plan.json").read_text())
    assert plan["transition"]["kind"] == "fade"
    assert {cut["title"] for cut in plan["cuts"]} == {"Alpha", "Beta"}


def test_a_dry_run_says_what_would_be_made(online: LocalTwitch, cli: Cli, home: Path) -> None:
    outcome = cli("montage", "alpha", "--period", "week", "--dry-run", "--no-title", "--transition", "none")
    assert outcome.code == 0
    assert "would make alpha-montage/montage.mp4 (0:22, clips: 3); nothing was" in outcome.out.replace(
        f"{home}/", ""
    )
    assert not (home / "alpha-montage").exists()


def test_the_best_of_each_and_the_number_can_be_limited(online: LocalTwitch, cli: Cli) -> None:
    options = ["--per-streamer-k", "1", "--scrape-pool-size", "2", "--max-clips", "1", "--dry-run", "--json"]
    result = json.loads(cli("montage", "alpha", *options).out)
    assert result["count"] == 1
    assert result["candidates_count"] == 2


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (["nobody"], 2, "there is no streamer 'nobody'"),
        (["beta"], 3, "no clips of beta of the last week"),
        (["no good name"], 2, "can't be a streamer's name"),
        (["missing.mp4"], 2, "missing.mp4 is not a file"),
        (["https://evil.example/alpha"], 2, "no channel or clip on Twitch"),
        (["alpha", "--period", "year"], 2, "'year' is not one of"),
        (["alpha", "--loudness", "loud"], 2, "--loudness 'loud'"),
        (["alpha", "--max-clips", "0"], 2, "--max-clips can't be"),
        (["alpha", "--from", "yesterday"], 2, "--from: 'yesterday' is not a date"),
        (["alpha", "--from", "2026-01-02", "--to", "2026-01-01"], 2, "swap the two"),
    ],
)
def test_mistakes_get_one_sentence(
    online: LocalTwitch, cli: Cli, args: list[str], code: int, told: str
) -> None:
    outcome = cli("montage", *args)
    last = outcome.err.splitlines(keepends=True)[-1]
    assert (outcome.code, outcome.out) == (code, "")
    assert told in last
    assert one_sentence(last)


def test_too_little_in_files_is_told_with_what_helps_files(
    cli: Cli, home: Path, tiny_recording: Recordings
) -> None:
    for number in (1, 2):
        made = tiny_recording(duration_s=0.6, seed=90 + number)
        (home / f"short{number}.mp4").write_bytes(made.path.read_bytes())
    files = ("short1.mp4", "short2.mp4")
    outcome = cli("montage", *files, "--dry-run")
    assert outcome.code == 0
    assert "give more clips or files, or a shorter --min-duration" in outcome.err
    assert "--period" not in outcome.err
    crossed = cli("montage", *files, "--transition", "crossfade", "--dry-run")
    last = crossed.err.splitlines(keepends=True)[-1]
    assert (crossed.code, one_sentence(last)) == (3, True)
    assert f"the best, {home / 'short1.mp4'}, is too short (0.6 s) for a crossfade" in last
    assert "take longer ones, or another --transition" in last


def test_a_file_that_is_no_video_is_told_in_words(cli: Cli, home: Path) -> None:
    (home / "notes.mp4").write_text("no video")
    outcome = cli("montage", "notes.mp4", "--dry-run")
    assert outcome.code == 3
    assert "notes.mp4 is damaged or no video (Invalid data found" in outcome.err
    assert "Errno" not in outcome.err


def test_twitch_failing_is_told_with_each_sources_reason(online: LocalTwitch, cli: Cli) -> None:
    online.fault("gql*", "gql_error", message="service error", times=-1)
    outcome = cli("montage", "alpha", "--dry-run")
    assert outcome.code == 4
    assert "no source can give the clips of alpha (gql: " in outcome.err
