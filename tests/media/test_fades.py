"""Fades and crossfades on real frames."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.fades import Bytes, blend, copy_of, fade_share, fade_to_black, plane_views

SIZES = [(1920, 1080), (64, 48), (853, 481), (1, 1), (7, 3), (4000, 2)]


def noise(width: int, height: int, pix_fmt: str = "yuv420p", seed: int = 1) -> VideoFrame:
    frame = VideoFrame(width, height, pix_fmt)
    values = np.random.default_rng(seed)
    for plane in plane_views(frame):
        plane[...] = values.integers(0, 256, plane.shape)
    frame.pts, frame.time_base = 77, Fraction(1, 1000)
    return frame


def planes(frame: VideoFrame) -> list[Bytes]:
    return [plane.copy() for plane in plane_views(frame)]


def same(a: list[Bytes], b: list[Bytes]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize(("pix_fmt", "black"), [("yuv420p", 16), ("yuvj420p", 0)])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9])
def test_a_faded_frame_is_as_bright_as_wanted(
    width: int, height: int, pix_fmt: str, black: int, share: float
) -> None:
    frame = noise(width, height, pix_fmt)
    before = planes(frame)
    out = plane_views(fade_to_black(frame, share))
    for view, source, level in zip(out, before, (black, 128, 128), strict=True):
        exact = source.astype(float) * share + level * (1 - share)
        assert np.abs(view - exact).max() <= 1.01
    assert same(before, planes(frame))


def test_the_range_a_decoder_tells_decides_what_black_is() -> None:
    frame = noise(64, 48)
    frame.color_range = 2
    assert plane_views(fade_to_black(frame, 0.0))[0].max() == 0


def test_copies_live_as_long_as_they_are_held() -> None:
    frames = [noise(64, 48, seed=seed) for seed in range(20)]
    frames[7].color_range = 2
    copies = [copy_of(frame) for frame in frames]
    for frame, copy in zip(frames, copies, strict=True):
        assert same(planes(frame), planes(copy))
        assert (copy.pts, copy.time_base, copy.color_range) == (77, Fraction(1, 1000), frame.color_range)
    for view in plane_views(copies[0]):
        view[...] = 0
    assert same(planes(frames[0]), planes(noise(64, 48, seed=0)))
    assert same(planes(copies[1]), planes(frames[1]))


def test_full_brightness_leaves_the_frame_alone() -> None:
    frame = noise(64, 48)
    assert fade_to_black(frame, 1.0) is frame


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.75, 1.0])
def test_a_blend_is_the_mean_of_both(width: int, height: int, share: float) -> None:
    a, b = noise(width, height), noise(width, height, seed=2)
    before = planes(a), planes(b)
    out = blend(a, b, share)
    for view, first, second in zip(plane_views(out), *before, strict=True):
        exact = first * (1 - share) + second * share
        assert np.abs(view - exact).max() <= 1.01
    assert same(before[0], planes(a))
    assert same(before[1], planes(b))


def test_the_ends_of_a_crossfade_are_the_frames_themselves() -> None:
    a, b = noise(853, 481), noise(853, 481, seed=2)
    assert blend(a, b, 0.0) is a
    assert same(planes(blend(a, b, 1.0)), planes(b))


def test_one_grey_stays_that_grey() -> None:
    frame = noise(64, 48)
    for plane in plane_views(frame):
        plane[...] = 90
    for share in np.linspace(0, 1, 33):
        assert all((view == 90).all() for view in plane_views(blend(frame, frame, float(share))))


def test_time_and_colours_are_kept() -> None:
    a, b = noise(64, 48), noise(64, 48, seed=2)
    a.colorspace, a.color_range, a.color_primaries, a.color_trc = 1, 1, 9, 16
    b.pts = 99
    for out in (fade_to_black(a, 0.5), blend(a, b, 0.5), blend(a, b, 1.0)):
        assert (out.pts, out.time_base) == (77, Fraction(1, 1000))
        assert (out.colorspace, out.color_range, out.color_primaries, out.color_trc) == (1, 1, 9, 16)


@pytest.mark.parametrize("other", [noise(64, 50), noise(64, 48, "yuvj420p")])
def test_frames_of_two_kinds_are_not_blended(other: VideoFrame) -> None:
    with pytest.raises(ValueError, match="one kind"):
        blend(noise(64, 48), other, 0.5)


def test_a_cut_fades_in_and_out_by_half_a_transition() -> None:
    def share(at_s: float, first: bool = False, last: bool = False) -> float:
        return fade_share(at_s, 10.0, 1.0, first, last)

    assert [share(at_s) for at_s in (0.0, 0.25, 0.5, 5.0, 9.5, 9.75, 10.0)] == [0, 0.5, 1, 1, 1, 0.5, 0]
    assert share(0.0, first=True) == 1.0
    assert share(10.0, last=True) == 1.0
    assert fade_share(0.5, 1.0, 4.0, False, False) == 1.0
    assert fade_share(0.0, 1.0, 0.0, False, False) == 1.0


lengths = st.floats(0.01, 100)


@settings(derandomize=True)
@given(
    at=st.floats(0, 1),
    length_s=lengths,
    duration_s=st.floats(0, 10),
    ends=st.tuples(st.booleans(), st.booleans()),
)
def test_shares_are_between_0_and_1_and_mirrored(
    at: float, length_s: float, duration_s: float, ends: tuple[bool, bool]
) -> None:
    at_s = at * length_s
    share = fade_share(at_s, length_s, duration_s, *ends)
    mirrored = fade_share(length_s - at_s, length_s, duration_s, ends[1], ends[0])
    assert 0.0 <= share <= 1.0
    assert share == pytest.approx(mirrored, abs=1e-6 if duration_s > 1e-3 else 1)
    if all(ends) or duration_s / 2 <= at_s <= length_s - duration_s / 2:
        assert share == 1.0
