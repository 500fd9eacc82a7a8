"""Makes the video files the local Twitch serves, once, into a cache folder.

Every frame bears its number (`hypecut.media.counter`), so that what is cut from them can be checked.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
from av.audio.frame import AudioFrame
from av.packet import Packet

from hypecut.media.sample import RecordingSpec, generate_recording
from hypecut.progress import SilentProgress
from tests.support.truth import SourceTruth
from tests.twitch.fixture import Clip, Fixture, Media, Vod
from tests.twitch.repeating import later

HEIGHTS = {"1080p60": 1080, "720p60": 720, "720p30": 720, "480p30": 480, "360p30": 360, "160p30": 160}
AnyPacket: TypeAlias = "Packet[Any]"


@dataclass(frozen=True)
class Segment:
    """A file of a playlist: its name, and its length and place in seconds."""

    name: str
    duration: float
    start: float


@dataclass(frozen=True)
class Rendition:
    """One quality of a VOD; its files are had by `MediaStore.segment`."""

    folder: Path
    segments: tuple[Segment, ...]
    init: str | None

    @property
    def duration(self) -> float:
        return sum(s.duration for s in self.segments)


class MediaStore:
    """The files of a fixture, made when they are first asked for."""

    def __init__(self, fixture: Fixture, cache: Path) -> None:
        self.fixture = fixture
        self.cache = cache
        self._locks: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()
        cache.mkdir(parents=True, exist_ok=True)

    def source(self, media: Media) -> Path:
        """The file behind a VOD or clip."""
        if media.path is not None:
            return Path(media.path)
        target = self.cache / f"source-{_key(asdict(media))}.mp4"
        with self._lock(target):
            if not target.exists():
                generate_recording(target, spec(media), SilentProgress())
        return target

    def truth(self, media: Media) -> SourceTruth:
        """What the frames of a made-up recording show."""
        truth = SourceTruth.of(spec(media))
        if media.period_s is None:
            return truth
        # Its sound begins anew too, which the checks know nothing of.
        frames = round(media.seconds * media.fps)
        return replace(truth, frames=frames, loop_frames=truth.frames, sound=None)

    def seconds(self, media: Media) -> float:
        """How long it is, without making it where that is known."""
        if media.path is None:
            return media.seconds
        with av.open(media.path) as container:
            return (container.duration or 0) / av.time_base

    def clip_file(self, clip: Clip, quality: int) -> Path:
        """A clip in one of its qualities."""
        if quality == max(clip.qualities or (quality,)):
            return self.source(clip.media)
        return self.source(_scaled(clip.media, quality))

    def rendition(self, vod: Vod, quality: str, silent: bool = False) -> Rendition:
        """The segments of one quality: "chunked" is the source as it is, others are smaller."""
        media = vod.media if quality in ("chunked", "audio_only") else _scaled(vod.media, HEIGHTS[quality])
        source = self.source(media)
        only_sound = quality == "audio_only"
        key = _key(str(source), vod.container, vod.segment_seconds, vod.clock_start, silent, only_sound)
        folder = self.cache / f"vod-{key}"
        with self._lock(folder):
            if not (folder / "out.m3u8").exists():
                aside = folder.with_name(f"part-{folder.name}")
                shutil.rmtree(aside, ignore_errors=True)
                aside.mkdir(parents=True)
                _cut(source, aside, vod, silent, only_sound)
                aside.rename(folder)
        segments = _repeated(_segments(folder / "out.m3u8"), media)
        return Rendition(folder, segments, None if vod.container == "ts" else "init-0.mp4")

    def segment(self, vod: Vod, quality: str, name: str, silent: bool = False) -> Path:
        """A segment, or its silent twin; one of a later period is made now."""
        made = self.rendition(vod, quality, silent)
        path = made.folder / name
        period_s = vod.media.period_s
        with self._lock(path):
            if period_s is not None and not path.exists():
                once = round(len(made.segments) * period_s / vod.media.seconds)
                number = int(path.stem)
                first = path.with_stem(str(number % once))
                path.write_bytes(later(first.read_bytes(), number // once * period_s))
        return path

    def _lock(self, key: Path) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())


def spec(media: Media) -> RecordingSpec:
    """The recording that is made for a VOD or clip."""
    return RecordingSpec(
        duration_s=media.period_s or media.seconds,
        width=media.width,
        height=media.height,
        fps=Fraction(media.fps),
        gop_frames=media.fps * media.gop_seconds,
        preset="ultrafast",
        crf=30,
        seed=media.seed,
    )


def _scaled(media: Media, height: int) -> Media:
    return replace(media, height=height, width=round(height * 16 / 18) * 2)


def _key(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _cut(source: Path, folder: Path, vod: Vod, silent: bool, only_sound: bool) -> None:
    """Copy a recording into the segments of a playlist, `out.m3u8`."""
    fmp4 = vod.container == "fmp4"
    options = {
        "hls_time": str(vod.segment_seconds),
        "hls_list_size": "0",
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4" if fmp4 else "mpegts",
        "hls_fmp4_init_filename": "init-0.mp4",
        "hls_segment_filename": str(folder / f"%d.{'mp4' if fmp4 else 'ts'}"),
    }
    with av.open(str(source)) as inp, av.open(str(folder / "out.m3u8"), "w", "hls", options) as out:
        wanted = [s for s in inp.streams if s.type == "audio" or (s.type == "video" and not only_sound)]
        mapped = {s.index: out.add_stream_from_template(s) for s in wanted}
        hush = _silence(inp.streams.audio[0].codec_context.sample_rate) if silent else b""
        for packet in cast(Iterator[AnyPacket], inp.demux(wanted)):
            if packet.dts is None:
                continue
            if vod.media.period_s and packet.stream.type == "audio" and packet.dts < 0:
                # What precedes the sound would lie over the end of the period before.
                continue
            if silent and packet.stream.type == "audio":
                packet = _with_bytes(packet, hush)
            ticks = round(Fraction(vod.clock_start) / packet.time_base)
            packet.pts, packet.dts = (packet.pts or 0) + ticks, (packet.dts or 0) + ticks
            packet.stream = mapped[packet.stream.index]
            out.mux(packet)


def _with_bytes(packet: AnyPacket, data: bytes) -> AnyPacket:
    quiet: AnyPacket = Packet(data)
    quiet.pts, quiet.dts, quiet.duration = packet.pts, packet.dts, packet.duration
    quiet.time_base, quiet.stream = packet.time_base, packet.stream
    return quiet


def _silence(rate: int) -> bytes:
    """One AAC packet in which nothing is heard."""
    with av.open(io.BytesIO(), "w", "adts") as out:
        stream = out.add_stream("aac", rate=rate, layout="stereo")
        packets: list[AnyPacket] = []
        for number in range(4):
            frame = AudioFrame(format="fltp", layout="stereo", samples=1024)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = rate, number * 1024
            packets += stream.encode(frame)
    return bytes(packets[-1])


def _repeated(segments: tuple[Segment, ...], media: Media) -> tuple[Segment, ...]:
    """All segments of a recording of which these are the first period, or the whole."""
    period_s = media.period_s
    if period_s is None:
        return segments
    *others, last = segments
    once = [*others, replace(last, duration=period_s - last.start)]
    return tuple(
        Segment(f"{place + number * len(once)}.ts", one.duration, one.start + number * period_s)
        for number in range(round(media.seconds / period_s))
        for place, one in enumerate(once)
    )


def _segments(playlist: Path) -> tuple[Segment, ...]:
    found: list[Segment] = []
    at = 0.0
    for info, name in pairwise(playlist.read_text().splitlines()):
        if match := re.match(r"#EXTINF:([\d.]+)", info):
            found.append(Segment(name, float(match[1]), at))
            at += float(match[1])
    return tuple(found)
