"""What goes wrong costs as little as it can, and never leaves half a montage."""

from __future__ import annotations

import contextlib
import errno
import logging
import random
import subprocess
import sys
from pathlib import Path

import av
import msgspec
import pytest

from hypecut.errors import BadInputError, DiskFullError, MediaError
from hypecut.files import written_aside
from hypecut.media.inspect import SourcePool
from hypecut.media.render import render
from hypecut.media.source import SourceReader
from hypecut.media.writer import MontageWriter
from hypecut.models import Cut, Plan, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.media.rendering import cut_of, modes, numbers, pictures, plan_of
from tests.support.recordings import Recordings


class Interrupting(SilentProgress):
    """Presses Ctrl-C after a second of montage."""

    def update(self, done: float) -> None:
        if done > 1.0:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def source(tiny_recording: Recordings) -> Path:
    return tiny_recording().path


@pytest.fixture
def truncated(source: Path, tmp_path: Path) -> Path:
    """The first half of a file whose index stands in front."""
    with written_aside(tmp_path / "whole.mp4") as part:
        cuts = [Cut(source=str(source), start_s=0.0, end_s=12.0)]
        render(plan_of(cuts), tmp_path, part, SilentProgress(), strict=True)
        data = part.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")
    path = tmp_path / "truncated.mp4"
    path.write_bytes(data[: len(data) // 2])
    return path


def test_unusable_sources_cost_their_cuts(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video\n" * 50)
    good = [Cut(source=str(source), start_s=s, end_s=s + 1.5) for s in (1.5, 3.0)]
    cuts = [cut_of(text, 0.0, 1.0), good[0], cut_of(tmp_path / "missing.mp4", 0.0, 1.0), good[1]]
    out = tmp_path / "out" / "montage.mp4"
    with caplog.at_level(logging.WARNING):
        result = render(plan_of(cuts), tmp_path, out, SilentProgress())
    assert modes(result) == ["skipped", "copied", "skipped", "copied"]
    assert numbers(out) == list(range(45, 135))
    assert result.duration_s == pytest.approx(3.0)
    reasons = [report.reason for report in result.skipped]
    assert "not a video" in reasons[0]
    assert "does not exist" in reasons[1]
    assert all(reason in caplog.text for reason in reasons)


def readable_frames(path: Path) -> int:
    """How many frames of a truncated file are whole."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size and not p.is_corrupt and p.pts is not None]
    shown = sorted(round(float((p.pts or 0) * p.time_base) * 30) for p in packets)
    return next((n for n, frame in enumerate(shown) if n != frame), len(shown))


def test_a_truncated_source_is_used_to_its_last_good_frame(truncated: Path, tmp_path: Path) -> None:
    end = readable_frames(truncated)
    assert 140 < end < 240
    cuts = [cut_of(truncated, *window) for window in ((1.5, 3.0), (3.2, 4.1), (9.0, 10.5), (3.5, 11.9))]
    out = tmp_path / "montage.mp4"
    result = render(plan_of(cuts), tmp_path, out, SilentProgress())
    assert modes(result) == ["copied", "encoded", "skipped", "joined"]
    assert numbers(out) == [*range(45, 90), *range(96, 123), *range(105, end)]
    assert result.duration_s == pytest.approx((45 + 27 + end - 105) / 30)
    assert "damaged or cut off" in result.cuts[2].reason
    assert f"can't be read from {end / 30:.3f} s up to 11.900 s" in result.cuts[3].reason


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".flv"])
def test_other_containers_are_used_to_their_end_as_well(
    tiny_recording: Recordings, tmp_path: Path, suffix: str
) -> None:
    data = tiny_recording(suffix).path.read_bytes()
    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(data[: len(data) * 2 // 3])
    out = tmp_path / "montage.mp4"
    result = render(plan_of([cut_of(broken, 2.0, 11.5)]), tmp_path, out, SilentProgress())
    shown = numbers(out)
    assert "can't be read from" in result.cuts[0].reason
    assert len(shown) > 100
    # The last picture of a stream that breaks off may be half there.
    assert shown[:-1] == list(range(60, 60 + len(shown) - 1))


def test_a_hole_of_damage_costs_its_pictures_and_is_told(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in container.demux(video=0):
            at_s = (packet.pts or 0) * packet.time_base
            if packet.pos is not None and 4.7 < at_s < 5.2:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    out = tmp_path / "montage.mp4"
    cuts = [cut_of(damaged, 4.6, 8.0)]
    result = render(plan_of(cuts), tmp_path, out, SilentProgress())
    assert "damaged packets" in result.cuts[0].reason
    shown = numbers(out)
    # From the next keyframe on everything is right again.
    assert shown[-60:] == list(range(180, 240))
    with pytest.raises(MediaError, match=r"^cut 1: .*damaged packets"):
        render(plan_of(cuts), tmp_path, out, SilentProgress(), strict=True)


def test_strict_names_the_cut(truncated: Path, tmp_path: Path) -> None:
    for bad in (cut_of(truncated, 9.0, 10.5), cut_of(tmp_path / "missing.mp4", 0.0, 1.0)):
        cuts = [cut_of(truncated, 1.5, 3.0), bad]
        with pytest.raises(MediaError, match=r"^cut 2: .*(damaged|missing)"):
            render(plan_of(cuts), tmp_path, tmp_path / "montage.mp4", SilentProgress(), strict=True)
    assert not (tmp_path / "montage.mp4").exists()


def test_a_cut_beyond_the_end_is_told(source: Path, tmp_path: Path) -> None:
    cuts = [Cut(source=str(source), start_s=12.5, end_s=14.0)]
    with pytest.raises(MediaError, match=r"ends at 12\.000 s, before 12\.500 s"):
        render(plan_of(cuts), tmp_path, tmp_path / "montage.mp4", SilentProgress())


def test_a_cut_shorter_than_a_frame_is_told(source: Path, tmp_path: Path) -> None:
    cuts = [Cut(source=str(source), start_s=1.01, end_s=1.02)]
    with pytest.raises(MediaError, match=r"cut 1 .*begins between 1\.010 s and 1\.020 s"):
        render(plan_of(cuts), tmp_path, tmp_path / "montage.mp4", SilentProgress())


def test_a_name_that_looks_like_an_address_is_a_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("20:00.mp4").symlink_to(source)
    cuts = [Cut(source="20:00.mp4", start_s=1.5, end_s=3.0)]
    render(plan_of(cuts), Path(), Path("a:b.mp4"), SilentProgress())
    assert numbers(Path("a:b.mp4").absolute()) == list(range(45, 90))


def test_nothing_left_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    cuts = [cut_of(tmp_path / "missing.mp4", 0.0, 1.0)]
    with pytest.raises(MediaError, match="does not exist"):
        render(plan_of(cuts), tmp_path, tmp_path / "out" / "montage.mp4", SilentProgress())
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("start_s", [1.5, 1.6], ids=["copied", "encoded"])
def test_an_interruption_leaves_nothing(source: Path, tmp_path: Path, start_s: float) -> None:
    cuts = [Cut(source=str(source), start_s=start_s, end_s=9.0)]
    out = tmp_path / "montage.mp4"
    with pytest.raises(KeyboardInterrupt):
        render(plan_of(cuts), tmp_path, out, Interrupting())
    assert list(tmp_path.iterdir()) == []
    out.write_bytes(b"an older montage")
    with pytest.raises(KeyboardInterrupt):
        render(plan_of(cuts), tmp_path, out, Interrupting())
    assert [path.name for path in tmp_path.iterdir()] == ["montage.mp4"]
    assert out.read_bytes() == b"an older montage"


def test_a_source_that_breaks_off_while_it_is_read(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SourceReader.packets_from

    def breaking(self: SourceReader, time_s: float, sound: bool = True):  # type: ignore[no-untyped-def]
        for packet in whole(self, time_s, sound):
            # Looking at the cuts reads pictures alone.
            if sound and (packet.pts or 0) * packet.time_base > 5:
                raise MediaError(f"{self.path} can't be read at 5.000 s (Input/output error).")
            yield packet

    monkeypatch.setattr(SourceReader, "packets_from", breaking)
    cuts = [Cut(source=str(source), start_s=s, end_s=s + 1.5) for s in (4.5, 1.5)]
    out = tmp_path / "montage.mp4"
    result = render(plan_of(cuts), tmp_path, out, SilentProgress())
    assert "can't be read" in result.cuts[0].reason
    assert numbers(out)[-45:] == list(range(45, 90))
    with pytest.raises(MediaError, match=r"^cut 1: .*can't be read at"):
        render(plan_of(cuts), tmp_path, out, SilentProgress(), strict=True)


def test_a_cut_whose_pictures_are_all_damaged_leaves_no_hole(source: Path, tmp_path: Path) -> None:
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in container.demux(video=0):
            if packet.pos is not None and (packet.pts or 0) * packet.time_base > 2.9:
                data[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    good = [Cut(source=str(source), start_s=s, end_s=s + 1.4) for s in (1.6, 4.6)]
    cuts = [cut_of(damaged, 3.1, 5.1), good[0], cut_of(damaged, 6.1, 8.1), good[1]]
    out = tmp_path / "montage.mp4"
    result = render(plan_of(cuts), tmp_path, out, SilentProgress())
    assert modes(result) == ["skipped", "encoded", "skipped", "encoded"]
    assert result.duration_s == pytest.approx(2.8)
    shown = pictures(out)
    assert [number for _, number in shown] == [*range(48, 90), *range(138, 180)]
    assert [time_s for time_s, _ in shown] == pytest.approx([n / 30 for n in range(84)], abs=1e-4)
    with pytest.raises(MediaError, match="no cut of the plan can be used; cut 1 "):
        render(plan_of([cuts[0], cuts[2]]), tmp_path, tmp_path / "none.mp4", SilentProgress())
    assert not (tmp_path / "none.mp4").exists()


def test_a_source_that_goes_away_meanwhile_costs_its_cut(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SourcePool.get

    def without_it(self: SourcePool, path: Path) -> SourceReader:
        if path.name == "gone.mp4" and path in looked:
            raise MediaError(f"{path} does not exist; give the path of a video file.")
        looked.append(path)
        return whole(self, path)

    looked: list[Path] = []
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(source.read_bytes())
    monkeypatch.setattr(SourcePool, "get", without_it)
    good = [Cut(source=str(source), start_s=s, end_s=s + 1.5) for s in (1.5, 6.0)]
    fade = Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5)
    plan = Plan(version=1, cuts=(*good, cut_of(gone, 1.6, 3.0)), transition=fade)
    out = tmp_path / "montage.mp4"
    result = render(plan, tmp_path, out, SilentProgress())
    assert modes(result) == ["joined", "encoded", "skipped"]
    assert result.duration_s == pytest.approx(2.5)
    assert len(pictures(out)) == 75


@pytest.mark.parametrize(
    ("codec", "mode"), [(b"A_AAC", "encoded"), (b"V_MPEG4/ISO/AVC", "skipped")], ids=["sound", "pictures"]
)
def test_a_track_of_an_unknown_kind(
    tiny_recording: Recordings, source: Path, tmp_path: Path, codec: bytes, mode: str
) -> None:
    odd = tmp_path / "odd.mkv"
    odd.write_bytes(tiny_recording(".mkv").path.read_bytes().replace(codec, codec[:-2] + b"ZZ"))
    cuts = [cut_of(odd, 1.6, 3.0), Cut(source=str(source), start_s=1.6, end_s=3.0)]
    result = render(plan_of(cuts), tmp_path, tmp_path / "montage.mp4", SilentProgress())
    assert modes(result) == [mode, "encoded"]


def test_a_picture_of_one_pixel(tmp_path: Path) -> None:
    path = tmp_path / "dot.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1, 1, "yuv444p"
        for number in range(30):
            frame = av.VideoFrame(1, 1, "yuv444p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    result = render(plan_of([cut_of(path, 0.1, 0.5)]), tmp_path, tmp_path / "montage.mp4", SilentProgress())
    assert [(report.mode, report.frames) for report in result.cuts] == [("encoded", 12)]


FULL = """
import resource, signal, sys
import msgspec
from pathlib import Path
from hypecut.errors import HypecutError
from hypecut.media.render import render
from hypecut.models import Plan
from hypecut.progress import SilentProgress

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
out = Path(sys.argv[2])
try:
    render(msgspec.json.decode(sys.argv[1], type=Plan), out.parent, out, SilentProgress())
except HypecutError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on the size of files")
@pytest.mark.parametrize("start_s", [1.5, 1.6], ids=["copied", "encoded"])
def test_no_room_for_the_file_is_one_sentence(source: Path, tmp_path: Path, start_s: float) -> None:
    plan = plan_of([Cut(source=str(source), start_s=start_s, end_s=9.0)])
    arguments = [
        sys.executable,
        "-c",
        FULL,
        msgspec.json.encode(plan).decode(),
        str(tmp_path / "montage.mp4"),
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("BadInputError can't write ")
    assert "File too large" in done.stdout
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_as_such(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(MontageWriter, "copy_picture", full)
    with pytest.raises(DiskFullError, match="no room left on the disk"):
        render(
            plan_of([Cut(source=str(source), start_s=1.5, end_s=3.0)]),
            tmp_path,
            tmp_path / "montage.mp4",
            SilentProgress(),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_place_of_the_montage_is_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is a folder"):
        render(
            plan_of([Cut(source=str(source), start_s=1.5, end_s=3.0)]), tmp_path, tmp_path, SilentProgress()
        )


def frames_of(path: Path) -> int:
    """How many pictures come out of a video whose copied packets may be damaged."""
    count = 0
    with av.open(str(path)) as montage:
        for packet in montage.demux(montage.streams.video[0]):
            with contextlib.suppress(av.error.InvalidDataError):
                count += len(packet.decode())
    return count


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_flipped_bits_never_end_in_more_than_a_word(
    suffix: str, tiny_recording: Recordings, tmp_path: Path
) -> None:
    data = tiny_recording(suffix, duration_s=4.0).path.read_bytes()
    rng = random.Random(7)
    made = refused = 0
    for number in range(40):
        broken = bytearray(data)
        # Half of them near the ends, where the indices are.
        edge = 4_000 if number % 2 else len(data)
        for _ in range(rng.choice([1, 8, 64])):
            place = rng.randrange(min(edge, len(data)))
            broken[-place if number % 4 == 1 else place] ^= 1 << rng.randrange(8)
        (tmp_path / f"broken{suffix}").write_bytes(broken)
        plan = Plan(version=1, cuts=(Cut(source=f"broken{suffix}", start_s=0.5, end_s=3.0),))
        out = tmp_path / "montage.mp4"
        try:
            result = render(plan, tmp_path, out, SilentProgress())
        except MediaError as error:
            refused += 1
            words = str(error)
        else:
            made += 1
            words = result.cuts[0].reason
            assert frames_of(out) > 0
            out.unlink()
        assert "\n" not in words
        assert not list(tmp_path.glob(".*part*"))
    assert made
    assert refused or suffix == ".ts"  # of a stream without an index something can always be read
