"""Mixing the end of one cut with the beginning of the next."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from hypecut.media.crossfade import overlaid


def grey(level: int) -> VideoFrame:
    frame = av.VideoFrame(64, 36, "yuv420p")
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = level
    return frame


def lane(start: int, end: int, level: int) -> tuple[int, Iterator[tuple[VideoFrame, int]]]:
    return start, ((grey(level), tick) for tick in range(start, end))


def levels(*lanes: tuple[int, Iterator[tuple[VideoFrame, int]]], overlap: int) -> dict[int, int]:
    return {tick: int(frame.to_ndarray()[0, 0]) for frame, tick in overlaid(lanes, overlap)}


def test_without_an_overlap_all_frames_pass() -> None:
    assert levels(lane(0, 3, 40), lane(3, 5, 120), overlap=0) == {0: 40, 1: 40, 2: 40, 3: 120, 4: 120}


def test_the_next_cut_comes_up_over_the_last_frames() -> None:
    found = levels(lane(0, 10, 40), lane(6, 15, 140), overlap=4)
    assert list(found) == list(range(15))
    assert [found[tick] for tick in (5, 6, 7, 8, 9, 10)] == pytest.approx([40, 60, 80, 100, 120, 140], abs=1)


def test_a_cut_that_comes_and_leaves_at_once_is_mixed_with_both_neighbours() -> None:
    written = levels(lane(0, 10, 40), lane(6, 12, 120), lane(8, 20, 200), overlap=4)
    assert sorted(written) == list(range(20))
    assert [written[tick] for tick in (5, 6, 7, 12)] == [40, 56, 72, 200]
    # A fifth of the last cut over four fifths of what the first two make there, and so on.
    mixed = [round(40 * (4 - k) / 5 + 120 * (k + 1) / 5) for k in (2, 3)] + [120, 120]
    shares = [(k + 1) / 5 for k in range(4)]
    wanted = [a * (1 - share) + 200 * share for a, share in zip(mixed, shares, strict=True)]
    assert [written[tick] for tick in range(8, 12)] == pytest.approx(wanted, abs=10)


def test_irregular_frames_lie_over_the_one_shown_then() -> None:
    first = (0, iter([(grey(40), 0), (grey(80), 5)]))
    second = (4, iter([(grey(200), 4), (grey(200), 6), (grey(200), 8)]))
    found = {tick: int(frame.to_ndarray()[0, 0]) for frame, tick in overlaid([first, second], 4)}
    assert list(found) == [0, 4, 6, 8]
    assert found[4] == pytest.approx(40 + 160 / 5, abs=1)
    assert found[6] == pytest.approx(80 + 120 * 3 / 5, abs=1)
    assert found[8] == 200


def test_few_frames_are_held_at_a_time() -> None:
    alive: weakref.WeakSet[object] = weakref.WeakSet()

    class Held:
        """Stands for what a decoder keeps as long as a frame of it is in use."""

    def counted(start: int, end: int) -> Iterator[tuple[VideoFrame, int]]:
        for tick in range(start, end):
            frame, mark = grey(80), Held()
            alive.add(mark)
            frame.opaque = mark
            del mark
            yield frame, tick
            del frame

    most = 0
    for _ in overlaid([(0, counted(0, 100)), (50, counted(50, 150))], 50):
        most = max(most, len(alive))
    assert 1 <= most <= 6
