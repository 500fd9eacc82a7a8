"""Bad input of every kind, given to the real commands: one sentence, the exit code, nothing half-made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.cli.conftest import Cli, one_sentence
from tests.jobs.conftest import Stream
from tests.jobs.conftest import stream as stream
from tests.support.recordings import Recordings

Make = Callable[[Path, Stream], None]


def empty(path: Path, stream: Stream) -> None:
    path.write_bytes(b"")


def folder(path: Path, stream: Stream) -> None:
    path.mkdir()


def text(path: Path, stream: Stream) -> None:
    path.write_text("this is no video\n" * 100)


def device(path: Path, stream: Stream) -> None:
    path.symlink_to("/dev/null")


def endless(path: Path, stream: Stream) -> None:
    path.symlink_to("/dev/zero")


def pipe(path: Path, stream: Stream) -> None:
    os.mkfifo(path)


def missing(path: Path, stream: Stream) -> None:
    pass


def sound_alone(path: Path, stream: Stream) -> None:
    with av.open(str(stream.vod)) as source, av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)


def frames(count: int) -> Make:
    """A video of so many frames, without sound."""

    def make(path: Path, stream: Stream) -> None:
        with av.open(str(path), "w", format="mp4") as out:
            track = out.add_stream("libx264", rate=30)
            track.width, track.height, track.pix_fmt = 64, 64, "yuv420p"
            for _ in range(count):
                out.mux(track.encode(av.VideoFrame(64, 64, "yuv420p")))
            out.mux(track.encode(None))

    return make


def headless(path: Path, stream: Stream) -> None:
    """The first half of an MP4 whose index stands at its end."""
    with av.open(str(stream.vod)) as source, av.open(str(path), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


VIDEOS: list[tuple[str, Make, int, str]] = [
    ("missing", missing, 2, "no video file"),
    ("empty", empty, 2, "bad.mp4"),
    ("a folder", folder, 2, "is a folder"),
    ("a device", device, 2, "is not a file"),
    ("an endless device", endless, 2, "is not a file"),
    ("a pipe", pipe, 2, "is not a file"),
    ("text", text, 2, "bad.mp4"),
    ("sound alone", sound_alone, 2, "no picture track"),
    ("no frames", frames(0), 2, "bad.mp4"),
    ("one frame", frames(1), 2, "outside the recording"),
    ("cut off before its index", headless, 2, "bad.mp4"),
]


def said(err: str) -> str:
    """What stderr holds besides progress."""
    return "".join(line for line in err.splitlines(keepends=True) if not line.startswith("{"))


def nothing_half_made(home: Path) -> bool:
    return not [p for p in home.rglob("*") if p.name.endswith(".mp4") and p.name != "bad.mp4"]


@pytest.mark.parametrize(("what", "make", "code", "words"), VIDEOS, ids=[video[0] for video in VIDEOS])
def test_bad_videos(
    what: str, make: Make, code: int, words: str, cli: Cli, stream: Stream, home: Path
) -> None:
    make(home / "bad.mp4", stream)
    outcome = cli("highlights", "bad.mp4", "--chat", stream.chat, "--out", "o")
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (code, True), outcome.err
    assert words in told
    assert nothing_half_made(home)


@pytest.mark.parametrize(("what", "make", "code", "words"), VIDEOS, ids=[video[0] for video in VIDEOS])
def test_bad_videos_in_a_plan(
    what: str, make: Make, code: int, words: str, cli: Cli, stream: Stream, home: Path
) -> None:
    make(home / "bad.mp4", stream)
    cut = {"source": "bad.mp4", "start_s": 1.0, "end_s": 2.0}
    (home / "plan.json").write_text(json.dumps({"version": 1, "cuts": [cut]}))
    outcome = cli("render", "plan.json")
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (2, True), outcome.err
    assert nothing_half_made(home)


CHATS: list[tuple[str, bytes | None, int, str]] = [
    ("missing", None, 2, "no chat file"),
    ("empty", b"", 2, "is empty"),
    ("binary", bytes(range(256)) * 100, 2, "no chat format known"),
    ("without messages", b'{"streamer": {}, "comments": []}', 3, "no messages"),
    ("without times", b"a: hi\nb: hello\n", 2, "without times"),
    ("of the clock", b"[2026-11-19 18:00:03 UTC] a: hi\n", 2, "--vod-start"),
    ("deeply nested", b'{"streamer": {}, "comments": [' + b"[" * 100_000, 2, "cut off or broken"),
    ("thin", b"\n".join(b'{"time_s": %d, "text": "x"}' % (7 * i) for i in range(60)), 3, "messages"),
    (
        "of another VOD",
        b"\n".join(b'{"time_s": %d, "text": "x", "user": "u%d"}' % (9_000 + i, i) for i in range(900)),
        2,
        "another recording's chat",
    ),
    (
        "of a part of it",
        b"\n".join(b'{"time_s": %f, "text": "x", "user": "u%d"}' % (i / 10, i) for i in range(900)),
        2,
        "--allow-partial-chat",
    ),
    (
        "of impossible times",
        b"\n".join(
            b'{"time_s": %b, "text": "x"}' % t for t in (b"NaN", b"1e999", b"-1e300", b"1" * 400) * 30
        ),
        2,
        "can't be read",
    ),
]


@pytest.mark.parametrize(("what", "data", "code", "words"), CHATS, ids=[chat[0] for chat in CHATS])
def test_bad_chats(
    what: str, data: bytes | None, code: int, words: str, cli: Cli, stream: Stream, home: Path
) -> None:
    if data is not None:
        (home / "chat").write_bytes(data)
    outcome = cli("highlights", stream.vod, "--chat", "chat", "--out", "o")
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (code, True), outcome.err
    assert words in told
    assert nothing_half_made(home)


@pytest.mark.parametrize("make", [folder, device, endless, pipe])
def test_chats_that_are_no_files(make: Make, cli: Cli, stream: Stream, home: Path) -> None:
    make(home / "chat", stream)
    for command in (["detect", "chat"], ["chat", "convert", "chat", "out.jsonl"]):
        outcome = cli(*command)
        assert (outcome.code, one_sentence(outcome.err)) == (2, True), outcome.err
    assert not (home / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--from 5:00 --to 4:00", "swap them"),
        ("--from 1:75", "'1:75' is not a time"),
        ("--to -5", "--to"),
        ("--min-duration 9m --max-duration 8m", "--max-duration"),
        ("--min-duration soon", "soon"),
        ("--max-duration nan", "nan"),
        ("--chat-offset x", "--chat-offset"),
        ("--transition wipe", "--transition"),
        ("--loudness 5", "--loudness"),
        ("--loudness nan", "--loudness"),
        ("--exclude 1:00", "range"),
        ("--exclude 2:00-1:00", "swap"),
        ("--vod-start noon", "date and time"),
        ("--keyword", "hypecut highlights --help"),
        ("--no-such-option", "--no-such-option"),
        ("--out CHAT", "is a file"),
    ],
)
def test_wrong_options(options: str, words: str, cli: Cli, stream: Stream, home: Path) -> None:
    given = options.replace("CHAT", str(stream.chat)).split()
    outcome = cli("highlights", stream.vod, "--chat", stream.chat, *given)
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (2, True), outcome.err
    assert words in told
    assert not list(home.glob("*highlights*"))


# Both refuse even root: no folder can be made there.
@pytest.mark.parametrize("out", ["/proc/nowhere/o", "/sys/o"])
def test_a_folder_that_may_not_be_written_to(out: str, cli: Cli, stream: Stream) -> None:
    outcome = cli("highlights", stream.vod, "--chat", stream.chat, "--out", out)
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (2, True), outcome.err
    assert f"can't write {out}" in told


def test_a_disk_without_room_is_told_before_anything_is_made(
    cli: Cli, stream: Stream, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = home / "plan.json"
    cut = {"source": str(stream.vod), "start_s": 1, "end_s": 30}
    plan.write_text(json.dumps({"version": 1, "cuts": [cut]}))
    usage = shutil.disk_usage(home)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    outcome = cli("render", "plan.json", "--out", "full/montage.mp4")
    told = said(outcome.err)
    assert (outcome.code, one_sentence(told)) == (1, True), outcome.err
    assert "0 MB free; free some space" in told
    assert list(home.glob("**/*.mp4")) == []


_LIMITED = """
import resource, sys
from hypecut.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
main(sys.argv[1:])
"""


def test_a_file_that_may_not_grow_in_the_middle_leaves_no_half_montage(stream: Stream, home: Path) -> None:
    words = ["highlights", str(stream.vod), "--chat", str(stream.chat), "--out", "o", "--min-duration", "60"]
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, *words], capture_output=True, text=True, check=False, cwd=home
    )
    told = said(done.stderr)
    assert done.returncode in (1, 2)
    assert one_sentence(told), done.stderr
    assert nothing_half_made(home)
    assert not list((home / "o").rglob(".*part*"))


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_recording_is_used_as_far_as_it_goes(
    share: float, cli: Cli, tiny_recording: Recordings, stream: Stream, home: Path
) -> None:
    whole = tiny_recording(".mkv", duration_s=420.0, fps=Fraction(15), gop_frames=30, preset="ultrafast")
    data = whole.path.read_bytes()
    (home / "bad.mkv").write_bytes(data[: int(len(data) * share)])
    options = "--out o --min-duration 20 --max-duration 60 --json --allow-partial-chat"
    outcome = cli("highlights", "bad.mkv", "--chat", stream.chat, *options.split())
    assert outcome.code == 0, outcome.err
    result = json.loads(outcome.out)
    assert all(pick["end_s"] <= 420 * share + 1 for pick in result["picks"])
    assert Path(result["montage_path"]).is_file()
