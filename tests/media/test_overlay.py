"""A name shown on a video: where, how long, and what is said when it can't be."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import av
import matplotlib
import numpy as np
import numpy.typing as npt
import pytest

from hypecut.errors import HypecutError, MediaError, UsageError
from hypecut.media.overlay import render_overlay
from hypecut.models import Cut, Plan
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

FPS = 30
CORNER = np.s_[-40:, :120]
SERIF = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSerif.ttf")


@pytest.fixture(scope="module")
def recording(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4", duration_s=6.0)


def pictures(path: Path) -> npt.NDArray[np.int16]:
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray()[: f.height].astype(np.int16) for f in container.decode(video=0)])


def change(before: npt.NDArray[np.int16], after: npt.NDArray[np.int16], frame: int) -> tuple[float, float]:
    """How much a frame differs in its lower left, and elsewhere."""
    differs = np.abs(before[frame] - after[frame]).astype(float)
    corner = float(differs[CORNER].mean())
    differs[CORNER] = 0
    return corner, float(differs.mean())


def test_a_name_shows_for_three_seconds_and_the_rest_is_copied(recording: Recording, tmp_path: Path) -> None:
    out = tmp_path / "new folder" / "named.mp4"
    result = render_overlay(recording.path, out, "加藤 Shroud")
    assert result.montage_path == str(out)
    assert result.warnings == ()
    assert [(cut.mode, cut.frames) for cut in result.cuts] == [("joined", 6 * FPS)]
    plan = Plan(version=1, cuts=(Cut(source=recording.path.name, start_s=0.0, end_s=6.0),))
    truths = {recording.path.name: recording.truth}
    assert check_montage(out, plan, recording.path.parent, truths).problems() == []
    before, after = pictures(recording.path), pictures(out)
    quiet = max(change(before, after, frame)[0] for frame in (100, 120, 170))
    for frame in (15, 45, 75):
        corner, elsewhere = change(before, after, frame)
        assert corner > 4 * max(1.0, quiet)
        assert elsewhere < 3.0
    fading = [change(before, after, frame)[0] for frame in (0, 2, 4, 6, 12)]
    assert fading == sorted(fading)
    assert fading[0] < 3.0


def test_how_long_how_large_and_in_which_font_can_be_said(recording: Recording, tmp_path: Path) -> None:
    usual, other = tmp_path / "usual.mp4", tmp_path / "other.mp4"
    render_overlay(recording.path, usual, "HHH", duration_s=1.0)
    render_overlay(str(recording.path), str(other), "HHH", duration_s=1.0, font=SERIF, letter_px=24)
    before = pictures(recording.path)
    heights = []
    for path in (usual, other):
        shown = pictures(path)
        letters = (shown[15] > 190) & (before[15] < 120)
        rows = np.nonzero(letters[100:, :120].any(axis=1))[0]
        heights.append(rows.max() - rows.min() + 1)
        assert change(before, shown, 40)[0] < 3.0
    assert heights[1] > 1.6 * heights[0]


def test_a_video_shorter_than_the_title_shows_it_to_its_end(
    tiny_recording: Recordings, tmp_path: Path
) -> None:
    short = tiny_recording(".mp4", duration_s=1.0)
    out = tmp_path / "named.mp4"
    assert render_overlay(short.path, out, "alpha").duration_s == pytest.approx(1.0)
    assert change(pictures(short.path), pictures(out), 29)[0] > 4.0


def test_what_a_font_lacks_is_told(recording: Recording, tmp_path: Path) -> None:
    result = render_overlay(recording.path, tmp_path / "named.mp4", "alpha \U000f0123", duration_s=0.5)
    assert len(result.warnings) == 1
    assert "\U000f0123" in result.warnings[0]


def test_a_video_that_is_there_is_replaced_only_when_that_is_said(
    recording: Recording, tmp_path: Path
) -> None:
    out = tmp_path / "named.mp4"
    out.write_bytes(b"mine")
    with pytest.raises(UsageError, match="there already"):
        render_overlay(recording.path, out, "alpha", duration_s=0.5)
    assert out.read_bytes() == b"mine"
    render_overlay(recording.path, out, "alpha", duration_s=0.5, overwrite=True)
    assert len(pictures(out)) == 6 * FPS


def test_the_video_itself_is_never_overwritten(recording: Recording) -> None:
    before = recording.path.read_bytes()
    with pytest.raises(UsageError, match="overwritten"):
        render_overlay(recording.path, recording.path, "alpha", overwrite=True)
    assert recording.path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"text": ""}, UsageError, "no text"),
        ({"text": " \n\t "}, UsageError, "no text"),
        ({"text": "\x00\u200b\ufeff"}, UsageError, "no text"),
        ({"text": "\U000f0123"}, UsageError, "no font here can show"),
        ({"duration_s": 0}, UsageError, "0 s"),
        ({"duration_s": -1.0}, UsageError, "-1 s"),
        ({"duration_s": math.nan}, UsageError, "nan s"),
        ({"duration_s": math.inf}, UsageError, "inf s"),
        ({"duration_s": 601}, UsageError, "at most 600"),
        ({"letter_px": 0}, UsageError, "can't be read"),
        ({"letter_px": -5}, UsageError, "can't be read"),
        ({"letter_px": 91}, UsageError, "at most 90"),
        ({"letter_px": 90, "text": "WWWWWW"}, UsageError, "no room"),
        ({"font": "no.ttf"}, MediaError, "isn't there"),
        ({"font": __file__}, MediaError, "can't be read as a font"),
        ({"source": "none.mp4"}, MediaError, "does not exist"),
        ({"source": __file__}, MediaError, "not a video"),
        ({"out": "named.mkv"}, UsageError, "MP4"),
        ({"out": "named"}, UsageError, "MP4"),
        ({"out": "."}, UsageError, "MP4"),
        ({"out": "folder.mp4"}, HypecutError, "folder"),
    ],
)
def test_what_can_not_be_done_is_said_and_leaves_nothing_behind(
    recording: Recording,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    error: type[HypecutError],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mp4").mkdir()
    given: dict[str, Any] = {"source": recording.path, "out": "named.mp4", "text": "alpha"} | changes
    with pytest.raises(error, match=says) as caught:
        render_overlay(**given)
    assert str(caught.value).endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.mp4"]
