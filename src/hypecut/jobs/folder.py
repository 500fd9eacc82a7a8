"""A job's output folder: whose it is, what may stand in it, and whether the job is done."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from hypecut.errors import BadInputError, FolderInUseError, UsageError
from hypecut.files import told_as_write_error, written_aside

MONTAGE = "montage.mp4"
PLAN = "plan.json"
EXPLANATION = "highlights.json"
CLIPS = "clips"
# Downloaded clips, whole, that the plan is cut from.
SOURCES = "sources"
CHAT = "chat.jsonl"
CHAT_RAW = "chat_raw.jsonl.gz"
ACTIVITY = "activity.png"
TIMELINE = "montage.otio"
CHAPTERS = "chapters.txt"
CREDITS = "credits.txt"
OUTPUT_FILES = (MONTAGE, PLAN, EXPLANATION, CHAT, CHAT_RAW, ACTIVITY, TIMELINE, CHAPTERS, CREDITS)

_MARKER = ".hypecut-job.json"
# What the steps keep for one another, nobody else's business.
WORK = ".hypecut"
DETECTED = "detected.json"
CHOSEN = "chosen.json"
LISTED = "listed.json"
FETCHED = "fetched.json"
# The files in `SOURCES` that are the job's own; kept when the rest is cleared, so that they can be found.
PLACED = "placed.json"
# Says that what is here of a VOD by its address is the job's own.
VOD_MARK = "vod.json"
_WORK_FILES = (DETECTED, CHOSEN, LISTED, FETCHED, VOD_MARK)
VOD_PLAYLIST = "vod.m3u8"
VOD_SEGMENTS = "vod"
VOD_FILE = "vod.mp4"
# A job that made no more than these has nothing worth keeping: the next one in the folder may replace them.
_CHEAP = frozenset({CHAT})
_CLIP_NAME = re.compile(r"\d{3,}_[\w-]*\.mp4")


class _Marker(msgspec.Struct):
    """What the folder remembers of its job."""

    job: str
    done: bool = False
    plan_sha256: str = ""
    result: dict[str, Any] = {}
    edited: bool = False


def job_name(kind: str, arguments: Mapping[str, Any], inputs: Iterable[Path], folder: Path) -> str:
    """The name of a job, by its arguments, its input files (their size and time) and its output folder."""
    files = [(_text(p), p.stat().st_size, p.stat().st_mtime_ns) for p in inputs]
    facts = [kind, dict(arguments), files, _text(folder)]
    return hashlib.sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()[:32]


def _text(path: Path) -> str:
    """The whole path as text that can be UTF-8, whatever bytes its name is made of."""
    return str(path.resolve()).encode(errors="backslashreplace").decode()


class OutputFolder:
    """The output folder of one job.

    Args:
        path: the folder; made when it is missing.
        job: the job's name, from `job_name`.
        inputs: the job's input files, which must not be among its outputs.
        overwrite: clear away the outputs of another job, or of an earlier run.
        look_only: check all that, but make, change and clear away nothing.
        going_on: some of the job's steps are finished, so their outputs must be there.

    Raises:
        UsageError: an input would be overwritten, or the path is a file.
        FolderInUseError: another job's outputs, or a plan changed by hand, stand there.
        BadInputError: the folder can't be made or written to.
    """

    def __init__(
        self,
        path: Path,
        job: str,
        inputs: Iterable[Path],
        overwrite: bool,
        *,
        look_only: bool = False,
        going_on: bool = False,
    ) -> None:
        self.path = path
        self._marker = _Marker(job=job)
        # What was made so far is the job's own.
        overwrite = overwrite and not going_on
        with told_as_write_error(path):
            self._check(inputs, overwrite, going_on)
            if not look_only:
                self._claim(overwrite)

    @classmethod
    def claimed(cls, path: Path) -> Self:
        """The folder of a job that runs: it was claimed when the run began."""
        folder = cls.__new__(cls)
        folder.path = path
        folder._marker = folder._read_marker() or _Marker(job="")
        return folder

    @classmethod
    def owner(cls, path: Path) -> str | None:
        """The job whose output stands in a folder; '' when that is not known, None when there is none."""
        folder = cls.claimed(path)
        found = folder._read_marker()
        if any(folder.file(name).exists() for name in cls._kept(found)):
            return found.job if found else ""
        return None

    @classmethod
    def is_claimed_by(cls, path: Path, name: str) -> bool:
        """Whether a folder is that of the job `name`, which may say more than the folder remembers."""
        try:
            found = cls.claimed(path)._read_marker()
        except BadInputError:
            return False
        return found is not None and bool(found.job) and name.startswith(found.job)

    def _claim(self, overwrite: bool) -> None:
        """Make the folder this job's."""
        if overwrite:
            self._clear()
        self.path.mkdir(parents=True, exist_ok=True)
        self._write_marker()

    def _check(self, inputs: Iterable[Path], overwrite: bool, going_on: bool) -> None:
        """Make sure that the folder may become, or is already, this job's."""
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file; give a folder with --out.")
        for name in (*OUTPUT_FILES, CLIPS):
            if self.file(name).exists() and self.file(name).is_dir() != (name == CLIPS):
                raise UsageError(f"{self.file(name)} is in the way; choose another folder with --out.")
        for file in inputs:
            if self._is_output(file.resolve()):
                raise UsageError(
                    f"{file} would be overwritten by the job's output; choose another folder with --out."
                )
        if overwrite:
            return
        found = self._read_marker()
        if found is not None and found.job == self._marker.job:
            self._marker = found
            self._refuse_changed_plan()
        elif going_on:
            raise FolderInUseError(
                f"{self.path} no longer holds what the job had made there; start it anew with --overwrite."
            )
        elif any(self.file(name).exists() for name in self._kept(found)):
            raise FolderInUseError(
                f"{self.path} holds the output of another job; choose another folder with --out,"
                " or add --overwrite."
            )

    @property
    def finished(self) -> dict[str, Any] | None:
        """The result of the finished job, if all of it still stands; None when there is work to do."""
        if not self._marker.done or not (self.path / MONTAGE).is_file():
            return None
        return self._marker.result

    def file(self, name: str) -> Path:
        """The path of one output."""
        return self.path / name

    def clear_clips(self) -> None:
        """Remove the cut clips of an earlier run; anything else in their folder stays."""
        for clip in self.file(CLIPS).glob("*.mp4"):
            if _CLIP_NAME.fullmatch(clip.name) and not clip.is_dir():
                clip.unlink()

    def planned(self) -> None:
        """Remember the plan as written, so that a change by hand is noticed."""
        self._marker.plan_sha256 = self._plan_sha256()
        self._write_marker()

    @property
    def plan_changed(self) -> bool:
        """Whether the plan is no longer the one that the job wrote, or made its montage of."""
        return bool(self._marker.plan_sha256) and self._plan_sha256() not in ("", self._marker.plan_sha256)

    def redone(self) -> None:
        """The plan, as a person changed it, is the job's from now on; its montage is yet to be made."""
        self._marker.done, self._marker.edited = False, True
        self.planned()

    @property
    def edited(self) -> bool:
        """Whether a person changed the plan that the montage is made of."""
        return self._marker.edited

    def done(self, result: Mapping[str, Any]) -> None:
        """The job is finished with this result."""
        self._marker.done, self._marker.result = True, dict(result)
        self._write_marker()

    @staticmethod
    def _kept(found: _Marker | None) -> list[str]:
        """What of another job, or of unknown origin, must not be replaced."""
        return [name for name in (*OUTPUT_FILES, CLIPS) if found is None or name not in _CHEAP]

    def work_file(self, name: str) -> Path:
        """The path of one of the files that the steps keep for one another."""
        return self.path / WORK / name

    def _is_output(self, file: Path) -> bool:
        """Whether the job writes or clears away `file`."""
        folder = self.path.resolve()
        clip = file.parent == folder / CLIPS and _CLIP_NAME.fullmatch(file.name)
        return bool(clip) or any(file == folder / name for name in OUTPUT_FILES)

    def _refuse_changed_plan(self) -> None:
        if self.plan_changed:
            raise FolderInUseError(
                f"{self.file(PLAN)} was changed since it was written; 'hypecut render' makes a montage of it,"
                " --overwrite chooses anew."
            )

    def _plan_sha256(self) -> str:
        try:
            return hashlib.sha256(self.file(PLAN).read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def _read_marker(self) -> _Marker | None:
        try:
            return msgspec.json.decode((self.path / _MARKER).read_bytes(), type=_Marker)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise BadInputError(
                f"{self.path / _MARKER} can't be read; choose another folder with --out, or add --overwrite."
            ) from error

    def _write_marker(self) -> None:
        with written_aside(self.path / _MARKER) as part:
            part.write_bytes(msgspec.json.encode(self._marker))

    def _clear(self) -> None:
        if self.work_file(VOD_MARK).exists():
            for name in (VOD_PLAYLIST, VOD_FILE):
                self.file(name).unlink(missing_ok=True)
            shutil.rmtree(self.file(VOD_SEGMENTS), ignore_errors=True)
        for file in (*map(self.file, (*OUTPUT_FILES, _MARKER)), *map(self.work_file, _WORK_FILES)):
            file.unlink(missing_ok=True)
        self.clear_clips()
