"""How encoded parts look beside the source, what they cost, and encoding everything."""

from __future__ import annotations

import logging
import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from hypecut.media.encoder import (
    HARDWARE,
    JOIN_OPTIONS,
    JOIN_QUANTIZER,
    CodedPicture,
    EncoderOptions,
    EncoderRun,
    EncoderSetup,
    PictureFormat,
)
from hypecut.media.h264 import parameter_sets
from hypecut.media.hardware import working_encoder, works
from hypecut.media.render import render
from hypecut.media.runs import EncodedRun, EncoderError, RunTask
from hypecut.models import Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import cut_of, modes, numbers, plan_of
from tests.support.recordings import Recordings
from tests.support.verify import check_montage


@pytest.mark.parametrize("grain", [0, 6])
def test_encoded_ends_look_like_the_source_and_take_few_bits(
    tiny_recording: Recordings, tmp_path: Path, grain: int
) -> None:
    recording = tiny_recording(width=640, height=360, crf=23, gop_frames=60, grain=grain)
    starts_s = (0.3, 3.7, 6.1)
    cuts = [cut_of(recording.path, start_s, start_s + 3.0) for start_s in starts_s]
    out = tmp_path / "montage.mp4"
    render(plan_of(cuts), recording.path.parent, out, SilentProgress(), strict=True)
    given, made = (_pictures(path) for path in (recording.path, out))
    firsts = [round(start_s * 30) for start_s in starts_s]
    wanted = [given[first + i] for first in firsts for i in range(90)]
    pairs = list(zip(made, wanted, strict=True))
    encoded = [(a, b) for a, b in pairs if not np.array_equal(a[0], b[0])]
    assert len(encoded) > 60
    psnr = [10 * math.log10(255**2 / float(((a[0] - b[0]) ** 2).mean())) for a, b in encoded]
    assert min(psnr) >= 38
    assert sum(psnr) / len(psnr) >= 43
    size_s = sum(size for _, size in given) / len(given) * 30
    assert sum(a[1] for a, _ in encoded) / len(encoded) * 30 <= 3 * size_s


def _pictures(path: Path) -> list[tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], int]]:
    """The luma of every picture in order of display, and how many bytes it takes."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    sizes = {packet.pts: packet.size for packet in packets}
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [(f.to_ndarray()[: f.height].astype(np.float32), sizes[f.pts]) for f in frames]


def test_everything_can_be_encoded_into_one_plain_stream(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording()
    cuts = [cut_of(recording.path, *window) for window in ((1.5, 3.0), (4.1, 8.0))]
    out = tmp_path / "montage.mp4"
    options = EncoderOptions(copies=False)
    result = render(plan_of(cuts), recording.path.parent, out, SilentProgress(), options, strict=True)
    assert modes(result) == ["encoded"] * 2
    assert numbers(out) == [*range(45, 90), *range(123, 240)]
    with av.open(str(out)) as container:
        sets = parameter_sets(container.streams.video[0].codec_context.extradata)
    assert sets is not None
    assert len(sets.sps) == len(sets.pps) == 1


@pytest.mark.parametrize("kind", [TransitionKind.NONE, TransitionKind.CROSSFADE])
def test_long_cuts_are_encoded_in_parts(
    tiny_recording: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: TransitionKind
) -> None:
    monkeypatch.setattr("hypecut.media.render.PART_S", 1)
    monkeypatch.setattr("hypecut.media.parts.PART_S", 1)
    recording = tiny_recording(gop_frames=20)
    cuts = [cut_of(recording.path, *window) for window in ((0.3, 6.0), (1.0, 1.5), (4.1, 11.5))]
    plan = plan_of(cuts, Transition(kind=kind, duration_s=0.3))
    out = tmp_path / "montage.mp4"
    folder = recording.path.parent
    render(plan, folder, out, SilentProgress(), EncoderOptions(copies=False), strict=True)
    report = check_montage(out, plan, folder, {recording.path.name: recording.truth})
    assert report.problems(max_offset_ms=1.0 if kind is not TransitionKind.NONE else 12.0) == []
    assert len(keyframe_ticks(out)) >= 6


def keyframe_ticks(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        found = [p.pts or 0 for p in container.demux(video=0) if p.size and p.is_keyframe]
    assert all(a < b for a, b in pairwise(found))
    return found


def join_setup(max_bit_rate: int) -> EncoderSetup:
    picture = PictureFormat(320, 180, Fraction(30))
    setup = EncoderSetup(picture, 15_360, JOIN_OPTIONS, True, 1, max_bit_rate, JOIN_QUANTIZER)
    return setup.with_one_kind_of_sets()


def grainy(count: int) -> list[VideoFrame]:
    """Frames that take many bits, about 4 Mbit/s."""
    rng = np.random.default_rng(5)
    still = rng.integers(60, 190, (270, 320), np.uint8)
    grains = (rng.integers(0, 24, still.shape, np.uint8) for _ in range(count))
    return [VideoFrame.from_ndarray(still + grain, "yuv420p") for grain in grains]


def encoded_by(setup: EncoderSetup, frames: list[VideoFrame]) -> list[CodedPicture]:
    run = EncoderRun(setup, len(frames))
    pictures = [picture for i, frame in enumerate(frames) for picture in run.encode(frame, 512 * i)]
    return pictures + run.finish()


@pytest.mark.parametrize(
    ("max_bit_rate", "still", "begins"),
    [(40_000_000, 0, [0]), (2_000_000, 0, [0]), (2_000_000, 30, [0, 30])],
    ids=["within", "beyond", "later beyond"],
)
def test_what_would_take_more_bits_than_there_are_is_encoded_at_the_highest_rate(
    max_bit_rate: int, still: int, begins: list[int]
) -> None:
    setup = join_setup(max_bit_rate)
    pictures = encoded_by(setup, [*grainy(1) * still, *grainy(60 - still)])
    assert [picture.tick for picture in pictures] == [512 * i for i in range(60)]
    found = [i for i, picture in enumerate(pictures) if picture.is_keyframe]
    assert found[0] == 0
    assert len(found) == len(begins)
    assert begins[-1] <= found[-1] < begins[-1] + 20
    spent = 8 * sum(len(picture.data) for picture in pictures)
    assert spent <= 2 * max_bit_rate
    if max_bit_rate > 10_000_000:
        assert spent > 2 * 2_000_000
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = setup.sets().avcc()
    shown = [frame for picture in pictures for frame in decoder.decode(av.Packet(picture.data))]
    shown += decoder.decode(None)
    assert len(shown) == 60
    assert not any(frame.is_corrupt for frame in shown)


def test_a_change_of_scene_at_the_beginning_is_not_taken_for_what_follows() -> None:
    still = grainy(1)[0]
    other = VideoFrame.from_ndarray(255 - still.to_ndarray(), "yuv420p")
    pictures = encoded_by(join_setup(2_500_000), [still, *[other] * 59])
    assert len(pictures[1].data) > 20 * len(pictures[2].data)
    assert [picture.is_keyframe for picture in pictures] == [True] + [False] * 59


def test_a_costly_beginning_that_the_rest_makes_up_for_changes_nothing() -> None:
    max_bit_rate = 6_500_000
    costly = grainy(20)
    frames = [*costly, *[costly[-1]] * 100]
    pictures = encoded_by(join_setup(max_bit_rate), frames)
    assert 8 * sum(len(picture.data) for picture in pictures[:20]) > 20 / 30 * max_bit_rate
    assert 8 * sum(len(picture.data) for picture in pictures) <= 4 * max_bit_rate
    assert [p.data for p in pictures] == [p.data for p in encoded_by(join_setup(40_000_000), frames)]


def test_a_run_shorter_than_a_trial_is_whole() -> None:
    for max_bit_rate in (40_000_000, 100_000):
        pictures = encoded_by(join_setup(max_bit_rate), grainy(2))
        assert [picture.tick for picture in pictures] == [0, 512]
        assert [picture.is_keyframe for picture in pictures] == [True, False]


@pytest.mark.parametrize("max_bit_rate", [300_000, 2_000_000, 40_000_000])
def test_how_bits_are_spent_does_not_show_in_the_parameter_sets(max_bit_rate: int) -> None:
    setup = join_setup(max_bit_rate)
    assert setup.quantizer == JOIN_QUANTIZER
    assert setup.sets() == setup.sets(capped=True)


def test_a_quantizer_that_would_need_sets_of_its_own_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = EncoderSetup._x264_options

    def differing(self: EncoderSetup, keyint: int, capped: bool) -> dict[str, str]:
        options = real(self, keyint, capped)
        return options if capped else options | {"x264-params": options["x264-params"] + ":ref=3"}

    monkeypatch.setattr(EncoderSetup, "_x264_options", differing)
    assert join_setup(2_000_000).quantizer is None


def setup(name: str) -> EncoderSetup:
    picture = PictureFormat(320, 180, Fraction(30))
    return EncoderSetup(picture, 15_360, EncoderOptions(encoder=name), prefixed=False)


def test_an_encoder_that_does_not_work_gives_way(caplog: pytest.LogCaptureFixture) -> None:
    missing = next(name for name, codec in HARDWARE.items() if codec not in av.codecs_available)
    with caplog.at_level(logging.WARNING):
        assert working_encoder(setup(missing)) == "libx264"
    assert f"no working encoder {missing}" in caplog.text


def test_only_an_encoder_that_was_tried_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypecut.media.hardware.works", lambda tried: tried.codec == "h264_qsv")
    assert working_encoder(setup("auto")) == "h264_qsv"
    assert working_encoder(setup("x264")) == "libx264"


def test_trying_encodes_a_picture() -> None:
    assert works(setup("x264"))


def test_an_encoder_in_hardware_that_fails_on_the_way_gives_way(
    tiny_recording: Recordings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = RunTask.__call__
    calls: list[RunTask] = []

    def failing(self: RunTask) -> EncodedRun:
        calls.append(self)
        if len(calls) == 1:
            raise EncoderError("h264_nvenc", RuntimeError("out of sessions"))
        return whole(self)

    monkeypatch.setattr(RunTask, "__call__", failing)
    recording = tiny_recording()
    out = tmp_path / "montage.mp4"
    options = EncoderOptions(copies=False, encoder="auto")
    plan = plan_of([cut_of(recording.path, 1.0, 2.0)])
    with caplog.at_level(logging.WARNING):
        render(plan, recording.path.parent, out, SilentProgress(), options, strict=True)
    assert numbers(out) == list(range(30, 60))
    assert "out of sessions" in caplog.text
