"""Reading the frame number out of a generated recording's picture."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from av.video.frame import VideoFrame

from hypecut.media.counter import BLACK, BLOCKS, GREY, NUMBER_BITS, WHITE, counter_code

_CLEAR = 50


def read_counter(frame: VideoFrame) -> int | None:
    """The number drawn into a frame, also after scaling; None when there is none, or it is not clear."""
    plane = frame.planes[0]
    luma = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
    block = frame.height / 36
    rows = _middle(block, 1)
    levels = np.array([luma[rows, _middle(block, 1 + k)].mean() for k in range(BLOCKS)])
    if (np.minimum(abs(levels - BLACK), abs(levels - WHITE)) > _CLEAR).any():
        return None
    code = 0
    for level in levels:
        code = code << 1 | int(level > GREY)
    number = code >> BLOCKS - NUMBER_BITS
    return number if counter_code(number) == code else None


def _middle(block: float, index: int) -> slice:
    """The pixels of the inner part of a block, safe from blurred edges."""
    first = int(block * (index + 0.3) + 0.5)
    return slice(first, max(first + 1, int(block * (index + 0.7) + 0.5)))
