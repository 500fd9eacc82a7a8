"""A name on a video and a title card, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from tests.cli.conftest import Cli, one_sentence
from tests.support.recordings import Recording, Recordings


@pytest.fixture(scope="module")
def video(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4", duration_s=3.0)


def facts(path: Path) -> tuple[int, int, int]:
    """Width, height and frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, stream.frames


def test_overlay_names_what_it_made_and_what_it_can_not_show(cli: Cli, video: Recording) -> None:
    outcome = cli("overlay", video.path, "Shroud \U000f0123", "named.mp4", "--duration", "1s")
    assert outcome.code == 0
    assert outcome.out == "named.mp4 (0:03)\n"
    assert "\U000f0123" in outcome.err
    assert facts(Path("named.mp4")) == (320, 180, 90)


def test_card_alone_takes_the_format_of_another_video(cli: Cli, video: Recording) -> None:
    outcome = cli("card", "Best of the week", "cards", "--like", video.path, "--duration", "2", "--json")
    assert outcome.code == 0
    result = json.loads(outcome.out)
    assert result["montage_path"] == str(Path("cards", "Best_of_the_week.mp4"))
    assert facts(Path(result["montage_path"])) == (320, 180, 60)


def test_card_joins_two_videos(cli: Cli, video: Recording) -> None:
    args = ("--before", video.path, "--after", video.path, "--transition", "crossfade")
    assert cli("card", "", "both.mp4", *args).code == 0
    assert facts(Path("both.mp4")) == (320, 180, 2 * 90 - 15)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("overlay", "none.mp4", "alpha", "o.mp4"), "none.mp4 does not exist"),
        (("overlay", "VIDEO", " ", "o.mp4"), "no text"),
        (("overlay", "VIDEO", "alpha", "o.mp4", "--duration", "0"), "0 s"),
        (("overlay", "VIDEO", "alpha", "o.mp4", "--duration", "soon"), "--duration"),
        (("overlay", "VIDEO", "alpha", "o.mp4", "--letter-px", "3"), "3 pixels"),
        (("overlay", "VIDEO", "alpha", "o.mkv"), "MP4"),
        (("card", "", "o.mp4"), "nothing to show"),
        (("card", "alpha", "o.mp4", "--font", "none.ttf"), "none.ttf"),
        (("card", "alpha", "o.mp4", "--like", "none.mp4"), "none.mp4 does not exist"),
    ],
)
def test_a_mistake_gets_one_sentence(cli: Cli, video: Recording, args: tuple[str, ...], says: str) -> None:
    outcome = cli(*(str(video.path) if arg == "VIDEO" else arg for arg in args))
    assert outcome.code == 2
    assert one_sentence(outcome.err)
    assert says in outcome.err
    assert not Path("o.mp4").exists()
