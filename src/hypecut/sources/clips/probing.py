"""Looking at a downloaded clip: how long it is, and whether it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import msgspec

from hypecut.errors import MediaError

# What may be missing at the end of an honest clip: sound and pictures needn't end together.
_SHORT_S = 1.0
_MAX_DURATION_S = 24 * 3600.0


class ClipFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a video tells of itself: lengths in seconds, pictures in pixels."""

    duration_s: float
    width: int
    height: int
    fps: float
    has_sound: bool


def probe_clip(path: Path) -> ClipFacts:
    """Look at a video: its index and all its packets are read, its key pictures decoded.

    So a file that was cut off, or of which a part is missing or zeroed, is found out without decoding all of
    it.

    Raises:
        MediaError: it is no video, or it is damaged.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise MediaError(f"{path.name} has no pictures; it is no clip.")
            video = container.streams.video[0]
            video.codec_context.skip_frame = "NONKEY"
            start_s, end_s, keys = _decoded(container, video)
            told_s = float(container.duration or 0) / av.time_base
            facts = ClipFacts(
                duration_s=end_s - start_s,
                width=video.codec_context.width,
                height=video.codec_context.height,
                fps=float(video.average_rate or 0),
                has_sound=bool(container.streams.audio),
            )
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path.name} is damaged or no video ({reason}); get it again.") from error
    if not keys or not 0 < facts.duration_s < _MAX_DURATION_S:
        raise MediaError(f"{path.name} shows nothing; get it again.")
    if facts.duration_s < told_s - _SHORT_S:
        raise MediaError(
            f"{path.name} ends after {facts.duration_s:.1f} of {told_s:.1f} s; it is damaged, get it again."
        )
    return facts


def _decoded(container: Any, video: Any) -> tuple[float, float, int]:
    """(when the first picture begins, when the last ends, key pictures) of all packets, decoded or not."""
    start_s: float | None = None
    end_s, keys = 0.0, 0
    for packet in container.demux(video):
        keys += len(packet.decode())
        if packet.pts is None:
            continue
        if packet.is_corrupt or (packet.size and not any(bytes(packet)[:64])):
            raise ValueError("a part of it is missing")
        begins_s = float(packet.pts * packet.time_base)
        start_s = begins_s if start_s is None else min(start_s, begins_s)
        end_s = max(end_s, begins_s + float((packet.duration or 0) * packet.time_base))
    return start_s or 0.0, end_s, keys
