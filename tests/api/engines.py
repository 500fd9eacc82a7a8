"""A pipeline that acts like a real one, so that what the API does with jobs can be looked at quickly."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypecut.errors import HypecutError
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.folder import OutputFolder
from hypecut.jobs.pipeline import CheckedJob, Output, Pipeline, Step, StepContext, StepResult
from hypecut.jobs.pipelines import PIPELINES
from hypecut.models import JobKind
from hypecut.settings import Settings


@dataclass
class Stage:
    """Lets a test hold a job in its step `cut`, or let it fail there."""

    hold: bool = False
    fail: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self.go_on.set()


def pipeline(stage: Stage, kind: JobKind = JobKind.VOD_HIGHLIGHTS) -> Pipeline:
    """The real check of that kind of job, and steps that only write small files."""

    def plan(context: StepContext) -> StepResult:
        folder = OutputFolder.claimed(context.folder)
        vod = str(context.params.get("vod", "clip.mp4"))
        text = {"version": 1, "cuts": [{"source": vod, "start_s": 0.0, "end_s": 2.0}]}
        folder.file("plan.json").write_text(json.dumps(text))
        folder.planned()
        return StepResult(outputs=(Output(kind="plan", path=str(folder.file("plan.json"))),))

    def cut(context: StepContext) -> StepResult:
        context.progress.start("cut", 2, "clips")
        context.progress.update(1)
        stage.reached.set()
        if stage.hold:
            while not stage.go_on.wait(0.02):
                context.progress.update(1)
        if stage.fail:
            raise HypecutError(stage.fail)
        clip = context.folder / "clips" / "001_0h00m00s.mp4"
        clip.parent.mkdir(exist_ok=True)
        clip.write_bytes(bytes(range(256)) * 4)
        montage = context.folder / "montage.mp4"
        montage.write_bytes(hashlib.sha256(b"montage").digest() * 32)
        context.progress.finish()
        outputs = (Output(kind="clip", path=str(clip)), Output(kind="montage", path=str(montage)))
        return StepResult(outputs=outputs)

    def claim(job: CheckedJob, going_on: bool) -> Mapping[str, Any] | None:
        OutputFolder(Path(job.folder), job.name, (), overwrite=False, going_on=going_on)
        return None

    def result(context: StepContext) -> Mapping[str, Any]:
        if kind is JobKind.CLIP_MONTAGE:
            return {"paths": [str(context.folder / "clips" / "001_0h00m00s.mp4")], "count": 1}
        return {
            "vod_path": context.params["vod"],
            "chat_path": str(context.folder / "chat.jsonl"),
            "segments_count": 1,
            "clips_count": 1,
            "montage_path": str(context.folder / "montage.mp4"),
            "clips_dir": str(context.folder / "clips"),
            "metadata_path": None,
            "durations_s": {"vod_total": 4.0, "montage_total": 2.0},
        }

    return Pipeline(
        kind=kind,
        steps=(Step("plan", plan), Step("cut", cut, 3.0)),
        check=PIPELINES[kind].check,
        claim=claim,
        result=result,
        redo=PIPELINES[kind].redo,
    )


def small_engine(settings: Settings, stage: Stage) -> MemoryEngine:
    """An engine with such pipelines."""
    return MemoryEngine(settings, {kind: pipeline(stage, kind) for kind in JobKind})
