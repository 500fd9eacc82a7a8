"""A long 1080p60 VOD to cut: five minutes of picture, over and over, under sound that never repeats."""

from __future__ import annotations

import argparse
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from hypecut.files import written_aside
from hypecut.media.sample import RecordingSpec, encoded_sound, generate_recording, sound_stream
from hypecut.media.sample_sound import SoundSpec
from hypecut.progress import Progress

FPS = Fraction(60)
# A multiple of 480 frames: there the groups of pictures and the frames of 48 kHz AAC end together.
LOOP_FRAMES = 18_240
SOUND = SoundSpec(seed=1)
WORK = Path(tempfile.gettempdir()) / "hypecut-bench"

BASE = RecordingSpec(
    duration_s=float(LOOP_FRAMES / FPS),
    width=1920,
    height=1080,
    fps=FPS,
    gop_frames=120,
    bitrate=6_000_000,
    audio=False,
    preset="superfast",
    grain=3,
)


def vod_parser(description: str | None) -> argparse.ArgumentParser:
    """A command line that says where to put everything, and how long the VOD is to be."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=WORK, help="where to put everything")
    parser.add_argument("--hours", type=float, default=2.0, help="length of the generated VOD")
    return parser


def work_folder(args: argparse.Namespace) -> Path:
    """The folder that the command line names, made if need be."""
    work: Path = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    return work


def make_vod(work: Path, hours: float, progress: Progress, base: RecordingSpec = BASE) -> Path:
    """A VOD of about that length in `work`, made unless it is there already."""
    vod = work / f"vod_{hours:g}h.mp4"
    if vod.exists():
        return vod
    picture = work / "base.mp4"
    if not picture.exists():
        generate_recording(picture, base, progress)
    loop_s = float(base.frames / base.fps)
    _loop(picture, vod, loop_s, max(1, math.ceil(hours * 3600 / loop_s)), progress)
    return vod


def _loop(picture: Path, vod: Path, loop_s: float, count: int, progress: Progress) -> None:
    progress.start("make VOD", loop_s * count)
    with written_aside(vod) as part, av.open(str(part), "w") as output:
        with av.open(str(picture)) as base:
            video = output.add_stream_from_template(base.streams.video[0])
        audio = sound_stream(output, SOUND)
        sound = encoded_sound(audio, SOUND, loop_s * count)
        for turn in range(count):
            progress.update(turn * loop_s)
            heard_s = turn * loop_s
            for packet in _shifted(picture, turn * loop_s):
                if (packet.pts or 0) * packet.time_base >= heard_s:
                    output.mux(next(sound, []))
                    heard_s += 1.0
                _mux_into(output, video, packet)
        for packets in sound:
            output.mux(packets)
    progress.finish()


def _mux_into(output: OutputContainer, video: VideoStream, packet: Packet[VideoStream]) -> None:
    packet.stream = video
    output.mux(packet)


def _shifted(picture: Path, by_s: float) -> list[Packet[VideoStream]]:
    """The coded pictures, moved later."""
    with av.open(str(picture)) as base:
        packets = [packet for packet in base.demux(video=0) if packet.size]
    for packet in packets:
        shift = round(Fraction(by_s) / packet.time_base)
        packet.pts = (packet.pts or 0) + shift
        packet.dts = (packet.dts or 0) + shift
    return packets
