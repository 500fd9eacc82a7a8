"""The jobs of a hypecut server, over its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from hypecut.errors import HypecutError, JobStateError, SourceUnavailableError, UnknownJobError, UsageError
from hypecut.jobs.engine.protocol import (
    DEFAULT_PRIORITY,
    JobDetails,
    JobFilter,
    JobInputs,
    JobPage,
    OutputRecord,
    StepRecord,
)
from hypecut.models import Job, JobKind, JobStatus

_TIMEOUT_S = 30.0
_ERRORS: Mapping[int, type[HypecutError]] = {
    401: UsageError,
    403: UsageError,
    404: UnknownJobError,
    409: JobStateError,
    413: UsageError,
    422: UsageError,
}


class ServerJobs:
    """`Jobs` of a server, and submitting to it.

    Args:
        address: the server's address, e.g. `http://127.0.0.1:8765`.
        token: what it asks for, if anything.
        transport: how requests are sent; None sends them over the network.

    Raises:
        UsageError: the address is none.
    """

    def __init__(
        self, address: str, token: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if not address.startswith(("http://", "https://")):
            raise UsageError(f"{address} is no address of a server; write it as http://HOST:PORT.")
        try:
            self._client = httpx.Client(
                base_url=address, headers=headers, timeout=_TIMEOUT_S, transport=transport
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise UsageError(f"{address} is no address of a server ({error}); correct it.") from error
        self._address = address

    def submit(self, kind: JobKind, params: Mapping[str, Any], priority: int = DEFAULT_PRIORITY) -> str:
        """Submit a job by its arguments, in which paths are the server's; its id.

        Raises:
            UsageError: the server does not take the arguments.
            SourceUnavailableError: the server can't be reached.
        """
        body = {"type": str(kind), "params": {**params, "priority": priority}}
        return str(self._ask("POST", "/jobs", json=body).json()["job_id"])

    def upload_chat(self, chat: Path) -> str:
        """Send a chat file to the server; its path there.

        Raises:
            UsageError: the server does not take it.
            SourceUnavailableError: the server can't be reached.
        """
        with chat.open("rb") as file:
            return str(
                self._ask("POST", "/uploads/chat", files={"file": (chat.name, file)}).json()["chat_path"]
            )

    def get(self, job_id: str) -> JobDetails:
        """One job; see `Jobs`."""
        return _details(self._ask("GET", f"{_path(job_id)}/details").json())

    def list(self, wanted: JobFilter) -> JobPage:
        """Some jobs; see `Jobs`."""
        asked: dict[str, Any] = {
            "status": sorted(map(str, wanted.status)),
            "search": wanted.search,
            "limit": wanted.limit,
            "offset": wanted.offset,
        }
        if wanted.type is not None:
            asked["type"] = str(wanted.type)
        answer = self._ask("GET", "/jobs", params=asked)
        jobs = tuple(_job(job) for job in answer.json())
        return JobPage(jobs=jobs, total=int(answer.headers.get("X-Total-Count", len(jobs))))

    def inputs(self, job_id: str) -> JobInputs:
        """What a job looked at and used; see `Jobs`."""
        return msgspec.convert(self._ask("GET", f"{_path(job_id)}/inputs").json(), JobInputs)

    def cancel(self, job_id: str) -> JobDetails:
        """Stop a job; see `Jobs`."""
        self._ask("POST", f"{_path(job_id)}/cancel")
        return self.get(job_id)

    def retry(self, job_id: str) -> JobDetails:
        """Let a job go on; see `Jobs`."""
        self._ask("POST", f"{_path(job_id)}/retry")
        return self.get(job_id)

    def remove(self, job_id: str) -> None:
        """Forget a job; see `Jobs`."""
        self._ask("DELETE", _path(job_id))

    def logs(self, job_id: str) -> Sequence[str]:
        """A job's log; see `Jobs`."""
        return tuple(self._ask("GET", f"{_path(job_id)}/logs").json()["lines"])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **what)
        except httpx.HTTPError as error:
            raise SourceUnavailableError(
                f"the server {self._address} can't be reached ({error}); check the address and that it runs."
            ) from error
        if answer.is_success:
            return answer
        raise _ERRORS.get(answer.status_code, HypecutError)(_sentence(answer))


def _path(job_id: str) -> str:
    return f"/jobs/{quote(job_id, safe='')}"


def _sentence(answer: httpx.Response) -> str:
    """What the server says is wrong."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code}, which no hypecut server does; check the address."
    if isinstance(detail, str):
        return detail
    first = detail[0]
    place = ".".join(str(part) for part in first.get("loc", ()) if part not in ("body", "params"))
    return f"{place}: {first.get('msg', 'is wrong')}"


def _job(told: Mapping[str, Any]) -> Job:
    outputs = told["outputs"]
    return Job(
        id=told["id"],
        type=JobKind(told["type"]),
        status=JobStatus(told["status"]),
        created_at=datetime.fromisoformat(told["created_at"]),
        progress=told["progress"],
        started_at=_moment(told["started_at"]),
        finished_at=_moment(told["finished_at"]),
        error=told["error"],
        params=told["params"],
        result=told["result"],
        outputs=tuple(path for path in outputs.values() if isinstance(path, str)),
    )


def _details(told: Mapping[str, Any]) -> JobDetails:
    return JobDetails(
        job=_job(told),
        title=told["title"],
        folder=told["folder"],
        steps=tuple(_step(step) for step in told["steps"]),
        outputs=tuple(
            OutputRecord(**{name: file[name] for name in OutputRecord.__struct_fields__})
            for file in told["files"]
        ),
        priority=told["priority"],
        attempts=told["attempts"],
        error_kind=told["error_kind"],
        note=told["note"],
    )


def _step(told: Mapping[str, Any]) -> StepRecord:
    values = {name: told[name] for name in StepRecord.__struct_fields__}
    return StepRecord(
        **{
            **values,
            "status": JobStatus(told["status"]),
            "started_at": _moment(told["started_at"]),
            "finished_at": _moment(told["finished_at"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
