"""How a job gets its name and its output folder, whatever its kind, and the answer that stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from hypecut.jobs.folder import OutputFolder, job_name
from hypecut.jobs.pipeline import CheckedJob
from hypecut.models import JobKind

Request = TypeVar("Request", bound=msgspec.Struct)
Result = TypeVar("Result", bound=msgspec.Struct)

# How far to go does not make a folder another job's.
_PLAN_ONLY = "-plan"


@dataclass(frozen=True)
class Claims(Generic[Request, Result]):
    """What the jobs of a kind have in common there.

    Attributes:
        kind: their kind.
        read: the request that their arguments, plain JSON, stand for.
        inputs: its input files.
        result: what they answer; it has a `status`.
    """

    kind: JobKind
    read: Callable[[Mapping[str, Any]], Request]
    inputs: Callable[[Request], list[Path]]
    result: type[Result]

    def job(self, request: Request, deciding: Mapping[str, Any], title: str) -> CheckedJob:
        """The job of a request with nothing left open, named by what decides what it shows."""
        params = msgspec.to_builtins(request)
        name = job_name(self.kind, deciding, self.inputs(request), Path(params["out"]))
        if params["plan_only"]:
            name += _PLAN_ONLY
        return CheckedJob(params=params, folder=params["out"], name=name, title=title)

    def finished(self, job: CheckedJob) -> Result | None:
        """What the job answers if it is finished in its folder, where nothing is changed; else None."""
        return self._answer(self._folder(job, look_only=True))

    def look(self, job: CheckedJob) -> None:
        """See that the output folder may become the job's."""
        self._folder(job, look_only=True)

    def claim(self, job: CheckedJob, going_on: bool) -> Mapping[str, Any] | None:
        """Make the output folder the job's; the result if it is finished there."""
        answer = self._answer(self._folder(job, going_on=going_on))
        return None if answer is None else msgspec.to_builtins(answer)

    def _answer(self, folder: OutputFolder) -> Result | None:
        told = folder.finished
        return None if told is None else msgspec.convert({**told, "status": "already done"}, self.result)

    def _folder(self, job: CheckedJob, *, look_only: bool = False, going_on: bool = False) -> OutputFolder:
        return OutputFolder(
            Path(job.folder),
            job.name.removesuffix(_PLAN_ONLY),
            self.inputs(self.read(job.params)),
            job.params["overwrite"],
            look_only=look_only,
            going_on=going_on,
        )
