"""High dynamic range: how to tell it, and bringing it to what common screens show."""

from __future__ import annotations

import functools

import av
import av.error

# Transfer functions as FFmpeg numbers them: PQ (SMPTE ST 2084) and HLG (ARIB STD-B67).
HDR_TRANSFERS = (16, 18)
# Primaries, transfer, matrix and range of BT.709.
STANDARD = (1, 1, 1, 1)
# FFmpeg's scaler maps tones by itself when it is told the colours that are wanted.
TONE_MAP = "out_primaries=bt709:out_transfer=bt709:intent=perceptual"


@functools.cache
def can_tone_map() -> bool:
    """Whether this build of FFmpeg can bring high dynamic range to standard range."""
    try:
        av.filter.Graph().add("scale", f"16:16:{TONE_MAP}")
    except (av.error.FFmpegError, ValueError):
        return False
    return True
