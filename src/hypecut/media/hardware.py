"""Encoders in hardware: which one works on this machine."""

from __future__ import annotations

import functools
import logging
from dataclasses import replace

import av.error
from av.video.frame import VideoFrame

from hypecut.media.encoder import ENCODER, HARDWARE, EncoderRun, EncoderSetup, hardware_format
from hypecut.media.h264 import parameter_sets

log = logging.getLogger(__name__)

_AUTO = "auto"
_FRAMES = 4


def working_encoder(setup: EncoderSetup) -> str:
    """FFmpeg's name of the encoder to use for a montage that copies nothing: tried out, else x264.

    Args:
        setup: how the montage is encoded; its options name the encoder that is wanted.
    """
    wanted = setup.options.encoder
    # Hardware knows no full range by the pixel format's name alone.
    if wanted not in (_AUTO, *HARDWARE) or setup.picture.pix_fmt != "yuv420p":
        return ENCODER
    names = list(HARDWARE.values()) if wanted == _AUTO else [HARDWARE[wanted]]
    found = next((name for name in names if works(replace(setup, codec=name))), None)
    if found is None and wanted != _AUTO:
        log.warning("there is no working encoder %s here; x264 is used", wanted)
    return found or ENCODER


@functools.lru_cache(maxsize=64)
def works(setup: EncoderSetup) -> bool:
    """Whether this encoder makes pictures here, and tells its parameter sets beforehand."""
    try:
        context = setup.new_context()
        context.open()
        if parameter_sets(context.extradata) is None:
            return False
        run = EncoderRun(setup, _FRAMES)
        pictures = []
        for tick in range(_FRAMES):
            frame = VideoFrame(setup.picture.width, setup.picture.height, hardware_format(setup.codec))
            pictures += run.encode(frame, tick * 100)
        pictures += run.finish()
    except (av.error.FFmpegError, ValueError) as error:
        log.debug("%s does not work here: %s", setup.codec, error)
        return False
    return len(pictures) == _FRAMES and pictures[0].is_keyframe
