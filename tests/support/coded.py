"""Small H.264 streams of every kind, of pictures that are hard to take for one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame

WIDTH, HEIGHT, FPS = 96, 80, 30


def write_coded(path: Path, params: str, frames: int = 48) -> Path:
    """Write a stream with a keyframe at least every 24 pictures, in the container of the path's suffix.

    Args:
        path: the file to write.
        params: x264's parameters, by colons.
        frames: how many pictures.
    """
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {
            "preset": "veryfast",
            "crf": "24",
            "x264-params": f"keyint=24:min-keyint=24:scenecut=0:b-adapt=0:threads=1:{params}",
        }
        for number in range(frames):
            container.mux(stream.encode(_frame(number)))
        container.mux(stream.encode(None))
    return path


def _frame(number: int) -> VideoFrame:
    """A texture that drifts, changes and fades, with a block that jumps."""
    rng = np.random.default_rng(7)
    texture = rng.integers(40, 200, (HEIGHT // 8 + 8, WIDTH // 8 + 8)).repeat(8, 0).repeat(8, 1)
    shown = np.roll(texture, (number // 2, -number), (0, 1))[:HEIGHT, :WIDTH] * (1 - (number % 20) / 40)
    shown[number % 5 * 12 :][:16, number % 7 * 11 :][:, :16] = 20 + number * 37 % 200
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = shown + np.random.default_rng(number).integers(0, 12, shown.shape)
    return VideoFrame.from_ndarray(planes, format="yuv420p")
