from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from hypecut.models import Clip, Plan
from hypecut.plan.document import read_plan
from tests.web.clips import montage_body
from tests.web.serving import Server
from tests.web.test_pages_in_browser import violations


def plan_of(server: Server, name: str) -> Plan:
    return read_plan(server.folder / "out" / name / "plan.json")


def shown(server: Server, clips: list[Clip]) -> list[str]:
    by_name = {Path(one.path).name: one.id for one in clips}
    return [by_name[Path(cut.source).name] for cut in plan_of(server, "clips").cuts]


def test_clips_are_swapped_shared_out_and_ordered(page: Page, server: Server, clips: list[Clip]) -> None:
    job_id = server.done(server.call("POST", "/jobs/clip-montage", json=montage_body("clips"))["job_id"])
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
    page.locator(".cut").last.get_by_role("button", name="Lock").click()
    page.locator(".cut").first.get_by_role("button", name="Skip").click()
    server.wait_for(lambda: len(shown(server, clips)) == len(before))
    page.get_by_role("button", name="Choose anew").click()
    expect(page.get_by_text("is shown already")).to_be_visible()
    assert shown(server, clips) == [*before[1:-1], left, before[-1]]
    expect(page.locator(".lane").first).to_contain_text("%")
