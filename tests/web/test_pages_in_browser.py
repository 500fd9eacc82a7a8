from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from tests.support.browsers import page_of
from tests.web.conftest import Media
from tests.web.serving import WAIT_S, Server, running

WAIT_MS = 1000 * WAIT_S
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


def violations(page: Page, rules: Sequence[str] = RULES) -> list[tuple[str, str]]:
    found: dict[str, Any] = Axe().run(page, options={"runOnly": list(rules)}).response
    return [(one["id"], node["html"][:200]) for one in found["violations"] for node in one["nodes"]]


def test_every_page_is_accessible_in_both_themes(page: Page, server: Server) -> None:
    job_id = server.made("accessible")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = {}
    for path, ready in (
        ("/", "#said"),
        ("/ui/jobs", "tr[data-job]"),
        (f"/ui/jobs/{job_id}", "ol.steps"),
        (f"/ui/jobs/{job_id}/result", ".chapters"),
        ("/ui/jobs/none", "h1"),
        ("/ui/nowhere", "h1"),
        (f"/ui/jobs/{job_id}/review", ".cut.on"),
    ):
        page.goto(server.url + path)
        expect(page.locator(ready).first).to_be_visible(timeout=WAIT_MS)
        found[path] = violations(page)
        page.get_by_role("button", name="Dark theme").click()
        expect(page.locator("body.body--dark")).to_have_count(1)
        found[f"{path} dark"] = violations(page, ["color-contrast"])
        page.get_by_role("button", name="Light theme").click()
    page.keyboard.press("?")
    found["help"] = violations(page)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_a_phone_shows_progress_without_scrolling_sideways(page: Page, server: Server) -> None:
    job_id = server.made("phone", plan_only=True)
    page.set_viewport_size({"width": 390, "height": 800})
    for path, ready in (("/", "#said"), ("/ui/jobs", "tr[data-job]"), (f"/ui/jobs/{job_id}", "ol.steps")):
        page.goto(server.url + path)
        expect(page.locator(ready).first).to_be_visible(timeout=WAIT_MS)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_what_is_not_there_leads_back_to_what_is(page: Page, server: Server) -> None:
    for path, said, link, there in (
        ("/ui/nowhere", "There is no such page", "New montage", "Make a montage"),
        ("/ui/jobs/none/result", "There is no such job", "All jobs", "Jobs"),
        ("/ui/jobs/none/review", "Nothing to review", "All jobs", "Jobs"),
    ):
        answer = page.goto(server.url + path)
        assert answer is not None
        assert answer.status == (404 if path == "/ui/nowhere" else 200)
        expect(page.get_by_role("heading", name=said)).to_be_visible()
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=there, exact=True)).to_be_visible()


def test_jobs_are_filtered_retried_and_removed(page: Page, server: Server) -> None:
    server.made("listed", plan_only=True)
    (server.folder / "media" / "broken.mp4").write_bytes(b"no video")
    body = {"vod_url": "broken.mp4", "chat_path": "chat.json", "output_dir": "broken"}
    failed = server.call("POST", "/jobs/vod-highlights", json=body)["job_id"]
    server.wait_for(lambda: server.state(failed) == "failed")
    page.goto(f"{server.url}/ui/jobs")
    row = page.locator(f'tr[data-job="{failed}"]')
    expect(row).to_contain_text("broken.mp4")
    page.get_by_role("button", name="done", exact=True).click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="done", exact=True).click()
    page.get_by_label("Search jobs").fill("broken")
    expect(page.locator("tr[data-job]")).to_have_count(1)
    row.get_by_role("button", name="retry").click()
    server.wait_for(lambda: server.call("GET", f"/jobs/{failed}/details")["attempts"] >= 2)
    server.wait_for(lambda: server.state(failed) == "failed")
    row.get_by_role("button", name="remove").click()
    expect(row).to_have_count(0)


def test_a_job_is_cancelled_and_goes_on_when_asked_again(page: Page, server: Server) -> None:
    hold = server.folder / "hold"
    hold.touch()
    job_id = server.submit("cancelled", plan_only=True)
    page.goto(f"{server.url}/ui/jobs/{job_id}")
    step = page.locator("ol.steps li", has_text="fetch")
    expect(step).to_contain_text("running")
    expect(step).to_contain_text("50 %")
    page.get_by_role("button", name="cancel").click()
    state = page.get_by_label("Progress", exact=True).get_by_role("status")
    expect(state).to_have_text("cancelled")
    assert server.state(job_id) == "cancelled"
    hold.unlink()
    page.get_by_role("button", name="retry").click()
    expect(state).to_have_text("done")
    expect(step).to_contain_text("attempt 2")


def test_a_chat_is_sent_and_words_are_typed(page: Page, server: Server, tmp_path: Path) -> None:
    lines = [json.dumps({"time_s": i / 10, "user": f"u{i % 40}", "text": "hello"}) for i in range(200)]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines))
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0 no chat")
    page.goto(server.url)
    page.get_by_role("combobox", name="Recording").fill("stream.mp4")
    chooser = page.get_by_label("or send a chat file")
    chooser.set_input_files(tmp_path / "picture.jpg")
    expect(page.get_by_text("picture.jpg was not taken")).to_be_visible(timeout=WAIT_MS)
    chooser.set_input_files(tmp_path / "mine.jsonl")
    expect(page.get_by_text("mine.jsonl is normalised JSON lines")).to_be_visible(timeout=WAIT_MS)
    page.get_by_label("Words or emotes").fill("KEKW,")
    page.get_by_label("Words or emotes").press_sequentially("clutch")
    page.get_by_label("Words or emotes").press("Enter")
    expect(page.locator("#said")).to_contain_text("KEKW, clutch counting more")
    page.get_by_label("At least").fill("2 hours")
    expect(page.locator("#said")).to_contain_text("is not a time")
    expect(page.get_by_role("button", name="Start")).to_be_disabled()


def test_a_card_and_an_intro_of_a_clip_montage_are_checked(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name="Clip montage").click()
    page.get_by_label("Streamers").fill("alpha,")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Title card before the first clip").fill("Week 47")
    page.get_by_label("Intro").fill("nowhere.mp4")
    expect(page.locator("#said")).to_contain_text("there is no such file")
    expect(page.get_by_label("Intro")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Intro").fill("stream.mp4")
    expect(page.locator("#said")).to_contain_text("Gathers the best recent clips of alpha")
    assert violations(page) == []


@pytest.fixture
def guarded(media: Media, tmp_path: Path) -> Iterator[Server]:
    with running(Server(media.copied_to(tmp_path), token="sesame")) as one:
        yield one


def test_a_token_is_asked_for_once(guarded: Server, browser: Browser) -> None:
    with page_of(browser) as page:
        page.goto(f"{guarded.url}/ui/jobs")
        assert page.url.endswith("/ui/login")
        assert violations(page) == []
        token = page.get_by_label("Token")
        token.fill("guess")
        token.press("Enter")
        expect(page.get_by_role("alert")).not_to_be_empty()
        page.get_by_label("Token").fill("sesame")
        page.get_by_label("Token").press("Enter")
        expect(page.get_by_role("heading", name="Make a montage")).to_be_visible(timeout=WAIT_MS)
        page.goto(f"{guarded.url}/ui/jobs")
        expect(page.get_by_text("No jobs yet")).to_be_visible(timeout=WAIT_MS)


@pytest.fixture
def durable(media: Media, tmp_path: Path) -> Iterator[Server]:
    with running(Server(media.copied_to(tmp_path), durable=True)) as one:
        yield one


def test_a_page_shows_the_truth_after_a_restart_in_mid_job(durable: Server, browser: Browser) -> None:
    hold = durable.folder / "hold"
    hold.touch()
    job_id = durable.submit("restarted", plan_only=True)
    with page_of(browser) as page:
        page.goto(f"{durable.url}/ui/jobs/{job_id}")
        step = page.locator("ol.steps li", has_text="fetch")
        expect(step).to_contain_text("running")
        durable.kill()
        expect(page.get_by_text("Connection lost")).to_be_visible(timeout=WAIT_MS)
        hold.unlink()
        durable.start()
        expect(page.get_by_role("status").filter(has_text="done")).to_be_visible(timeout=WAIT_MS)
        expect(step).to_contain_text("attempt 2")
        expect(page.locator("ol.steps li", has_text="chat")).not_to_contain_text("attempt")
