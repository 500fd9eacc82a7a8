"""The page on which a job's plan is reviewed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from hypecut.errors import HypecutError, PlanError, UnknownJobError
from hypecut.models import JobKind
from hypecut.plan.operations import MoveEdge, Operation, Slide
from hypecut.web.clip_session import ClipSession
from hypecut.web.exploring import Explorers
from hypecut.web.frame import MODULES, apology, frame, sentence
from hypecut.web.review_session import ReviewSession
from hypecut.web.review_view import parts_view, review_view
from hypecut.web.site import POLL_S, Site

_MOST_WORDS = 20


class ReviewBoard(Element, component="assets/review.js", esm=MODULES):
    """The review; emits what is done to it."""


class _Page:
    """One open review: takes what the page emits, and shows what came of it."""

    def __init__(
        self, site: Site, session: ReviewSession, parts: list[dict[str, Any]], board: ReviewBoard
    ) -> None:
        self._site, self._session, self._parts, self._board = site, session, parts, board
        board.on("op", lambda event: self._do(lambda: session.do(self._operation(event.args))))
        board.on("add", lambda event: self._take(lambda: session.add(str(event.args))))
        board.on("swap", lambda event: self._take(lambda: self._swap(event.args)))
        board.on("anew", lambda: self._take(session.choose_anew))
        board.on("undo", lambda: self._do(session.undo))
        board.on("redo", lambda: self._do(session.redo))
        board.on("resolve", lambda event: self._do(lambda: session.resolve(event.args is True)))
        board.on("explore", self._explore)
        board.on("view", self._view)
        board.on("render", self._render)
        board.on("stop", self._stop)
        self._footage = session.footage
        self._turn = asyncio.Lock()
        self._seen: tuple[float, float, int] | None = None

    async def open(self) -> None:
        """Show the review, and follow what happens to it from then on."""
        await self.show()
        # A timer sends the page as it is, so it comes last.
        ui.timer(POLL_S, self._poll)

    async def show(self, **more: Any) -> None:
        """Bring the page to what the session is now."""
        state = await self._site.call(review_view, self._session, self._site, self._parts) | more
        if state != self._board.props.get("state"):
            self._board.props["state"] = state
            self._board.update()

    async def _do(self, work: Callable[[], None]) -> None:
        try:
            async with self._turn:
                await self._site.call(work)
            if self._footage != self._session.footage:
                self._footage = self._session.footage
                self._parts = await self._site.call(parts_view, self._session)
        except HypecutError as error:
            message = sentence(str(error).removeprefix("the plan: "))
            ui.notify(message, type="warning", multi_line=True, close_button="Close")
        await self.show()

    def _operation(self, asked: Any) -> Operation:
        """The operation that the page asks for, on the times of the cut's own file."""
        asked = dict(asked)
        on_line = asked.pop("timeline", False)
        try:
            operation: Operation = msgspec.convert(asked, Operation)
        except msgspec.ValidationError as error:
            raise PlanError(f"this can't be done ({error}); load the page anew.") from error
        if not on_line:
            return operation
        draft = self._session.draft
        if isinstance(operation, MoveEdge):
            start_s = self._session.start_of(draft.entries[draft.index(operation.key)].cut.source)
            return msgspec.structs.replace(operation, time_s=operation.time_s - start_s)
        if isinstance(operation, Slide):
            start_s = self._session.start_of(draft.entries[draft.index(operation.key)].cut.source)
            return msgspec.structs.replace(operation, start_s=operation.start_s - start_s)
        return operation

    def _swap(self, asked: Any) -> None:
        self._session.swap(str(asked["key"]), str(asked["mark"]))

    async def _take(self, work: Callable[[], None]) -> None:
        """Take something in, which may have to be fetched first."""
        if self._session.columns() is not None:
            await self.show(fetching="Fetching what is not here…")
        await self._do(work)

    async def _explore(self, event: GenericEventArguments) -> None:
        words = [word for word in re.split(r"[,\s]+", str(event.args["words"])) if word][:_MOST_WORDS]
        await self.show(exploring="Looking…")
        await self._do(lambda: self._session.explore(words, float(event.args["sensitivity"])))
        if self._seen:
            await self._send_curve(*self._seen)

    async def _view(self, event: GenericEventArguments) -> None:
        asked = event.args
        self._seen = (float(asked["from"]), float(asked["to"]), int(asked["points"]))
        await self._send_curve(*self._seen)

    async def _send_curve(self, from_s: float, to_s: float, points: int) -> None:
        curve = await self._site.told(self._session.curve, from_s, to_s, points)
        if curve is not None:
            self._board.run_method("showCurve", msgspec.to_builtins(curve))

    async def _render(self) -> None:
        await self._site.told(self._site.renders.begin, self._session.job_id)
        await self.show()

    async def _stop(self) -> None:
        await self._site.told(self._site.act, self._session.job_id, "cancel")
        await self.show()

    async def _poll(self) -> None:
        try:
            await self._site.call(self._session.look)
            await self.show()
        except UnknownJobError:  # removed meanwhile
            ui.navigate.to("/ui/jobs")


def add_review_page(site: Site) -> None:
    """The page at `/ui/jobs/ID/review`."""
    explorers = Explorers(site.settings)

    @ui.page("/ui/jobs/{job_id}/review", response_timeout=60.0)
    async def review(job_id: str) -> None:
        with frame("Review", wide=True):
            try:
                session = await site.call(_opened, site, explorers, job_id)
            except HypecutError as error:
                apology("Nothing to review", str(error), "/ui/jobs", "All jobs")
                return
            ui.page_title(f"Review {session.details.title} · hypecut")
            parts = await site.call(parts_view, session)
            board = ReviewBoard()
            await _Page(site, session, parts, board).open()


def _opened(site: Site, explorers: Explorers, job_id: str) -> ReviewSession:
    """The review that suits the kind of job."""
    clips = site.engine.get(job_id).job.type is JobKind.CLIP_MONTAGE
    return (ClipSession if clips else ReviewSession)(site, explorers, job_id)
