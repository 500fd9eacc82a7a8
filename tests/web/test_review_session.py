"""Reviews without a browser: a VOD fetched as boundaries move, and changes made at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import msgspec
import pytest

from hypecut.errors import SourceUnavailableError
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.highlights import check
from hypecut.jobs.requests import HighlightsRequest
from hypecut.models import JobKind, JobStatus
from hypecut.plan.document import read_plan, rounded
from hypecut.plan.operations import Edge, MoveEdge, SetGain
from hypecut.settings import Settings
from hypecut.web.exploring import Explorers
from hypecut.web.footage import Pieces, spans_here
from hypecut.web.review_session import ReviewSession
from hypecut.web.review_view import parts_view
from hypecut.web.site import Site
from tests.jobs.test_remote import ADDRESS, DURATION_S, WINDOW, Remote, the_chat
from tests.support.counter import read_counter
from tests.twitch import LocalTwitch, Media, Vod
from tests.web.conftest import Media as FolderOfMedia

FPS = 10


@pytest.fixture
def remote(twitch: LocalTwitch, tmp_path: Path) -> Remote:
    vod = Vod(
        "2500000001",
        "alpha",
        Media(seconds=DURATION_S, width=320, height=180, fps=FPS),
        title="A long day",
        chat=the_chat(),
        chat_page=100,
    )
    twitch.add(vod)
    return Remote(twitch, tmp_path, vod)


def opened(remote: Remote, settings: Settings) -> ReviewSession:
    """The review of a job that stopped at its plan."""
    asked = HighlightsRequest(vod=ADDRESS, out=str(remote.out), plan_only=True, **WINDOW)
    return planned(asked, settings)


def planned(asked: HighlightsRequest, settings: Settings) -> ReviewSession:
    """The review of a job that made its plan just now."""
    engine = MemoryEngine(settings)
    checked = check(msgspec.to_builtins(asked), settings)
    job_id = engine.submit(JobKind.VOD_HIGHLIGHTS, checked).id
    job = engine.run_next()
    assert job is not None
    assert job.status is JobStatus.DONE, job.error
    return ReviewSession(Site(engine, settings), Explorers(settings), job_id)


def test_what_a_boundary_moves_to_is_fetched_and_shown(remote: Remote) -> None:
    session = opened(remote, remote.settings())
    first = session.draft.entries[0]
    source = session.folder / first.cut.source
    wanted_s = first.cut.end_s + 45.0
    assert not covered(source, first.cut.start_s, wanted_s)
    before = remote.fetched()
    session.do(MoveEdge(first.key, Edge.END, wanted_s))
    assert covered(source, first.cut.start_s, wanted_s)
    assert read_plan(session.folder / "plan.json").cuts[0].end_s == pytest.approx(wanted_s, abs=0.06)
    more = set(remote.fetched()) - set(before)
    assert 3 <= len(more) <= 7
    view = next(v for v in parts_view(session) if v["start"] <= first.cut.start_s < v["end"])
    assert view["end"] >= wanted_s
    piece = Pieces(session.folder / "pieces").get(source, (view["start"], view["end"]), 1)
    with av.open(str(piece)) as container:
        numbers = [read_counter(frame) for frame in container.decode(video=0)]
    begin = round((view["start"] + 20.0) * FPS)
    assert numbers == list(range(begin, begin + len(numbers)))


def test_what_cannot_be_fetched_leaves_the_plan_as_it_is(remote: Remote) -> None:
    session = opened(remote, remote.settings())
    first, before = session.draft.entries[0], read_plan(session.folder / "plan.json")
    remote.twitch.fault("*/chunked/*.ts", "status", code=404, times=-1)
    with pytest.raises(SourceUnavailableError):
        session.do(MoveEdge(first.key, Edge.END, first.cut.end_s + 45.0))
    assert read_plan(session.folder / "plan.json") == before
    session.do(MoveEdge(first.key, Edge.END, first.cut.end_s - 1.0))


def covered(source: Path, start_s: float, end_s: float) -> bool:
    return any(from_s <= start_s and end_s <= to_s for from_s, to_s in spans_here(source, DURATION_S))


def test_changes_made_at_once_are_not_taken_for_another_windows(media: FolderOfMedia, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", output_dir=tmp_path)
    asked = HighlightsRequest(
        vod=str(media.folder / "stream.mp4"),
        chat=str(media.folder / "chat.json"),
        out=str(tmp_path / "out"),
        plan_only=True,
        min_duration_s=30.0,
        max_duration_s=90.0,
    )
    session = planned(asked, settings)
    key = session.draft.entries[0].key

    def change(number: int) -> None:
        session.do(SetGain(key, number / 10))
        session.look()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(1, 41)))
    assert session.conflict == ""
    assert len(session.history.past) == 40
    assert read_plan(session.folder / "plan.json") == rounded(session.draft.plan)
