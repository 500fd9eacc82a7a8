"""The chat's activity over a recording, as short as a picture of it needs, and the moments found in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hypecut.api.context import Details
from hypecut.api.limits import StrictRoute, query_error
from hypecut.api.problems import documented
from hypecut.api.views import json_response
from hypecut.detect.envelope import MAX_POINTS, envelope
from hypecut.jobs.explained import Moment, read_detected, read_explanation
from hypecut.jobs.thinking import Detected

router = APIRouter(tags=["plans"], route_class=StrictRoute)

_MAX_TIME_S = 10_000_000


class CurveView(BaseModel):
    """Activity in event time: the highest and the lowest in each of equally long pieces."""

    start_s: float
    step_s: float = Field(description="How long a piece is.")
    score: list[float] = Field(description="The highest of each piece, so that no spike is lost.")
    low: list[float]


class MomentView(BaseModel):
    """A moment that chat points at."""

    start_s: float
    end_s: float
    peak_s: float = Field(description="Where chat's activity is highest.")
    score: float
    components: dict[str, float]
    reasons: list[str]
    messages: list[str] = Field(description="A few typical messages.")
    picked: bool | None = Field(description="Whether it was chosen; null before the job chose.")
    why_not: str | None = Field(description="Why it was not chosen.")


class ActivityView(BaseModel):
    """The curve, and the moments in it, the best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "duration_s": 7200.0,
                    "curve": {"start_s": 0.0, "step_s": 4.0, "score": [0.1, 0.8], "low": [0.0, 0.2]},
                    "segments": [],
                }
            ]
        }
    )

    duration_s: float = Field(description="How far the whole curve goes.")
    curve: CurveView
    segments: list[MomentView]


@router.get("/jobs/{job_id}/activity", response_model=ActivityView, responses=documented(404))
def get_activity(
    details: Details,
    from_: Annotated[
        float, Query(alias="from", ge=0, le=_MAX_TIME_S, description="Where to begin, in s.")
    ] = 0.0,
    to: Annotated[
        float | None, Query(gt=0, le=_MAX_TIME_S, description="Where to end, in s; else at the curve's end.")
    ] = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="The most pieces.")] = 1000,
) -> Response:
    """Tell how active chat was, and which moments were found."""
    folder = Path(details.folder)
    found = read_detected(folder)
    if found is None:
        raise HTTPException(
            404, "the job has no activity: chat was not looked at yet, or its folder is gone."
        )
    duration_s = len(found.curve) * found.step_s
    to_s = duration_s if to is None else to
    if to is not None and from_ >= to_s:
        raise query_error("to must be later than from", "to", value=to)
    shown = envelope(np.array(found.curve), found.step_s, from_, max(to_s, from_ + found.step_s), points)
    curve = {"start_s": shown.start_s, "step_s": shown.step_s, "score": shown.high, "low": shown.low}
    return json_response({"duration_s": duration_s, "curve": curve, "segments": _moments(folder, found)})


def _moments(folder: Path, found: Detected) -> list[dict[str, Any]]:
    moments = read_explanation(folder).candidates or map(Moment.of, found.segments)
    return [{name: getattr(moment, name) for name in MomentView.model_fields} for moment in moments]
