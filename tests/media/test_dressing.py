"""Titles, transitions and loudness in a rendered montage."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.video.frame import VideoFrame

from hypecut.errors import MediaError
from hypecut.media.loudness import Measured, measure
from hypecut.media.render import RenderResult, render
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.support.counter import read_counter
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

FPS = 30
STARTS_S = (1.5, 4.5, 8.1)
LENGTH_S = 2.0


@pytest.fixture(scope="module")
def recording(tiny_recording: Recordings) -> Recording:
    return tiny_recording(".mp4")


def plan_of(recording: Recording, title: str = "", **dress: object) -> Plan:
    cuts = tuple(
        Cut(source=str(recording.path), start_s=start_s, end_s=start_s + LENGTH_S, title=title)
        for start_s in STARTS_S
    )
    return Plan(version=1, cuts=cuts, **dress)  # type: ignore[arg-type]


def rendered(plan: Plan, folder: Path) -> tuple[Path, RenderResult]:
    out = folder / "montage.mp4"
    return out, render(plan, folder, out, SilentProgress())


def pictures(path: Path) -> list[tuple[int | None, npt.NDArray[np.uint8]]]:
    """The counter and the luma of every frame."""
    with av.open(str(path)) as container:
        return [(read_counter(f), luma(f)) for f in container.decode(video=0)]


def luma(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray()[: frame.height], np.uint8)


def sound(path: Path) -> npt.NDArray[np.float32]:
    with av.open(str(path)) as container:
        return np.concatenate([np.asarray(f.to_ndarray()[0], np.float32) for f in container.decode(audio=0)])


def expected(number: int, frame: int) -> int:
    return round(STARTS_S[number] * FPS) + frame


def test_a_crossfade_overlaps_neighbours_by_its_duration(recording: Recording, tmp_path: Path) -> None:
    plan = plan_of(recording, transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5))
    out, result = rendered(plan, tmp_path)
    overlap, length = round(0.5 * FPS), round(LENGTH_S * FPS)
    shown = [number for number, _ in pictures(out)]
    assert len(shown) == 3 * length - 2 * overlap
    assert result.duration_s == pytest.approx(plan.duration_s) == pytest.approx(len(shown) / FPS)
    for number in range(3):
        at = number * (length - overlap)
        clear = range(overlap if number else 0, length - (overlap if number < 2 else 0))
        assert [shown[at + i] for i in clear] == [expected(number, i) for i in clear]


def test_a_crossfade_mixes_both_pictures_and_both_sounds(recording: Recording, tmp_path: Path) -> None:
    fade = Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5)
    (tmp_path / "plain").mkdir()
    plain, _ = rendered(plan_of(recording), tmp_path / "plain")
    mixed, _ = rendered(plan_of(recording, transition=fade), tmp_path)
    length, overlap = round(LENGTH_S * FPS), round(0.5 * FPS)
    cuts, joined = pictures(plain), pictures(mixed)
    middle = overlap // 2
    leaving = cuts[length - overlap + middle][1].astype(float)
    coming = cuts[length + middle][1].astype(float)
    share = (middle + 1) / (overlap + 1)
    wanted = leaving * (1 - share) + coming * share
    assert np.abs(joined[length - overlap + middle][1] - wanted).mean() < 4.0
    heard = sound(mixed)[int(1.5 * 48_000) : int(2.0 * 48_000)]
    assert 0.3 < np.std(heard) / np.std(sound(plain)[:48_000]) < 1.5


def test_a_fade_goes_through_black_at_joins_only(recording: Recording, tmp_path: Path) -> None:
    plan = plan_of(recording, transition=Transition(kind=TransitionKind.FADE, duration_s=0.6))
    out, _ = rendered(plan, tmp_path)
    length = round(LENGTH_S * FPS)
    brightness = [float(luma.mean()) for _, luma in pictures(out)]
    assert len(brightness) == 3 * length
    for join in (length, 2 * length):
        assert brightness[join] < 20
        assert brightness[join - 1] < brightness[join - 6] < brightness[join - 12] + 8
    assert min(brightness[0], brightness[-1]) > 25
    clear = range(12, length - 12)
    numbers = [number for number, _ in pictures(out)]
    assert [numbers[length + i] for i in clear] == [expected(1, i) for i in clear]


def test_titles_cover_only_cuts_that_have_one_and_the_rest_is_copied(
    recording: Recording, tmp_path: Path
) -> None:
    cuts = (
        Cut(source=str(recording.path), start_s=0.0, end_s=3.0, title="alpha"),
        Cut(source=str(recording.path), start_s=6.0, end_s=9.0),
    )
    plan = Plan(version=1, cuts=cuts, titles=Titles(duration_s=1.5))
    out, result = rendered(plan, tmp_path)
    assert [report.mode for report in result.cuts] == ["joined", "copied"]
    assert result.cuts[0].copied_frames >= 30
    report = check_montage(out, plan, tmp_path, {str(recording.path): recording.truth})
    assert report.problems() == []
    with av.open(str(recording.path)) as container:
        source = [
            f.to_ndarray()[: f.height] for f, _ in zip(container.decode(video=0), range(90), strict=False)
        ]
    shown = pictures(out)
    corner = np.s_[-40:, :120]
    covered = np.abs(shown[20][1][corner].astype(int) - source[20][corner]).mean()
    after = np.abs(shown[60][1][corner].astype(int) - source[60][corner]).mean()
    assert covered > 4 * after


def test_loudness_is_brought_to_the_target_and_pictures_are_still_copied(
    recording: Recording, tmp_path: Path
) -> None:
    cuts = (Cut(source=str(recording.path), start_s=0.0, end_s=3.0),)
    plan = Plan(version=1, cuts=cuts, loudness=Loudness(target_lufs=-24.0))
    out, result = rendered(plan, tmp_path)
    assert [report.mode for report in result.cuts] == ["copied"]
    with SourceReader(out) as source:
        assert measure(source, 0.0, 3.0).integrated_lufs == pytest.approx(-24.0, abs=0.7)


def test_a_cut_whose_loudness_can_not_be_measured_is_left_as_it_is(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(source: SourceReader, start_s: float, end_s: float) -> Measured:
        if start_s > 4:
            raise MediaError(f"{source.path} can't be read at 5.000 s.")
        return measure(source, start_s, end_s)

    monkeypatch.setattr("hypecut.media.loudness.measure", failing)
    _, result = rendered(plan_of(recording, loudness=Loudness(target_lufs=-24.0)), tmp_path)
    assert result.skipped == ()
    assert "loudness of cut 2 is left as it is" in caplog.text
    assert "cut 1" not in caplog.text


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_cut_shorter_than_the_crossfade_is_left_out(recording: Recording, tmp_path: Path, at: int) -> None:
    whole = plan_of(recording).cuts
    short = Cut(source=str(recording.path), start_s=6.0, end_s=6.3)
    cuts = (*whole[:at], short, *whole[at:2])
    fade = Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5)
    out, result = rendered(Plan(version=1, cuts=cuts, transition=fade), tmp_path)
    assert [report.cut for report in result.skipped] == [at + 1]
    assert "crossfade" in result.skipped[0].reason
    assert result.duration_s == pytest.approx(3.5)
    assert len(pictures(out)) == round(3.5 * FPS)
    assert len(sound(out)) == pytest.approx(3.5 * 48_000, abs=1024)


def grey(level: int) -> VideoFrame:
    frame = VideoFrame(64, 36, "yuv420p")
    for plane in frame.planes:
        plane.update(bytes([level]) * plane.buffer_size)
    return frame


def test_characters_without_a_sign_are_told_once(
    recording: Recording, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plan = plan_of(recording, title="alpha \U000f0123\u0378", titles=Titles(duration_s=0.5))
    rendered(plan, tmp_path)
    told = [message for message in caplog.messages if "no font here" in message]
    assert len(told) == 1
    assert "\U000f0123\u0378" in told[0]
