from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest

from hypecut.chat.sample import PlantedMoment, planted_moments
from hypecut.media.sample import RecordingSpec, demo_spec, generate_recording
from hypecut.media.sample_sound import SoundSpec, sound_between, sound_second
from hypecut.models import Cut, Plan
from tests.support.counter import read_counter
from tests.support.recordings import NTSC_60, Recording, Recordings
from tests.support.verify import MontageReport, check_montage

KINDS: list[tuple[str, dict[str, Any]]] = [
    (".mp4", {}),
    (".mkv", {}),
    (".ts", {}),
    (".flv", {}),
    (".mp4", {"bframes": 0}),
    (".mp4", {"fps": NTSC_60, "gop_frames": 120}),
    (".ts", {"fps": NTSC_60, "gop_frames": 60, "open_gop": True}),
    (".mkv", {"width": 426, "height": 240, "grain": 4}),
    (".mp4", {"sound": SoundSpec(sample_rate=44_100, channels=1)}),
]
MOMENT = PlantedMoment(5.0, "Jump over the broken bridge")


def check_itself(recording: Recording) -> MontageReport:
    """Check a recording as if it were a montage of the whole of it."""
    cut = Cut(
        source=recording.path.name, start_s=0.0, end_s=float(recording.spec.frames / recording.spec.fps)
    )
    plan = Plan(version=1, cuts=(cut,))
    return check_montage(recording.path, plan, recording.path.parent, {cut.source: recording.truth})


@pytest.mark.parametrize(("suffix", "changes"), KINDS)
def test_every_frame_and_the_sound_can_be_told(
    tiny_recording: Recordings, suffix: str, changes: dict[str, Any]
) -> None:
    recording = tiny_recording(suffix, **changes)
    report = check_itself(recording)
    stamps_from_zero = replace(report, first_pts_s=0.0)
    assert stamps_from_zero.problems(max_offset_ms=1.0) == []
    assert report.frames_checked == recording.spec.frames
    assert report.copied_fraction == 1.0
    assert len(report.audio) == 2


def test_a_recording_without_sound(tiny_recording: Recordings) -> None:
    recording = tiny_recording(audio=False)
    with av.open(str(recording.path)) as container:
        assert not container.streams.audio
    assert check_itself(recording).problems() == []


def test_duration_and_parameters_are_as_asked(tiny_recording: Recordings) -> None:
    recording = tiny_recording(duration_s=4.0, fps=NTSC_60, gop_frames=60, bframes=2)
    with av.open(str(recording.path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (320, 180, NTSC_60)
        packets = [p for p in container.demux(stream) if p.size]
        assert container.duration == pytest.approx(4_000_000, abs=30_000)
        base = stream.time_base or Fraction(0)
    keys = [round((p.pts or 0) * base * NTSC_60) for p in packets if p.is_keyframe]
    assert keys == [0, 60, 120, 180]
    stamps = [p.pts or 0 for p in packets]
    assert stamps != sorted(stamps)


def test_moments_are_seen_and_heard(tiny_recording: Recordings) -> None:
    sound = SoundSpec(noise=0.2, tune=True, moments=(MOMENT,))
    recording = tiny_recording(moments=(MOMENT,), sound=sound)
    assert check_itself(recording).problems(max_offset_ms=1.0) == []
    with av.open(str(recording.path)) as container:
        light = [float(frame.to_ndarray()[:180].mean()) for frame in container.decode(video=0)]
    assert np.argmax(light) == 150
    before, after = (np.abs(sound_between(sound, at_s, 1.0)).mean() for at_s in (2.0, 5.3))
    assert after > 2 * before


def test_the_sound_is_the_same_however_it_is_asked_for() -> None:
    spec = SoundSpec(seed=3, moments=(MOMENT,))
    whole = np.concatenate([sound_second(spec, second).mean(axis=1) for second in range(4, 8)])
    assert np.array_equal(sound_between(spec, 4.25, 2.5), whole[12_000:132_000])
    assert not sound_between(spec, -1.0, 1.0).any()


def test_the_same_spec_gives_the_same_picture(tmp_path: Path) -> None:
    # Without its tree of macroblocks, as some builds of x264 sum that up differently from run to run.
    spec = RecordingSpec(duration_s=1.0, width=320, height=180, seed=5, x264_params="threads=1:mbtree=0")
    for name in ("a.mp4", "b.mp4"):
        generate_recording(tmp_path / name, spec, _Counting())
    first, second = (list(_pictures(tmp_path / name)) for name in ("a.mp4", "b.mp4"))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_progress_tells_the_seconds(tmp_path: Path) -> None:
    progress = _Counting()
    generate_recording(tmp_path / "a.mp4", RecordingSpec(duration_s=3.0, width=64, height=36), progress)
    assert progress.told == ["generate recording", 0.0, 1.0, 2.0, "done"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_the_demo_shows_and_plays_its_planted_moments() -> None:
    spec = demo_spec(360.0, 7)
    assert spec.duration_s == 360.0
    assert spec.moments == planted_moments(360.0, 7)
    assert spec.sound.moments == spec.moments


def test_a_counter_is_not_read_from_a_picture_without_one() -> None:
    frame = av.VideoFrame(320, 180, "yuv420p")
    np.frombuffer(cast(Any, frame.planes[0]), np.uint8)[:] = 126
    assert read_counter(frame) is None


def test_a_wrong_plan_is_noticed(tiny_recording: Recordings) -> None:
    recording = tiny_recording()
    name = recording.path.name
    plan = {"version": 1, "cuts": [{"source": name, "start_s": 1 / 30, "end_s": 12.0}]}
    report = check_montage(recording.path, plan, recording.path.parent, {name: recording.truth})
    assert len(report.wrong) == 360
    assert report.copied_fraction == 0.0
    assert report.worst_offset_ms == pytest.approx(33.3, abs=1.0)
    assert any("360, not 359" in problem for problem in report.problems())


def test_windows_decode_only_round_the_joins(tiny_recording: Recordings) -> None:
    recording = tiny_recording()
    name = recording.path.name
    cuts = [{"source": name, "start_s": 0.0, "end_s": 6.0}, {"source": name, "start_s": 6.0, "end_s": 12.0}]
    report = check_montage(
        recording.path,
        {"version": 1, "cuts": cuts},
        recording.path.parent,
        {name: recording.truth},
        window_s=0.5,
    )
    assert report.problems() == []
    assert report.frames_checked == 60
    assert report.frames_unproven == 0


def _pictures(path: Path) -> list[np.ndarray[Any, Any]]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


class _Counting:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str | float] = []

    def start(self, step: str, total: float, unit: str = "s") -> None:
        self.told.append(step)

    def update(self, done: float) -> None:
        self.told.append(done)

    def finish(self) -> None:
        self.told.append("done")


def test_frame_count_follows_from_the_rate() -> None:
    assert RecordingSpec(duration_s=2.0, fps=Fraction(25)).frames == 50
    assert RecordingSpec(duration_s=1001 / 60, fps=NTSC_60).frames == 1000
