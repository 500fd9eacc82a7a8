"""Invented recordings: what `hypecut demo` shows, and what the tests cut.

Every frame bears its number in a form a program can read (`hypecut.media.counter`), and every stretch of the
sound can be found again (`hypecut.media.sample_sound`): a montage made of it can be checked to the frame.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.stream import VideoStream

from hypecut.chat.sample import PlantedMoment, planted_moments
from hypecut.files import written_aside
from hypecut.media.counter import Plane
from hypecut.media.opening import openable
from hypecut.media.sample_picture import GamePicture, Planes
from hypecut.media.sample_sound import SoundSpec, sound_second
from hypecut.progress import Progress

_BT709 = 1
_LIMITED_RANGE = 1
_FRAMES_AHEAD = 6

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RecordingSpec:
    """What a generated recording is like.

    Attributes:
        duration_s: its length; the last frame may end a little later.
        width: even, in pixels.
        height: even, in pixels.
        fps: frames a second, constant.
        gop_frames: from one keyframe to the next.
        bframes: at most so many B-frames in a row.
        open_gop: keyframes that frames shown before them depend on.
        preset: x264's, a trade of speed for size.
        crf: x264's quality, when no bit rate is given.
        bitrate: bits a second, held nearly constant as in a broadcast.
        x264_params: further parameters, as `key=value:key=value`.
        audio: it has sound.
        sound: what can be heard.
        moments: what happens in it.
        seed: another seed, another picture.
        grain: film grain in the picture, in steps of luma.
    """

    duration_s: float
    width: int = 854
    height: int = 480
    fps: Fraction = Fraction(30)
    gop_frames: int = 60
    bframes: int = 2
    open_gop: bool = False
    preset: str = "veryfast"
    crf: int = 23
    bitrate: int | None = None
    x264_params: str = ""
    audio: bool = True
    sound: SoundSpec = field(default_factory=SoundSpec)
    moments: tuple[PlantedMoment, ...] = ()
    seed: int = 1
    grain: int = 0

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return max(1, round(Fraction(self.duration_s) * self.fps))


def demo_spec(duration_s: float, seed: int) -> RecordingSpec:
    """The recording `hypecut demo` makes: planted moments, a tune, and made fast rather than small."""
    moments = planted_moments(duration_s, seed)
    return RecordingSpec(
        duration_s=duration_s,
        preset="ultrafast",
        crf=27,
        sound=SoundSpec(seed=seed, noise=0.1, tune=True, moments=moments),
        moments=moments,
        seed=seed,
    )


def generate_recording(path: Path, spec: RecordingSpec, progress: Progress) -> None:
    """Write a recording to `path`; the suffix says in which container (mp4, mkv, ts, flv).

    Args:
        path: the file, written aside and renamed.
        spec: what it is like.
        progress: told of the seconds done.

    Raises:
        DiskFullError, BadInputError: the file can't be written.
    """
    progress.start("generate recording", spec.duration_s)
    with written_aside(path) as part, av.open(openable(part), "w") as output:
        video = _video_stream(output, spec)
        audio = sound_stream(output, spec.sound) if spec.audio else None
        # Opened before the threads start: writing the first packet would open them while they are in use.
        output.start_encoding()
        sound = _ahead(encoded_sound(audio, spec.sound, spec.duration_s), 2) if audio else iter(())
        for number, frame in enumerate(_ahead(_frames(spec), _FRAMES_AHEAD)):
            if number % round(spec.fps) == 0:
                output.mux(next(sound, []))
                progress.update(float(number / spec.fps))
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        for packets in sound:
            output.mux(packets)
    progress.finish()


def sound_stream(output: OutputContainer, sound: SoundSpec) -> AudioStream:
    """Add a track of AAC to `output` for the sound `encode_second` makes."""
    stream = output.add_stream("aac", rate=sound.sample_rate)
    stream.layout = "mono" if sound.channels == 1 else "stereo"
    stream.bit_rate = 80_000 * sound.channels
    stream.options = {"aac_coder": "fast"}
    return stream


def encoded_sound(
    stream: AudioStream, sound: SoundSpec, duration_s: float
) -> Iterator[list[Packet[AudioStream]]]:
    """The track's packets, a second's at a time, to the last one."""
    for second in range(math.ceil(duration_s)):
        count = min(sound.sample_rate, round((duration_s - second) * sound.sample_rate))
        samples = sound_second(sound, second)[:count].astype(np.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", stream.layout.name)
        frame.sample_rate = sound.sample_rate
        frame.pts = second * sound.sample_rate
        frame.time_base = Fraction(1, sound.sample_rate)
        yield stream.encode(frame)
    yield stream.encode(None)


def _video_stream(output: OutputContainer, spec: RecordingSpec) -> VideoStream:
    stream = output.add_stream("libx264", rate=spec.fps)
    stream.width, stream.height, stream.pix_fmt = spec.width, spec.height, "yuv420p"
    context = stream.codec_context
    context.time_base = 1 / spec.fps
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED_RANGE
    params = f"open-gop={int(spec.open_gop)}" + (f":{spec.x264_params}" if spec.x264_params else "")
    options: dict[str, object] = {
        "preset": spec.preset,
        "g": str(spec.gop_frames),
        "keyint_min": str(spec.gop_frames),
        "sc_threshold": "0",
        "bf": str(spec.bframes),
        "x264-params": params,
    }
    if spec.bitrate:
        options |= {"b": str(spec.bitrate), "maxrate": str(spec.bitrate), "bufsize": str(2 * spec.bitrate)}
    else:
        options["crf"] = str(spec.crf)
    stream.options = options
    return stream


def _frames(spec: RecordingSpec) -> Iterator[VideoFrame]:
    game = GamePicture(spec.width, spec.height, spec.fps, spec.moments, spec.seed, spec.grain)
    for number in range(spec.frames):
        frame = VideoFrame(spec.width, spec.height, "yuv420p")
        game.draw(number, Planes(*(_pixels(plane) for plane in frame.planes)))
        frame.pts = number
        frame.time_base = 1 / spec.fps
        yield frame


def _pixels(plane: VideoPlane) -> Plane:
    whole: Plane = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
    return whole[: plane.height, : plane.width]


def _ahead(items: Iterator[T], count: int) -> Iterator[T]:
    """The same items, of which up to `count` are made in advance, in a thread of their own."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(next, items, end) for _ in range(count))
        while (item := coming.popleft().result()) is not end:
            coming.append(pool.submit(next, items, end))
            yield cast(T, item)
