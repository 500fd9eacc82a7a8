"""How loud a stretch of a source is (EBU R128), and what gain brings it to a target."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple, cast

import av
import av.error
from av.audio.stream import AudioStream
from av.packet import Packet

from hypecut.media.pieces import PieceStore, piece_key, source_mark
from hypecut.media.resample import Resampler
from hypecut.media.source import SOUND_LATE_S, SourceReader

# What the montage's own sound is made of: the stereo mix is measured, because that is what will be heard.
_RATE = 48_000
_LAYOUT = "stereo"
# The meter tells its values every 100 ms; silence fills the last of these up.
_METER_STEP = _RATE // 10
HIGHEST_PEAK_DBTP = -1.0
# What is lost in AAC lifts peaks by up to a decibel: EBU R128 s2 has this one before such an encoder.
SOUND_CEILING_DBTP = HIGHEST_PEAK_DBTP - 1.0
_HIGHEST_GAIN_DB = 20.0
# By how much a limiter may turn peaks down before it can be heard.
_MOST_LIMITING_DB = 9.0
_SILENCE_LUFS = -50.0
# EBU R128 measures blocks of this length; what is shorter fills a part of one.
_BLOCK_S = Fraction(4, 10)
_KEPT = "<2d"


class Measured(NamedTuple):
    """Programme loudness and true peak; both -inf where there is no sound, or too little to measure."""

    integrated_lufs: float
    true_peak_dbtp: float


NOTHING = Measured(-math.inf, -math.inf)


def measure(source: SourceReader, start_s: float, end_s: float) -> Measured:
    """Measure the sound from `start_s` to `end_s`, counted from the source's first picture.

    Raises:
        MediaError: the source can't be read there.
    """
    if source.audio is None or end_s <= start_s:
        return NOTHING
    origin_s = source.clock.origin * source.clock.time_base
    meter = _Meter(origin_s + Fraction(start_s), origin_s + Fraction(end_s))
    for packet in _sound_packets(source, start_s, end_s):
        meter.feed(packet)
    return meter.finish()


def kept_measure(source: SourceReader, start_s: float, end_s: float, pieces: PieceStore | None) -> Measured:
    """As `measure`, but what was measured before is taken from `pieces`, and kept there."""
    if pieces is None or not source.path.exists():
        return measure(source, start_s, end_s)
    key = piece_key("loudness", source_mark(source.path), source.clock, start_s, end_s)
    kept = pieces.get(key)
    if kept is not None:
        return Measured(*struct.unpack(_KEPT, kept))
    measured = measure(source, start_s, end_s)
    pieces.put(key, struct.pack(_KEPT, *measured))
    return measured


def gain_db(measured: Measured, target_lufs: float) -> float:
    """The gain that brings the sound to the target: at most 20 dB.

    Peaks that would then pass -1 dBTP are for a limiter, by 9 dB at most: what would need more of it stays
    quieter. Silence is left as it is.
    """
    if measured.integrated_lufs < _SILENCE_LUFS:
        return 0.0
    wanted_db = target_lufs - measured.integrated_lufs
    room_db = HIGHEST_PEAK_DBTP - measured.true_peak_dbtp + _MOST_LIMITING_DB
    return min(wanted_db, room_db, _HIGHEST_GAIN_DB)


def _sound_packets(source: SourceReader, start_s: float, end_s: float) -> Iterator[Packet[AudioStream]]:
    """The sound's packets from before the start to the end."""
    clock = source.clock
    origin_s = clock.origin * clock.time_base
    for packet in source.packets_from(start_s):
        late_s = float(cast(int, packet.pts) * packet.time_base - origin_s) - end_s
        if packet.stream is not source.video:
            if late_s >= 0:
                return
            yield packet
        elif late_s > SOUND_LATE_S:
            return


class _Meter:
    """FFmpeg's loudness meter, from `start_s` to `end_s` on the file's own time stamps."""

    def __init__(self, start_s: Fraction, end_s: Fraction) -> None:
        self._graph = av.filter.Graph()
        steps = [
            self._graph.add_abuffer(
                sample_rate=_RATE, format="fltp", layout=_LAYOUT, time_base=Fraction(1, _RATE)
            ),
            self._graph.add("atrim", f"start={float(start_s):.6f}:end={float(end_s):.6f}"),
            self._graph.add("apad", f"pad_len={_METER_STEP - 1}"),
            self._graph.add("apad", f"whole_len={math.ceil(_BLOCK_S * _RATE)}"),
            self._graph.add("ebur128", "peak=true:metadata=1:framelog=quiet"),
            self._graph.add("abuffersink"),
        ]
        self._graph.link_nodes(*steps).configure()
        self._resampler = Resampler(_LAYOUT, _RATE)
        self._told: dict[str, str] = {}
        # The silence that fills up the block does not make what is heard any quieter.
        self._part_db = 10 * math.log10(min(1.0, float((end_s - start_s) / _BLOCK_S)))

    def feed(self, packet: Packet[AudioStream]) -> None:
        """Decode and measure; a damaged packet is passed over."""
        for piece in self._resampler.decoded(packet):
            piece.pts = round(cast(int, piece.pts) * cast(Fraction, piece.time_base) * _RATE)
            piece.time_base = Fraction(1, _RATE)
            # The trimmer takes no more once the end is reached.
            with contextlib.suppress(av.error.EOFError):
                self._graph.push(piece)
        self._listen()

    def finish(self) -> Measured:
        """What was measured."""
        self._graph.push(None)
        self._listen()
        integrated = float(self._told.get("lavfi.r128.I", "-inf")) - self._part_db
        peak = float(self._told.get("lavfi.r128.true_peak", "0"))
        return Measured(integrated, 20 * math.log10(peak)) if peak > 0 else NOTHING

    def _listen(self) -> None:
        while True:
            try:
                told = self._graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            self._told = told or self._told
