"""Reviews of clip montages without a browser."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hypecut.errors import PlanError
from hypecut.jobs.clip_ledger import ClipLedger
from hypecut.jobs.clip_montage import check
from hypecut.jobs.clip_requests import MontageRequest
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.models import JobKind, JobStatus, TransitionKind
from hypecut.plan.document import read_plan
from hypecut.plan.operations import Keep, Lock
from hypecut.settings import Settings
from hypecut.web.clip_session import ClipSession
from hypecut.web.exploring import Explorers
from hypecut.web.site import Site
from tests.support.recordings import Recordings


class Review:
    """The review of a montage of three clips and an outro, of which two clips fit."""

    def __init__(self, folder: Path, files: list[Path], outro: Path) -> None:
        settings = Settings(data_dir=folder / "data", cache_dir=folder / "cache", output_dir=folder)
        self.ids = [f"file:{file}" for file in files]
        request = MontageRequest(
            files=tuple(map(str, files)),
            out=str(folder / "out"),
            outro=str(outro),
            transition=TransitionKind.NONE,
            apply_overlay=False,
            loudness_lufs=None,
            plan_only=True,
            min_duration_s=30.0,
            max_duration_s=40.0,
        )
        self.engine = MemoryEngine(settings)
        checked = check(msgspec.to_builtins(request), settings)
        self.job_id = self.engine.submit(JobKind.CLIP_MONTAGE, checked).id
        self.run()
        self.session = ClipSession(Site(self.engine, settings), Explorers(settings), self.job_id)
        self.ledger = ClipLedger(settings.data_dir)

    def run(self) -> None:
        job = self.engine.run_next()
        assert job is not None
        assert job.status is JobStatus.DONE, job.error

    @property
    def shown(self) -> list[str]:
        """The files in the plan, by name."""
        return [Path(cut.source).name for cut in read_plan(self.session.folder / "plan.json").cuts]

    def key_of(self, clip_id: str) -> str:
        name = Path(clip_id).name
        return next(e.key for e in self.session.draft.entries if Path(e.cut.source).name == name)


@pytest.fixture
def review(tmp_path: Path, tiny_recording: Recordings) -> Review:
    files = [tiny_recording(".mp4", seed=seed, preset="ultrafast").path for seed in (31, 32, 33)]
    return Review(tmp_path, files, tiny_recording(".mp4", seed=34, preset="ultrafast").path)


def test_a_clip_taken_in_comes_before_the_outro_and_gets_its_credit(review: Review) -> None:
    *before, outro = review.shown
    left = next(one for one in review.ids if Path(one).name not in before)
    review.session.do(Keep(review.session.draft.entries[0].key, False))
    review.session.add(left)
    assert review.shown == [*before[1:], Path(left).name, outro]
    review.engine.render(review.job_id)
    review.run()
    folder = review.session.folder
    credited = (folder / "credits.txt").read_text()
    assert Path(left).name in credited
    assert before[0] not in credited
    assert Path(left).name in (folder / "chapters.txt").read_text()
    result = review.engine.get(review.job_id).job.result
    assert result is not None
    assert [Path(pick["id"]).name for pick in result["picks"]] == [*before[1:], Path(left).name]
    assert left in review.ledger.used()


def test_choosing_anew_keeps_what_is_locked_and_leaves_out_what_was_skipped(review: Review) -> None:
    session = review.session
    *before, outro = review.shown
    skipped, locked = (next(one for one in review.ids if Path(one).name == name) for name in before)
    session.do(Lock(review.key_of(locked), True))
    session.do(Keep(review.key_of(skipped), False))
    session.choose_anew()
    left = next(one for one in review.ids if one not in (skipped, locked))
    assert review.shown == [Path(locked).name, Path(left).name, outro]
    with pytest.raises(PlanError, match="shown already"):
        session.choose_anew()
    session.undo()
    assert review.shown == [Path(locked).name, outro]


def test_locked_clips_that_fill_the_length_leave_nothing_to_choose(review: Review) -> None:
    session = review.session
    left = next(one for one in review.ids if Path(one).name not in review.shown)
    session.add(left)
    for entry in session.draft.entries:
        session.do(Lock(entry.key, True))
    with pytest.raises(PlanError, match="unlock or shorten one"):
        session.choose_anew()
