from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from hypecut.jobs.clip_steps import Listed
from hypecut.models import Clip, Plan
from hypecut.plan.document import read_plan
from tests.support.recordings import Recordings
from tests.web.serving import Server
from tests.web.test_pages_in_browser import violations

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SUBMITTED = {
    "streamer_names": ["alpha", "bravo"],
    "plan_only": True,
    "min_duration_s": 20,
    "max_duration_s": 40,
}


def clip(name: str, streamer: str, path: Path, views: int, minute: int, title: str) -> Clip:
    made = NOW - timedelta(hours=20) + timedelta(minutes=minute)
    return Clip(
        id=name,
        streamer=streamer,
        duration_s=12.0,
        title=title,
        views=views,
        created_at=made,
        creator=f"fan of {name}",
        path=str(path),
    )


@pytest.fixture(scope="module")
def clips(server: Server, tiny_recording: Recordings) -> list[Clip]:
    """Three of alpha, two of them of one moment, and two of bravo."""
    files = [tiny_recording(".mp4", seed=seed, preset="ultrafast").path for seed in range(31, 36)]
    found = [
        clip("One", "alpha", files[0], 900, 0, "the great escape"),
        clip("Two", "alpha", files[1], 300, 1, "The great escape!"),
        clip("Three", "alpha", files[2], 200, 300, "boss down"),
        clip("Four", "bravo", files[3], 800, 0, "clutch"),
        clip("Five", "bravo", files[4], 100, 300, "what a fail"),
    ]
    listed = Listed(now=NOW, clips=tuple(found), streamers=())
    (server.folder / "clips.json").write_bytes(msgspec.json.encode(listed))
    return found


def plan_of(server: Server, name: str) -> Plan:
    return read_plan(server.folder / "out" / name / "plan.json")


def shown(server: Server, clips: list[Clip]) -> list[str]:
    by_name = {Path(one.path).name: one.id for one in clips}
    return [by_name[Path(cut.source).name] for cut in plan_of(server, "clips").cuts]


def test_clips_are_swapped_shared_out_and_ordered(page: Page, server: Server, clips: list[Clip]) -> None:
    body = SUBMITTED | {"current_videos_dir": "clips"}
    job_id = server.done(server.call("POST", "/jobs/clip-montage", json=body)["job_id"])
    before = shown(server, clips)
    page.goto(f"{server.url}/ui/jobs/{job_id}/review")
    expect(page.locator(".lane")).to_have_count(2)
    assert violations(page) == []
    one, two = page.locator('[data-clip="One"]'), page.locator('[data-clip="Two"]')
    assert "One" in before
    expect(two).to_be_hidden()
    one.get_by_text("1 like this").click()
    two.get_by_role("button", name="Take this instead").click()
    server.wait_for(lambda: "Two" in shown(server, clips))
    assert "One" not in shown(server, clips)
    page.get_by_role("button", name="Undo").click()
    server.wait_for(lambda: shown(server, clips) == before)
    left = next(one.id for one in clips if one.id not in (*before, "Two"))
    page.locator(f'[data-clip="{left}"]').get_by_role("button", name="Add").click()
    server.wait_for(lambda: shown(server, clips) == [*before, left])
    expect(page.locator(".cut")).to_have_count(len(before) + 1)
    page.locator(".cut").last.get_by_role("button", name="Earlier in the montage").click()
    server.wait_for(lambda: shown(server, clips) == [*before[:-1], left, before[-1]])
    expect(page.locator("[data-verdict]")).to_contain_text("too long")
    expect(page.locator(".lane").first).to_contain_text("%")
