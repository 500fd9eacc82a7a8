"""`hypecut jobs`: submit jobs and look after them, here or on a server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hypecut.cli import options
from hypecut.cli.console import progress_on_stderr, say, say_json, table, tell, waits_told
from hypecut.cli.start import start
from hypecut.errors import InterruptedByUserError, UsageError

if TYPE_CHECKING:
    from hypecut.jobs.client import ServerJobs
    from hypecut.jobs.clip_requests import MontageRequest
    from hypecut.jobs.engine.protocol import JobDetails, JobEngine, JobInputs, Jobs
    from hypecut.jobs.requests import HighlightsRequest
    from hypecut.models import JobKind
    from hypecut.settings import Settings

jobs = typer.Typer(help="Submit jobs and look after them.", no_args_is_help=True, rich_markup_mode=None)

_LOOK_S = 0.5
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="A hypecut server; else this machine's own jobs."),
]
Token = Annotated[
    str | None, typer.Option("--token", metavar="TOKEN", help="What the server asks for (or HYPECUT_TOKEN).")
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id; its first letters will do.")]


@dataclass(frozen=True)
class Delivery:
    """What a command that would run a job does instead, being in its context's `obj`: submit it.

    Attributes:
        remote: the job's files are on another machine, perhaps.
        submitted: the ids of what was submitted.
    """

    jobs: JobEngine | ServerJobs
    remote: bool
    priority: int
    submitted: list[str]

    def submit(self, kind: JobKind, request: HighlightsRequest | MontageRequest, settings: Settings) -> None:
        """Submit the job that a request describes."""
        import msgspec

        from hypecut.jobs.client import ServerJobs
        from hypecut.jobs.pipelines import PIPELINES

        params = msgspec.to_builtins(request)
        if isinstance(self.jobs, ServerJobs):
            # What was not given is the server's to decide.
            fields = msgspec.structs.fields(request)
            given = {f.name: params[f.name] for f in fields if getattr(request, f.name) != f.default}
            if kind == "clip_montage" and "out" in given:
                given["current_videos_dir"] = given.pop("out")
            chat = given.get("chat")
            if chat and Path(chat).is_file():
                given["chat"] = self.jobs.upload_chat(Path(chat))
            self.submitted.append(self.jobs.submit(kind, given, self.priority))
        else:
            job = PIPELINES[kind].check(params, settings)
            PIPELINES[kind].look(job)
            again = bool(params["overwrite"])
            self.submitted.append(self.jobs.submit(kind, job, self.priority, again=again).id)


@jobs.callback()
def _jobs() -> None:
    """Submit jobs and look after them."""


@jobs.command(context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
def submit(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="What to run: highlights or montage.")],
    args: Annotated[
        list[str] | None,
        typer.Argument(metavar="ARGS...", help="What `hypecut KIND` takes, in the same way."),
    ] = None,
    priority: Annotated[int, typer.Option(metavar="N", min=0, max=1000, help="Lower ones run first.")] = 10,
    server: Server = None,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Queue a job for a worker; options of this command go before KIND.

    The same job submitted again is the same job: done, it stays done; failed or cancelled, it goes on.
    """
    from hypecut.cli.main import app

    command = typer.main.get_command(app)
    runnable = getattr(command, "commands", {}).get(kind)
    if kind not in ("highlights", "montage") or runnable is None:
        raise UsageError(f"{kind} is no kind of job; submit highlights or montage.")
    with _opened(server, token) as found:
        delivery = Delivery(found, server is not None, priority, [])
        given = args or []
        runnable.main(given, prog_name=f"hypecut jobs submit {kind}", standalone_mode=False, obj=delivery)
        for job_id in delivery.submitted:
            details = found.get(job_id)
            if json or "--json" in given:
                say_json(details)
            else:
                say(job_id)
                tell(f"{details.title} is {details.job.status}; `hypecut jobs watch {job_id}` follows it.")


@jobs.command("list")
def list_jobs(
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATE", help="Only these: queued, running, done, failed, cancelled."),
    ] = None,
    search: Annotated[
        str, typer.Option(metavar="TEXT", help="Only jobs with this in their id, title, folder or arguments.")
    ] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")] = 20,
    server: Server = None,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """List jobs, the newest first."""
    from hypecut.jobs.engine.protocol import JobFilter
    from hypecut.models import JobStatus

    try:
        states = frozenset(JobStatus(one) for one in status or ())
    except ValueError as error:
        raise UsageError(f"--status: {error}; use {', '.join(JobStatus)}.") from error
    with _opened(server, token) as found:
        page = found.list(JobFilter(status=states, search=search, limit=limit))
    if json:
        say_json(page)
        return
    if page.jobs:
        rows = [
            (f"{job.progress:.0%}", job.id, job.status, job.type, _when(job.created_at), _what(job.params))
            for job in page.jobs
        ]
        say(table(("%", "id", "state", "kind", "submitted", "of"), rows, numbers=1))
    say(f"{len(page.jobs)} of {page.total} jobs")


@jobs.command()
def show(job_id: JobId, server: Server = None, token: Token = None, json: options.Json = False) -> None:
    """Tell all that is known of a job."""
    import msgspec

    with _opened(server, token) as found:
        job_id = _whole_id(found, job_id)
        details, inputs = found.get(job_id), found.inputs(job_id)
    if json:
        say_json({**msgspec.structs.asdict(details), **msgspec.structs.asdict(inputs)})
        return
    _tell_of(details, json=False)
    _tell_inputs(inputs)


@jobs.command()
def watch(job_id: JobId, server: Server = None, token: Token = None, json: options.Json = False) -> None:
    """Follow a job to its end; Ctrl-C stops watching, and the job goes on."""
    with _opened(server, token) as found:
        job_id = _whole_id(found, job_id)
        try:
            details = _followed(found, job_id)
        except KeyboardInterrupt:
            raise InterruptedByUserError(f"no longer watched; the job {job_id} goes on.") from None
    _tell_of(details, json)
    _raise_failure(details)


@jobs.command()
def cancel(job_id: JobId, server: Server = None, token: Token = None, json: options.Json = False) -> None:
    """Stop a queued or running job; nothing half-made is left."""
    with _opened(server, token) as found:
        details = found.cancel(_whole_id(found, job_id))
    _tell_state(details, json)


@jobs.command()
def retry(job_id: JobId, server: Server = None, token: Token = None, json: options.Json = False) -> None:
    """Let a failed or cancelled job go on at the step it did not finish."""
    with _opened(server, token) as found:
        details = found.retry(_whole_id(found, job_id))
    _tell_state(details, json)


@jobs.command()
def logs(job_id: JobId, server: Server = None, token: Token = None, json: options.Json = False) -> None:
    """Print what a job's run logged."""
    with _opened(server, token) as found:
        lines = found.logs(_whole_id(found, job_id))
    if json:
        say_json({"lines": lines})
    else:
        for line in lines:
            say(line)


@contextlib.contextmanager
def _opened(server: str | None, token: str | None) -> Iterator[Any]:
    """The jobs of a server, or those of the database of the settings."""
    settings = start(token=token).settings
    if server is not None:
        from hypecut.jobs.client import ServerJobs

        with contextlib.closing(ServerJobs(server, settings.token.get_secret_value() or None)) as there:
            yield there
        return
    from hypecut.jobs.engine import open_engine
    from hypecut.jobs.store.database import told_as_database_error

    with waits_told(), told_as_database_error(), contextlib.closing(open_engine(settings)) as here:
        yield here


def _whole_id(found: Jobs, job_id: str) -> str:
    """The id that begins so.

    Raises:
        UsageError: several do.
    """
    from hypecut.jobs.engine.protocol import JobFilter

    page = found.list(JobFilter(search=job_id, limit=1000))
    ids = [job.id for job in page.jobs if job.id.startswith(job_id)]
    if job_id in ids or not ids:
        return job_id
    if len(ids) > 1:
        raise UsageError(f"{len(ids)} jobs begin with {job_id}; give more of the id.")
    return ids[0]


def _followed(found: Jobs, job_id: str) -> JobDetails:
    """The job at its end; until then its progress is told."""
    from hypecut.jobs.engine.protocol import FINAL

    told, noted = ("", ""), ""
    with progress_on_stderr() as progress:
        while (details := found.get(job_id)).job.status not in FINAL:
            step = next((s for s in details.steps if s.status == "running"), None)
            if details.note and details.note != noted:
                tell(details.note)
            noted = details.note
            if step is not None and step.task:
                if (step.name, step.task) != told:
                    told = (step.name, step.task)
                    progress.start(step.task, step.total, step.unit)
                progress.update(step.done)
            time.sleep(_LOOK_S)
    return details


def _raise_failure(details: JobDetails) -> None:
    """End with the exit code that running the job here would have had."""
    from hypecut.jobs.engine.run import error_of

    if details.job.status == "failed":
        raise error_of(details.error_kind, details.job.error or "the job failed.")
    if details.job.status == "cancelled":
        raise error_of("JobCancelledError", "the job was cancelled.")


def _tell_state(details: JobDetails, json: bool) -> None:
    if json:
        say_json(details)
    else:
        say(f"{details.job.id} {details.title} is {details.job.status}")


def _tell_of(details: JobDetails, json: bool) -> None:
    if json:
        say_json(details)
        return
    job = details.job
    facts = [
        ("job", job.id),
        ("what", f"{job.type}: {details.title}"),
        ("state", f"{job.status}, {job.progress:.0%}"),
        ("folder", details.folder),
        ("submitted", _when(job.created_at)),
        ("started", _when(job.started_at)),
        ("finished", _when(job.finished_at)),
        ("error", job.error or ""),
        ("waits", details.note),
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        if value:
            say(f"{name.ljust(width)}  {value}")
    rows = [(step.name, step.status, _took(step.started_at, step.finished_at)) for step in details.steps]
    say(table(("step", "state", "took"), rows))
    for output in details.outputs:
        if output.kind != "clip":
            say(f"{output.size / 1e3:12,.1f} kB  {output.path}")


def _tell_inputs(inputs: JobInputs) -> None:
    if inputs.clips:
        chosen = sum(clip.chosen for clip in inputs.clips)
        say(f"looked at {len(inputs.clips)} clips, of which {chosen} are chosen")
    for asset in inputs.assets:
        if asset.kind != "clip":
            say(f"used {asset.kind} {asset.path}" + (f" of {asset.url}" if asset.url else ""))


def _when(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _took(start_at: datetime | None, end_at: datetime | None) -> str:
    return f"{(end_at - start_at).total_seconds():.1f} s" if start_at and end_at else ""


def _what(params: Mapping[str, Any]) -> str:
    """What a job is made of, in a word."""
    files = [Path(file).name for file in (params.get("vod"), *params.get("files", ())) if file]
    return ", ".join([*params.get("streamer_names", ()), *params.get("clips", ()), *files])
