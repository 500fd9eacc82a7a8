"""Peaks between the samples are kept under the ceiling; what is below it is left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.media.limiter import PeakLimiter, Samples, true_peak

RATE = 48_000
CEILING = 10 ** (-1 / 20)


def limited(sound: Samples, blocks: list[int], ceiling_dbtp: float = -1.0) -> Samples:
    """The sound, given in blocks of these lengths over and over."""
    limiter = PeakLimiter(ceiling_dbtp, RATE)
    out, at, turn = [], 0, 0
    while at < sound.shape[1]:
        count = blocks[turn % len(blocks)]
        out.append(limiter.push(sound[:, at : at + count]))
        at, turn = at + count, turn + 1
    rest = limiter.finish()
    if rest is not None:
        out.append(rest)
    return np.concatenate(out, axis=1) if out else sound


def tone(hertz: float, phase: float, level: float, length_s: float = 0.5) -> Samples:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(round(length_s * RATE)) / RATE + phase)
    # Faded in and out: an abrupt end has peaks of its own.
    edge = np.minimum(1.0, np.minimum(np.arange(len(wave)), np.arange(len(wave))[::-1]) / 2400)
    return np.stack([wave * edge, wave * edge * 0.5]).astype(np.float32)


def noise(seed: int, length: int, level: float) -> Samples:
    return (np.random.default_rng(seed).normal(size=(2, length)) * level).astype(np.float32)


@pytest.mark.parametrize(("hertz", "tolerance"), [(100, 0.01), (997, 0.01), (6000, 0.02), (12_000, 0.05)])
@pytest.mark.parametrize("phase", [0.0, 0.3, np.pi / 4, 1.2])
def test_the_true_peak_of_a_tone_is_its_level(hertz: float, tolerance: float, phase: float) -> None:
    assert true_peak(tone(hertz, phase, 0.8)) == pytest.approx(0.8, rel=tolerance)


def test_a_peak_that_no_sample_shows_is_limited() -> None:
    # A quarter of the rate, sampled beside its crests: all samples lie below the ceiling, the sound does not.
    hidden = tone(RATE / 4, np.pi / 4, 1.2)
    assert np.abs(hidden).max() < CEILING
    assert true_peak(hidden) > 1.15
    out = limited(hidden, [4096])
    assert true_peak(out) <= CEILING * 1.001
    assert true_peak(out) > CEILING * 0.97


def test_what_is_below_the_ceiling_is_left_as_it_is() -> None:
    quiet = tone(440, 0.1, 0.85, 1.0)
    assert np.array_equal(limited(quiet, [1000, 333]), quiet)


def test_a_burst_is_turned_down_and_the_rest_is_not() -> None:
    sound = tone(440, 0.1, 0.5, 1.0)
    sound[:, 24_000:24_100] *= 4
    out = limited(sound, [4096])
    assert true_peak(out) <= CEILING * 1.001
    calm = np.r_[0:22_400, 25_700:48_000]
    assert np.array_equal(out[:, calm], sound[:, calm])
    loud = np.abs(sound[0]) > 0.05
    gains = out[0, loud] / sound[0, loud]
    assert np.abs(np.diff(gains)).max() < 0.02  # no steps
    assert 0.3 < gains.min() < 0.6


@given(
    seed=st.integers(0, 1000),
    length=st.integers(0, 6000),
    level=st.floats(0.0, 2.0),
    blocks=st.lists(st.integers(1, 3000), min_size=1, max_size=4),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_however_it_comes_it_is_whole_and_below_the_ceiling(
    seed: int, length: int, level: float, blocks: list[int]
) -> None:
    sound = noise(seed, length, level)
    out = limited(sound, blocks)
    assert out.shape == sound.shape
    assert true_peak(out) <= CEILING * 1.01
    assert np.allclose(out, limited(sound, [max(1, length)]), atol=1e-5)
    assert (np.abs(out) <= np.abs(sound) + 1e-6).all()


def test_nothing_gives_nothing() -> None:
    assert PeakLimiter(-1.0, RATE).finish() is None
