"""Montages of each kind in real browsers and in FFmpeg, and what strict players look at: the sample table."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hypecut.models import Loudness, Transition, TransitionKind
from tests.playback import montages
from tests.playback.montages import Montage
from tests.support.browsers import chromium_page, firefox_driver, served
from tests.support.mp4 import picture_problems, read_tracks
from tests.support.recordings import NTSC_60, Recordings

PLAYER = Path(__file__).with_name("player.html")
# How long a wrong picture may stay before it counts: browsers decode in software, on machines that are busy.
PATIENCE_MS = 60_000
PLAY_S = 0.8
PLAY_RATES = (1.0, 0.5, 0.25)
# What a browser shows while it plays may lag what it says by some frames.
LAG_S = 0.3

CROSSFADED = {"transition": Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5), "loudness": Loudness()}
SPECIMENS: tuple[dict[str, Any], ...] = (
    {"width": 1920, "height": 1080, "fps": Fraction(60), "gop_frames": 120, "bitrate": 6_000_000},
    {"width": 1664, "height": 936, "fps": NTSC_60, "gop_frames": 120},
    {"suffix": ".ts", "width": 1280, "height": 720, "fps": Fraction(60)},
    {"suffix": ".mkv", "bframes": 0},
    {"suffix": ".flv", "gop_frames": 250, "bframes": 3},
)

Call = Callable[..., Any]


@contextmanager
def chromium(address: str) -> Iterator[Call]:
    """Calls a function of the player page in Chromium."""
    with chromium_page() as page:
        page.goto(f"{address}/{PLAYER.name}")
        yield lambda name, *given: page.evaluate(f"given => {name}(...given)", list(given))


@contextmanager
def firefox(address: str) -> Iterator[Call]:
    """Calls a function of the player page in Firefox."""
    with firefox_driver() as driver:
        driver.get(f"{address}/{PLAYER.name}")
        script = (
            "const [name, given, done] = arguments; window[name](...given).then(done, e => done(String(e)));"
        )
        yield lambda name, *given: driver.execute_async_script(script, name, list(given))


BROWSERS = {"chromium": chromium, "firefox": firefox}


@pytest.fixture(scope="module")
def made(tiny_recording: Recordings, tmp_path_factory: pytest.TempPathFactory) -> list[Montage]:
    folder = tmp_path_factory.mktemp("montages")
    shutil.copy(PLAYER, folder)
    return [make(tiny_recording, folder) for make in montages.KINDS]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("browser", BROWSERS)
def test_browsers_show_the_right_frame_round_every_join(made: list[Montage], browser: str) -> None:
    found: dict[str, list[str]] = {}
    with served(made[0].path.parent) as address, BROWSERS[browser](address) as call:
        for montage in made:
            # Firefox shows too few pictures of what it plays while other tests keep the machine busy.
            plays = browser != "firefox"
            url = f"{address}/{montage.path.name}"
            found[montage.kind] = playing_problems(call, url, montage, plays=plays)
    assert found == {montage.kind: [] for montage in made}


@pytest.mark.soak
@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize("dress", [{}, CROSSFADED], ids=("plain", "crossfaded"))
@pytest.mark.parametrize("changes", SPECIMENS, ids=str)
def test_browsers_play_what_streamers_record(
    tiny_recording: Recordings, tmp_path: Path, changes: dict[str, Any], dress: dict[str, Any], browser: str
) -> None:
    montage = montages.specimen("specimen", tiny_recording(**changes), tmp_path, **dress)
    shutil.copy(PLAYER, tmp_path)
    with served(tmp_path) as address, BROWSERS[browser](address) as call:
        assert playing_problems(call, f"{address}/{montage.path.name}", montage, near=8) == []


def playing_problems(call: Call, url: str, montage: Montage, near: int = 2, plays: bool = True) -> list[str]:
    """What is wrong when a browser seeks in a montage, and `plays` over its joins."""
    loaded = call("load", url)
    if loaded["error"]:
        return [f"not loaded: {loaded['error']}"]
    problems = []
    if abs(loaded["duration"] - montage.duration_s) > 0.1:
        problems.append(f"{loaded['duration']} s long, not {montage.duration_s}")
    places = [[shown.seen_s, shown.number] for shown in montage.around_joins(near)]
    # One by one: a driver waits only so long for an answer.
    wrong = [found for place in places for found in call("wrongAt", [place], PATIENCE_MS)]
    if wrong:
        problems.append(f"[time, number, shown]: {wrong[:5]}")
    for join in montage.joins if plays else ():
        problems += _played_problems(call, montage, join)
    return problems


def _played_problems(call: Call, montage: Montage, join: int) -> list[str]:
    """What is wrong when a browser plays over a join, at any speed.

    A busy machine leaves pictures out, and shows others later than it says: the less, the slower it plays.
    """
    found: list[str] = []
    for rate in PLAY_RATES:
        found = _played_problems_at(rate, call, montage, join)
        if not found:
            break
    return found


def _played_problems_at(rate: float, call: Call, montage: Montage, join: int) -> list[str]:
    before = join - 1
    while montage.frames[before].number is None:
        before -= 1
    at_s = montage.frames[join].start_s
    from_s, to_s = montage.frames[before].start_s - PLAY_S, at_s + PLAY_S
    result = call("played", from_s, to_s, rate, PATIENCE_MS)
    seen = [(time_s, number) for time_s, number in result["seen"] if not _mixed(montage, time_s)]
    shown_s = [_place_s(montage, time_s, number) for time_s, number in seen]
    found = [
        (bool(result["error"]), f"stopped: {result['error']}"),
        (result["reached"] < to_s - LAG_S, f"came from {from_s} s to {result['reached']} s only"),
        (any(b < a for a, b in pairwise(shown_s)), f"goes back: {shown_s}"),
        (not seen or not min(shown_s) < at_s <= max(shown_s), f"shows one side: {seen}"),
        (
            any(abs(time_s - at_s) > LAG_S for (time_s, _), at_s in zip(seen, shown_s, strict=True)),
            f"[said, shown]: {list(zip(seen, shown_s, strict=True))}",
        ),
    ]
    return [text for bad, text in found if bad]


def _mixed(montage: Montage, time_s: float) -> bool:
    """Whether what is shown about then may be two pictures in one."""
    return any(f.number is None and f.start_s - LAG_S < time_s < f.end_s + LAG_S for f in montage.frames)


def _place_s(montage: Montage, time_s: float, number: int) -> float:
    """When the montage shows that number, next to `time_s`; -1 when it never does."""
    places = [frame.start_s for frame in montage.frames if frame.number == number]
    return min(places, key=lambda start_s: abs(start_s - time_s), default=-1.0)


def test_ffmpeg_decodes_them_without_a_word(made: list[Montage]) -> None:
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed; scripts/test_tools.sh installs it")
    for montage in made:
        command = [ffmpeg, "-v", "warning", "-nostdin", "-xerror", "-i", str(montage.path), "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), montage.kind


def test_sample_tables_are_what_strict_players_ask_for(made: list[Montage]) -> None:
    for montage in made:
        tracks, boxes = read_tracks(montage.path)
        # A player on the web reads the index first.
        assert boxes.index("moov") < boxes.index("mdat"), montage.kind
        assert [track.kind for track in tracks] == ["vide", *(["soun"] if montage.sounds else [])], (
            montage.kind
        )
        picture, *sounds = tracks
        assert picture_problems(montage.path, picture) == [], montage.kind
        first = min(picture.presented)
        shown_s = [(at - first) / picture.scale for at in sorted(picture.presented)]
        assert shown_s == pytest.approx([shown.start_s for shown in montage.frames], abs=montage.loose_s), (
            montage.kind
        )
        length_s = picture.edits[0][0] / picture.movie_scale
        assert length_s == pytest.approx(montage.duration_s, abs=0.05), montage.kind
        for sound in sounds:
            assert set(sound.durations[:-1]) == {1024}, montage.kind
            assert sum(sound.durations) / sound.scale == pytest.approx(montage.duration_s, abs=0.05), (
                montage.kind
            )
            assert sound.syncs is None, montage.kind
