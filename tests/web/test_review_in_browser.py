from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from hypecut.models import Plan
from hypecut.plan.document import read_plan
from tests.web.conftest import DURATION_S, FPS
from tests.web.serving import WAIT_S, Server

WAIT_MS = 1000 * WAIT_S
# The number drawn into the picture shown; see tests/support/counter.py.
SHOWN_NUMBER = """async (video, time) => {
  const wait = (event) => new Promise((done) => video.addEventListener(event, done, { once: true }));
  if (video.readyState < 2) await wait("loadeddata");
  video.pause();
  const sought = wait("seeked");
  video.currentTime = time;
  await sought;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const block = video.videoHeight / 36;
  const size = { width: video.videoWidth, height: 3 * block };
  const canvas = Object.assign(document.createElement("canvas"), size);
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  let number = 0;
  for (let k = 0; k < 20; k++) {
    const [red] = pen.getImageData(Math.floor(block * (k + 1.5)), Math.floor(block * 1.5), 1, 1).data;
    number = 2 * number + (red > 126 ? 1 : 0);
  }
  return number;
}"""


# Every gain that the page makes, to be looked at.
GAINS = """const make = AudioContext.prototype.createGain;
globalThis.gains = [];
AudioContext.prototype.createGain = function () {
  const gain = make.call(this);
  gains.push(gain);
  return gain;
};"""


def plan_of(server: Server, name: str) -> Plan:
    return read_plan(server.folder / "out" / name / "plan.json")


def open_review(page: Page, server: Server, job_id: str) -> None:
    page.goto(f"{server.url}/ui/jobs/{job_id}/review")
    expect(page.locator(".cut.on")).to_have_count(1)


def frames(time_s: float) -> int:
    return round(time_s * FPS)


def test_from_a_form_to_a_montage_exact_to_the_frame(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("combobox", name="Recording").fill("stream.mp4")
    expect(page.locator("#said")).to_contain_text("need its chat", timeout=WAIT_MS, ignore_case=True)
    page.get_by_role("combobox", name="Chat").fill("chat.json")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Output folder").fill("whole")
    expect(page.locator("#said")).to_contain_text("Finds the moments of stream")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/ui/jobs/*")
    expect(page.get_by_role("status").filter(has_text="done")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("link", name="Review").click()
    expect(page.locator(".cut.on")).to_have_count(1)
    before = plan_of(server, "whole")
    assert len(before.cuts) == 3

    drag_end(page, before.cuts[1].end_s, by_s=12.0)
    expect(page.locator(".cut").nth(1)).not_to_have_attribute("data-end", exact(before.cuts[1].end_s))
    page.locator(".cut").nth(2).get_by_role("button", name="Skip").click()
    expect(page.locator(".cut.aside")).to_have_count(1)
    page.locator(".cut").nth(1).get_by_role("button", name="Earlier in the montage").click()
    expect(page.locator(".cut").first).to_have_attribute("data-key", "c2")
    page.locator(".cut").last.get_by_role("button", name="Keep").click()
    expect(page.locator(".cut.aside")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cut.aside")).to_have_count(1)

    after = plan_of(server, "whole")
    assert [cut.start_s for cut in after.cuts] == [before.cuts[1].start_s, before.cuts[0].start_s]
    assert abs(after.cuts[0].end_s - before.cuts[1].end_s - 12.0) < 2.0
    assert abs(after.cuts[0].end_s * FPS - frames(after.cuts[0].end_s)) < 1e-4
    page.get_by_role("button", name="Render").click()
    expect(page.get_by_text("Rendered: the result is this plan.")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("link", name="Result").click()
    expect(page.locator(".chapters li")).to_have_count(2)
    expect(page.get_by_text("plan changed since render")).to_have_count(0)
    for time_s, number in places(after):
        server.wait_for(lambda time_s=time_s, number=number: shown(page, time_s) == number)


def exact(value: float) -> str:
    return f"{value:g}"


def drag_end(page: Page, end_s: float, by_s: float) -> None:
    box = page.locator("canvas.line").bounding_box()
    assert box is not None
    x, y, a_second = box["x"] + box["width"] * end_s / DURATION_S, box["y"] + 60, box["width"] / DURATION_S
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by_s * a_second, y, steps=4)
    page.mouse.up()


def places(plan: Plan) -> list[tuple[float, int]]:
    """The middle of the first and the last picture of each cut in the montage, and the picture's number."""
    found, at = [], 0
    for cut in plan.cuts:
        first, last = frames(cut.start_s), frames(cut.end_s) - 1
        found += [((at + 0.5) / FPS, first), ((at + last - first + 0.5) / FPS, last)]
        at += last - first + 1
    return [(float(time_s), number) for time_s, number in found]


def shown(page: Page, time_s: float) -> int:
    """The number of the picture that the montage shows at a time."""
    number: int = page.get_by_label("The montage", exact=True).evaluate(SHOWN_NUMBER, time_s)
    return number


def test_the_later_of_two_tabs_is_told(page: Page, server: Server) -> None:
    job_id = server.made("tabs", plan_only=True)
    open_review(page, server, job_id)
    other = page.context.new_page()
    other.set_default_timeout(WAIT_MS)
    open_review(other, server, job_id)
    page.locator(".cut").first.get_by_role("button", name="Skip").click()
    expect(page.locator(".cut.aside")).to_have_count(1)
    expect(other.get_by_role("alert")).to_contain_text("changed in another window")
    other.locator(".cut").last.get_by_role("button", name="Skip").click()
    expect(other.get_by_text("first choose whose changes are to stay")).to_be_visible()
    assert len(plan_of(server, "tabs").cuts) == 2
    other.get_by_role("button", name="Load the other").click()
    expect(other.locator(".cut.aside")).to_have_count(1)
    other.close()


def test_everything_can_be_done_by_keys(page: Page, server: Server) -> None:
    job_id = server.made("keys", plan_only=True)
    before = plan_of(server, "keys").cuts
    open_review(page, server, job_id)

    def press(key: str, settled: Any) -> None:
        page.keyboard.press(key)
        server.wait_for(settled)

    press("x", lambda: len(plan_of(server, "keys").cuts) == 2)
    press("u", lambda: plan_of(server, "keys").cuts == before)
    press("Shift+U", lambda: len(plan_of(server, "keys").cuts) == 2)
    press("u", lambda: plan_of(server, "keys").cuts == before)
    press("[", lambda: plan_of(server, "keys").cuts[0].start_s == before[0].start_s - 1)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".cut").nth(1)).to_have_class("cut on")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-time]")).to_have_text(clock(before[1].start_s + 1))
    press("i", lambda: plan_of(server, "keys").cuts[1].start_s == before[1].start_s + 1)
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-time]")).to_have_text(clock(before[1].start_s + 2))
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-time]")).to_have_text(clock(before[1].start_s + 2 - 1 / 15))
    press("o", lambda: frames(plan_of(server, "keys").cuts[1].end_s) == frames(before[1].start_s + 2) - 1)
    press("Alt+ArrowUp", lambda: plan_of(server, "keys").cuts[0].start_s == before[1].start_s + 1)
    page.keyboard.press("h")
    expect(page.locator(".cut.on").get_by_role("button", name="Lock")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def clock(time_s: float) -> str:
    return f"{int(time_s // 60)}:{time_s % 60:05.2f}"


def test_a_filter_and_the_dial_find_other_moments(page: Page, server: Server) -> None:
    job_id = server.made("explore", plan_only=True)
    open_review(page, server, job_id)
    page.get_by_label("Show only").fill("nice")
    page.get_by_label("Sensitivity").fill("0.9")
    expect(page.get_by_role("tab", name="Runners-up")).not_to_have_text("Runners-up 0")
    page.get_by_role("tab", name="Runners-up").click()
    page.get_by_role("button", name="Add").first.click()
    expect(page.get_by_role("tab", name="Cuts")).to_have_text("Cuts 4")
    assert len(plan_of(server, "explore").cuts) == 4
    page.get_by_label("Show only").fill("nobodysaysthis")
    expect(page.get_by_role("tab", name="Runners-up")).to_have_text("Runners-up 0")


def test_all_but_the_locked_cuts_are_chosen_anew(page: Page, server: Server) -> None:
    job_id = server.made("anew", plan_only=True)
    before = plan_of(server, "anew").cuts
    open_review(page, server, job_id)
    page.locator(".cut").nth(2).get_by_role("button", name="Lock").click()
    page.locator(".cut").nth(0).get_by_role("button", name="Skip").click()
    server.wait_for(lambda: plan_of(server, "anew").cuts == before[1:])
    page.get_by_label("Show only").fill("nice")
    page.get_by_label("Sensitivity").fill("0.9")
    expect(page.get_by_role("tab", name="Runners-up")).not_to_have_text("Runners-up 0")
    page.get_by_role("button", name="Choose anew").click()
    server.wait_for(lambda: plan_of(server, "anew").cuts != before[1:])
    after = plan_of(server, "anew")
    assert before[2] in after.cuts
    assert before[1] not in after.cuts
    assert all(cut.end_s <= before[0].start_s or before[0].end_s <= cut.start_s for cut in after.cuts)
    assert 30 <= after.duration_s <= 90
    page.keyboard.press("c")
    expect(page.get_by_text("is shown already")).to_be_visible()
    assert plan_of(server, "anew") == after
    page.get_by_role("button", name="Undo").click()
    server.wait_for(lambda: plan_of(server, "anew").cuts == before[1:])


def test_the_preview_plays_the_cuts_in_order_before_anything_is_rendered(page: Page, server: Server) -> None:
    job_id = server.made("preview", plan_only=True, transition="fade")
    cuts = plan_of(server, "preview").cuts
    page.add_init_script(GAINS)
    open_review(page, server, job_id)
    # Make the first cut short, so that the next one comes soon.
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("o")
    server.wait_for(lambda: plan_of(server, "preview").cuts[0].duration_s < 2)
    page.get_by_label("Gain").fill("-6")
    page.keyboard.press("Tab")
    server.wait_for(lambda: plan_of(server, "preview").cuts[0].gain_db == -6)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Preview without fades")).to_be_visible()
    page.wait_for_function("() => gains.some((one) => Math.abs(one.gain.value - 0.501) < 0.001)")
    second = "() => { const t = document.querySelector('[data-time]').textContent.split(':');" + (
        f" return 60 * t[0] + Number(t[1]) >= {cuts[1].start_s}; }}"
    )
    page.wait_for_function(second)
    page.wait_for_function("() => gains.every((one) => one.gain.value === 1)")
    page.get_by_role("button", name="Stop").click()
    assert not Path(server.folder / "out" / "preview" / "montage.mp4").exists()


def test_rendering_is_stopped_and_begun_again(page: Page, server: Server) -> None:
    job_id = server.made("stopped", plan_only=True)
    hold = server.folder / "hold-export"
    hold.touch()
    open_review(page, server, job_id)
    page.get_by_role("button", name="Render").click()
    page.get_by_text("Writing the files for editors").wait_for()
    page.locator(".cut").first.get_by_role("button", name="Skip").click()
    expect(page.get_by_text("change the plan when that is done")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    server.wait_for(lambda: server.state(job_id) == "cancelled")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    hold.unlink()
    page.get_by_role("button", name="Render").click()
    expect(page.get_by_text("Rendered: the result is this plan.")).to_be_visible()
