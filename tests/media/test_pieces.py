"""Kept pieces: a changed montage is made anew only where it changed, and comes out as if nothing was kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from hypecut.media import loudness, runs
from hypecut.media.encoder import EncoderOptions
from hypecut.media.pieces import PieceStore, piece_key, source_mark
from hypecut.media.render import render
from hypecut.models import Cut, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.progress import SilentProgress
from tests.support.recordings import Recording, Recordings
from tests.support.verify import check_montage

WINDOWS = ((1.4, 3.1), (5.1, 6.8), (8.2, 9.9), (3.7, 5.2))
KEY = piece_key("a")


def dressed(recording: Recording) -> Plan:
    cuts = tuple(
        Cut(source=recording.path.name, start_s=start_s, end_s=end_s, title=f"alpha {number}")
        for number, (start_s, end_s) in enumerate(WINDOWS)
    )
    return Plan(
        version=1,
        cuts=cuts,
        transition=Transition(kind=TransitionKind.CROSSFADE, duration_s=0.2),
        titles=Titles(duration_s=0.5),
        loudness=Loudness(),
    )


def changed(plan: Plan, index: int, **changes: object) -> Plan:
    cuts = list(plan.cuts)
    cuts[index] = msgspec.structs.replace(cuts[index], **changes)
    return msgspec.structs.replace(plan, cuts=tuple(cuts))


class Counted:
    """Renders, and counts the parts that were encoded and the cuts that were measured."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, out: Path) -> None:
        self._folder, self._out = folder, out
        self.encoded = self.measured = 0
        self._count(monkeypatch, runs.RunTask, "__call__", "encoded")
        self._count(monkeypatch, loudness, "measure", "measured")

    def _count(self, monkeypatch: pytest.MonkeyPatch, where: object, name: str, what: str) -> None:
        real: Callable[..., object] = getattr(where, name)
        lock = threading.Lock()

        def counting(*given: object) -> object:
            with lock:
                setattr(self, what, getattr(self, what) + 1)
            return real(*given)

        monkeypatch.setattr(where, name, counting)

    def __call__(self, plan: Plan, pieces: PieceStore | None) -> bytes:
        self.encoded = self.measured = 0
        # Slower presets look at a tree of macroblocks, which x264 sums up a little otherwise at each run.
        options = EncoderOptions(preset="ultrafast")
        render(plan, self._folder, self._out, SilentProgress(), options, strict=True, pieces=pieces)
        return self._out.read_bytes()


@pytest.fixture
def store(tmp_path: Path) -> PieceStore:
    return PieceStore(tmp_path / "pieces", 10**9)


@pytest.fixture
def recording(tiny_recording: Recordings) -> Recording:
    return tiny_recording(gop_frames=15)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, recording: Recording, tmp_path: Path) -> Counted:
    return Counted(monkeypatch, recording.path.parent, tmp_path / "montage.mp4")


@pytest.mark.parametrize(
    ("index", "changes", "encoded", "measured"),
    [
        (1, {"title": "beta"}, 1, 0),
        (1, {"end_s": 6.5}, 1, 1),
        (0, {"start_s": 1.5}, 1, 1),
        (2, {"gain_db": -3.0}, 0, 0),
        (3, {"source": "?"}, 2, 1),
    ],
)
def test_a_change_costs_only_what_it_touches_and_nothing_looks_other(
    recording: Recording,
    store: PieceStore,
    counted: Counted,
    index: int,
    changes: dict[str, object],
    encoded: int,
    measured: int,
) -> None:
    plan = dressed(recording)
    counted(plan, store)
    assert (counted.encoded, counted.measured) == (5, 4)
    if "source" in changes:  # the same content, but another file
        other = recording.path.with_name("other.mp4")
        other.write_bytes(recording.path.read_bytes())
        changes = {"source": other.name}
    plan = changed(plan, index, **changes)
    again = counted(plan, store)
    assert (counted.encoded, counted.measured) == (encoded, measured)
    assert again == counted(plan, None)
    assert counted.encoded == 5
    folder = recording.path.parent
    truths = {cut.source: recording.truth for cut in plan.cuts}
    counted(plan, store)
    assert check_montage(counted._out, plan, folder, truths).problems() == []


def test_an_inserted_cut_moves_the_pieces_behind_it(
    recording: Recording, store: PieceStore, counted: Counted
) -> None:
    plan = msgspec.structs.replace(dressed(recording), transition=None, titles=None, loudness=None)
    counted(plan, store)
    first = msgspec.structs.replace(plan.cuts[0], start_s=10.1, end_s=11.4)
    longer = msgspec.structs.replace(plan, cuts=(first, *plan.cuts))
    again = counted(longer, store)
    # Its own ends; of the next cut's head, which may be joined to them, no more than that.
    assert 1 <= counted.encoded <= 2
    assert again == counted(longer, None)


def test_a_clip_brought_to_another_rate_stays_on_the_frames_of_the_montage(
    tiny_recording: Recordings, recording: Recording, store: PieceStore, counted: Counted
) -> None:
    slower = tiny_recording(fps=Fraction(24), duration_s=5.0)
    spans = ((recording, 1.4, 3.1), (slower, 0.7, 2.3), (slower, 3.1, 4.4), (recording, 5.1, 8.8))
    cuts = tuple(Cut(source=r.path.name, start_s=start, end_s=end) for r, start, end in spans)
    plan = Plan(version=1, cuts=cuts)
    counted(plan, store)
    total = counted.encoded
    for end_s in (3.1 + 1 / 30, 3.0):
        shorter = changed(plan, 0, end_s=end_s)
        again = counted(shorter, store)
        assert counted.encoded < total
        assert again == counted(shorter, None)


def test_another_content_of_the_source_is_another_piece(
    tiny_recording: Recordings, recording: Recording, store: PieceStore, tmp_path: Path, counted: Counted
) -> None:
    vod = tmp_path / "vod.mp4"
    plan = Plan(version=1, cuts=(Cut(source=str(vod), start_s=1.4, end_s=3.1),))
    vod.write_bytes(recording.path.read_bytes())
    counted(plan, store)
    vod.write_bytes(tiny_recording(gop_frames=15, seed=7).path.read_bytes())
    again = counted(plan, store)
    assert counted.encoded >= 1
    assert again == counted(plan, None)


def test_damaged_pieces_are_made_again(
    recording: Recording,
    store: PieceStore,
    tmp_path: Path,
    counted: Counted,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plan = dressed(recording)
    first = counted(plan, store)
    for path in (tmp_path / "pieces").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert counted(plan, store) == first
    assert counted.encoded == 5
    assert "damaged" in caplog.text
    assert counted(plan, store) == first
    assert counted.encoded == 0


def test_what_a_damaged_source_gave_is_not_kept(
    recording: Recording, store: PieceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = runs.RunTask.__call__

    def damaged(task: runs.RunTask) -> runs.EncodedRun:
        run = real(task)
        run.tallies[0].damaged = 1
        return run

    monkeypatch.setattr(runs.RunTask, "__call__", damaged)
    plan = Plan(version=1, cuts=dressed(recording).cuts[:2])
    result = render(plan, recording.path.parent, tmp_path / "m.mp4", SilentProgress(), pieces=store)
    assert "damaged" in result.cuts[0].reason
    assert not (tmp_path / "pieces").exists()


def test_a_store_gives_back_what_it_was_given(store: PieceStore) -> None:
    assert store.get(KEY) is None
    store.put(KEY, b"one")
    store.put(KEY, b"two")
    assert store.get(KEY) == b"two"
    assert store.get(piece_key("b")) is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    store = PieceStore(tmp_path, 1000)
    keys = [piece_key(number) for number in range(4)]
    for age, key in enumerate(keys[:3]):
        store.put(key, bytes(200))
        os.utime(tmp_path / f"{key}.piece", (1_000_000 + age, 1_000_000 + age))
    assert store.get(keys[0]) is not None  # used now
    (tmp_path / "stranger.txt").write_bytes(bytes(5000))
    store.put(keys[3], bytes(300))
    assert [store.get(key) is not None for key in keys] == [True, False, True, True]
    assert (tmp_path / "stranger.txt").exists()


def test_a_store_never_outgrows_its_limit(tmp_path: Path) -> None:
    store = PieceStore(tmp_path, 10_000)
    for number in range(100):
        store.put(piece_key(number), bytes(500))
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 10_000 + 10_000 // 8 + 600
    store.put(piece_key("too large"), bytes(20_000))
    assert store.get(piece_key("too large")) is None


def test_a_store_that_cant_be_written_costs_only_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = PieceStore(tmp_path / "file", 1000)
    store.put(KEY, b"one")
    assert store.get(KEY) is None
    assert "is not kept" in caplog.text


def test_what_a_killed_process_left_is_removed_in_time(store: PieceStore, tmp_path: Path) -> None:
    store.put(KEY, b"one")
    old, new = (tmp_path / "pieces" / f".{KEY}.{pid}.part.piece" for pid in (7, 8))
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (1, 1))
    store.tidy()
    assert (old.exists(), new.exists()) == (False, True)


def test_many_writers_of_one_piece_do_not_disturb_each_other(store: PieceStore) -> None:
    piece = bytes(range(256)) * 500
    failed: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(20):
                store.put(KEY, piece)
                assert store.get(KEY) == piece
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []


def test_a_source_is_known_by_place_size_and_time(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"1")
    mark = source_mark(file)
    assert source_mark(tmp_path / "." / "a.mp4") == mark
    os.utime(file, (1, 1))
    assert source_mark(file) != mark
