"""Bringing decoded pictures of any kind to the montage's format."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
from av.video.frame import VideoFrame

from hypecut.media.colours import HDR_TRANSFERS, TONE_MAP, can_tone_map
from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import is_full_range
from hypecut.media.graphs import picture_graph

# As FFmpeg numbers them. What does not say how its colours are meant is taken to mean what the montage does.
_UNKNOWN_MATRIX = (0, 2)
_BT709, _BT601 = 1, 6
_LIMITED, _FULL = 1, 2
# From this height on, a montage that does not say so itself is taken for high definition.
_HD_HEIGHT = 720
# What turns a picture counter-clockwise.
_TURNS = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip", None), ("vflip", None)),
    270: (("transpose", "clock"),),
}


class Fitter:
    """Brings frames of any size and pixel format to the montage's: scaled to fit, the rest black.

    Args:
        picture: the montage's format.
        draft: scaled fast rather than well.
    """

    def __init__(self, picture: PictureFormat, draft: bool = False) -> None:
        self._picture = picture
        self._how = "fast_bilinear" if draft else "bicubic"
        matrix, value_range = picture.color[2:]
        usual = _BT709 if picture.height >= _HD_HEIGHT else _BT601
        self._matrix = usual if matrix in _UNKNOWN_MATRIX else matrix
        self._range = _FULL if picture.pix_fmt == "yuvj420p" or value_range == _FULL else _LIMITED
        self._graph: av.filter.Graph | None = None
        self._input: tuple[object, ...] = ()

    def fit(self, frame: VideoFrame, ratio: Fraction, turn: int = 0) -> VideoFrame:
        """The frame in the montage's format; itself when it has it.

        Args:
            frame: any frame.
            ratio: the width of its pixels by their height.
            turn: by how many degrees it is to be turned, counter-clockwise: 0, 90, 180 or 270.
        """
        want = self._picture
        matrix = self._matrix if frame.colorspace in _UNKNOWN_MATRIX else frame.colorspace
        value_range = _FULL if is_full_range(frame) else _LIMITED
        shape = (frame.width, frame.height, frame.format.name, ratio, matrix, value_range)
        has = (want.width, want.height, want.pix_fmt, want.sample_aspect_ratio, self._matrix, self._range)
        kind = (*shape, turn, frame.color_trc in HDR_TRANSFERS)
        if kind == (*has, 0, False):
            return frame
        # What it means it may not say itself.
        frame.colorspace, frame.color_range = matrix, value_range
        if self._graph is None or (*kind, frame.time_base) != self._input:
            self._graph = self._build(frame, ratio, turn)
            self._input = (*kind, frame.time_base)
        self._graph.push(frame)
        return cast(VideoFrame, self._graph.pull())

    def _build(self, frame: VideoFrame, ratio: Fraction, turn: int) -> av.filter.Graph:
        want = self._picture
        width, height = self._fitted_size(frame, ratio, turn)
        colours = f"out_color_matrix={self._matrix}:out_range={self._range}"
        if frame.color_trc in HDR_TRANSFERS and can_tone_map():
            colours += f":{TONE_MAP}"
        steps = [
            *_TURNS[turn],
            ("scale", f"{width}:{height}:{colours}:flags={self._how}"),
            ("format", want.pix_fmt),
            ("pad", f"{want.width}:{want.height}:(ow-iw)/2:(oh-ih)/2"),
            ("setsar", str(want.sample_aspect_ratio)),
        ]
        return picture_graph(frame, steps)

    def _fitted_size(self, frame: VideoFrame, ratio: Fraction, turn: int) -> tuple[int, int]:
        """The largest even size that shows the frame undistorted inside the montage's picture."""
        want = self._picture
        wide, high = frame.width * ratio, Fraction(frame.height)
        if turn in (90, 270):
            wide, high = high, wide
        wide /= want.sample_aspect_ratio
        factor = min(want.width / wide, want.height / high)
        width, height = (max(2, round(side * factor / 2) * 2) for side in (wide, high))
        return min(width, want.width), min(height, want.height)
