"""The same cuts by what else people use, each as its makers or most of its users would have it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from edit_lists import Window
from long_vod import FPS
from measured import Usage, run, together

MOVIEPY, SMARTCUT = "moviepy==2.2.1", "smartcut==1.7"

Method = Callable[[Path], Usage]

_MOVIEPY = """
import os, sys
from moviepy import VideoFileClip, concatenate_videoclips
vod = VideoFileClip(sys.argv[1])
times = [float(word) for word in sys.argv[3:]]
clips = [vod.subclipped(a, b) for a, b in zip(times[::2], times[1::2])]
folder = os.path.dirname(sys.argv[2])
montage = concatenate_videoclips(clips)
montage.write_videofile(sys.argv[2], logger=None, audio_codec="aac", temp_audiofile_path=folder)
"""


def ffmpeg_copy(vod: Path, windows: Sequence[Window], out: Path) -> Usage:
    """Copy each cut with ffmpeg, then join: cuts begin at keyframes, so up to two seconds early."""
    return _ffmpeg(vod, windows, out, ["-c", "copy"])


def ffmpeg_veryfast(vod: Path, windows: Sequence[Window], out: Path) -> Usage:
    """Encode each cut with ffmpeg, then join."""
    return _ffmpeg(vod, windows, out, ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac"])


def moviepy(work: Path, vod: Path, windows: Sequence[Window]) -> Method | None:
    """MoviePy with its defaults, in an environment of its own; None where it can't be had."""
    python = _environment(work, MOVIEPY)
    times = [repr(time_s) for window in windows for time_s in window]
    return (lambda out: run([python, "-c", _MOVIEPY, vod, out, *times])) if python else None


def smartcut(work: Path, vod: Path, windows: Sequence[Window]) -> Method | None:
    """Smartcut, which encodes only at the cuts as well, in an environment of its own; None likewise."""
    python = _environment(work, SMARTCUT)
    # Half a frame early, so that no rounding of a time takes another frame.
    early_s = float(1 / FPS / 2)
    keep = ",".join(f"{time_s - early_s:.6f}" for window in windows for time_s in window)
    return (lambda out: run([python.with_name("smartcut"), vod, out, "--keep", keep])) if python else None


def _ffmpeg(vod: Path, windows: Sequence[Window], out: Path, codecs: Sequence[str]) -> Usage:
    ffmpeg = [shutil.which("ffmpeg") or "ffmpeg", "-v", "error", "-nostdin", "-y"]
    usages: list[Usage] = []
    parts = [out.with_name(f"{out.stem}-part{i:02}.mp4") for i in range(len(windows))]
    for part, (start_s, end_s) in zip(parts, windows, strict=True):
        place = ["-ss", f"{start_s:.6f}", "-i", str(vod), "-t", f"{end_s - start_s:.6f}"]
        usages.append(run([*ffmpeg, *place, *codecs, part]))
    names = out.with_suffix(".txt")
    names.write_text("".join(f"file '{part.name}'\n" for part in parts), encoding="utf-8")
    usages.append(run([*ffmpeg, "-f", "concat", "-safe", "0", "-i", names, "-c", "copy", out]))
    for part in parts:
        part.unlink()
    return together(usages)


def _environment(work: Path, requirement: str) -> Path | None:
    """The Python of an environment with that package alone, made unless it is there."""
    folder = work / "peers" / requirement.partition("==")[0]
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / f".{requirement}"
    if done.exists():
        return python
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement],
    )
    for command in commands:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print(f"{requirement} can't be installed here: not measured.")
            return None
    done.touch()
    return python
