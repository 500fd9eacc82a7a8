"""Transitions as videos of their own: cards, fades and crossfades, and where they are written."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.errors import HypecutError, MediaError, UsageError
from hypecut.media.cards import card_frame, file_name, picture_format, with_cards, write_card
from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import plane_views
from hypecut.media.render import render
from hypecut.media.transitions import one_transition
from hypecut.models import Cut, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import turned
from tests.support.counter import read_counter
from tests.support.hearing import hear
from tests.support.recordings import Recording, Recordings

FPS = 30
SMALL = PictureFormat(320, 180, Fraction(FPS), color=(1, 1, 1, 1))


@pytest.fixture(scope="module")
def first(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4", duration_s=3.0)


@pytest.fixture(scope="module")
def second(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4", duration_s=3.0, seed=2)


def lumas(path: Path) -> list[npt.NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(f.to_ndarray()[: f.height], np.uint8) for f in container.decode(video=0)]


def counters(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_counter(frame) for frame in container.decode(video=0)]


def test_a_card_alone_comes_out_of_black_and_goes_back(tmp_path: Path) -> None:
    out = tmp_path / "card.mp4"
    result = one_transition("Shroud 加藤", out, picture=SMALL, card_s=2.0)
    shown = lumas(out)
    assert result.duration_s == pytest.approx(2.0)
    assert len(shown) == 2 * FPS
    brightest = [int(picture.max()) for picture in shown]
    assert brightest[0] < 20
    assert brightest[-1] < 40
    assert min(brightest[FPS // 2 + 1 : -FPS // 2 - 1]) > 220
    assert brightest[: FPS // 2] == sorted(brightest[: FPS // 2])
    middle = shown[FPS]
    rows, columns = np.nonzero(middle > 150)
    assert abs((columns.min() + columns.max()) / 2 - 160) < 4
    assert abs((rows.min() + rows.max()) / 2 - 90) < 12
    assert middle[:40].max() < 40
    heard = hear(out)
    assert heard is not None
    assert heard.end_s == pytest.approx(2.0, abs=0.03)
    assert np.abs(heard.samples).max() < 1e-3


def test_a_card_that_cuts_stands_all_the_time(tmp_path: Path) -> None:
    out = tmp_path / "card.mp4"
    one_transition("alpha", out, kind="none", picture=SMALL, card_s=0.5)
    assert [int(picture.max()) > 220 for picture in lumas(out)] == [True] * 15


def test_a_card_has_the_format_that_is_asked_for(tmp_path: Path) -> None:
    out = tmp_path / "card.mp4"
    picture = PictureFormat(360, 288, Fraction(50), "yuvj420p", Fraction(16, 11), (5, 6, 5, 2))
    write_card("alpha", out, picture, 0.4)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (stream.width, stream.height, stream.average_rate) == (360, 288, Fraction(50))
        assert (context.pix_fmt, stream.sample_aspect_ratio) == ("yuvj420p", Fraction(16, 11))
        assert (context.color_primaries, context.color_trc, context.colorspace) == (5, 6, 5)


def test_pixels_that_are_not_square_show_the_same_card() -> None:
    edges = []
    for picture in (PictureFormat(640, 360, Fraction(30)), PictureFormat(480, 360, Fraction(30))):
        wide = PictureFormat(picture.width, 360, Fraction(30), "yuv420p", Fraction(640, picture.width))
        columns = np.nonzero((plane_views(card_frame("alpha", wide))[0] > 150).any(axis=0))[0]
        edges.append((columns.min() / picture.width, columns.max() / picture.width))
    assert edges[0] == pytest.approx(edges[1], abs=0.01)


def test_in_a_folder_it_bears_the_texts_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for out, path in (("new/cards", "new/cards/al_pha_加.mp4"), (tmp_path, "al_pha_加.mp4"), ("", None)):
        result = one_transition("al/pha:加", out, picture=SMALL, card_s=0.2, overwrite=path is None)
        assert Path(result.montage_path) == (Path(out) / "al_pha_加.mp4")
        assert (tmp_path / "new/cards/al_pha_加.mp4").is_file()
    assert (tmp_path / "al_pha_加.mp4").is_file()


def test_a_fade_leads_from_one_video_to_another_through_black(
    first: Recording, second: Recording, tmp_path: Path
) -> None:
    out = tmp_path / "fade.mp4"
    result = one_transition("", out, before=first.path, after=second.path, duration_s=0.6)
    shown = lumas(out)
    assert len(shown) == 6 * FPS
    assert result.duration_s == pytest.approx(6.0)
    assert shown[3 * FPS].mean() < 20
    assert min(shown[0].mean(), shown[-1].mean()) > 25
    assert counters(out)[:80] == list(range(80))
    assert counters(out)[100:] == list(range(10, 90))


def test_a_crossfade_overlaps_two_videos(first: Recording, second: Recording, tmp_path: Path) -> None:
    out = tmp_path / "crossfade.mp4"
    kind = TransitionKind.CROSSFADE
    one_transition("", out, kind=kind, before=first.path, after=second.path, duration_s=0.5)
    shown = counters(out)
    assert len(shown) == 6 * FPS - 15
    assert shown[:75] == list(range(75))
    assert shown[90:] == list(range(15, 90))


def test_a_card_stands_between_two_videos(first: Recording, second: Recording, tmp_path: Path) -> None:
    out = tmp_path / "card.mp4"
    one_transition(
        "alpha", out, kind="crossfade", before=first.path, after=second.path, duration_s=0.5, card_s=2.0
    )
    shown = counters(out)
    assert len(shown) == 6 * FPS + 60 - 30
    assert shown[:75] == list(range(75))
    assert shown[90 + 30 + 15 :] == list(range(15, 90))
    assert lumas(out)[105][:40].max() < 40


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_card_opens_or_ends_a_video(first: Recording, tmp_path: Path, side: str) -> None:
    out = tmp_path / "card.mp4"
    one_transition("alpha", out, kind="none", card_s=1.0, **{side: first.path})  # type: ignore[arg-type]
    shown = counters(out)
    numbers = shown[:90] if side == "before" else shown[30:]
    assert numbers == list(range(90))
    assert len(shown) == 120


@pytest.mark.parametrize("degrees", [90, -90])
def test_a_card_beside_a_turned_video_stands_upright(first: Recording, tmp_path: Path, degrees: int) -> None:
    video, out = turned(first, tmp_path / "turned.mp4", degrees), tmp_path / "card.mp4"
    assert picture_format(video) == replace(picture_format(first.path), width=180, height=320)
    one_transition("alpha", out, kind="none", before=video, card_s=1.0)
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    # What is copied is still turned by the player, and so is the card beside it.
    assert {(frame.rotation, frame.width, frame.height) for frame in frames} == {(degrees, 320, 180)}
    assert [read_counter(frame) for frame in frames[:90]] == list(range(90))
    shown = np.rot90(frames[110].to_ndarray(format="gray"), degrees // 90).astype(np.int16)
    wanted = card_frame("alpha", picture_format(video)).to_ndarray(format="gray").astype(np.int16)
    assert np.abs(shown - wanted).mean() < 2


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"text": ""}, UsageError, "nothing to show"),
        ({"text": " \n"}, UsageError, "no text"),
        ({"text": "\U000f0123"}, UsageError, "no font here"),
        ({"kind": "wipe"}, UsageError, "none, fade, crossfade"),
        ({"duration_s": 0.0}, UsageError, "0 s"),
        ({"duration_s": math.nan}, UsageError, "nan s"),
        ({"duration_s": 11}, UsageError, "at most 10"),
        ({"card_s": 0.0}, UsageError, "0 s"),
        ({"card_s": math.inf}, UsageError, "inf s"),
        ({"text": "", "before": "first"}, UsageError, "nothing to show"),
        ({"kind": "crossfade", "before": "first", "duration_s": 2.0}, UsageError, "too short"),
        ({"before": "none.mp4"}, MediaError, "does not exist"),
        ({"after": __file__}, MediaError, "not a video"),
        ({"font": "none.ttf"}, MediaError, "isn't there"),
        ({"out": "card.webm"}, UsageError, "MP4"),
        ({"out": "there.mp4"}, UsageError, "there already"),
        ({"out": "first", "after": "first", "overwrite": True}, UsageError, "overwritten"),
        ({"picture": PictureFormat(2, 2, Fraction(30))}, UsageError, "no room"),
    ],
)
def test_what_can_not_be_done_is_said_and_leaves_nothing_behind(
    first: Recording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    error: type[HypecutError],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.mp4").write_bytes(b"mine")
    given: dict[str, Any] = {"text": "alpha", "out": "card.mp4", "picture": SMALL} | changes
    given = {key: first.path if value == "first" else value for key, value in given.items()}
    with pytest.raises(error, match=says) as caught:
        one_transition(**given)
    assert str(caught.value).endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["there.mp4"]
    assert Path("there.mp4").read_bytes() == b"mine"


def test_a_plan_takes_cards_as_sources(first: Recording, tmp_path: Path) -> None:
    cut = Cut(source=str(first.path), start_s=0.0, end_s=2.0, title="alpha")
    plan = Plan(
        version=1,
        cuts=(cut, cut, cut),
        titles=Titles(duration_s=0.5),
        transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=0.4),
    )
    carded = with_cards(plan, tmp_path, {0: "Week 47", 2: "beta"}, SMALL, 1.5)
    assert [c.source for c in carded.cuts if not c.title] == ["cards/001_Week_47.mp4", "cards/003_beta.mp4"]
    assert carded.transition == plan.transition
    out = tmp_path / "montage.mp4"
    result = render(carded, tmp_path, out, SilentProgress(), strict=True)
    assert result.duration_s == pytest.approx(carded.duration_s)
    assert carded.duration_s == pytest.approx(plan.duration_s + 2 * (1.5 - 0.4))
    shown = counters(out)
    at = 45 - 12
    assert shown[at + 15 : at + 48] == list(range(15, 48))
    assert lumas(out)[20][:40].max() < 40


@given(text=st.text(max_size=200))
@settings(derandomize=True)
def test_any_text_gives_a_name_for_a_file(text: str) -> None:
    name = file_name(text)
    assert name
    assert len(name) <= 60
    assert not set('/\\:*?"<>|\n\0 ') & set(name)
    assert name[0] not in ".-"
    assert name == file_name(name)
