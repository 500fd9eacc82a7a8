"""The jobs of a server, over its API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hypecut.api.app import create_app
from hypecut.cli.jobs import Delivery
from hypecut.errors import HypecutError, JobStateError, UnknownJobError, UsageError
from hypecut.jobs.client import ServerJobs
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.jobs.requests import HighlightsRequest
from hypecut.models import JobKind, JobStatus
from hypecut.settings import Settings
from tests.api.conftest import BASE, InProcess
from tests.jobs.conftest import Stream

KIND = JobKind.VOD_HIGHLIGHTS


@pytest.fixture
def engine(settings: Settings) -> Iterator[MemoryEngine]:
    made = MemoryEngine(settings)
    yield made
    made.close()


def served(engine: MemoryEngine, settings: Settings, token: str | None = None) -> ServerJobs:
    """The server's jobs, asked without a network but by the same bytes."""
    app = create_app(engine, settings, token="secret")
    return ServerJobs(BASE, token, InProcess(app))


def media(settings: Settings, stream: Stream) -> None:
    folder = settings.media_root
    folder.mkdir(parents=True)
    (folder / "vod.mp4").write_bytes(stream.vod.read_bytes())


def test_a_job_is_submitted_with_its_chat_and_followed(
    engine: MemoryEngine, settings: Settings, stream: Stream
) -> None:
    media(settings, stream)
    server = served(engine, settings, "secret")
    params = {"vod": "vod.mp4", "chat": server.upload_chat(stream.chat), "plan_only": True}
    window = {"min_duration_s": 60.0, "max_duration_s": 120.0}
    job_id = server.submit(KIND, {**params, **window}, 4)
    asked, known = server.get(job_id), engine.get(job_id)
    assert (asked.job.params["vod"], asked.title) == (known.job.params["vod"], known.title)
    assert (asked.folder, asked.job.id) == (known.folder, job_id)
    assert (asked.priority, asked.job.status, asked.steps) == (4, JobStatus.QUEUED, known.steps)
    engine.run_next()
    details = server.get(job_id)
    assert (details.job.status, details.job.error) == (JobStatus.DONE, None)
    assert [step.name for step in details.steps] == [step.name for step in engine.get(job_id).steps]
    assert {output.kind for output in details.outputs} >= {"plan", "chat"}
    page = server.list(JobFilter(status=frozenset({JobStatus.DONE}), search="vod"))
    assert ([job.id for job in page.jobs], page.total) == ([job_id], 1)
    assert list(server.logs(job_id)) == list(engine.logs(job_id))
    assert server.inputs(job_id) == engine.inputs(job_id)
    assert [asset.kind for asset in server.inputs(job_id).assets] == ["recording", "chat"]
    with pytest.raises(JobStateError, match="is done"):
        server.retry(job_id)
    server.remove(job_id)
    with pytest.raises(UnknownJobError):
        server.get(job_id)


def test_the_command_line_sends_what_was_given_and_the_chat_file(
    engine: MemoryEngine, settings: Settings, stream: Stream
) -> None:
    media(settings, stream)
    delivery = Delivery(served(engine, settings, "secret"), True, 7, [])
    request = HighlightsRequest(vod="vod.mp4", chat=str(stream.chat), max_duration_s=120.0, exact=True)
    delivery.submit(KIND, request, settings)
    details = engine.get(delivery.submitted[0])
    assert details.priority == 7
    assert (details.job.params["max_duration_s"], details.job.params["exact"]) == (120.0, True)
    assert Path(details.job.params["chat"]).read_bytes() == stream.chat.read_bytes()


def test_it_is_cancelled_and_retried(engine: MemoryEngine, settings: Settings, stream: Stream) -> None:
    media(settings, stream)
    server = served(engine, settings, "secret")
    job_id = server.submit(KIND, {"vod": "vod.mp4", "chat": server.upload_chat(stream.chat)})
    assert server.cancel(job_id).job.status is JobStatus.CANCELLED
    assert server.retry(job_id).job.status is JobStatus.QUEUED


@pytest.mark.parametrize(
    ("token", "params", "error", "words"),
    [
        (None, {"vod": "vod.mp4"}, UsageError, "token"),
        ("wrong", {"vod": "vod.mp4"}, UsageError, "token"),
        ("secret", {"vod": "absent.mp4", "chat": "a.json"}, UsageError, "no such file"),
        ("secret", {"vod": "../../etc/passwd", "chat": "a.json"}, UsageError, "vod_url"),
        ("secret", {"film": "x"}, UsageError, "vod_url|film"),
    ],
)
def test_what_the_server_refuses_is_told(
    engine: MemoryEngine,
    settings: Settings,
    token: str | None,
    params: dict[str, str],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words) as caught:
        served(engine, settings, token).submit(KIND, params)
    assert "\n" not in str(caught.value)


def test_another_kind_of_server_is_told(tmp_path: Path) -> None:
    async def other(scope: dict[str, object], receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"<html>"})  # type: ignore[operator]

    server = ServerJobs(BASE, transport=InProcess(other))  # type: ignore[arg-type]
    with pytest.raises(HypecutError, match="no hypecut server"):
        server.get("x")
