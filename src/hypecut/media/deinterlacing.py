"""Making whole pictures of the two fields of an interlaced one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
import av.error
from av.video.frame import VideoFrame

from hypecut.media.crossfade import Shown


def deinterlaced(frames: Shown) -> Shown:
    """The same frames at the same ticks; interlaced ones, and all that follow the first of them, made whole.

    Each frame keeps its first field; the other lines come from the frames beside it (Bob Weaver's filter).
    """
    graph: av.filter.Graph | None = None
    ticks: deque[int] = deque()
    for frame, tick in frames:
        if graph is None:
            if not frame.interlaced_frame:
                yield frame, tick
                continue
            graph = _graph(frame)
        ticks.append(tick)
        graph.push(frame)
        yield from _ready(graph, ticks)
    if graph is not None:
        graph.push(None)
        yield from _ready(graph, ticks)


def _graph(frame: VideoFrame) -> av.filter.Graph:
    graph = av.filter.Graph()
    steps = [
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1),
        ),
        graph.add("bwdif", "mode=send_frame:deint=interlaced"),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*steps).configure()
    return graph


def _ready(graph: av.filter.Graph, ticks: deque[int]) -> Iterator[tuple[VideoFrame, int]]:
    while ticks:
        try:
            frame = cast(VideoFrame, graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame, ticks.popleft()
