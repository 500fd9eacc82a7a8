"""A frame number drawn into the picture, for a program to read back even after re-encoding or scaling.

24 blocks stand in one row at the top left, each 1/36 of the picture's height wide and high, one block away
from the corner: 20 bits of the frame's number, the highest first, then 4 bits of checksum (the sum of the
number's five hex digits). White is 1, black is 0, the margin around them is grey.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

BLOCKS = 24
NUMBER_BITS = 20
WHITE, BLACK, GREY = 235, 16, 126

Plane = npt.NDArray[np.uint8]


class CounterArea(NamedTuple):
    """Where the counter is in a picture: its grey field and the edges of its blocks, in pixels."""

    width: int
    height: int
    edges: tuple[int, ...]
    top: int
    bottom: int


def counter_code(number: int) -> int:
    """The 24 bits to draw for a frame's number (its lowest 20 bits)."""
    number &= (1 << NUMBER_BITS) - 1
    checksum = sum(number >> shift & 15 for shift in range(0, NUMBER_BITS, 4)) & 15
    return number << 4 | checksum


def counter_area(height: int) -> CounterArea:
    """Where the counter is in a picture of that height; the field's size is even, as chroma needs it."""
    block = height / 36
    edges = tuple(round(block * (1 + k)) for k in range(BLOCKS + 1))
    return CounterArea(
        width=-(-round(block * (BLOCKS + 2)) // 2) * 2,
        height=-(-round(block * 3) // 2) * 2,
        edges=edges,
        top=round(block),
        bottom=round(block * 2),
    )


def draw_counter(luma: Plane, number: int, area: CounterArea) -> None:
    """Draw a frame's number into its luma plane; the chroma below `area` must be 128."""
    luma[: area.height, : area.width] = GREY
    code = counter_code(number)
    for k in range(BLOCKS):
        value = WHITE if code >> (BLOCKS - 1 - k) & 1 else BLACK
        luma[area.top : area.bottom, area.edges[k] : area.edges[k + 1]] = value
