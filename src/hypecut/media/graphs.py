"""FFmpeg's filters on pictures."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import av
from av.video.frame import VideoFrame


def picture_graph(frame: VideoFrame, steps: Iterable[tuple[str, str | None]]) -> av.filter.Graph:
    """A graph for frames of one size, format and kind of colours, ready to be pushed to and pulled from.

    Args:
        frame: one of them.
        steps: the filters by their names, with their arguments.
    """
    graph = av.filter.Graph()
    made = [
        graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base=str(frame.time_base or Fraction(1)),
            colorspace=str(int(frame.colorspace)),
            range=str(int(frame.color_range)),
        ),
        *(graph.add(name, how) for name, how in steps),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*made).configure()
    return graph
