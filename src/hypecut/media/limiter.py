"""A limiter for peaks as they sound, between the samples too.

The signal is looked at four times as finely (ITU-R BS.1770, annex 2). Where it would pass the ceiling, the
volume falls smoothly before and rises after it: it looks ahead, so that no sudden step distorts anything.
What comes out is as long as what went in, and stands at the same place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
_Gains = npt.NDArray[np.float64]

_FINER = 4
# Half the length of the interpolating filter, in samples.
_TAPS = 16
_KAISER = 6.0
_REACH_S = 0.015


class PeakLimiter:
    """Limits a continuous track, block by block.

    Args:
        ceiling_dbtp: the highest true peak let through.
        rate: samples a second.
    """

    def __init__(self, ceiling_dbtp: float, rate: int) -> None:
        self._ceiling = 10.0 ** (ceiling_dbtp / 20.0)
        self._reach = round(_REACH_S * rate)
        # A gain depends on so many samples on either side.
        self._context = 2 * self._reach + _TAPS
        self._filters = _interpolators()
        self._held: Samples | None = None
        self._done = 0

    def push(self, samples: Samples) -> Samples:
        """What is ready once these samples, shape (channels, n), are in: less than what went in so far."""
        return self._limited(samples, self._context)

    def finish(self) -> Samples | None:
        """The rest; None when nothing ever came."""
        if self._held is None:
            return None
        return self._limited(self._held[:, :0], 0)

    def _limited(self, samples: Samples, kept: int) -> Samples:
        """Limit all but the last `kept` samples of those that are in."""
        held = samples if self._held is None else np.concatenate((self._held, samples), axis=1)
        end = max(self._done, held.shape[1] - kept)
        out = held[:, self._done : end]
        if out.shape[1]:
            gains = self._gains(held)[self._done : end]
            out = out if gains.min() >= 1.0 else np.asarray(out * gains, np.float32)
        dropped = max(0, end - self._context)
        self._held, self._done = held[:, dropped:], end - dropped
        return out

    def _gains(self, samples: Samples) -> _Gains:
        """The volume of each sample: at no peak more than the ceiling allows, and without steps."""
        peaks = _true_peaks(samples, self._filters)
        allowed: _Gains = self._ceiling / np.maximum(peaks, self._ceiling)
        if allowed.min() >= 1.0:
            return allowed
        # Nothing is to be turned down beyond the ends, but what is inside falls and rises there as well.
        beyond = np.ones(2 * self._reach)
        near = _lowest_near(np.concatenate((beyond, allowed, beyond)), self._reach)
        return _smoothed(near, self._reach)


def true_peak(samples: Samples) -> float:
    """The highest level between and at the samples, shape (channels, n); 1.0 is full scale."""
    return float(_true_peaks(samples, _interpolators()).max()) if samples.shape[1] else 0.0


def _true_peaks(samples: Samples, filters: Samples) -> _Gains:
    """The highest level at or next to each sample, of any channel."""
    peaks: _Gains = np.abs(samples).max(axis=0).astype(np.float64)
    for channel in samples:
        for taps in filters:
            between = np.abs(np.convolve(channel, taps, "full")[_TAPS : _TAPS + len(channel)])
            # It lies after its sample and before the next one.
            np.maximum(peaks, between, out=peaks)
            np.maximum(peaks[1:], between[:-1], out=peaks[1:])
    return peaks


def _interpolators() -> Samples:
    """Filters that give the signal 1/4, 2/4 and 3/4 of the way from a sample to the next one."""
    # How far each neighbour is from the sample; the first tap is for the last one.
    near = np.arange(_TAPS, -_TAPS, -1, dtype=np.float64)
    filters = []
    for k in range(1, _FINER):
        away = near - k / _FINER
        taps = np.sinc(away) * np.i0(_KAISER * np.sqrt(1 - (away / _TAPS) ** 2))
        filters.append(taps / taps.sum())
    return np.array(filters, np.float32)


def _lowest_near(values: _Gains, reach: int) -> _Gains:
    """The lowest value within `reach` of each that has so many on either side."""
    width, length, lowest = 2 * reach + 1, 1, values
    while 2 * length <= width:
        lowest = np.minimum(lowest[:-length], lowest[length:])
        length *= 2
    rest = width - length
    return np.minimum(lowest[: len(lowest) - rest], lowest[rest:])


def _smoothed(values: _Gains, reach: int) -> _Gains:
    """A weighted mean over `reach` on either side of each value that has so many; the weights fall evenly."""
    for half in (reach // 2, reach - reach // 2):
        sums = np.concatenate(([0.0], np.cumsum(values)))
        values = (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)
    return values
