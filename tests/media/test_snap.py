from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hypecut.errors import MediaError
from hypecut.media.inspect import inspect_cut
from hypecut.media.snap import Picture, closed_ends, exact_bounds, snap
from hypecut.media.source import SourceReader
from tests.media.rendering import cut_of, encoded, rendered, snapped
from tests.support.recordings import NTSC_60, Recording, Recordings

repeatable = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
TOLERANCE_S = 0.001


@pytest.fixture(scope="module")
def recording(tiny_recording: Recordings) -> Recording:
    """Keyframes every 1.5 s, with B-frames."""
    return tiny_recording()


@pytest.fixture(scope="module")
def source(recording: Recording) -> Iterator[SourceReader]:
    with SourceReader(recording.path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("window", "start_s"), [((2.2, 3.3), 1.5), ((3.0, 4.0), 3.0), ((2.9995, 4.0), 3.0), ((2.99, 4.0), 1.5)]
)
def test_the_start_is_the_keyframe_at_or_before(
    source: SourceReader, window: tuple[float, float], start_s: float
) -> None:
    start, end = snap(source, *window)
    assert start == pytest.approx(start_s)
    assert window[1] - TOLERANCE_S <= end <= window[1] + 5


@repeatable
@given(st.floats(0, 11.5), st.floats(0.05, 8))
def test_snapped_windows_contain_the_asked_one_and_are_copyable(
    source: SourceReader, start_s: float, length_s: float
) -> None:
    end_s = start_s + length_s
    start, end = snap(source, start_s, end_s)
    assert start_s - 5 <= start <= start_s + TOLERANCE_S
    assert min(end_s, 12.0) - TOLERANCE_S <= end <= end_s + 5
    found = inspect_cut(source, 1, cut_of(source.path, start, end))
    assert found.copyable
    assert float(found.clock.seconds(found.first)) == pytest.approx(start)
    assert float(found.clock.seconds(found.end)) == pytest.approx(end)


@repeatable
@given(st.floats(0, 11.5), st.floats(0.05, 8))
def test_snapping_twice_changes_nothing(source: SourceReader, start_s: float, length_s: float) -> None:
    once = snap(source, start_s, start_s + length_s)
    assert snap(source, *once) == once


@settings(parent=repeatable, max_examples=6)
@given(st.lists(st.tuples(st.floats(0, 11), st.floats(0.1, 2)), min_size=1, max_size=4))
def test_whatever_is_snapped_is_copied(
    recording: Recording, tmp_path: Path, windows: list[tuple[float, float]]
) -> None:
    cuts = snapped(recording.path, [(start_s, start_s + length_s) for start_s, length_s in windows])
    _, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.copied_fraction == 1.0
    assert [problem for problem in report.problems() if "sound" not in problem] == []


@pytest.mark.parametrize(
    ("suffix", "fps"),
    [
        (".mp4", Fraction(30)),
        (".mkv", Fraction(30)),
        (".mkv", NTSC_60),
        (".ts", Fraction(30)),
        (".flv", Fraction(30)),
    ],
)
def test_the_end_of_the_source_is_a_place_to_stop(
    tiny_recording: Recordings, suffix: str, fps: Fraction
) -> None:
    made = tiny_recording(suffix, fps=fps)
    with SourceReader(made.path) as source:
        start, end = snap(source, 10.2, source.duration_s)
        assert end == pytest.approx(float(made.spec.frames / fps))
        assert inspect_cut(source, 1, cut_of(made.path, start, end)).copyable


def test_a_keyframe_too_far_back_leaves_the_window_exact(tiny_recording: Recordings) -> None:
    with SourceReader(tiny_recording(gop_frames=360).path) as source:
        assert snap(source, 7.01, 8.5) == pytest.approx((7.0, 8.5))
        assert snap(source, 2.2, 3.3)[0] == 0.0
        assert snap(source, 2.2, 3.3, max_shift_s=1.0) == pytest.approx((2.2, 3.3))


def test_an_exact_window_of_an_irregular_source_stays_as_it_is(tmp_path: Path) -> None:
    stamps = [i * 40 + (13 if i % 3 else 0) for i in range(90)]
    with SourceReader(encoded(tmp_path / "irregular.mkv", stamps, Fraction(1, 1000))) as source:
        assert exact_bounds(source, 1.01, 2.03) == (1.01, 2.03)


def test_open_groups_of_pictures_leave_the_window_exact(tiny_recording: Recordings) -> None:
    with SourceReader(tiny_recording(open_gop=True, bframes=3).path) as source:
        assert snap(source, 6.2, 7.5) == pytest.approx((6.2, 7.5))


def test_what_cannot_be_copied_stays_exact(tmp_path: Path) -> None:
    path = encoded(tmp_path / "old.mp4", range(90), Fraction(1, 30), codec="mpeg4", options={"g": "30"})
    with SourceReader(path) as source:
        assert snap(source, 1.51, 2.5) == pytest.approx((1.5, 2.5))


def test_exact_bounds_are_frame_times_inside_the_source(source: SourceReader) -> None:
    assert exact_bounds(source, 1.01, 2.01) == pytest.approx((1.0, 2.0 + 1 / 30))
    assert exact_bounds(source, 0.0, 99.0) == (0.0, 12.0)
    with pytest.raises(MediaError, match=r"ends at 12\.000 s"):
        exact_bounds(source, 12.5, 13.0)


def test_closed_ends() -> None:
    # I0 P3 B1 B2 P6 B4 B5: one may stop where the next picture to decode is also the next to show.
    pictures = [Picture(unit, unit + 1, unit == 0) for unit in (0, 3, 1, 2, 6, 4, 5)]
    assert closed_ends(pictures) == [1, 4, 7]
    assert closed_ends([]) == []
