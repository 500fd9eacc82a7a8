"""A VOD in a job's folder, as far as it was fetched: its segments and the playlist that tells their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av

from hypecut.files import written_aside
from hypecut.jobs import folder as names
from hypecut.media.opening import openable
from hypecut.media.sparse import SparsePlaylist, SparseSegment, write_sparse
from hypecut.media.sparse_container import SparseContainer
from hypecut.progress import Progress
from hypecut.sources.fetching import INIT_NAME
from hypecut.sources.hls import MediaPlaylist

# The clock of a transport stream counts 33 bits of 1/90,000 s.
_WRAP_S = Fraction(1 << 33, 90_000)
# What differs by more than this has jumped: then the playlist's lengths are the better guess.
_JUMP_S = 30


def segment_starts(
    playlist: MediaPlaylist, starts: Mapping[int, Fraction], origin: Fraction | None
) -> tuple[float, ...]:
    """When each segment of a VOD begins, in seconds from the VOD's first picture, and where the last ends.

    A playlist rounds the lengths of its segments, which adds up over hours; where the time stamps of segments
    are known they count, and the lengths between them are stretched to fit.

    Args:
        playlist: Twitch's.
        starts: the time stamps of the first pictures of the segments that are here, in seconds.
        origin: that of the VOD's first picture.
    """
    told = [*(segment.start_s for segment in playlist.segments), playlist.duration_s]
    if origin is None:
        return tuple(told)
    known = {0: 0.0}
    for index, start in sorted(starts.items()):
        time = start - origin
        if not playlist.init_url:
            time += round((Fraction(told[index]) - time) / _WRAP_S) * _WRAP_S
        if abs(float(time) - told[index]) <= _JUMP_S and float(time) > max(known.values()):
            known[index] = float(time)
    fitted = list(told)
    points = sorted(known)
    for before, after in pairwise(points):
        scale = (known[after] - known[before]) / (told[after] - told[before])
        for index in range(before, after):
            fitted[index] = known[before] + (told[index] - told[before]) * scale
    shift = known[points[-1]] - told[points[-1]]
    for index in range(points[-1], len(told)):
        fitted[index] = told[index] + shift
    return tuple(fitted)


def write_playlist(
    folder: Path,
    playlist: MediaPlaylist,
    starts: Sequence[float],
    here: frozenset[int],
    origin: Fraction | None,
) -> Path:
    """Write the playlist of what is here of a VOD into a job's folder; its path.

    Raises:
        BadInputError, DiskFullError: it can't be written.
    """
    segments = [
        SparseSegment(
            name=f"{names.VOD_SEGMENTS}/{segment.index}{playlist.suffix}",
            duration_s=round(starts[segment.index + 1] - starts[segment.index], 6),
            here=segment.index in here,
            discontinuity=segment.discontinuity,
        )
        for segment in playlist.segments
    ]
    init_name = f"{names.VOD_SEGMENTS}/{INIT_NAME}" if playlist.init_url else ""
    path = folder / names.VOD_PLAYLIST
    write_sparse(SparsePlaylist(segments, init_name, origin), path)
    return path


def write_whole(playlist: Path, out: Path, progress: Progress) -> None:
    """Join a VOD all of which is here into one MP4 file, nothing encoded anew.

    Raises:
        MediaError: a segment can't be read.
        BadInputError, DiskFullError: the file can't be written.
    """
    source = SparseContainer(playlist)
    try:
        progress.start("join", source.duration_s)
        with written_aside(out) as part, av.open(openable(part), "w", format="mp4") as made:
            tracks = [source.streams.video[0], *source.streams.audio[:1]]
            mapped = {stream.index: made.add_stream_from_template(stream) for stream in tracks}
            base = cast(Fraction, tracks[0].time_base)
            zero_s = source.origin * base
            for packet in source.demux(tracks):
                ticks = round(zero_s / packet.time_base)
                packet.pts, packet.dts = cast(int, packet.pts) - ticks, cast(int, packet.dts) - ticks
                if packet.stream is tracks[0]:
                    progress.update(float(packet.dts * packet.time_base))
                packet.stream = mapped[packet.stream.index]
                made.mux(packet)
        progress.finish()
    finally:
        source.close()
