"""Random plans over sources of many kinds, held against a slow renderer that is obviously right."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest

from hypecut.media.encoder import EncoderOptions
from hypecut.media.render import render
from hypecut.media.sample_sound import SoundSpec
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import encoded
from tests.support.recordings import Recordings
from tests.support.reference import Reference, ReferenceSource

FPS = Fraction(30)
NTSC_30 = Fraction(30_000, 1001)
IRREGULAR_MS = (17, 25, 33, 34, 50, 71)
HEVC = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=20:bframes=2"}


class Zoo:
    """Small sources of many kinds, by name, each decoded once."""

    def __init__(self, make: Recordings, folder: Path) -> None:
        usual = {"duration_s": 4.0, "gop_frames": 25}
        self.paths: dict[str, tuple[Path, Fraction | None]] = {}
        for name, suffix, changes in (
            ("plain", ".mp4", {}),
            ("open", ".ts", {"open_gop": True, "bframes": 3}),
            ("simple", ".mkv", {"bframes": 0, "sound": SoundSpec(sample_rate=44_100, channels=1)}),
            ("flash", ".flv", {"bframes": 1}),
            ("long", ".mp4", {"gop_frames": 300, "sound": SoundSpec(sample_rate=44_100)}),
            ("silent", ".ts", {"audio": False, "seed": 3}),
            ("ntsc", ".mp4", {"fps": NTSC_30}),
            ("sets", ".mp4", {"x264_params": "sps-id=3:slices=2", "seed": 4}),
            ("pyramid", ".ts", {"bframes": 4, "x264_params": "ref=1:b-adapt=0", "seed": 5}),
            ("columns", ".mp4", {"x264_params": "intra-refresh=1", "seed": 6}),
        ):
            recording = make(suffix, **(usual | changes))
            self.paths[name] = recording.path, recording.spec.fps
        hevc = folder / "hevc.mkv"
        encoded(hevc, range(120), 1 / FPS, codec="libx265", options=HEVC)
        self.paths["hevc"] = hevc, FPS
        stamps, rng = [0], random.Random(4)
        while stamps[-1] < 4000:
            stamps.append(stamps[-1] + rng.choice(IRREGULAR_MS))
        self.paths["uneven"] = encoded(folder / "uneven.mp4", stamps, Fraction(1, 1000)), None
        self._decoded: dict[str, ReferenceSource] = {}

    def decoded(self, name: str) -> ReferenceSource:
        """A source's frames and sound."""
        if name not in self._decoded:
            self._decoded[name] = ReferenceSource(*self.paths[name])
        return self._decoded[name]


@pytest.fixture(scope="module")
def zoo(tiny_recording: Recordings, tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return Zoo(tiny_recording, tmp_path_factory.mktemp("zoo"))


def random_plan(zoo: Zoo, rng: random.Random) -> tuple[Plan, list[str]]:
    """A plan of one to five cuts, and the names of their sources, which have one rate."""
    steady = [name for name, (_, fps) in zoo.paths.items() if fps == FPS]
    lone = ["ntsc", "uneven"]
    pool = rng.sample(steady, rng.randint(1, 3)) if rng.random() < 0.7 else [rng.choice(lone)]
    kind = TransitionKind.NONE
    if pool != ["uneven"]:
        kind = rng.choice([TransitionKind.NONE, TransitionKind.NONE, *TransitionKind])
    soft_s = rng.choice([0.1, 0.2, 0.33])
    # Long enough to hold a frame, and transitions at both ends.
    shortest_s = 0.08 if pool == ["uneven"] else 0.04
    if kind is not TransitionKind.NONE:
        shortest_s = 2 * soft_s + 0.1
    names, cuts = [], []
    for number in range(rng.randint(1, 5)):
        name = rng.choice(pool)
        start_s = rng.choice([rng.uniform(0, 3), rng.randrange(4) * 25 / 30])
        length_s = rng.choice([rng.uniform(shortest_s, 1.0), rng.uniform(1.0, 3.9), 25 / 30, 50 / 30])
        end_s = min(3.95, start_s + max(shortest_s, length_s))
        if end_s - start_s < shortest_s:
            start_s = end_s - shortest_s
        names.append(name)
        cuts.append(Cut(source=str(zoo.paths[name][0]), start_s=start_s, end_s=end_s, title=f"Cut {number}"))
    plan = Plan(
        version=1,
        cuts=tuple(cuts),
        transition=None if kind is TransitionKind.NONE else Transition(kind=kind, duration_s=soft_s),
        titles=Titles(duration_s=0.5) if rng.random() < 0.3 else None,
        loudness=Loudness(target_lufs=-20.0) if rng.random() < 0.2 else None,
    )
    return plan, names


def check_random_plan(zoo: Zoo, seed: int, out: Path) -> None:
    rng = random.Random(seed)
    plan, names = random_plan(zoo, rng)
    options = EncoderOptions(copies=rng.random() > 0.15)
    render(plan, out.parent, out, SilentProgress(), options, strict=True)
    sources = {str(zoo.paths[name][0]): zoo.decoded(name) for name in names}
    fps = zoo.paths[names[0]][1]
    reference = Reference(plan, sources, fps or FPS)
    plain = (plan.transition is None or len(plan.cuts) == 1) and plan.loudness is None
    problems = reference.problems(out, fps is not None, 12.0 if plain else 1.0)
    assert problems == [], f"seed {seed}: {plan}"


@pytest.mark.parametrize("seed", range(8))
def test_random_plans_are_what_a_slow_renderer_shows(zoo: Zoo, tmp_path: Path, seed: int) -> None:
    check_random_plan(zoo, seed, tmp_path / "montage.mp4")


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_many_random_plans_are_what_a_slow_renderer_shows(zoo: Zoo, tmp_path: Path, block: int) -> None:
    for seed in range(1000 + 50 * block, 1050 + 50 * block):
        check_random_plan(zoo, seed, tmp_path / "montage.mp4")


def test_the_reference_finds_a_wrong_frame_and_late_sound(zoo: Zoo, tmp_path: Path) -> None:
    path, fps = zoo.paths["plain"]
    cuts = [Cut(source=str(path), start_s=0.5, end_s=2.0), Cut(source=str(path), start_s=2.5, end_s=3.5)]
    out = tmp_path / "montage.mp4"
    render(Plan(version=1, cuts=tuple(cuts)), tmp_path, out, SilentProgress(), strict=True)
    sources = {str(path): zoo.decoded("plain")}

    def problems(start_s: float) -> list[str]:
        first = Cut(source=str(path), start_s=start_s, end_s=start_s + 1.5)
        return Reference(Plan(version=1, cuts=(first, cuts[1])), sources, fps or FPS).problems(
            out, True, 12.0
        )

    assert problems(0.5) == []
    found = problems(0.5 + 1 / 30)
    assert sum("another frame" in text for text in found) == 45
    assert any("late" in text for text in found)
