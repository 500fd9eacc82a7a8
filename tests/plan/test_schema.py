"""The plan file's JSON Schema: it takes what is read, and refuses what it can of what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from hypecut.plan.document import decode_plan, encode_plan
from hypecut.plan.schema import plan_schema
from tests.support.handoff import five_cuts

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = jsonschema_rs.validator_for(plan_schema())
EXAMPLES = re.findall(r"^```json\n(.*?)^```", (DOCS / "plan.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)


def plan_of(**changes: Any) -> dict[str, Any]:
    cut = {"source": "a", "start_s": 0, "end_s": 1}
    top = {
        key: changes.pop(key) for key in ("version", "cuts", "transition", "titles", "kind") if key in changes
    }
    return {"version": 1, "cuts": [cut | changes]} | top


def test_every_example_is_valid_and_read() -> None:
    plans = [text for text in EXAMPLES if '"candidates"' not in text]
    assert plans
    for text in plans:
        decode_plan(text.encode())
        SCHEMA.validate(json.loads(text))


def test_what_hypecut_writes_is_valid() -> None:
    SCHEMA.validate(json.loads(encode_plan(five_cuts())))
    SCHEMA.validate(plan_of())


@pytest.mark.parametrize(
    "bad",
    [
        {"version": 2},
        {"version": "1"},
        {"cuts": []},
        {"cuts": {}},
        {"source": " "},
        {"source": None},
        {"start_s": -1},
        {"end_s": 1e9},
        {"gain_db": 61},
        {"speed": 2},
        {"kind": "film"},
        {"transition": {"kind": "wipe"}},
        {"transition": {"duration_s": 0}},
        {"titles": {"duration_s": 601}},
        {"score": {}},
        {"reasons": "because"},
    ],
)
def test_what_is_refused_by_the_reader_is_refused_by_the_schema(bad: dict[str, Any]) -> None:
    document = plan_of(**bad)
    assert not SCHEMA.is_valid(document)
    with pytest.raises(Exception, match="the plan: "):
        decode_plan(json.dumps(document).encode())


def test_every_key_is_described() -> None:
    schema = plan_schema()
    for name in ("Plan", "Cut"):
        properties = schema["$defs"][name]["properties"]
        assert all(value["description"] for value in properties.values())
