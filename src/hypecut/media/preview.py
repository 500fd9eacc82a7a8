"""A small proxy of a montage: as many frames at the same times, made fast.

Near joins every frame is what the montage shows there. Between them, pictures that no other one needs are
left out and the one before stays, which spares a good part of the decoding.
"""

from __future__ import annotations

from hypecut.media.encoder import EncoderOptions

# One encoder for every frame: any player seeks in that at once.
PREVIEW = EncoderOptions(
    crf=30.0, preset="ultrafast", bframes=0, encoder="x264", copies=False, most_lines=360, draft=True
)
