"""Checking a montage against its plan: every frame, every time stamp, the sound, and what was copied.

It relies on generated sources, whose frames bear their number and whose sound can be found again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import msgspec
from av.container import InputContainer
from av.video.stream import VideoStream

from hypecut.models import Plan
from tests.support.counter import read_counter
from tests.support.hearing import AudioOffset, audio_offsets, hear
from tests.support.slices import seek_or_rewind, slice_digest, source_digests, unit_prefix
from tests.support.truth import ExpectedCut, SourceTruth, expected_cuts


class WrongFrame(NamedTuple):
    """A frame of the montage that shows another source frame than the plan says."""

    frame: int
    expected: int | None
    found: int | None


class Packets(NamedTuple):
    """The montage's coded pictures: a digest of each by its frame number, and the time stamps in order."""

    digests: dict[int, bytes]
    pts_s: list[float]
    dts_disorder: int
    doubled: int


@dataclass(frozen=True, kw_only=True)
class MontageReport:
    """What was found.

    Attributes:
        fps: the montage's frames a second.
        frames_expected: by the plan.
        frames_found: coded pictures.
        frames_checked: decoded and compared by their counter.
        frames_copied: bit for bit the source's.
        frames_unproven: neither compared nor copied, though the plan says what they must be.
        wrong: the frames that are not what they must be.
        missing: places without a frame.
        double: places with more than one.
        first_pts_s: when the first frame is shown.
        step_min_s: the shortest time between two frames.
        step_max_s: the longest.
        dts_disorder: decoding times that don't rise.
        audio: the offset at both ends of each cut.
        audio_gaps: places where sound is missing or overlaps.
        audio_end_s: the end of the sound less that of the picture; None without sound.
    """

    fps: float
    frames_expected: int
    frames_found: int
    frames_checked: int
    frames_copied: int
    frames_unproven: int
    wrong: list[WrongFrame] = field(default_factory=list)
    missing: int = 0
    double: int = 0
    first_pts_s: float = 0.0
    step_min_s: float = 0.0
    step_max_s: float = 0.0
    dts_disorder: int = 0
    audio: list[AudioOffset] = field(default_factory=list)
    audio_gaps: int = 0
    audio_end_s: float | None = None

    @property
    def copied_fraction(self) -> float:
        """The share of the pictures that are the source's bit for bit."""
        return self.frames_copied / max(1, self.frames_found)

    @property
    def worst_offset_ms(self) -> float:
        """The largest offset of the sound either way; infinite where it is not the source's."""
        return max(
            (abs(a.offset_ms) if a.offset_ms is not None else math.inf for a in self.audio), default=0.0
        )

    def problems(self, max_offset_ms: float = 12.0, step_tolerance_s: float = 0.0011) -> list[str]:
        """Everything that must not be, in words; empty for a right montage."""
        step_s = 1 / self.fps
        found = [
            (len(self.wrong) > 0, f"{len(self.wrong)} wrong frames, the first: {self.wrong[:3]}"),
            (self.missing > 0, f"{self.missing} frames missing"),
            (self.double > 0, f"{self.double} frames double"),
            (
                self.frames_found != self.frames_expected,
                f"{self.frames_found}, not {self.frames_expected} frames",
            ),
            (abs(self.first_pts_s) > 0.0005, f"first picture at {self.first_pts_s} s"),
            (self.step_min_s < step_s - step_tolerance_s, f"pictures only {self.step_min_s:.4f} s apart"),
            (self.step_max_s > step_s + step_tolerance_s, f"pictures {self.step_max_s:.4f} s apart"),
            (self.dts_disorder > 0, f"{self.dts_disorder} decoding times out of order"),
            (self.worst_offset_ms > max_offset_ms, f"sound off by {self.worst_offset_ms} ms: {self.audio}"),
            (self.audio_gaps > 0, f"{self.audio_gaps} gaps in the sound"),
        ]
        return [text for bad, text in found if bad]


def check_montage(
    montage: Path,
    plan: Plan | Mapping[str, object],
    folder: Path,
    sources: Mapping[str, SourceTruth],
    *,
    window_s: float | None = None,
) -> MontageReport:
    """Compare a montage with its plan.

    Args:
        montage: the video.
        plan: what it must be.
        folder: where the plan's relative sources are.
        sources: what is known of each source, by its name in the plan.
        window_s: decode only so much on either side of each join; None decodes everything.
    """
    plan = plan if isinstance(plan, Plan) else msgspec.convert(plan, Plan)
    with av.open(str(montage)) as container:
        stream = container.streams.video[0]
        fps = _fps(stream, sources)
        cuts = expected_cuts(plan, sources, fps)
        packets = _packets(container, stream, fps)
        total = cuts[-1].end
    ranges = _ranges(cuts, window_s, fps)
    seen = [pair for first, end in ranges for pair in _numbers(montage, fps, first, end, packets.pts_s[0])]
    copied = _copied(packets, cuts, folder, fps)
    wrong = [w for frame, number in seen if (w := _wrong(frame, number, cuts, fps))]
    checked = {frame for frame, _ in seen}
    clear = {frame for cut in cuts for frame in range(cut.begin, cut.end) if cut.is_clear(frame)}
    steps = [b - a for a, b in zip(packets.pts_s, packets.pts_s[1:], strict=False)] or [1 / float(fps)]
    heard = hear(montage, packets.pts_s[0])
    present = set(packets.digests)
    return MontageReport(
        fps=float(fps),
        frames_expected=total,
        frames_found=len(packets.pts_s),
        frames_checked=len(seen),
        frames_copied=len(copied),
        frames_unproven=len(clear - checked - copied),
        wrong=wrong,
        missing=len(set(range(total)) - present),
        double=packets.doubled + sum(n - 1 for n in Counter(frame for frame, _ in seen).values()),
        first_pts_s=packets.pts_s[0],
        step_min_s=min(steps),
        step_max_s=max(steps),
        dts_disorder=packets.dts_disorder,
        audio=audio_offsets(heard, cuts, fps) if heard else [],
        audio_gaps=heard.gaps if heard else 0,
        audio_end_s=heard.end_s - float(total / fps) if heard else None,
    )


def _fps(stream: VideoStream, sources: Mapping[str, SourceTruth]) -> Fraction:
    """The montage's rate: that of the source it comes closest to, as containers give it roundly."""
    rate = stream.average_rate
    assert rate is not None
    return min((truth.fps for truth in sources.values()), key=lambda fps: abs(fps - rate))


def _packets(container: InputContainer, stream: VideoStream, fps: Fraction) -> Packets:
    base = stream.time_base
    assert base is not None
    prefix = unit_prefix(stream)
    stamps: list[tuple[int, bytes]] = []
    disorder = 0
    last: int | None = None
    for packet in container.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        stamps.append((packet.pts, slice_digest(bytes(packet), prefix)))
        disorder += last is not None and packet.dts is not None and packet.dts <= last
        last = packet.dts
    stamps.sort()
    digests = {round((pts - stamps[0][0]) * base * fps): digest for pts, digest in stamps}
    pts_s = [float(pts * base) for pts, _ in stamps]
    return Packets(digests, pts_s, disorder, len(stamps) - len(digests))


def _ranges(cuts: list[ExpectedCut], window_s: float | None, fps: Fraction) -> list[tuple[int, int]]:
    """The frames to decode, as [first, end) in order and without overlap."""
    total = cuts[-1].end
    if window_s is None:
        return [(0, total + 1000)]
    near = math.ceil(window_s * float(fps))
    ranges: list[tuple[int, int]] = []
    for at in sorted({0, total, *(edge for cut in cuts for edge in (cut.begin, cut.end))}):
        first, end = max(0, at - near), min(total + 1000, at + near)
        if ranges and first <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((first, end))
    return ranges


def _numbers(
    montage: Path, fps: Fraction, first: int, end: int, zero_s: float
) -> Iterator[tuple[int, int | None]]:
    """(frame of the montage, its counter) of the frames from `first` to before `end`."""
    with av.open(str(montage)) as container:
        stream = container.streams.video[0]
        base = stream.time_base
        assert base is not None
        stream.thread_type = "AUTO"
        zero = round(zero_s / float(base))
        seek_or_rewind(container, stream, zero, first / fps)
        for frame in container.decode(stream):
            assert frame.pts is not None
            number = round((frame.pts - zero) * base * fps)
            if number >= end:
                break
            if number >= first:
                yield number, read_counter(frame)


def _wrong(frame: int, number: int | None, cuts: list[ExpectedCut], fps: Fraction) -> WrongFrame | None:
    """What is wrong with a frame; a cut whose rate was changed may be one source frame off."""
    inside = [cut for cut in cuts if cut.begin <= frame < cut.end]
    if not inside:
        return WrongFrame(frame, None, number)
    cut = inside[0]
    if not cut.is_clear(frame):
        return None
    expected = cut.source_frame(frame, fps) % cut.truth.loop_frames
    allowed = 0 if cut.truth.fps == fps else 1
    right = number is not None and abs(number - expected) <= allowed
    return None if right else WrongFrame(frame, expected, number)


def _copied(packets: Packets, cuts: list[ExpectedCut], folder: Path, fps: Fraction) -> set[int]:
    """The frames of the montage whose coded picture is the source's."""
    copied: set[int] = set()
    for source in {cut.source for cut in cuts}:
        mine = [cut for cut in cuts if cut.source == source and cut.truth.fps == fps]
        ranges = sorted((cut.first, cut.first + cut.count) for cut in mine)
        originals = source_digests(folder / source, fps, ranges)
        for cut in mine:
            for frame in range(cut.begin, cut.end):
                original = originals.get(cut.source_frame(frame, fps))
                if original is not None and packets.digests.get(frame) == original:
                    copied.add(frame)
    return copied
