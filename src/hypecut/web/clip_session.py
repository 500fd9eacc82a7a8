"""The review of a clip montage: its clips by streamer, the same moments together, each one click away."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec

from hypecut.errors import PlanError
from hypecut.jobs.bookends import source_name
from hypecut.jobs.clip_requests import read_montage_request
from hypecut.jobs.clip_steps import Fetched, clip_file
from hypecut.jobs.folder import FETCHED, WORK
from hypecut.models import Clip, Cut, CutScore
from hypecut.rank.clips import ClipVerdict
from hypecut.sources.cache import open_cache
from hypecut.sources.clips.opening import opened_sources
from hypecut.sources.clips.store import ClipStore
from hypecut.web.review_session import ReviewSession, limits_in

_MOST_A_COLUMN = 100


class ClipSession(ReviewSession):
    """The review of a clip montage at one page; raises as `ReviewSession`."""

    def load(self) -> None:
        """Begin with the plan as its file is now, and the clips that were found."""
        path = self.folder / WORK / FETCHED
        try:
            found = msgspec.json.decode(path.read_bytes(), type=Fetched)
        except (OSError, msgspec.MsgspecError) as error:
            raise PlanError("the job's clips are no longer known; run the job again.") from error
        self.verdicts = {verdict.clip.id: verdict for verdict in found.choice.verdicts}
        self.refused = dict(found.refused)
        self._titled = read_montage_request(self.details.job.params).apply_overlay
        super().load()
        self.moments = ()

    def is_here(self, clip: Clip) -> bool:
        """Whether a clip's video is here."""
        return clip_file(self.folder, clip).is_file()

    def name_of(self, source: str) -> str:
        """The title of a clip, by its file."""
        by_file = {self._name(verdict.clip): verdict.clip for verdict in self.verdicts.values()}
        return by_file[source].title if source in by_file else super().name_of(source)

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
            title=clip.streamer if self._titled else "",
            score=CutScore(clip.score.total, dict(clip.score.components)),
            reasons=clip.score.reasons,
        )

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
        by_file = {self._name(verdict.clip): verdict.clip.id for verdict in self.verdicts.values()}
        kept = [entry for entry in self.draft.entries if entry.kept]
        return {
            by_file[entry.cut.source]: (number, entry.key, entry.cut.duration_s)
            for number, entry in enumerate(kept, 1)
            if entry.cut.source in by_file
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
