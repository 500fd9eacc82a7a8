"""A slow renderer, obviously right: every source is decoded whole, each moment of a montage is looked up.

It makes no file: it tells what must be seen and heard at a time, to hold a real montage against it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from hypecut.models import Cut, Plan, TransitionKind
from tests.support.hearing import Heard, hear

Luma = npt.NDArray[np.float32]

_BLACK = 16.0
_SOON_S = 0.0015
_TICK_S = 0.00001
_SEARCH_S = 0.04
_WINDOW_S = 0.3
_ALIKE = 0.5


def _luma(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray()[: frame.height], np.uint8)


class ReferenceSource:
    """All frames and all sound of a video.

    Attributes:
        times: when each frame begins; the first one at 0.
        fps: its rate, if that is steady.
        end_s: when the last frame ends.
    """

    def __init__(self, path: Path, fps: Fraction | None) -> None:
        self.fps = fps
        with av.open(str(path)) as container:
            frames = [(float(f.time or 0.0), _luma(f)) for f in container.decode(video=0)]
            tick = container.streams.video[0].time_base or Fraction(1, 1000)
        zero_s = frames[0][0]
        # Where cuts may end: the steps of a rate that is steady, else of the container's clock.
        self._steps = fps or 1 / tick
        self.times = [time_s - zero_s for time_s, _ in frames]
        if fps is not None:
            self.times = [round(time_s * fps) / float(fps) for time_s in self.times]
        self._lumas = [luma for _, luma in frames]
        self.end_s = self.times[-1] + (1 / float(fps) if fps else self.times[-1] - self.times[-2])
        self.heard = hear(path, zero_s)

    def index_at(self, time_s: float) -> int:
        """The frame that is shown then."""
        return max(0, int(np.searchsorted(self.times, time_s + _SOON_S, side="right")) - 1)

    def luma(self, index: int) -> Luma:
        """A frame."""
        return self._lumas[index].astype(np.float32)

    def covered(self, cut: Cut) -> tuple[float, float]:
        """The time of the first frame of a cut, and its end."""
        first = next(t for t in self.times if t + 0.001 >= cut.start_s)
        # A time within a millisecond of a frame's means that frame.
        end_s = next((t for t in self.times if abs(t - cut.end_s) <= 0.001), cut.end_s)
        steps = Fraction(end_s) * self._steps
        whole = round(steps) if self.fps is None else math.ceil(steps - self._steps / 1000)
        return first, min(float(whole / self._steps), self.end_s)


@dataclass(frozen=True)
class _Placed:
    cut: Cut
    source: ReferenceSource
    first_s: float
    begin_s: float
    end_s: float

    def source_s(self, at_s: float) -> float:
        return self.first_s + at_s - self.begin_s


class Reference:
    """What a plan's montage must be.

    Args:
        plan: the plan.
        sources: its sources, by their names.
        fps: the montage's rate.
    """

    def __init__(self, plan: Plan, sources: Mapping[str, ReferenceSource], fps: Fraction) -> None:
        self.plan, self.fps = plan, fps
        self._kind = plan.transition.kind if plan.transition and len(plan.cuts) > 1 else TransitionKind.NONE
        self._soft_s = plan.transition.duration_s if plan.transition else 0.0
        self.overlap_s = 0.0
        if self._kind is TransitionKind.CROSSFADE:
            self.overlap_s = math.ceil(self._soft_s * fps - Fraction(1, 1000)) / float(fps)
        self._cuts: list[_Placed] = []
        at_s = 0.0
        for cut in plan.cuts:
            source = sources[cut.source]
            first_s, end_s = source.covered(cut)
            self._cuts.append(_Placed(cut, source, first_s, at_s, at_s + end_s - first_s))
            at_s += end_s - first_s - self.overlap_s
        self.end_s = at_s + self.overlap_s

    def problems(self, montage: Path, steady: bool, sound_ms: float) -> list[str]:
        """Everything in a montage that is not as it must be.

        Args:
            montage: the file.
            steady: all its frames last as long as its rate says.
            sound_ms: how far off the sound may be.
        """
        with av.open(str(montage)) as container:
            frames = [(float(f.time or 0.0), _luma(f)) for f in container.decode(video=0)]
        found = [text for time_s, luma in frames if (text := self._picture_problem(time_s, luma))]
        times = [time_s for time_s, _ in frames]
        if steady and len(times) != round(self.end_s * self.fps):
            found.append(f"{len(times)} frames in {self.end_s} s")
        if not steady and len(times) != len(self.frame_times()):
            found.append(f"{len(times)} frames, not {len(self.frame_times())}")
        heard = hear(montage)
        if heard is not None:
            found += [text for cut in self._cuts if (text := self._sound_problem(cut, heard, sound_ms))]
        return found

    def frame_times(self) -> list[float]:
        """When frames begin, if none is left out or shown again; only for plain joins."""
        return [
            cut.begin_s + time_s - cut.first_s
            for cut in self._cuts
            for time_s in cut.source.times
            if cut.first_s - _TICK_S <= time_s < cut.source_s(cut.end_s) - _TICK_S
        ]

    def _picture_problem(self, at_s: float, luma: npt.NDArray[np.uint8]) -> str:
        active = [cut for cut in self._cuts if cut.begin_s - _TICK_S <= at_s < cut.end_s - _TICK_S]
        if not active:
            return f"a frame at {at_s:.4f} s, where there is none"
        wanted = self._look(active[0], at_s)
        for over in active[1:]:
            share = min(1.0, (at_s - over.begin_s) / self.overlap_s)
            wanted = wanted * (1 - share) + self._look(over, at_s) * share
        rows = slice(0, luma.shape[0] // 2) if self.plan.titles else slice(None)
        off = float(np.abs(wanted[rows] - luma[rows]).mean())
        # Neighbouring frames of the zoo differ by 16 levels and more in the blocks of their counters alone.
        block = luma.shape[0] // 36
        strip = np.s_[block : 2 * block, block : 25 * block]
        strip_off = float(np.abs(wanted[strip] - luma[strip]).mean())
        if off < 8 and strip_off < 14:
            return ""
        return f"another frame at {at_s:.4f} s: {off:.1f}, {strip_off:.1f} levels off"

    def _look(self, cut: _Placed, at_s: float) -> Luma:
        luma = cut.source.luma(cut.source.index_at(cut.source_s(at_s)))
        if self._kind is not TransitionKind.FADE:
            return luma
        half_s = min(self._soft_s, cut.end_s - cut.begin_s) / 2
        rise = 1.0 if cut is self._cuts[0] else (at_s - cut.begin_s) / half_s
        fall = 1.0 if cut is self._cuts[-1] else (cut.end_s - at_s) / half_s
        share = max(0.0, min(1.0, rise, fall))
        return luma * share + _BLACK * (1 - share)

    def _sound_problem(self, cut: _Placed, heard: Heard, sound_ms: float) -> str:
        """What is wrong with the sound in the middle of a cut."""
        given = cut.source.heard
        soft_s = max(0.02, self._soft_s if self._kind is not TransitionKind.NONE else 0.0)
        begin_s, end_s = cut.begin_s + soft_s, min(cut.end_s - soft_s, heard.end_s)
        if end_s - begin_s < _WINDOW_S / 2:
            return ""
        begin_s = (begin_s + end_s) / 2 - min(_WINDOW_S, end_s - begin_s) / 2
        count = round(min(_WINDOW_S, end_s - begin_s) * heard.rate)
        at = round((begin_s - heard.begin_s) * heard.rate)
        window = heard.samples[at : at + count]
        if given is None:
            return "" if np.abs(window).max() < 0.01 else f"sound at {begin_s:.3f} s of a silent source"
        search = round(_SEARCH_S * heard.rate)
        from_at = round((cut.source_s(begin_s) - given.begin_s) * given.rate) - search
        padded = np.pad(given.samples, (search, 2 * search + count))
        wanted = padded[from_at + search : from_at + 3 * search + count]
        size = 1 << (len(wanted) + count).bit_length()
        product = np.fft.rfft(wanted, size) * np.conj(np.fft.rfft(window, size))
        places = np.fft.irfft(product, size)[: 2 * search + 1]
        best = int(np.argmax(places))
        norm = float(np.linalg.norm(window) * np.linalg.norm(wanted[best : best + count])) + 1e-9
        late_ms = (search - best) / heard.rate * 1000
        if places[best] / norm > _ALIKE and abs(late_ms) <= sound_ms:
            return ""
        return f"sound of the cut at {cut.begin_s:.3f} s is {late_ms:.2f} ms late ({places[best] / norm:.2f})"
