"""The cache of downloads: fetched once, sound when handed out, shared by processes, bounded."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hypecut.errors import BadInputError, SourceUnavailableError
from hypecut.sources.cache import AssetCache
from tests.cli.conftest import Cli
from tests.cli.conftest import cli as cli
from tests.cli.conftest import home as home

MB = 1_000_000


class Maker:
    """Writes a file and counts how often."""

    def __init__(self, content: bytes = b"video") -> None:
        self.content = content
        self.calls = 0

    def __call__(self, path: Path) -> Mapping[str, object]:
        self.calls += 1
        path.write_bytes(self.content)
        return {"duration_s": 12.5}


@pytest.fixture
def cache(tmp_path: Path) -> AssetCache:
    return AssetCache(tmp_path / "cache", 100 * MB)


def stored_contents(cache: AssetCache) -> list[Path]:
    return list(cache.folder.glob("objects/*/*"))


def test_what_was_fetched_once_is_not_fetched_again(cache: AssetCache, tmp_path: Path) -> None:
    make = Maker()
    first = cache.fetch("clip:a", ".mp4", make, tmp_path / "job1" / "a.mp4")
    again = AssetCache(cache.folder, MB).fetch("clip:a", ".mp4", make, tmp_path / "job2" / "a.mp4")
    assert make.calls == 1
    assert first.meta == again.meta == {"duration_s": 12.5}
    assert (tmp_path / "job2" / "a.mp4").read_bytes() == b"video"


def test_a_jobs_file_stays_when_the_cache_is_cleared(cache: AssetCache, tmp_path: Path) -> None:
    cache.fetch("clip:a", ".mp4", Maker(), tmp_path / "a.mp4")
    assert cache.clear() == 5
    assert cache.entries() == []
    assert stored_contents(cache) == []
    assert (tmp_path / "a.mp4").read_bytes() == b"video"


@pytest.mark.parametrize("damage", ["changed", "cut off", "lost", "entry garbled"])
def test_a_damaged_file_is_noticed_and_fetched_again(damage: str, cache: AssetCache, tmp_path: Path) -> None:
    make, place = Maker(), tmp_path / "a.mp4"
    cache.fetch("clip:a", ".mp4", make, place)
    content = stored_contents(cache)[0]
    if damage == "changed":
        place.write_bytes(b"VIDEO")  # the job's file shares the cache's room
    elif damage == "cut off":
        os.truncate(content, 2)
    elif damage == "lost":
        content.unlink()
    else:
        next(cache.folder.glob("refs/*")).write_bytes(b"{")
    cache.fetch("clip:a", ".mp4", make, place)
    assert make.calls == 2
    assert place.read_bytes() == b"video"
    assert cache.find("clip:a")


def test_equal_contents_take_room_once(cache: AssetCache, tmp_path: Path) -> None:
    for key in ("clip:a", "clip:b"):
        cache.fetch(key, ".mp4", Maker(), tmp_path / "x.mp4")
    assert len(cache.entries()) == 2
    assert cache.size == 5
    assert len(stored_contents(cache)) == 1


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = AssetCache(tmp_path / "cache", 100 * MB)
    for age, name in enumerate("abcd"):
        cache.fetch(name, ".mp4", Maker(name.encode() * 1000), tmp_path / "x.mp4")
        newest = max(cache.folder.glob("refs/*"), key=lambda ref: ref.stat().st_mtime_ns)
        os.utime(newest, (1_000_000_000 + age, 1_000_000_000 + age))
    cache.fetch("a", ".mp4", Maker(), tmp_path / "x.mp4")  # used again

    small = AssetCache(cache.folder, 2500)
    assert small.trim() == 2000
    assert [entry.key for entry in small.entries()] == ["a", "d"]
    assert small.size == 2000


def test_the_limit_is_kept_after_each_fetch_but_never_at_the_cost_of_what_was_asked_for(
    tmp_path: Path,
) -> None:
    cache = AssetCache(tmp_path / "cache", 10)
    for name in "ab":
        cache.fetch(name, ".mp4", Maker(name.encode() * 1000), tmp_path / f"{name}.mp4")
    assert [entry.key for entry in cache.entries()] == ["b"]
    assert (tmp_path / "a.mp4").stat().st_size == 1000


def test_a_failed_fetch_leaves_nothing(cache: AssetCache, tmp_path: Path) -> None:
    def fail(path: Path) -> Mapping[str, object]:
        path.write_bytes(b"half")
        raise SourceUnavailableError("gone")

    with pytest.raises(SourceUnavailableError):
        cache.fetch("clip:a", ".mp4", fail, tmp_path / "a.mp4")
    assert cache.find("clip:a") is None
    assert list(cache.folder.glob("parts/*")) == []
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b\\c:d", "\0", "x" * 5000, "", "🎬"])
def test_keys_never_name_paths(key: str, cache: AssetCache, tmp_path: Path) -> None:
    cache.fetch(key, ".mp4", Maker(), tmp_path / "out" / "a.mp4")
    assert cache.find(key)
    everything = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(path.is_relative_to(cache.folder) or path.parent.name == "out" for path in everything)


def test_a_cache_that_cant_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(BadInputError, match="can't write"):
        AssetCache(tmp_path / "cache", MB).fetch("a", ".mp4", Maker(), tmp_path / "a.mp4")


WORKER = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from hypecut.sources.cache import AssetCache

    folder, name, others, hang = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "hang"

    def make(path):
        with (folder / "made").open("a") as file:
            file.write(name + "\\n")
        path.write_bytes(b"half")
        while hang or len(list(folder.glob("begun-*"))) < others:
            time.sleep(0.02)
        path.write_bytes(b"whole video")
        return {}

    (folder / f"begun-{name}").touch()
    AssetCache(folder / "cache", 10**9).fetch("clip:a", ".mp4", make, folder / f"{name}.mp4")
    """
)


def worker(folder: Path, name: str, others: int, hang: bool = False) -> subprocess.Popen[bytes]:
    words = [str(folder), name, str(others), "hang" if hang else "go"]
    return subprocess.Popen([sys.executable, "-c", WORKER, *words])


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_several_processes_one_fetches_and_all_get_the_file(tmp_path: Path) -> None:
    workers = [worker(tmp_path, name, 3) for name in "abc"]
    assert [process.wait(120) for process in workers] == [0, 0, 0]
    assert (tmp_path / "made").read_text().count("\n") == 1
    assert {(tmp_path / f"{name}.mp4").read_bytes() for name in "abc"} == {b"whole video"}


def test_a_process_killed_while_it_fetches_holds_up_nobody(tmp_path: Path) -> None:
    killed = worker(tmp_path, "killed", 1, hang=True)
    until(lambda: (tmp_path / "made").exists())
    waits: list[int] = []

    def waiting() -> None:
        waits.append(1)
        killed.kill()
        killed.wait(60)

    cache, make = AssetCache(tmp_path / "cache", MB), Maker()
    assert cache.clear() == 0  # what is being fetched is left alone
    assert list(cache.folder.glob("parts/*"))
    cache.fetch("clip:a", ".mp4", make, tmp_path / "a.mp4", waiting)
    assert waits
    assert (make.calls, (tmp_path / "a.mp4").read_bytes()) == (1, b"video")
    assert list(cache.folder.glob("parts/*")) == []


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    def cancelled() -> None:
        raise KeyboardInterrupt

    hanging = worker(tmp_path, "hanging", 1, hang=True)
    try:
        until(lambda: (tmp_path / "made").exists())
        with pytest.raises(KeyboardInterrupt):
            AssetCache(tmp_path / "cache", MB).fetch("clip:a", ".mp4", Maker(), tmp_path / "a.mp4", cancelled)
    finally:
        hanging.kill()
        hanging.wait(60)


def test_leftovers_of_killed_processes_go_with_the_rest(cache: AssetCache, tmp_path: Path) -> None:
    cache.fetch("clip:a", ".mp4", Maker(), tmp_path / "a.mp4")
    leftovers = [cache.folder / "parts" / "0123.mp4", cache.folder / "objects" / "ab" / "abcd.mp4"]
    for leftover in leftovers:
        leftover.parent.mkdir(parents=True, exist_ok=True)
        leftover.write_bytes(b"x")
    cache.clear()
    assert [path for path in leftovers if path.exists()] == []


def test_the_command_lists_and_clears(cli: Cli, home: Path) -> None:
    assert "0 files" in cli("cache", "ls").out
    cache = AssetCache(home / "cache" / "downloads", MB)
    cache.fetch("twitch clip Abc", ".mp4", Maker(b"x" * 2 * MB), home / "a.mp4")
    listed = cli("cache", "ls").out
    assert "twitch clip Abc" in listed
    assert "1 files, 2.0 MB" in listed
    assert "2.0 MB freed" in cli("cache", "clear").out
    assert "0 files" in cli("cache", "ls").out
