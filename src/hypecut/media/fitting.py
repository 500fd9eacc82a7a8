"""Bringing decoded pictures of any kind to the montage's format."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
from av.video.frame import VideoFrame

from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import is_full_range

# As FFmpeg numbers them. What does not say how its colours are meant is taken to mean what the montage does.
_UNKNOWN_MATRIX = (0, 2)
_BT709, _BT601 = 1, 6
_LIMITED, _FULL = 1, 2
# From this height on, a montage that does not say so itself is taken for high definition.
_HD_HEIGHT = 720


class Fitter:
    """Brings frames of any size and pixel format to the montage's: scaled to fit, the rest black."""

    def __init__(self, picture: PictureFormat) -> None:
        self._picture = picture
        matrix, value_range = picture.color[2:]
        usual = _BT709 if picture.height >= _HD_HEIGHT else _BT601
        self._matrix = usual if matrix in _UNKNOWN_MATRIX else matrix
        self._range = _FULL if picture.pix_fmt == "yuvj420p" or value_range == _FULL else _LIMITED
        self._graph: av.filter.Graph | None = None
        self._input: tuple[object, ...] = ()

    def fit(self, frame: VideoFrame, ratio: Fraction) -> VideoFrame:
        """The frame, of pixels with that aspect ratio, in the montage's format; itself when it has it."""
        want = self._picture
        matrix = self._matrix if frame.colorspace in _UNKNOWN_MATRIX else frame.colorspace
        value_range = _FULL if is_full_range(frame) else _LIMITED
        kind = (frame.width, frame.height, frame.format.name, ratio, matrix, value_range)
        has = (want.width, want.height, want.pix_fmt, want.sample_aspect_ratio, self._matrix, self._range)
        if kind == has:
            return frame
        if self._graph is None or (*kind, frame.time_base) != self._input:
            self._graph = self._build(frame, ratio, matrix, value_range)
            self._input = (*kind, frame.time_base)
        # The graph was made for what it means, which it may not say itself.
        frame.colorspace, frame.color_range = matrix, value_range
        self._graph.push(frame)
        return cast(VideoFrame, self._graph.pull())

    def _build(self, frame: VideoFrame, ratio: Fraction, matrix: int, value_range: int) -> av.filter.Graph:
        want = self._picture
        width, height = self._fitted_size(frame, ratio)
        graph = av.filter.Graph()
        steps = [
            graph.add(
                "buffer",
                video_size=f"{frame.width}x{frame.height}",
                pix_fmt=frame.format.name,
                time_base=str(frame.time_base or Fraction(1)),
                colorspace=str(matrix),
                range=str(value_range),
            ),
            graph.add("scale", f"{width}:{height}:out_color_matrix={self._matrix}:out_range={self._range}"),
            graph.add("format", want.pix_fmt),
            graph.add("pad", f"{want.width}:{want.height}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", str(want.sample_aspect_ratio)),
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
