"""A pipeline of small steps that write files, count their runs, and fail, wait or hold on demand.

What it does is told by its arguments, so that it does the same in another process.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import BadInputError, DiskFullError, HypecutError, SourceUnavailableError, UsageError
from hypecut.files import write_text, written_aside
from hypecut.jobs.pipeline import (
    Asset,
    CheckedJob,
    Output,
    Pipeline,
    SeenClip,
    Step,
    StepContext,
    StepResult,
)
from hypecut.models import JobKind
from hypecut.settings import Settings

STEPS = ("resolve", "chat", "cut")
CLIPS = (
    SeenClip(
        id="Best",
        streamer="alpha",
        title="a \u2603 title",
        url="https://clips.twitch.tv/Best",
        views=1 << 40,
        created_at=datetime(2026, 11, 25, 12, 0, 0, 250_000, UTC),
        duration_s=4.25,
        game="chess",
        vod_id="25",
        vod_offset_s=3.5,
        chosen=True,
    ),
    SeenClip(id="Other", why_not="is too long"),
)
# A later step knows more of them.
_CLIPS_SEEN = {"resolve": CLIPS[1:], "chat": CLIPS}
_POLL_S = 0.01
_LONGEST_HOLD_S = 120.0


def job(folder: Path, **params: Any) -> CheckedJob:
    """A job in `folder`.

    Args:
        folder: its output folder; one folder is one job.
        params: by step, what goes wrong there: `{"chat": "bad"}`; see `_ACTS`.
    """
    return check({"folder": str(folder), **params})


def check(params: Mapping[str, Any], settings: Settings | None = None) -> CheckedJob:
    del settings
    if "folder" not in params:
        raise UsageError("folder is missing; give it.")
    folder = str(params["folder"])
    return CheckedJob(params=params, folder=folder, name=f"toy {folder}", title=Path(folder).name)


def claim(job: CheckedJob, going_on: bool) -> Mapping[str, Any] | None:
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    _count(folder, "claim again" if going_on else "claim")
    finished = folder / "finished.json"
    return json.loads(finished.read_text()) if finished.exists() else None


def result(context: StepContext) -> Mapping[str, Any]:
    return {"steps": {name: dict(data) for name, data in context.done.items()}}


def _step(name: str) -> Step:
    def run(context: StepContext) -> StepResult:
        runs = _count(context.folder, name)
        context.progress.start(name, 4.0, "parts")
        act = _ACTS.get(str(context.params.get(name, "")))
        if act is not None:
            act(context, runs)
        for part in range(1, 5):
            context.progress.update(part)
        context.progress.finish()
        out = context.folder / f"{name}.txt"
        write_text(out, name)
        return StepResult(
            data={"runs": runs, "before": sorted(context.done)},
            outputs=(Output(kind="text", path=str(out), meta={"step": name}),),
            assets=_assets(context, out) if name == "cut" else (),
            clips=_CLIPS_SEEN.get(name),
        )

    return Step(name, run, 2.0, apart=name == "cut")


def _assets(context: StepContext, out: Path) -> tuple[Asset, ...]:
    """A file that the job made itself, one that was there, and one that is gone."""
    there, gone = context.folder / "runs.log", context.folder / "gone"
    return (
        Asset(kind="chat", path=str(out), url="https://example.org/1", duration_s=7.5),
        Asset(kind="recording", path=str(there), size=9, meta={"start_s": 1.5}),
        Asset(kind="intro", path=str(gone)),
    )


def _bad(context: StepContext, runs: int) -> None:
    raise BadInputError("the file is bad; give another.")


def _bad_once(context: StepContext, runs: int) -> None:
    if runs == 1:
        _bad(context, runs)


def _away_once(context: StepContext, runs: int) -> None:
    if runs == 1:
        raise SourceUnavailableError("the source is away.")


def _away(context: StepContext, runs: int) -> None:
    raise SourceUnavailableError("the source is away.")


def _full_once(context: StepContext, runs: int) -> None:
    if runs == 1:
        raise DiskFullError("no room left.")


def _full(context: StepContext, runs: int) -> None:
    """No room until a file named `go` is there."""
    if not (context.folder / "go").exists():
        raise DiskFullError("no room left.")


def _bug(context: StepContext, runs: int) -> None:
    dict(context.params)["a key"]


def _hold(context: StepContext, runs: int) -> None:
    """Go on telling of progress until a file named `go` is there."""
    _mark(context, runs)
    for tick in range(int(_LONGEST_HOLD_S / _POLL_S)):
        if (context.folder / "go").exists():
            return
        context.progress.update(1.0 + tick * 1e-6)
        time.sleep(_POLL_S)
    raise HypecutError("held for too long.")


def _stuck(context: StepContext, runs: int) -> None:
    """As `hold`, but telling nothing."""
    _mark(context, runs)
    deadline_s = time.monotonic() + _LONGEST_HOLD_S
    while not (context.folder / "go").exists() and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)


def _half(context: StepContext, runs: int) -> None:
    """As `hold`, with a file half written beside its place."""
    with written_aside(context.folder / "half.txt") as part:
        part.write_text("half")
        _hold(context, runs)


def _kill_once(context: StepContext, runs: int) -> None:
    if runs == 1:
        _kill(context, runs)


def _kill(context: StepContext, runs: int) -> None:
    """The whole process dies at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def _crash(context: StepContext, runs: int) -> None:
    """What a codec does that finds its memory in disorder."""
    sys.stderr.write("[codec] assertion failed\n")
    sys.stderr.flush()
    os.abort()


def _noise(context: StepContext, runs: int) -> None:
    """Print where a worker listens, and log."""
    sys.stdout.write("a library says hello\n")
    logging.getLogger("hypecut.toy").warning("one frame is odd")


def _greedy(context: StepContext, runs: int) -> None:
    bytearray(1 << 40)


_ACTS: Mapping[str, Callable[[StepContext, int], None]] = {
    "bad": _bad,
    "bad once": _bad_once,
    "away": _away,
    "away once": _away_once,
    "full once": _full_once,
    "full": _full,
    "bug": _bug,
    "hold": _hold,
    "stuck": _stuck,
    "half": _half,
    "crash": _crash,
    "noise": _noise,
    "greedy": _greedy,
    "kill": _kill,
    "kill once": _kill_once,
}


def _mark(context: StepContext, runs: int) -> None:
    """Tell those outside that the step is there."""
    write_text(context.folder / f"held.{runs}", str(os.getpid()))


def _count(folder: Path, what: str) -> int:
    """Note one more run of a step; how many there were, this one counted."""
    with (folder / "runs.log").open("a") as file:
        file.write(f"{what}\n")
    return runs_of(folder).count(what)


def runs_of(folder: Path) -> list[str]:
    """Every claim and run of a step in a job's folder, in order."""
    file = folder / "runs.log"
    return file.read_text().splitlines() if file.exists() else []


def redo(job: CheckedJob) -> CheckedJob:
    _count(Path(job.folder), "redo")
    return msgspec.structs.replace(job, params={**job.params, "redone": True})


TOY = Pipeline(
    kind=JobKind.VOD_HIGHLIGHTS,
    steps=tuple(_step(name) for name in STEPS),
    check=check,
    claim=claim,
    result=result,
    redo=redo,
)
PIPELINES: Mapping[JobKind, Pipeline] = {
    JobKind.VOD_HIGHLIGHTS: TOY,
    JobKind.CLIP_MONTAGE: Pipeline(JobKind.CLIP_MONTAGE, TOY.steps, check, claim, result),
}
