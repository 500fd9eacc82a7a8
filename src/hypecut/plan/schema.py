"""The plan file as a JSON Schema, for editors of text and other programs that check as one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hypecut.models import Plan
from hypecut.plan import checks

_TIME = {"minimum": 0, "maximum": checks.MAX_TIME_S}
# What the types leave open, by definition and key.
_LIMITS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("Plan", "version"): {"const": checks.VERSION, "description": "of the format of this file"},
    ("Plan", "cuts"): {
        "minItems": 1,
        "maxItems": checks.MAX_CUTS,
        "description": "what is shown, in this order",
    },
    ("Plan", "kind"): {"description": "which job made the plan"},
    ("Plan", "transition"): {"description": "between neighbouring cuts"},
    ("Plan", "titles"): {"description": "shows each cut's title"},
    ("Plan", "loudness"): {"description": "brings all cuts to one loudness"},
    ("Cut", "source"): {
        "pattern": r"\S",
        "description": "a video's path, relative to the plan or absolute",
    },
    ("Cut", "start_s"): _TIME | {"description": "its first moment, in seconds from the source's first frame"},
    ("Cut", "end_s"): _TIME | {"description": "the first moment no longer shown, after start_s"},
    ("Cut", "title"): {"description": "what the cut is called"},
    ("Cut", "gain_db"): {
        "minimum": -checks.MAX_GAIN_DB,
        "maximum": checks.MAX_GAIN_DB,
        "description": "how much louder it is played",
    },
    ("Cut", "score"): {"description": "how good it is; rendering ignores it"},
    ("Cut", "reasons"): {"maxItems": checks.MAX_NOTES, "description": "why it was picked, for people"},
    ("CutScore", "components"): {"maxProperties": checks.MAX_NOTES},
    ("Transition", "duration_s"): {"exclusiveMinimum": 0, "maximum": checks.MAX_TRANSITION_S},
    ("Titles", "duration_s"): {"exclusiveMinimum": 0, "maximum": checks.MAX_TITLE_S},
    ("Loudness", "target_lufs"): {"minimum": checks.MIN_LUFS, "maximum": checks.MAX_LUFS},
}


def plan_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), from the types and the limits that plans are read with.

    It can't say what compares two values: that a cut ends after it starts, lies within its source and is at
    least twice as long as a crossfade.
    """
    schema = msgspec.json.schema(Plan)
    for (name, key), limits in _LIMITS.items():
        schema["$defs"][name]["properties"][key] |= limits
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hypecut plan",
        "description": (
            "What goes into a montage, in which order, from where to where. Beyond this schema a cut must "
            "end after it starts, lie within its source and be at least twice as long as a crossfade."
        ),
        **schema,
    }
