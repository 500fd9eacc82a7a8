"""Rendering real media, checked frame by frame by the counter in each picture."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from hypecut.media.h264 import parameter_sets
from hypecut.media.render import render
from hypecut.media.sample_sound import SoundSpec
from hypecut.progress import SilentProgress
from tests.media.rendering import (
    ON_GRID_S,
    Window,
    cut_of,
    delayed,
    encoded,
    modes,
    numbers,
    pictures,
    plan_of,
    remuxed,
    rendered,
    snapped,
)
from tests.support.hearing import hear
from tests.support.recordings import NTSC_60, Recordings

CONTAINERS = (".mp4", ".mkv", ".ts", ".flv")
FRAME_S = 1 / 30


@pytest.mark.parametrize(
    ("suffix", "fps"), [*((s, Fraction(30)) for s in CONTAINERS), (".mp4", NTSC_60), (".mkv", NTSC_60)]
)
def test_snapped_cuts_are_copied_bit_for_bit(
    tiny_recording: Recordings, tmp_path: Path, suffix: str, fps: Fraction
) -> None:
    recording = tiny_recording(suffix, fps=fps)
    cuts = snapped(recording.path, [(7.1, 8.2), (2.2, 3.3), (10.2, 12.0), (0.0, 1.0)])
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied"] * 4
    assert report.copied_fraction == 1.0
    assert len(report.audio) == 8
    assert result.duration_s == pytest.approx(report.frames_expected / report.fps)
    assert cuts[2].end_s == pytest.approx(float(recording.spec.frames / fps))


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_exact_cuts_are_encoded_beside_copied_ones(
    tiny_recording: Recordings, tmp_path: Path, suffix: str
) -> None:
    recording = tiny_recording(suffix)
    windows = [(3.0, 4.5), (2.2, 3.3), (7.0, 7.5), (9.0, 10.5), (11.0, 12.0)]
    out = tmp_path / "montage.mp4"
    result, report = rendered([recording], [cut_of(recording.path, *w) for w in windows], out)
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    # The third and the last lie within one group of pictures: nothing of them can be copied.
    assert modes(result) == ["copied", "joined", "encoded", "copied", "encoded"]
    assert report.frames_copied == sum(cut.copied_frames for cut in result.cuts) > 90
    with av.open(str(out)) as container:
        sets = parameter_sets(container.streams.video[0].codec_context.extradata)
    assert sets is not None
    assert len(sets.sps) == len(sets.pps) == len(sets.ids) == 2


def test_a_montage_without_copied_cuts(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording()
    cuts = [cut_of(recording.path, *window) for window in ((2.2, 2.9), (7.0, 7.5), (0.1, 1.0))]
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["encoded"] * 3


@pytest.mark.parametrize(
    ("changes", "suffix"),
    [
        ({}, ".mp4"),
        ({}, ".ts"),
        ({}, ".mkv"),
        ({}, ".flv"),
        ({"fps": NTSC_60, "gop_frames": 60}, ".mp4"),
        ({"fps": Fraction(60), "gop_frames": 120}, ".ts"),
        ({"bframes": 0}, ".mp4"),
        ({"bframes": 3, "preset": "medium"}, ".mp4"),
        ({"gop_frames": 240}, ".mp4"),
        ({"open_gop": True}, ".mp4"),
        ({"open_gop": True}, ".ts"),
    ],
)
def test_only_the_ends_of_exact_cuts_are_encoded(
    tiny_recording: Recordings, tmp_path: Path, changes: dict[str, Any], suffix: str
) -> None:
    recording = tiny_recording(suffix, **changes)
    rng = random.Random(9)
    starts = [rng.uniform(0, 6) for _ in range(6)]
    windows = [(start_s, start_s + rng.uniform(1.0, 5.0)) for start_s in starts]
    cuts = [cut_of(recording.path, *window) for window in windows]
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert report.frames_copied == sum(cut.copied_frames for cut in result.cuts)
    for cut, (start_s, end_s) in zip(result.cuts, windows, strict=True):
        group_s = float(recording.spec.gop_frames / recording.spec.fps)
        if end_s - start_s > group_s + 0.5 and not changes.get("open_gop"):
            # The rest of a group at the start, and what B-frames mix at the end.
            assert cut.frames - cut.copied_frames <= recording.spec.gop_frames + 4
            assert cut.mode == "joined"


def test_the_index_stands_before_the_pictures(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording()
    out = tmp_path / "montage.mp4"
    rendered([recording], [cut_of(recording.path, 1.5, 3.0)], out)
    data = out.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    assert [path.name for path in tmp_path.iterdir()] == ["montage.mp4"]


def test_twice_the_same_moment_single_frames_and_neighbours(
    tiny_recording: Recordings, tmp_path: Path
) -> None:
    recording = tiny_recording()
    windows = [(1.5, 3.0), (1.5, 3.0), (3.0, 4.5), (3.1, 3.1 + FRAME_S), (6.0, 6.0 + FRAME_S), (10.5, 12.0)]
    cuts = [cut_of(recording.path, *window) for window in windows]
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert [entry.frames for entry in result.cuts] == [45, 45, 45, 1, 1, 45]
    assert modes(result)[3] == "encoded"


def test_times_within_a_millisecond_mean_the_frame(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording()
    windows = [(1.5009, 2.9991), (3.0 - 0.0009, 4.5 + 0.0009), (6.0 + 0.0011, 6.4)]
    out = tmp_path / "montage.mp4"
    result, _ = rendered([recording], [cut_of(recording.path, *window) for window in windows], out)
    assert modes(result) == ["copied", "copied", "encoded"]
    assert numbers(out) == [*range(45, 90), *range(90, 135), *range(181, 192)]


def test_two_sources_of_one_encoder_share_the_track(tiny_recording: Recordings, tmp_path: Path) -> None:
    first, second = tiny_recording(), tiny_recording(".ts", seed=5)
    cuts = [
        *snapped(first.path, [(2.0, 3.0)]),
        *snapped(second.path, [(5.0, 6.0)]),
        *snapped(first.path, [(8, 9)]),
    ]
    result, report = rendered([first, second], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied"] * 3
    assert report.copied_fraction == 1.0


def test_a_source_of_another_size_is_fitted(tiny_recording: Recordings, tmp_path: Path) -> None:
    usual, odd = tiny_recording(), tiny_recording(seed=2, width=426, height=240)
    cuts = [
        cut_of(usual.path, 1.5, 3.0),
        cut_of(odd.path, 3.0, 4.5),
        cut_of(odd.path, 3.1, 3.6),
        cut_of(usual.path, 6.0, 7.5),
    ]
    result, report = rendered([usual, odd], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied", "encoded", "encoded", "copied"]


@pytest.mark.parametrize(
    ("size", "pixel_ratio", "black"),
    [
        ((240, 180), Fraction(4, 3), "none"),
        ((240, 180), None, "sides"),
        ((322, 140), None, "above"),
        ((320, 180), Fraction(3, 2), "above"),
    ],
)
def test_pictures_keep_their_shape(
    tiny_recording: Recordings,
    tmp_path: Path,
    size: tuple[int, int],
    pixel_ratio: Fraction | None,
    black: str,
) -> None:
    usual = tiny_recording()
    odd = encoded(
        usual.path.parent / f"shape{size[0]}x{size[1]}_{pixel_ratio or 1}.mp4".replace("/", "_"),
        range(30),
        Fraction(1, 30),
        size=size,
        pixel_ratio=pixel_ratio,
    )
    out = tmp_path / "montage.mp4"
    cuts = [cut_of(usual.path, 1.5, 3.0), cut_of(odd, 0.0, 0.5)]
    render(plan_of(cuts), odd.parent, out, SilentProgress(), strict=True)
    with av.open(str(out)) as container:
        luma = list(container.decode(video=0))[50].to_ndarray()[:180]
    sides, above = (bool(np.all(edge < 24)) for edge in (luma[:, [0, 1, -2, -1]], luma[[0, 1, -2, -1]]))
    assert {"sides": sides, "above": above} == {"sides": black == "sides", "above": black == "above"}


def test_a_cut_without_sound_is_silent(tiny_recording: Recordings, tmp_path: Path) -> None:
    loud, silent = tiny_recording(), tiny_recording(audio=False)
    cuts = [cut_of(loud.path, 1.5, 3.0), cut_of(silent.path, 3.0, 4.5), cut_of(loud.path, 6.0, 7.5)]
    out = tmp_path / "montage.mp4"
    result, report = rendered([loud, silent], cuts, out)
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied"] * 3
    heard = hear(out)
    assert heard is not None
    assert np.abs(heard.samples[int(1.55 * 48_000) : int(2.95 * 48_000)]).max() < 0.001


def test_no_sound_anywhere_gives_no_sound_track(tiny_recording: Recordings, tmp_path: Path) -> None:
    silent = tiny_recording(audio=False)
    out = tmp_path / "montage.mp4"
    _, report = rendered([silent], [cut_of(silent.path, 1.5, 3.0), cut_of(silent.path, 3.0, 4.4)], out)
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_sounds_of_different_kinds_are_encoded_to_the_sample(
    tiny_recording: Recordings, tmp_path: Path
) -> None:
    stereo = tiny_recording()
    mono = tiny_recording(sound=SoundSpec(sample_rate=44_100, channels=1))
    cuts = [cut_of(stereo.path, 1.5, 3.0), cut_of(mono.path, 3.0, 4.5), cut_of(stereo.path, 6.1, 7.5)]
    out = tmp_path / "montage.mp4"
    result, report = rendered([stereo, mono], cuts, out)
    assert report.problems(max_offset_ms=1.0, step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied", "copied", "encoded"]
    with av.open(str(out)) as container:
        audio = container.streams.audio[0]
        assert (audio.codec_context.sample_rate, audio.codec_context.layout.name) == (48_000, "stereo")


def test_gain_makes_one_cut_quieter(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording()
    cuts = [cut_of(recording.path, 1.5, 3.0), cut_of(recording.path, 1.5, 3.0, gain_db=-12.0)]
    out = tmp_path / "montage.mp4"
    _, report = rendered([recording], cuts, out)
    assert report.problems(max_offset_ms=1.0) == []
    heard = hear(out)
    assert heard is not None
    levels = [
        np.sqrt(np.mean(heard.samples[int(s * 48_000) : int((s + 1) * 48_000)] ** 2)) for s in (0.2, 1.7)
    ]
    assert 20 * np.log10(levels[0] / levels[1]) == pytest.approx(12.0, abs=0.5)


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_open_groups_of_pictures_are_copied_from_idr_pictures_only(
    tiny_recording: Recordings, tmp_path: Path, suffix: str
) -> None:
    recording = tiny_recording(suffix, open_gop=True, bframes=3)
    cuts = snapped(recording.path, [(2.2, 3.3), (0.2, 4.0), (6.0, 7.0)])
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["encoded", "copied", "encoded"]
    assert [cut.start_s for cut in cuts] == pytest.approx([2.2, 0.0, 6.0])


def test_deeply_reordered_pictures_are_copied(tiny_recording: Recordings, tmp_path: Path) -> None:
    recording = tiny_recording(bframes=8, x264_params="b-pyramid=normal:b-adapt=0:ref=4", crf=20)
    cuts = snapped(recording.path, [(2.2, 3.3), (7.0, 8.5), (10.0, 12.0)])
    result, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert modes(result) == ["copied"] * 3


def test_a_reordering_deeper_than_it_looked_is_written_again(
    tiny_recording: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypecut.media.inspect._depth", lambda *_: 0)
    monkeypatch.setattr("hypecut.media.render._MIN_DELAY", 0)
    recording = tiny_recording()
    cuts = snapped(recording.path, [(2.2, 3.3), (7.0, 8.5)])
    _, report = rendered([recording], cuts, tmp_path / "montage.mp4")
    assert report.problems(step_tolerance_s=ON_GRID_S) == []
    assert report.copied_fraction == 1.0


def test_writing_again_opens_sources_again_that_were_closed_meanwhile(
    tiny_recording: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hypecut.media.inspect._depth", lambda *_: 0)
    monkeypatch.setattr("hypecut.media.render._MIN_DELAY", 0)
    plain, deep = tiny_recording(bframes=0), tiny_recording()
    cuts = []
    for number in range(9):
        copy = tmp_path / f"{number}.mp4"
        copy.write_bytes((deep if number == 8 else plain).path.read_bytes())
        cuts.append(cut_of(copy, 1.5, 3.0))
    out = tmp_path / "montage.mp4"
    result = render(plan_of(cuts), tmp_path, out, SilentProgress(), strict=True)
    assert numbers(out) == list(range(45, 90)) * 9
    assert result.duration_s == pytest.approx(13.5)


@pytest.mark.parametrize(
    ("codec", "suffix", "options"),
    [
        ("mpeg4", ".mp4", {"g": "30"}),
        ("mpeg2video", ".mpg", {"g": "15", "bf": "2"}),
        ("libx265", ".mkv", {"preset": "ultrafast", "x265-params": "log-level=none:keyint=45"}),
    ],
)
def test_other_codecs_are_encoded_exactly(
    tmp_path: Path, codec: str, suffix: str, options: dict[str, str]
) -> None:
    source = encoded(tmp_path / f"source{suffix}", range(90), Fraction(1, 30), codec=codec, options=options)
    cuts = [cut_of(source, 1.1, 1.6), cut_of(source, 0.0, 0.5), *snapped(source, [(2.53, 2.8)])]
    out = tmp_path / "montage.mp4"
    result = render(plan_of(cuts), tmp_path, out, SilentProgress(), strict=True)
    assert numbers(out) == [*range(33, 48), *range(15), *range(75, 84)]
    assert modes(result) == ["encoded"] * 3


IRREGULAR_MS = [17, 25, 33, 34, 50, 71]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_irregular_frames_keep_their_own_times(tmp_path: Path, suffix: str) -> None:
    rng = random.Random(4)
    stamps = [0]
    while len(stamps) < 240:
        stamps.append(stamps[-1] + rng.choice(IRREGULAR_MS))
    source = encoded(tmp_path / f"source{suffix}", stamps, Fraction(1, 1000))
    _check_times(source, [(2.0, 3.1), (5.03, 7.2)], tmp_path / "exact.mp4", "joined", "encoded")
    cuts = snapped(source, [(2.0, 3.1), (5.03, 7.2)])
    _check_times(source, [(cut.start_s, cut.end_s) for cut in cuts], tmp_path / "copied.mp4", "copied")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_irregular_cuts_end_when_the_plan_says(tmp_path: Path, suffix: str) -> None:
    stamps = [i * 40 + (13 if i % 3 else 0) for i in range(150)]
    source = encoded(tmp_path / f"source{suffix}", stamps, Fraction(1, 1000))
    # Frames begin at 1.013 and 1.053 s, at 2.040 s and at 3.000 s.
    ends = {1.030: 1.030, 2.0406: 2.040, 2.9994: 3.0}
    cuts = [cut_of(source, end_s - 0.6, end_s) for end_s in ends]
    out = tmp_path / "montage.mp4"
    result = render(plan_of([*cuts, cut_of(source, 4.08, 4.5)]), tmp_path, out, SilentProgress(), strict=True)
    given = dict(enumerate(time_s for time_s, _ in pictures(source)))
    shown = pictures(out)
    last = [a for a, b in pairwise(shown) if b[1] != (a[1] or 0) + 1]
    begins = [b for a, b in pairwise(shown) if b[1] != (a[1] or 0) + 1]
    for before, after, end_s in zip(last, begins, ends.values(), strict=True):
        assert after[0] - before[0] == pytest.approx(end_s - given[before[1] or 0], abs=1e-5)
    firsts = [min(time_s for time_s in given.values() if time_s >= cut.start_s - 0.001) for cut in cuts]
    lengths_s = sum(end_s - first for end_s, first in zip(ends.values(), firsts, strict=True))
    assert result.duration_s == pytest.approx(lengths_s + 0.42, abs=1e-5)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_source_with_frames_dropped(tmp_path: Path, suffix: str) -> None:
    rng = random.Random(4)
    stamps = [i for i in range(300) if rng.random() > 0.2 or not i]
    source = encoded(tmp_path / f"source{suffix}", stamps, Fraction(1, 30))
    _check_times(source, [(2.0, 3.1), (5.03, 7.2)], tmp_path / "exact.mp4", "joined", "encoded")
    cuts = snapped(source, [(2.0, 3.1), (5.03, 7.2)])
    _check_times(source, [(cut.start_s, cut.end_s) for cut in cuts], tmp_path / "copied.mp4", "copied")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_off_the_grid_after_a_dropout(tmp_path: Path, suffix: str) -> None:
    stamps = [i * 1000 + (15_500 if i >= 150 else 0) + (15_500 if i >= 200 else 0) for i in range(300)]
    source = encoded(tmp_path / f"source{suffix}", stamps, Fraction(1, 30_000))
    windows = [(4.6, 5.5), (6.02, 7.1), (1.0, 1.5), (4.9, 6.9)]
    _check_times(source, windows, tmp_path / "exact.mp4", "joined", "encoded")
    cuts = snapped(source, windows)
    _check_times(source, [(cut.start_s, cut.end_s) for cut in cuts], tmp_path / "copied.mp4", "copied")


def _check_times(source: Path, windows: list[Window], out: Path, *expected: str) -> None:
    """Each cut shows the source's frames in its window, as far apart as there."""
    result = render(
        plan_of([cut_of(source, *window) for window in windows]),
        source.parent,
        out,
        SilentProgress(),
        strict=True,
    )
    assert set(modes(result)) == set(expected)
    given = pictures(source)
    times = [(time_s - given[0][0], n) for time_s, n in given]
    shown = [[(t, n) for t, n in times if start_s <= t + 0.001 < end_s] for start_s, end_s in windows]
    found = pictures(out)
    assert [n for _, n in found] == [n for frames in shown for _, n in frames]
    begin = 0
    for frames in shown:
        mine = found[begin : begin + len(frames)]
        steps = [b[0] - a[0] for a, b in pairwise(mine)]
        assert steps == pytest.approx([b[0] - a[0] for a, b in pairwise(frames)], abs=0.0011)
        begin += len(frames)


def test_an_edit_list_hides_what_is_only_for_decoding(tiny_recording: Recordings, tmp_path: Path) -> None:
    def from_two_seconds(packet: av.Packet[Any]) -> bool:
        begin_s = Fraction(packet.pts or 0) * packet.time_base
        delayed(packet, Fraction(-2))
        return begin_s >= Fraction(3, 2) - Fraction(1, 1000)

    recording = tiny_recording()
    source = remuxed(
        recording.path, tmp_path / "edited.mp4", from_two_seconds, {"avoid_negative_ts": "disabled"}
    )
    assert numbers(source)[0] == 60
    out = tmp_path / "montage.mp4"
    cuts = [cut_of(source, 0.0, 0.5), cut_of(source, 1.0, 2.5), *snapped(source, [(0.2, 0.4)])]
    result = render(plan_of(cuts), tmp_path, out, SilentProgress(), strict=True)
    assert numbers(out) == [*range(60, 75), *range(90, 135), *range(66, 72)]
    assert modes(result) == ["encoded", "copied", "encoded"]
