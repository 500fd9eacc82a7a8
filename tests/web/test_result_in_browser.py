"""What a result page gives to take along, clicked and read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Locator, Page, expect

from hypecut.models import Clip
from hypecut.plan.document import read_plan
from tests.web.clips import montage_body
from tests.web.serving import Server


@pytest.fixture(scope="module")
def montage(server: Server, clips: list[Clip]) -> str:
    """A clip montage that is rendered, in the folder `taken`."""
    assert clips
    body = montage_body("taken", plan_only=False, transition="none", apply_overlay=False)
    return server.done(server.call("POST", "/jobs/clip-montage", json=body)["job_id"])


@pytest.fixture
def result(page: Page, server: Server, montage: str) -> Page:
    """The page of its result."""
    page.goto(f"{server.url}/ui/jobs/{montage}/result")
    expect(page.locator(".chapters li").first).to_be_visible()
    return page


def downloaded(page: Page, link: Locator) -> tuple[str, bytes]:
    """The name and the content of the file that a click brings."""
    with page.expect_download() as arriving:
        link.click()
    return arriving.value.suggested_filename, Path(arriving.value.path()).read_bytes()


def cuts_of_timeline(data: bytes) -> int:
    track = json.loads(data)["tracks"]["children"][0]
    return sum(child["OTIO_SCHEMA"].startswith("Clip") for child in track["children"])


def cuts_of_xml(root: str, path: str) -> Callable[[bytes], int]:
    def count(data: bytes) -> int:
        document = ElementTree.fromstring(data)
        assert document.tag == root
        return len(document.findall(path))

    return count


def cuts_of_list(data: bytes) -> int:
    lines = data.decode().splitlines()
    assert lines[0].startswith("TITLE:")
    return len({line.split()[0] for line in lines if line[:1].isdigit()})


def cuts_of_table(data: bytes) -> int:
    return len(list(csv.DictReader(data.decode("utf-8-sig").splitlines())))


EDITORS = {
    "OpenTimelineIO": ("montage.otio", cuts_of_timeline),
    "Final Cut Pro": ("montage.fcpxml", cuts_of_xml("fcpxml", ".//spine/*")),
    "Premiere, Resolve": ("montage.xml", cuts_of_xml("xmeml", ".//video/track[1]/clipitem")),
    "EDL": ("montage.edl", cuts_of_list),
    "Table (CSV)": ("montage.csv", cuts_of_table),
}


def test_each_export_arrives_with_every_cut(result: Page, server: Server) -> None:
    shown = len(read_plan(server.folder / "out" / "taken" / "plan.json").cuts)
    buttons = result.get_by_role("region", name="For editing programs").get_by_role("link")
    assert sorted(buttons.all_inner_texts()) == sorted(EDITORS)
    for label, (name, count) in EDITORS.items():
        arrived, data = downloaded(result, buttons.filter(has_text=label))
        assert (arrived, count(data)) == (name, shown), label


def test_the_montage_every_file_and_the_explanation_arrive_whole(result: Page, server: Server) -> None:
    folder = server.folder / "out" / "taken"
    name, data = downloaded(result, result.get_by_role("link", name="Download"))
    assert (name, data) == ("alpha-bravo.mp4", (folder / "montage.mp4").read_bytes())
    links = result.get_by_role("region", name="Files").get_by_role("link")
    names = links.all_inner_texts()
    assert {"montage.mp4", "plan.json", "highlights.json", "chapters.txt", "credits.txt"} < set(names)
    for file in ("plan.json", "credits.txt", next(one for one in names if one.startswith("clips/"))):
        arrived, data = downloaded(result, links.filter(has_text=file))
        assert (arrived, data) == (Path(file).name, (folder / file).read_bytes())
    for label in ("With names", "Names replaced"):
        arrived, data = downloaded(result, result.get_by_role("link", name=label))
        assert arrived == "explanation.html"
        assert b"the great escape" in data


@pytest.mark.parametrize("secure", [True, False], ids=["clipboard", "without a clipboard"])
def test_chapters_and_credits_are_copied(result: Page, server: Server, secure: bool) -> None:
    # Over plain http to another machine, browsers hide the clipboard from scripts.
    if not secure:
        result.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    for name in ("Chapters", "Credits"):
        text = (server.folder / "out" / "taken" / f"{name.lower()}.txt").read_text()
        result.get_by_role("button", name=f"Copy {name}").click()
        expect(result.get_by_role("button", name=f"Copied {name}")).to_be_visible()
        assert pasted(result) == text


def pasted(page: Page) -> str:
    """What the clipboard holds, as a person would find out: by pasting it."""
    page.evaluate("document.body.appendChild(document.createElement('textarea')).id = 'pasted'")
    page.locator("#pasted").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#pasted")).not_to_have_value("")
    text = page.locator("#pasted").input_value()
    page.evaluate("document.getElementById('pasted').remove()")
    return text
