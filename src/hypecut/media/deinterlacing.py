"""Making whole pictures of the two fields of an interlaced one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import cast

import av
import av.error
from av.video.frame import VideoFrame

from hypecut.media.crossfade import Shown
from hypecut.media.graphs import picture_graph


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
            graph = picture_graph(frame, [("bwdif", "mode=send_frame:deint=interlaced")])
        ticks.append(tick)
        graph.push(frame)
        yield from _ready(graph, ticks)
    if graph is not None:
        graph.push(None)
        yield from _ready(graph, ticks)


def _ready(graph: av.filter.Graph, ticks: deque[int]) -> Iterator[tuple[VideoFrame, int]]:
    while ticks:
        try:
            frame = cast(VideoFrame, graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield frame, ticks.popleft()
