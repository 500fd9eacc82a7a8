"""Rendering plans of generated recordings, and files made from their packets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from hypecut.media.render import RenderResult, render
from hypecut.media.sample import RecordingSpec, _frames
from hypecut.media.snap import snap
from hypecut.media.source import SourceReader
from hypecut.models import Cut, Plan, Transition
from hypecut.progress import SilentProgress
from tests.support.counter import read_counter
from tests.support.recordings import Recording
from tests.support.verify import MontageReport, check_montage

Window = tuple[float, float]
# Times of frames are whole output ticks, as near as seconds in floats tell.
ON_GRID_S = 1e-5


def cut_of(path: Path, start_s: float, end_s: float, gain_db: float = 0.0) -> Cut:
    """A cut of a source in the plan's own folder."""
    return Cut(source=path.name, start_s=start_s, end_s=end_s, gain_db=gain_db)


def snapped(path: Path, windows: Iterable[Window]) -> list[Cut]:
    """The windows, widened to where the source can be copied."""
    with SourceReader(path) as source:
        return [cut_of(path, *snap(source, *window)) for window in windows]


def plan_of(cuts: Sequence[Cut], transition: Transition | None = None) -> Plan:
    """A plan of these cuts."""
    return Plan(version=1, cuts=tuple(cuts), transition=transition)


def rendered(
    recordings: Sequence[Recording], cuts: Sequence[Cut], out: Path
) -> tuple[RenderResult, MontageReport]:
    """Render cuts of recordings that lie in one folder, and compare the montage with them."""
    folder = recordings[0].path.parent
    result = render(plan_of(cuts), folder, out, SilentProgress(), strict=True)
    truths = {recording.path.name: recording.truth for recording in recordings}
    return result, check_montage(out, plan_of(cuts), folder, truths)


def modes(result: RenderResult) -> list[str]:
    """What became of each cut."""
    return [report.mode for report in result.cuts]


def pictures(path: Path) -> list[tuple[float, int | None]]:
    """The time and the counter of every frame of a video, as decoded."""
    with av.open(str(path)) as container:
        return [(float(f.time or 0.0), read_counter(f)) for f in container.decode(video=0)]


def numbers(path: Path) -> list[int | None]:
    """The counter of every frame."""
    return [number for _, number in pictures(path)]


def remuxed(
    source: Path, target: Path, change: Callable[[Packet[Any]], bool], options: dict[str, str] | None = None
) -> Path:
    """Copy a file's packets for which `change`, which may alter them, is true."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=options or {}) as made:
        tracks = {s.index: made.add_stream_from_template(s) for s in given.streams}
        for packet in given.demux():
            if packet.size and change(packet):
                packet.stream = tracks[packet.stream.index]
                made.mux(packet)
    return target


def turned(recording: Recording, target: Path, degrees: int) -> Path:
    """The recording, to be turned by so many degrees counter-clockwise for display."""
    with av.open(str(recording.path)) as given, av.open(str(target), "w") as output:
        tracks = {s.index: output.add_stream_from_template(s) for s in given.streams}
        tracks[0].set_display_rotation(degrees)  # type: ignore[attr-defined]
        for packet in given.demux():
            if packet.size:
                packet.stream = tracks[packet.stream.index]
                output.mux(packet)
    return target


def delayed(packet: Packet[Any], by_s: Fraction) -> None:
    """Move a packet in time."""
    ticks = round(by_s / packet.time_base)
    packet.pts = (packet.pts or 0) + ticks
    packet.dts = None if packet.dts is None else packet.dts + ticks


def encoded(
    target: Path,
    stamps: Sequence[int],
    time_base: Fraction,
    *,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 180),
    pixel_ratio: Fraction | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """A silent video, 30 fps by its header, whose frames bear counters and are shown at `stamps`."""
    frames = _frames(RecordingSpec(duration_s=len(stamps) / 30 + 1, width=size[0], height=size[1]))
    with av.open(str(target), "w") as output:
        stream: Any = output.add_stream(codec, rate=30)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = time_base
        if pixel_ratio:
            stream.codec_context.sample_aspect_ratio = pixel_ratio
        usual = {"preset": "veryfast", "g": "45", "keyint_min": "45", "sc_threshold": "0", "bf": "2"}
        stream.options = usual if options is None else options
        for stamp, frame in zip(stamps, frames, strict=False):
            frame.pts, frame.time_base = stamp, time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target
