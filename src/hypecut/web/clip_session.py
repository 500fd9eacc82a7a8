"""The review of a clip montage: its clips by streamer, the same moments together, each one click away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import ClipGoneError, MediaError, PlanError
from hypecut.jobs.bookends import source_name
from hypecut.jobs.clip_requests import clip_options, read_montage_request
from hypecut.jobs.clip_steps import Fetched, Listed, clip_file
from hypecut.jobs.folder import FETCHED, LISTED, WORK
from hypecut.models import Clip, Cut, CutScore
from hypecut.plan.anew import room_beside
from hypecut.plan.draft import Entry
from hypecut.plan.operations import ChooseAnew
from hypecut.rank.clips import ClipChoice, ClipVerdict, choose_clips
from hypecut.rank.selection import Window
from hypecut.sources.cache import open_cache
from hypecut.sources.clips.opening import opened_sources
from hypecut.sources.clips.store import ClipStore
from hypecut.web.review_session import ReviewSession, limits_in

_MOST_A_COLUMN = 100


class ClipSession(ReviewSession):
    """The review of a clip montage at one page; raises as `ReviewSession`."""

    def load(self) -> None:
        """Begin with the plan as its file is now, and the clips that were found."""
        work = self.folder / WORK
        try:
            found = msgspec.json.decode((work / FETCHED).read_bytes(), type=Fetched)
            self._listed = msgspec.json.decode((work / LISTED).read_bytes(), type=Listed)
        except (OSError, msgspec.MsgspecError) as error:
            raise PlanError("the job's clips are no longer known; run the job again.") from error
        self.verdicts = {verdict.clip.id: verdict for verdict in found.choice.verdicts}
        self.refused = dict(found.refused)
        self._request = read_montage_request(self.details.job.params)
        self._clip_ids = {self._name(verdict.clip): clip_id for clip_id, verdict in self.verdicts.items()}
        super().load()
        self.moments = ()

    def is_here(self, clip: Clip) -> bool:
        """Whether a clip's video is here."""
        return clip_file(self.folder, clip).is_file()

    def name_of(self, source: str) -> str:
        """The title of a clip, by its file."""
        clip_id = self._clip_ids.get(source)
        title = self.verdicts[clip_id].clip.title if clip_id is not None else ""
        return title or super().name_of(source)

    def cut_for(self, name: str) -> Cut:
        """The clip of that id, whole, fetched if need be; raises also `SourceUnavailableError`."""
        if name not in self.verdicts:
            raise PlanError("there is no such clip in this job; look at the list again.")
        clip = self.verdicts[name].clip
        if not self.is_here(clip):
            self._fetch(clip)
        source = self._name(clip)
        if source not in self.sources:
            self._place(source, limits_in(self.folder, [source])[source])
        length_s = self.sources[source].duration_s
        if length_s is None:
            raise PlanError(f"{name} can't be read; take another one.")
        return Cut(
            source=source,
            start_s=0.0,
            end_s=length_s,
            title=clip.streamer if self._request.apply_overlay else "",
            score=CutScore(clip.score.total, dict(clip.score.components)),
            reasons=clip.score.reasons,
        )

    def choose_anew(self) -> None:
        """Fill the window again around what is locked, by the rules of the job; raises as `do`.

        Clips that are not here are fetched; one that can't be had gives way to the next best.
        """
        self._check_free()
        lost: dict[str, str] = {}
        while True:
            choice = self._choice(lost)
            cuts, failed = self._fetched(choice)
            if not failed:
                break
            lost |= failed
        shown = {clip_id: entry.key for entry, clip_id in self._loose()}
        stay = [shown[clip.id] for clip in choice.picks if clip.id in shown]
        held = [entry.key for entry in self._held()]
        if not (held or stay or cuts):
            raise PlanError("no other clip fits; take back what was skipped.")
        self._change_anew(ChooseAnew(stay=(*held, *stay), cuts=cuts))
        self.refused |= lost
        self.verdicts |= {
            verdict.clip.id: msgspec.structs.replace(self.verdicts[verdict.clip.id], why_not=verdict.why_not)
            for verdict in choice.verdicts
        }

    def _choice(self, lost: Mapping[str, str]) -> ClipChoice:
        """The best clips beside what is held, without those that are `lost`, of no moment skipped or held."""
        request, overlap_s = self._request, self.draft.overlap_s
        window = Window(request.min_duration_s or 0.0, request.max_duration_s or 0.0)
        room = room_beside(self._held(), window, overlap_s)
        options = clip_options(request)
        lengths_s = {clip_id: entry.cut.duration_s for entry, clip_id in self._loose()}
        of_clips = self._of_clips()
        held = [clip_id for entry, clip_id in of_clips if entry.kept and entry.locked]
        aside = [clip_id for entry, clip_id in of_clips if not entry.kept]
        moments = {self._moment(clip_id): "its moment was set aside" for clip_id in aside}
        moments |= {self._moment(clip_id): "a locked cut shows its moment" for clip_id in held}
        barred = {one: moments[self._moment(one)] for one in self.verdicts if self._moment(one) in moments}
        return choose_clips(
            [
                msgspec.structs.replace(v.clip, duration_s=lengths_s.get(v.clip.id, v.clip.duration_s))
                for v in self.verdicts.values()
            ],
            room,
            msgspec.structs.replace(options, max_clips=max(0, options.max_clips - len(held))),
            self._listed.now,
            overlap_s=overlap_s,
            refused=barred | self.refused | dict(lost),
            used=frozenset(self._listed.used),
            wanted=frozenset(self._listed.wanted),
        )

    def _fetched(self, choice: ClipChoice) -> tuple[tuple[Cut, ...], dict[str, str]]:
        """The cuts of the clips that are chosen and not shown yet, and why others of them can't be had."""
        shown = {clip_id for _, clip_id in self._loose()}
        cuts: list[Cut] = []
        failed: dict[str, str] = {}
        for clip in choice.picks:
            if clip.id in shown:
                continue
            try:
                cuts.append(self.cut_for(clip.id))
            except (ClipGoneError, MediaError, PlanError) as error:
                failed[clip.id] = str(error).rstrip(".")
        return tuple(cuts), failed

    def _moment(self, clip_id: str) -> str:
        """The clip that stands for all of its moment."""
        return self.verdicts[clip_id].same_as or clip_id

    def _of_clips(self) -> list[tuple[Entry, str]]:
        """The cuts that show a clip, and its id."""
        ids = self._clip_ids
        return [(e, ids[e.cut.source]) for e in self.draft.entries if e.cut.source in ids]

    def _loose(self) -> list[tuple[Entry, str]]:
        """Of those the ones that may give way to others."""
        return [(entry, clip_id) for entry, clip_id in self._of_clips() if entry.kept and not entry.locked]

    def _held(self) -> list[Entry]:
        """The cuts that stay: those locked, and what is no clip, as intro, outro and title card."""
        loose = {entry.key for entry, _ in self._loose()}
        return [entry for entry in self.draft.entries if entry.kept and entry.key not in loose]

    def columns(self) -> list[dict[str, Any]]:
        """The clips by streamer, those in the montage first, each with the others of its moment."""
        shown = self._shown()
        total_s = sum(seconds for _, _, seconds in shown.values()) or 1.0
        leaders: dict[str, list[ClipVerdict]] = defaultdict(list)
        others: dict[str, list[ClipVerdict]] = defaultdict(list)
        for verdict in self.verdicts.values():
            if verdict.same_as and verdict.clip.id not in shown:
                others[verdict.same_as].append(verdict)
            else:
                leaders[verdict.clip.streamer].append(verdict)
        columns = []
        for streamer, verdicts in leaders.items():
            shown_s = sum(shown[v.clip.id][2] for v in verdicts if v.clip.id in shown)
            verdicts.sort(key=lambda v: v.clip.id not in shown)
            clips = [self._clip(v, shown) | {"like": []} for v in verdicts[:_MOST_A_COLUMN]]
            for clip in clips:
                clip["like"] = [self._clip(other, shown) for other in others.get(clip["id"], ())]
            columns.append(
                {"streamer": streamer, "shown_s": shown_s, "share": shown_s / total_s, "clips": clips}
            )
        return columns

    def _shown(self) -> dict[str, tuple[int, str, float]]:
        """The number, key and length of each cut of the montage, by its clip's id."""
        numbers = {e.key: n for n, e in enumerate((e for e in self.draft.entries if e.kept), 1)}
        return {
            clip_id: (numbers[entry.key], entry.key, entry.cut.duration_s)
            for entry, clip_id in self._of_clips()
            if entry.kept
        }

    def _clip(self, verdict: ClipVerdict, shown: dict[str, tuple[int, str, float]]) -> dict[str, Any]:
        clip = verdict.clip
        number, key, _ = shown.get(clip.id, (0, "", 0.0))
        return {
            "id": clip.id,
            "title": clip.title or Path(clip.path).name or clip.id,
            "views": clip.views,
            "votes": verdict.votes,
            "duration_s": clip.duration_s,
            "score": clip.score.total,
            "components": dict(clip.score.components),
            "why_not": self.refused.get(clip.id, verdict.why_not),
            "here": self.is_here(clip),
            "number": number,
            "key": key,
        }

    def _name(self, clip: Clip) -> str:
        return source_name(clip_file(self.folder, clip), self.folder)

    def _fetch(self, clip: Clip) -> None:
        def nobody(_more: int = 0) -> None:
            """Nobody is told."""

        with opened_sources(self.settings) as sources:
            store = ClipStore(sources, open_cache(self.settings))
            store.fetch(clip, clip_file(self.folder, clip), nobody, nobody)
