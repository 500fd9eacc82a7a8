"""One person's review of a job's plan: what is shown, what was changed, and what others did meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hypecut.detect.envelope import Envelope, envelope
from hypecut.errors import HypecutError, JobStateError, PlanChangedError, PlanError
from hypecut.files import written_aside
from hypecut.jobs.bookends import source_name
from hypecut.jobs.explained import (
    SLACK_S,
    Explanation,
    Moment,
    Part,
    detected_curve,
    is_allowed,
    read_explanation,
)
from hypecut.jobs.exporting import source_facts
from hypecut.jobs.folder import PLAN, WORK
from hypecut.jobs.remote import is_remote
from hypecut.jobs.remote_fetch import fetch_span
from hypecut.jobs.requests import read_request
from hypecut.models import Cut, CutScore, FloatArray, Plan, Score
from hypecut.plan.anew import SAME_SHARE, Offer, choose_anew
from hypecut.plan.draft import Draft, Entry, History, SourceLimits, draft_of, same_plan
from hypecut.plan.operations import Add, ChooseAnew, Operation, Swap, apply
from hypecut.plan.versions import read_versioned, save_versioned
from hypecut.rank.selection import DEFAULT_SECTIONS, Window
from hypecut.times import format_time
from hypecut.web.exploring import Explorers
from hypecut.web.fetching import ToldInWords
from hypecut.web.footage import spans_here
from hypecut.web.site import Site

REVIEW = "review.json"
_ANY_LENGTH_S = 30.0


class _Kept(msgspec.Struct, frozen=True):
    """What a plan file can't hold of a review: cuts set aside and locks; good for one version of the plan."""

    version: str
    draft: Draft


class ReviewSession:
    """The review of one job at one page.

    Args:
        site: what the pages share.
        explorers: chats that were looked at.
        job_id: the job.

    Raises:
        UnknownJobError, JobStateError, PlanError: there is no plan to review.
    """

    def __init__(self, site: Site, explorers: Explorers, job_id: str) -> None:
        self.job_id = job_id
        self.settings = site.settings
        self._site, self._explorers = site, explorers
        self.details = site.engine.get(job_id)
        self.folder = Path(self.details.folder)
        if all(output.kind != "plan" for output in self.details.outputs) or not self._path.is_file():
            raise JobStateError("the job has no plan yet; it can be reviewed when it has chosen its moments.")
        self.explanation: Explanation = read_explanation(self.folder)
        self.said = ""
        self.fetching = ""
        self.footage = 0
        # One change after the other: each goes out from what the one before wrote.
        self._busy = threading.Lock()
        self.conflict = ""
        self.load()

    def load(self) -> None:
        """Begin with the plan as its file is now.

        Raises:
            PlanError: it can't be read.
        """
        plan, self._version = read_versioned(self._path)
        self.sources: dict[str, SourceLimits] = {}
        self.parts: list[Part] = []
        self._look_at(plan)
        self.history = History(present=self._as_left(plan))
        self.moments: Sequence[Moment] = self.explanation.candidates
        self._curve: FloatArray | None = None
        self.conflict = ""

    @property
    def _path(self) -> Path:
        return self.folder / PLAN

    @property
    def draft(self) -> Draft:
        """The plan as it is now."""
        return self.history.present

    @property
    def duration_s(self) -> float:
        """How long the time line is: the recording, or all clips one after the other."""
        told_s = self.explanation.vod.duration_s
        return told_s or max((part.start_s + self.length_of(part.source) for part in self.parts), default=0.0)

    def length_of(self, source: str) -> float:
        """The length of a source in seconds, or what it is taken for when that is not known."""
        return self.sources[source].duration_s or _ANY_LENGTH_S

    def start_of(self, source: str) -> float:
        """Where a source begins on the time line; what is no part of the recording comes after it."""
        return next((part.start_s for part in self.parts if part.source == source), 0.0)

    def columns(self) -> list[dict[str, Any]] | None:
        """The clips by streamer; None for a montage of one recording."""
        return None

    def name_of(self, source: str) -> str:
        """What to call a source that is no part of the recording."""
        return Path(source).stem

    def do(self, operation: Operation) -> None:
        """Change the plan, and write it.

        Raises:
            PlanError, JobStateError: it can't be done, with the cure.
        """
        with self._busy:
            self._check_free()
            draft = apply(self.draft, operation, self.sources)
            self._have(draft)
            self._become(self.history.done(draft))

    def add(self, name: str) -> None:
        """Take a runner-up in; raises as `do`."""
        self.do(Add(self.cut_for(name), before=self._outro()))

    def swap(self, key: str, name: str) -> None:
        """Show a runner-up in the place of a cut; raises as `do`."""
        self.do(Swap(key, self.cut_for(name)))

    def choose_anew(self) -> None:
        """Fill the window again around what is locked, with the best of the moments that are found now.

        What was set aside is not taken in again; raises as `do`, and when nothing would change.
        """
        request = read_request(self.details.job.params)
        wanted = self.explanation.window
        asked = [moment for moment in self.moments if is_allowed(moment, request)]
        found = choose_anew(
            self.draft,
            [self._offer(moment) for moment in asked],
            {part.source: part.start_s for part in self.explanation.vod.parts},
            Window(wanted.min_s, wanted.max_s),
            self.duration_s,
            DEFAULT_SECTIONS if request.sections is None else request.sections,
        )
        self._change_anew(found.operation)
        why_not = {asked[number].name: why for number, why in found.why_not.items()}
        self.moments = [
            msgspec.structs.replace(moment, why_not=why_not.get(moment.name)) for moment in self.moments
        ]

    def _change_anew(self, operation: ChooseAnew) -> None:
        before = self.draft
        self.do(msgspec.structs.replace(operation, before=self._outro()))
        if self.draft == before:
            raise PlanError(
                "the best beside what is locked is shown already; lock, skip or find other moments first."
            )

    def _offer(self, moment: Moment) -> Offer:
        cut = self.cut_of(moment)
        shift_s = self.start_of(cut.source)
        return Offer(
            cut=cut,
            start_s=cut.start_s + shift_s,
            end_s=cut.end_s + shift_s,
            score=Score(total=moment.score),
        )

    def _outro(self) -> str:
        """The key of the outro with which the montage ends; '' when it has none."""
        file, last = self.details.job.params.get("outro"), self.draft.entries[-1]
        return last.key if file and last.cut.source == source_name(Path(file), self.folder) else ""

    def cut_for(self, name: str) -> Cut:
        """What the page names so, as a cut.

        Raises:
            PlanError: there is no such runner-up.
        """
        for moment in self.runners_up():
            if moment.name == name:
                return self.cut_of(moment)
        raise PlanError("this moment is in the montage already, or no longer found; look at the list again.")

    def runners_up(self) -> list[Moment]:
        """The moments that no cut shows, be it kept or set aside, the best first."""
        shown = [(entry, self.start_of(entry.cut.source)) for entry in self.draft.entries]
        return [
            moment
            for moment in self.moments
            if not any(
                overlap_s(entry, start_s, moment) > SAME_SHARE * moment.duration_s for entry, start_s in shown
            )
        ]

    def undo(self) -> None:
        """One step back; raises as `do`."""
        with self._busy:
            self._check_free()
            self._become(self.history.undone())

    def redo(self) -> None:
        """One step forward again; raises as `do`."""
        with self._busy:
            self._check_free()
            self._become(self.history.redone())

    def resolve(self, mine: bool) -> None:
        """After a conflict, write this plan over the other, or load that; raises as `do`."""
        with self._busy:
            if not mine:
                self.load()
                return
            _, self._version = read_versioned(self._path)
            self.conflict = ""
            self._save()

    def look(self) -> bool:
        """Whether somebody else changed the plan's file since it was last seen here."""
        # Between writing and knowing it, the file seems to be somebody else's.
        if self.conflict or not self._busy.acquire(blocking=False):
            return False
        try:
            return self._is_foreign()
        finally:
            self._busy.release()

    def _is_foreign(self) -> bool:
        try:
            plan, version = read_versioned(self._path)
        except HypecutError:
            return False
        if version == self._version:
            return False
        if same_plan(self.draft, plan):
            self._version = version
            return False
        self.conflict = "The plan was changed in another window or program while you had it open here."
        return True

    def explore(self, words: Sequence[str], sensitivity: float) -> None:
        """Find the curve and the moments anew.

        Raises:
            HypecutError: the chat can't be read, or there is none.
        """
        found = self._explorers.find(self.details, self.duration_s, tuple(words), sensitivity)
        self._curve, self.moments = found.curve, found.moments

    def curve(self, from_s: float, to_s: float, points: int) -> Envelope:
        """The curve in view.

        Raises:
            UsageError: there is no such view.
        """
        if self._curve is None:
            self._curve = detected_curve(self.folder)
        return envelope(self._curve, 1.0, from_s, to_s, points)

    def cut_of(self, moment: Moment) -> Cut:
        """A moment as a cut of the file it is in."""
        recording = self.explanation.vod.parts or self.parts
        part = next((p for p in reversed(recording) if p.start_s <= moment.peak_s), recording[0])
        limits = self.sources[part.source]
        start_s = max(0.0, moment.start_s - part.start_s)
        end_s = moment.end_s - part.start_s
        if limits.duration_s is not None:
            end_s = min(end_s, limits.duration_s)
        return Cut(
            source=part.source,
            start_s=limits.on_frame(start_s),
            end_s=max(limits.on_frame(end_s), limits.on_frame(start_s) + limits.frame_s),
            score=CutScore(moment.score, dict(moment.components)),
            reasons=moment.reasons,
        )

    def _have(self, draft: Draft) -> None:
        """Fetch what a draft shows of a VOD and is not here yet.

        Raises:
            SourceUnavailableError, DiskFullError: it can't be had.
        """
        if not is_remote(str(self.details.job.params.get("vod", ""))):
            return
        for cut in (entry.cut for entry in draft.entries if entry.kept):
            path, length_s = self.folder / cut.source, self.length_of(cut.source)
            here = spans_here(path, length_s)
            if any(from_s - SLACK_S <= cut.start_s and cut.end_s <= to_s + SLACK_S for from_s, to_s in here):
                continue
            progress = ToldInWords("Fetching this part of the VOD", self._tell_fetching)
            try:
                span = (cut.start_s, cut.end_s)
                fetch_span(self.details.job.params, self.settings, self.folder, span, progress)
            finally:
                self.fetching = ""
            self.footage += 1

    def _tell_fetching(self, text: str) -> None:
        self.fetching = text

    def _check_free(self) -> None:
        if self.conflict:
            raise PlanChangedError("first choose whose changes are to stay.")
        if self._site.renders.busy(self.job_id):
            raise JobStateError("the montage is being rendered; change the plan when that is done.")

    def _become(self, history: History) -> None:
        before, self.history = self.history, history
        try:
            self._save()
        except PlanChangedError as error:
            self.conflict = f"{str(error)[:1].upper()}{str(error)[1:]}"
        except HypecutError:
            self.history = before
            raise

    def _save(self) -> None:
        self._version = save_versioned(self.draft.plan, self._path, self._version)
        plan = self.draft.plan
        self.said = f"{len(plan.cuts)} cuts, {format_time(plan.duration_s)}"
        kept = _Kept(version=self._version, draft=self.draft)
        with written_aside(self.folder / WORK / REVIEW) as part:
            part.write_bytes(msgspec.json.encode(kept))

    def _as_left(self, plan: Plan) -> Draft:
        """The draft as the last review left it, if the plan's file is what that wrote."""
        try:
            kept = msgspec.json.decode((self.folder / WORK / REVIEW).read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return draft_of(plan)
        fits = kept.version == self._version and same_plan(kept.draft, plan)
        return kept.draft if fits else draft_of(plan)

    def _look_at(self, plan: Plan) -> None:
        """Find out what each source allows, and where each lies on the time line."""
        recording = self.explanation.vod.parts
        names = [part.source for part in recording] + [cut.source for cut in plan.cuts]
        limits = limits_in(self.folder, names)
        self.sources, self.parts = {}, list(recording)
        for name, limit in limits.items():
            self._place(name, limit)

    def _place(self, name: str, limits: SourceLimits) -> None:
        """Put a source that is no part of the recording behind all others on the time line."""
        self.sources[name] = limits
        if any(part.source == name for part in self.parts):
            return
        self.footage += 1
        ends = [
            part.start_s + self.length_of(part.source) for part in self.parts if part.source in self.sources
        ]
        self.parts.append(Part(name, max([self.explanation.vod.duration_s, *ends])))


def limits_in(folder: Path, names: Sequence[str]) -> dict[str, SourceLimits]:
    """What the sources of these names, seen from a folder, allow."""
    cuts = tuple(Cut(source=name, start_s=0.0, end_s=1.0) for name in names)
    facts = source_facts(Plan(version=1, cuts=cuts), folder).sources
    return {
        name: SourceLimits() if info is None else SourceLimits(duration_s=info.duration_s, rate=info.rate)
        for name, info in facts.items()
    }


def overlap_s(entry: Entry, start_s: float, moment: Moment) -> float:
    """For how long a cut, of a source that begins at `start_s`, shows a moment."""
    first = max(entry.cut.start_s + start_s, moment.start_s)
    return min(entry.cut.end_s + start_s, moment.end_s) - first
