"""The API keeps to what its OpenAPI document says, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from hypecut.api.app import openapi_document
from hypecut.jobs.engine.memory import MemoryEngine
from tests.api.conftest import Live, live, submit

DOCUMENT = openapi_document()
OPERATIONS: dict[str, Any] = {
    operation.label: operation
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    if (operation := found.ok())  # type: ignore[union-attr]
}
EXAMPLES = 12
RIGHT = [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
# What takes no more than an id can't be asked wrongly.
WRONG = [
    (label, GenerationMode.NEGATIVE)
    for label, operation in OPERATIONS.items()
    if list(operation.body) or list(operation.query)
]
# A job that is not known, or a chat that is none, is refused although the document lets its form pass.
NOT_ASKED = ("positive_data_acceptance",)


@pytest.fixture
def server(app: FastAPI) -> Iterator[Live]:
    with live(app) as made:
        yield made


@pytest.fixture
def done_job(server: Live, engine: MemoryEngine) -> str:
    job_id = submit(server.client)
    engine.run_next()
    return job_id


@pytest.mark.parametrize(("label", "mode"), [*RIGHT, *WRONG], ids=str)
def test_whatever_is_sent_is_answered_as_documented(
    label: str, mode: GenerationMode, server: Live, done_job: str
) -> None:
    operation = OPERATIONS[label]

    @settings(
        max_examples=EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def answered(case: Any, known: bool) -> None:
        if known and "job_id" in (case.path_parameters or {}):
            case.path_parameters["job_id"] = done_job
        excluded = [check for name in NOT_ASKED for check in _checks(name)]
        case.call_and_validate(base_url=server.url, excluded_checks=excluded, timeout=60)

    answered()


def _checks(name: str) -> list[Any]:
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    return [CHECKS.get_one(name)]


def test_every_path_documents_what_can_go_wrong() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["description"].endswith("."), (path, method)
            answers = operation["responses"]
            assert {"401", "403", "405", "413", "422", "500"} <= set(answers), (path, method)
            for status, answer in answers.items():
                assert answer["description"], (path, method, status)
                if int(status) >= 400:
                    kind = "Invalid" if status == "422" else "Problem"
                    schema = answer["content"]["application/json"]["schema"]
                    assert schema == {"$ref": f"#/components/schemas/{kind}"}, (path, method, status)


def test_every_body_and_answer_has_an_example() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("JobView", "VodHighlightsBody", "ClipMontageBody", "JobBody", "Problem", "Invalid"):
        assert schemas[name]["examples"], name
