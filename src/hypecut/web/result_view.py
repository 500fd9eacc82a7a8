"""What a job made, as its page shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypecut.errors import HypecutError
from hypecut.jobs.engine.protocol import JobDetails
from hypecut.jobs.folder import CHAPTERS, CLIPS, CREDITS, OUTPUT_FILES
from hypecut.models import Plan
from hypecut.plan.document import read_plan
from hypecut.web.renders import is_stale
from hypecut.web.site import Site
from hypecut.web.views import job_href

# What each format is called on its button.
EDITORS = {
    "otio": "OpenTimelineIO",
    "fcpxml": "Final Cut Pro",
    "premiere": "Premiere, Resolve",
    "edl": "EDL",
    "csv": "Table (CSV)",
}
CLIP_NAME = re.compile(r"\d{3,}_[\w-]{0,200}\.mp4")
_TEXTS = {"Chapters": CHAPTERS, "Credits": CREDITS}
_MOST_TEXT = 100_000
_MOST_FILES = 500


def result_view(details: JobDetails, site: Site) -> dict[str, Any] | None:
    """All that the page shows; None while there is no montage."""
    folder, job_id = Path(details.folder), details.job.id
    montage = site.montage(folder)
    if montage is None:
        return None
    facts = montage.stat()
    return {
        "title": details.title,
        # Another montage is another address, so that no browser shows the one before.
        "url": f"{job_href(job_id, 'montage')}?v={facts.st_mtime_ns}",
        "size": facts.st_size,
        "stale": is_stale(folder),
        "review": job_href(job_id, "review"),
        "render": site.renders.state(job_id),
        "notes": [details.note] if details.note else [],
        "cuts": _cuts(folder),
        "texts": [one for name, file in _TEXTS.items() if (one := _text(name, folder / file))],
        "exports": [
            {"format": name, "name": text, "url": job_href(job_id, f"export/{name}")}
            for name, text in EDITORS.items()
        ],
        "explanation": job_href(job_id, "explanation"),
        "files": _files(folder, job_id),
    }


def made_files(folder: Path) -> dict[str, Path]:
    """The files of a job that may be fetched, by their name inside its folder."""
    found = {name: folder / name for name in OUTPUT_FILES if (folder / name).is_file()}
    clips = sorted(path for path in (folder / CLIPS).glob("*.mp4") if CLIP_NAME.fullmatch(path.name))
    return found | {f"{CLIPS}/{path.name}": path for path in clips[:_MOST_FILES]}


def _cuts(folder: Path) -> list[dict[str, Any]]:
    """Where each cut begins in the montage; nothing when the plan can't be read."""
    try:
        plan: Plan = read_plan(folder / "plan.json")
    except HypecutError:
        return []
    overlap_s = plan.transition.overlap_s if plan.transition else 0.0
    at_s, views = 0.0, []
    for number, cut in enumerate(plan.cuts, 1):
        reasons = ", ".join(cut.reasons[:2])
        views.append(
            {"number": number, "at_s": at_s, "title": cut.title or f"Cut {number}", "reasons": reasons}
        )
        at_s += cut.duration_s - overlap_s
    return views


def _text(name: str, path: Path) -> dict[str, str] | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:_MOST_TEXT]
    except OSError:
        return None
    return {"name": name, "text": text} if text.strip() else None


def _files(folder: Path, job_id: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "size": path.stat().st_size, "url": job_href(job_id, f"made/{quote(name)}")}
        for name, path in made_files(folder).items()
    ]
