"""Bringing decoded pictures of any kind to the montage's format."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
from av.video.frame import VideoFrame

from hypecut.media.encoder import PictureFormat


class Fitter:
    """Brings frames of any size and pixel format to the montage's: scaled to fit, the rest black."""

    def __init__(self, picture: PictureFormat) -> None:
        self._picture = picture
        self._graph: av.filter.Graph | None = None
        self._input: tuple[object, ...] = ()

    def fit(self, frame: VideoFrame, ratio: Fraction) -> VideoFrame:
        """The frame, of pixels with that aspect ratio, in the montage's format; itself when it has it."""
        want = self._picture
        kind = (frame.width, frame.height, frame.format.name, ratio)
        if kind == (want.width, want.height, want.pix_fmt, want.sample_aspect_ratio):
            return frame
        if self._graph is None or (*kind, frame.time_base) != self._input:
            self._graph, self._input = self._build(frame, ratio), (*kind, frame.time_base)
        self._graph.push(frame)
        return cast(VideoFrame, self._graph.pull())

    def _build(self, frame: VideoFrame, ratio: Fraction) -> av.filter.Graph:
        want = self._picture
        width, height = self._fitted_size(frame, ratio)
        graph = av.filter.Graph()
        steps = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1),
            ),
            graph.add("scale", f"{width}:{height}"),
            graph.add("pad", f"{want.width}:{want.height}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", str(want.sample_aspect_ratio)),
            graph.add("format", want.pix_fmt),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        return graph

    def _fitted_size(self, frame: VideoFrame, ratio: Fraction) -> tuple[int, int]:
        """The largest even size that shows the frame undistorted inside the montage's picture."""
        want = self._picture
        wide = frame.width * ratio / want.sample_aspect_ratio
        factor = min(want.width / wide, Fraction(want.height, frame.height))
        width, height = (max(2, round(side * factor / 2) * 2) for side in (wide, Fraction(frame.height)))
        return min(width, want.width), min(height, want.height)
