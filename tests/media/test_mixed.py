"""Clips of all kinds in one montage: one size and rate, no drift, like ones copied, broken ones named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from hypecut.errors import MediaError
from hypecut.media.encoder import PictureFormat
from hypecut.media.fades import plane_views
from hypecut.media.fitting import Fitter
from hypecut.media.pacing import FrameGrid, paced
from hypecut.media.render import RenderResult, render
from hypecut.media.sample_sound import SoundSpec
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import encoded
from tests.support.recordings import Recording, Recordings
from tests.support.truth import ExpectedCut, SourceTruth, expected_cuts
from tests.support.verify import MontageReport, check_montage

NTSC = Fraction(30_000, 1001)
FPS = Fraction(60)
LENGTH_S = 2.0
# As Twitch has them, a sixth of the size; `odd` ones can't be compared by their counter.
KINDS: dict[str, dict[str, Any]] = {
    "1080p60": {},
    "720p60": {"width": 256, "height": 144, "seed": 2, "crf": 20},
    "1080p30": {"fps": Fraction(30), "gop_frames": 60, "seed": 3},
    "936p60": {"width": 278, "height": 156, "seed": 4},
    "portrait": {"width": 180, "height": 320, "seed": 5},
    "44.1 kHz": {"sound": SoundSpec(sample_rate=44_100, seed=6), "seed": 6},
    "mono": {"sound": SoundSpec(channels=1, seed=7), "seed": 7},
    "no sound": {"audio": False, "seed": 8},
    "29.97": {"fps": NTSC, "seed": 9},
    "24": {"fps": Fraction(24), "gop_frames": 48, "seed": 10},
    "50": {"fps": Fraction(50), "gop_frames": 100, "seed": 11},
}
BY_COUNTER = [kind for kind in KINDS if kind != "portrait"]


class Clips:
    """Clips of every kind, two seconds each."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings

    def __call__(self, kind: str, **changes: Any) -> Recording:
        usual: dict[str, Any] = {"duration_s": LENGTH_S, "fps": FPS, "gop_frames": 120}
        return self._recordings(".mp4", **(usual | KINDS.get(kind, {}) | changes))


@pytest.fixture(scope="module")
def clips(tiny_recording: Recordings) -> Clips:
    return Clips(tiny_recording)


def plan_of(*paths: Path, **dress: Any) -> Plan:
    cuts = tuple(Cut(source=path.name, start_s=0.0, end_s=length(path)) for path in paths)
    return Plan(version=1, cuts=cuts, **dress)


def length(path: Path) -> float:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        return float(stream.duration * stream.time_base)


def made(
    recordings: list[Recording], out: Path, plan: Plan | None = None
) -> tuple[RenderResult, MontageReport]:
    folder = recordings[0].path.parent
    plan = plan or plan_of(*(r.path for r in recordings))
    result = render(plan, folder, out, SilentProgress(), strict=True)
    return result, check_montage(out, plan, folder, {r.path.name: r.truth for r in recordings})


def format_of(path: Path) -> tuple[int, int, Fraction | None, Fraction | None]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, stream.average_rate, stream.sample_aspect_ratio


def test_one_of_each_kind_becomes_one_correct_montage(clips: Clips, tmp_path: Path) -> None:
    recordings = [clips(kind) for kind in ("720p60", "1080p60", *BY_COUNTER[2:], "1080p60")]
    result, report = made(recordings, tmp_path / "montage.mp4")
    assert report.problems(max_offset_ms=1.0) == []
    assert report.frames_found == report.frames_checked == len(recordings) * 120
    assert format_of(tmp_path / "montage.mp4")[:3] == (320, 180, Fraction(60))
    assert report.audio_end_s == pytest.approx(0.0, abs=0.03)
    modes = dict(zip(("720p60", "1080p60", *BY_COUNTER[2:]), result.cuts, strict=False))
    assert {kind: cut.mode for kind, cut in modes.items()} == {
        "720p60": "encoded",
        "1080p60": "copied",
        "1080p30": "encoded",
        "936p60": "encoded",
        "44.1 kHz": "copied",
        "mono": "copied",
        "no sound": "copied",
        "29.97": "encoded",
        "24": "encoded",
        "50": "encoded",
    }


@pytest.mark.parametrize("kind", [TransitionKind.FADE, TransitionKind.CROSSFADE])
def test_so_it_does_with_titles_transitions_and_loudness(
    clips: Clips, tmp_path: Path, kind: TransitionKind
) -> None:
    recordings = [clips(k) for k in ("1080p60", "1080p30", "mono", "720p60", "24", "1080p60")]
    plan = plan_of(
        *(r.path for r in recordings),
        titles=Titles(duration_s=0.5),
        transition=Transition(kind=kind, duration_s=0.5),
        loudness=Loudness(),
    )
    _, report = made(recordings, tmp_path / "montage.mp4", plan)
    assert report.problems(max_offset_ms=1.0) == []
    assert report.frames_unproven == 0


def test_the_format_is_that_of_most_of_the_time(clips: Clips, tmp_path: Path) -> None:
    # Two kinds of 30 a second, of which neither alone lasts longest.
    thirty = [clips("1080p30", duration_s=1.5, seed=n, gop_frames=n) for n in (20, 30)]
    result, report = made([clips("1080p60"), *thirty], tmp_path / "montage.mp4")
    assert format_of(tmp_path / "montage.mp4")[:3] == (320, 180, Fraction(30))
    assert report.problems() == []
    assert result.cuts[0].mode == "encoded"
    assert result.cuts[0].frames == 60
    assert result.duration_s == pytest.approx(5.0)


def test_many_odd_clips_never_drift(clips: Clips, tmp_path: Path) -> None:
    # Lengths that are no whole frames of the montage: each rounding is made good at the next join.
    odd = [clips("29.97", duration_s=0.5 + n / 29.97, seed=30 + n) for n in range(6)]
    recordings = [clips("1080p60", duration_s=6.0), *(clip for clip in odd for _ in range(2))]
    result, report = made(recordings, tmp_path / "montage.mp4")
    assert report.problems() == []
    whole_s = 6.0 + sum(2 * float(clip.spec.frames / NTSC) for clip in odd)
    assert result.duration_s == pytest.approx(whole_s, abs=13 / 120)


def luma(frame: VideoFrame, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    small = frame.reformat(width=size[0], height=size[1], format="gray")
    return small.to_ndarray().astype(np.float64)


def nearest(picture: npt.NDArray[np.float64], source: list[npt.NDArray[np.float64]], about: int) -> int:
    """The source frame near `about` that a picture resembles most."""
    near = range(max(0, about - 6), min(len(source), about + 7))
    return min(near, key=lambda n: float(np.abs(source[n] - picture).mean()))


def shows(montage: Path, cut: ExpectedCut, source: Path, place: tuple[int, int, int, int]) -> list[int]:
    """By how many frames a cut is off whose picture lies at a place (x, y, width, height)."""
    x, y, width, height = place
    with av.open(str(source)) as container:
        pictures = [luma(frame, (width, height)) for frame in container.decode(video=0)]
    off = []
    with av.open(str(montage)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if cut.begin + 3 <= number < cut.end - 3 and number % 5 == 0:
                whole = luma(frame, (frame.width, frame.height))
                expected = cut.source_frame(number, FPS)
                shown = whole[y : y + height, x : x + width]
                off.append(nearest(shown, pictures, expected) - expected)
                border = whole.copy()
                border[max(0, y - 2) : y + height + 2, max(0, x - 2) : x + width + 2] = 0
                assert border.max() < 24
    return off


def test_a_portrait_clip_stands_between_black_bars(clips: Clips, tmp_path: Path) -> None:
    recordings = [clips("1080p60"), clips("portrait"), clips("1080p60")]
    out = tmp_path / "montage.mp4"
    _, report = made(recordings, out)
    cut = expected_cuts(
        plan_of(*(r.path for r in recordings)), {r.path.name: r.truth for r in recordings}, FPS
    )[1]
    assert {wrong.frame for wrong in report.wrong} <= set(range(cut.begin, cut.end))
    assert report.worst_offset_ms <= 12.0
    assert (report.missing, report.double, report.frames_found) == (0, 0, 360)
    assert set(shows(out, cut, recordings[1].path, (108, 0, 102, 180))) == {0}


@pytest.mark.parametrize(
    ("name", "size", "ratio", "place"),
    [
        ("wide pixels", (240, 180), Fraction(4, 3), (0, 0, 320, 180)),
        ("narrow pixels", (352, 288), Fraction(12, 11), (40, 0, 240, 180)),
        ("ultrawide", (420, 180), None, (0, 20, 320, 138)),
        ("odd size", (320, 182), None, (1, 0, 318, 180)),
    ],
)
def test_other_shapes_keep_theirs(
    clips: Clips,
    tmp_path: Path,
    name: str,
    size: tuple[int, int],
    ratio: Fraction | None,
    place: tuple[int, int, int, int],
) -> None:
    main = clips("1080p60")
    folder = main.path.parent
    stamps = [n * 1000 for n in range(60)]
    target = folder / f"{name}.mp4"
    source = encoded(target, stamps, Fraction(1, 60_000), size=size, pixel_ratio=ratio)
    out = tmp_path / "montage.mp4"
    plan = plan_of(main.path, source)
    result = render(plan, folder, out, SilentProgress(), strict=True)
    assert [cut.mode for cut in result.cuts] == ["copied", "encoded"]
    assert format_of(out) == format_of(main.path)
    cut = expected_cuts(plan, {main.path.name: main.truth, source.name: SourceTruth(FPS, 60)}, FPS)[1]
    assert set(shows(out, cut, source, place)) == {0}


def test_a_rate_that_varies_becomes_steady(clips: Clips, tmp_path: Path) -> None:
    main = clips("1080p60")
    stamps = [n * 1000 + (n % 3) * 300 + (5000 if n > 40 else 0) for n in range(80)]
    source = encoded(main.path.parent / "varying.mp4", stamps, Fraction(1, 60_000))
    out = tmp_path / "montage.mp4"
    result = render(plan_of(main.path, source), main.path.parent, out, SilentProgress(), strict=True)
    with av.open(str(out)) as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    steps = np.diff(times)
    assert steps.min() > 1 / 60 - 1e-4
    assert steps.max() < 1 / 60 + 1e-4
    assert result.duration_s == pytest.approx(LENGTH_S + 85 / 60, abs=0.02)


def test_surround_sound_is_mixed_down_in_step(clips: Clips, tmp_path: Path) -> None:
    main, whole = clips("1080p60"), clips("1080p60", seed=12, sound=SoundSpec(seed=12))
    surround = whole.path.with_name("surround.mp4")
    _with_surround(whole.path, surround)
    out = tmp_path / "montage.mp4"
    plan = plan_of(main.path, surround, main.path)
    render(plan, main.path.parent, out, SilentProgress(), strict=True)
    truths = {main.path.name: main.truth, surround.name: whole.truth}
    report = check_montage(out, plan, main.path.parent, truths)
    # The encoder of the surround file delays its sound by what its first packet says.
    assert report.problems(max_offset_ms=1.5) == []
    assert {a.cut for a in report.audio if a.offset_ms is not None} == {0, 1, 2}


def _with_surround(source: Path, target: Path) -> None:
    """The same pictures, and the sound in six channels."""
    with av.open(str(source)) as given, av.open(str(target), "w") as output:
        video = output.add_stream_from_template(given.streams.video[0])
        sound: Any = output.add_stream("aac", rate=48_000, layout="5.1")
        resampler = AudioResampler("fltp", "5.1", 48_000)
        for packet in given.demux():
            if packet.stream.type == "video":
                if packet.size:
                    packet.stream = video
                    output.mux(packet)
                continue
            for frame in packet.decode():
                for piece in resampler.resample(frame):  # type: ignore[arg-type]
                    output.mux(sound.encode(piece))
        output.mux(sound.encode(None))


def test_broken_clips_are_left_out_and_named(clips: Clips, tmp_path: Path) -> None:
    good = [clips("1080p60"), clips("720p60"), clips("1080p30")]
    folder = good[0].path.parent
    (folder / "text.mp4").write_text("no video")
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "half.mp4").write_bytes(clips("936p60").path.read_bytes()[:9000])
    bad = ["text.mp4", "missing.mp4", "empty.mp4", "half.mp4"]
    names = [good[0].path.name, bad[0], good[1].path.name, bad[1], bad[2], good[2].path.name, bad[3]]
    cuts = tuple(Cut(source=name, start_s=0.0, end_s=LENGTH_S) for name in names)
    plan = Plan(version=1, cuts=cuts, transition=Transition(kind=TransitionKind.FADE))
    out = tmp_path / "montage.mp4"
    result = render(plan, folder, out, SilentProgress())
    assert {report.source for report in result.skipped} == set(bad)
    assert all(report.source in report.reason for report in result.skipped)
    left = Plan(version=1, cuts=tuple(c for c in cuts if c.source not in bad), transition=plan.transition)
    truths = {recording.path.name: recording.truth for recording in good}
    assert check_montage(out, left, folder, truths).problems(max_offset_ms=1.0) == []


def test_when_all_clips_are_broken_that_is_the_error(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    cuts = tuple(Cut(source=name, start_s=0.0, end_s=LENGTH_S) for name in ("text.mp4", "missing.mp4"))
    with pytest.raises(MediaError, match=r"no cut .* can be used; cut 1 \(text\.mp4\)"):
        render(Plan(version=1, cuts=cuts), tmp_path, tmp_path / "out.mp4", SilentProgress())
    assert not (tmp_path / "out.mp4").exists()


@given(
    fps=st.sampled_from([Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), 2 * NTSC, FPS]),
    to=st.sampled_from([Fraction(30), NTSC, Fraction(50), FPS, 2 * NTSC]),
    frames=st.integers(1, 60),
    begin=st.integers(0, 100),
)
def test_each_moment_shows_the_frame_that_is_due(
    fps: Fraction, to: Fraction, frames: int, begin: int
) -> None:
    grid = FrameGrid(to, 90_000)
    start = grid.tick(begin)
    given_frames = [(VideoFrame(16, 16), start + round(n * 90_000 / fps)) for n in range(frames)]
    ticks = [tick for _, tick in given_frames]
    numbers = {id(frame): n for n, (frame, _) in enumerate(given_frames)}
    end = grid.nearest(start + round(frames * 90_000 / fps))
    shown = [(numbers[id(frame)], tick) for frame, tick in paced(iter(given_frames), grid, start, end)]
    assert [tick for _, tick in shown] == [grid.tick(begin + k) for k in range(len(shown))]
    assert grid.tick(begin + len(shown)) == max(end, start)
    for number, tick in shown:
        assert ticks[number] <= tick
        assert number == frames - 1 or ticks[number + 1] > tick


@pytest.mark.parametrize("matrix", [1, 6])
@pytest.mark.parametrize("value_range", [1, 2])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p10le", "yuv444p"])
def test_colours_stay_what_they_were(matrix: int, value_range: int, pix_fmt: str) -> None:
    pixels = np.empty((90, 160, 3), np.uint8)
    pixels[:] = (200, 60, 90)
    frame = VideoFrame.from_ndarray(pixels, "rgb24").reformat(
        format=pix_fmt, dst_colorspace=1 if matrix == 1 else 5, dst_color_range=value_range
    )
    frame.colorspace, frame.color_range, frame.time_base = matrix, value_range, Fraction(1, 60)
    picture = PictureFormat(320, 180, FPS, color=(1, 1, 1, 1))
    fitted = Fitter(picture).fit(frame, Fraction(1))
    assert (fitted.width, fitted.height, fitted.format.name) == (320, 180, "yuv420p")
    expected = VideoFrame.from_ndarray(pixels, "rgb24").reformat(
        format="yuv420p", dst_colorspace=1, dst_color_range=1
    )
    for got, wanted in zip(plane_views(fitted), plane_views(expected), strict=True):
        assert abs(float(np.median(got)) - float(np.median(wanted))) <= 3
