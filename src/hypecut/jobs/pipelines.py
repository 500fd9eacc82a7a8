"""Every kind of job there is."""

from __future__ import annotations

from collections.abc import Mapping

from hypecut.jobs.clip_montage import CLIP_MONTAGE
from hypecut.jobs.highlights import HIGHLIGHTS
from hypecut.jobs.pipeline import Pipeline
from hypecut.models import JobKind

PIPELINES: Mapping[JobKind, Pipeline] = {
    JobKind.VOD_HIGHLIGHTS: HIGHLIGHTS,
    JobKind.CLIP_MONTAGE: CLIP_MONTAGE,
}
