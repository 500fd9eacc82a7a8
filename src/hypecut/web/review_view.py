"""A review as its page shows it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from hypecut.jobs.explained import Moment, Part
from hypecut.models import Plan, TransitionKind
from hypecut.plan.draft import Entry, meter
from hypecut.web.footage import PIECE_S, is_playable, spans_here
from hypecut.web.review_session import ReviewSession, overlap_s
from hypecut.web.site import Site
from hypecut.web.views import job_href

_MOST_MARKS = 200


def parts_view(session: ReviewSession) -> list[dict[str, Any]]:
    """The recording's files as the player takes them."""
    return [view for part in session.parts for view in _part_views(session, part)]


def _part_views(session: ReviewSession, part: Part) -> list[dict[str, Any]]:
    """A file as a whole, or each part of it that is here."""
    path, length_s = session.folder / part.source, session.length_of(part.source)
    whole = is_playable(path)
    href = job_href(session.job_id, "video" if whole else "piece")
    views = []
    for from_s, until_s in [(0.0, length_s)] if whole else spans_here(path, length_s):
        query = {"source": part.source} | ({} if whole else {"from": from_s, "until": until_s})
        views.append(
            {
                "start": part.start_s + from_s,
                "end": part.start_s + until_s,
                "url": f"{href}?{urlencode(query)}",
                "piece_s": None if whole else PIECE_S,
                "rate": float(session.sources[part.source].rate),
            }
        )
    return views


def review_view(session: ReviewSession, site: Site, parts: list[dict[str, Any]]) -> dict[str, Any]:
    """All that the page shows of a review."""
    draft, window = session.draft, session.explanation.window
    marks = session.runners_up()[:_MOST_MARKS]
    numbers = {entry.key: n for n, entry in enumerate((e for e in draft.entries if e.kept), 1)}
    return {
        "title": session.details.title,
        "parts": parts,
        "not_previewed": _not_previewed(draft.base),
        "duration_s": session.duration_s,
        "cuts": [_cut(session, entry, numbers.get(entry.key, 0)) for entry in draft.entries],
        "marks": [_mark(session, moment) for moment in marks],
        "meter": msgspec.to_builtins(meter(draft, window.min_s, window.max_s)),
        "can_undo": bool(session.history.past),
        "can_redo": bool(session.history.future),
        "conflict": session.conflict,
        "said": session.said,
        "exploring": "",
        "fetching": session.fetching,
        "columns": session.columns(),
        "render": site.renders.state(session.job_id),
        "result": job_href(session.job_id, "result") if site.montage(session.folder) else "",
    }


def _not_previewed(plan: Plan) -> str:
    """What of a plan's dressing the preview leaves out, in words."""
    fade = plan.transition.kind if plan.transition else TransitionKind.NONE
    words = [] if fade is TransitionKind.NONE else [f"{fade.value}s"]
    words += (["titles"] if plan.titles else []) + (["even loudness"] if plan.loudness else [])
    return ", ".join(words[:-1]) + (" and " if words[1:] else "") + "".join(words[-1:])


def _cut(session: ReviewSession, entry: Entry, number: int) -> dict[str, Any]:
    cut, start_s = entry.cut, session.start_of(entry.cut.source)
    in_recording = any(part.source == cut.source for part in session.explanation.vod.parts)
    near = max(session.explanation.candidates, key=lambda m: overlap_s(entry, start_s, m), default=None)
    shown = near is not None and overlap_s(entry, start_s, near) > 0
    return {
        "key": entry.key,
        "number": number,
        "start_s": start_s + cut.start_s,
        "end_s": start_s + cut.end_s,
        "shown_start_s": start_s + cut.start_s if in_recording else cut.start_s,
        "shown_end_s": start_s + cut.end_s if in_recording else cut.end_s,
        "name": "" if in_recording else session.name_of(cut.source),
        "title": cut.title,
        "gain_db": cut.gain_db,
        "score": cut.score.total if cut.score else None,
        "components": dict(cut.score.components) if cut.score else {},
        "reasons": list(cut.reasons),
        "messages": list(near.messages) if near is not None and shown else [],
        "kept": entry.kept,
        "locked": entry.locked,
        "thumb": _thumb(session, cut.source, (cut.start_s + cut.end_s) / 2),
    }


def _mark(session: ReviewSession, moment: Moment) -> dict[str, Any]:
    cut = session.cut_of(moment)
    return {
        "id": moment.name,
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "peak_s": moment.peak_s,
        "score": moment.score,
        "components": dict(moment.components),
        "reasons": list(moment.reasons),
        "messages": list(moment.messages),
        "why_not": moment.why_not or "",
        "thumb": _thumb(session, cut.source, moment.peak_s - session.start_of(cut.source)),
    }


def _thumb(session: ReviewSession, source: str, time_s: float) -> str:
    # In whole seconds, so that a nudge does not fetch another picture.
    query = urlencode({"source": source, "t": round(max(0.0, time_s))})
    return f"{job_href(session.job_id, 'thumb')}?{query}"
