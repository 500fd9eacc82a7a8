"""The documentation is complete, up to date, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import hypecut.errors
from hypecut.errors import HypecutError
from hypecut.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "scripts" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GENERATOR.PAGES)
def test_generated_page_is_up_to_date(name: str) -> None:
    assert read(f"docs/{name}") == GENERATOR.PAGES[name](), "run `make docs`"


def test_every_command_and_option_is_documented() -> None:
    page = read("docs/cli.md")
    for name, command in GENERATOR.commands().items():
        section = page.partition(f"## hypecut {name}\n")[2].partition("\n## ")[0]
        assert command.help.splitlines()[0] in section
        for param in command.params:
            assert param.help, f"{name} {param.name} has no help"
            shown = param.metavar if param.param_type_name == "argument" else param.opts[0]
            assert f"`{shown}" in section, f"{name} {shown}"


def test_every_setting_is_documented() -> None:
    page = read("docs/settings.md")
    for name in Settings.model_fields:
        assert f"| `{name}` |" in page


def test_every_error_and_exit_code_is_documented() -> None:
    page = read("docs/errors.md")
    for name, kind in inspect.getmembers(hypecut.errors, inspect.isclass):
        assert issubclass(kind, HypecutError)
        assert f"| `{name}` | {kind.exit_code} | {kind.http_status} |" in page
        assert re.search(rf"^\| {kind.exit_code} \| \w", page, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = page.parent / name if name else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            heads = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, (
                target
            )


def test_the_readme_shows_commands_that_exist() -> None:
    commands = set(GENERATOR.commands())
    fenced = "\n".join(FENCE.findall(read("README.md")))
    used = re.findall(r"^hypecut (\w+)(.*)$", fenced, re.MULTILINE)
    assert used
    for name, rest in used:
        assert name in commands
        known = {
            opt for param in GENERATOR.commands()[name].params for opt in (*param.opts, *param.secondary_opts)
        }
        assert set(re.findall(r"--[a-z-]+", rest)) <= known


BACKLOG_IDS = (
    [f"TODO-ARCH-00{i}" for i in (1, 2)]
    + [f"TODO-RANK-00{i}" for i in (1, 2, 3, 4, 6)]
    + ["TODO-DUR-001", "TODO-SELECT-001"]
    + [f"TODO-JOBS-00{i}" for i in range(1, 6)]
    + [f"TODO-VOD-{i:03}" for i in range(1, 11)]
    + [f"TODO-DB-00{i}" for i in range(1, 5)]
    + [f"TODO-TEST-{name}" for name in ("API-HEALTH", "CLIPS-GETCLIPS", "CLIPS-DOWNLOAD", "CLIPS-EXTRACT")]
    + [f"TODO-TEST-{name}" for name in ("IMPORTS", "ONEVIDEO-COMPILE", "OVERLAY", "TRANSITION")]
)


def test_the_backlog_page_has_every_item_with_its_state() -> None:
    rows = [
        line.strip("| ").split(" | ")
        for line in read("docs/backlog.md").splitlines()
        if line.startswith("| ")
    ]
    items = [row for row in rows if row[0] not in ("item", "---")]
    assert [name for name in BACKLOG_IDS if not any(row[0].split()[0] == name for row in items)] == []
    for row in items:
        assert row[1].startswith(("done", "part", "not yet")), row
        assert not row[1].startswith("done") or "`tests/" in row[-1], f"{row[0]} is done, but what shows it?"


def test_the_backlog_page_maps_items_to_files_that_exist() -> None:
    page = read("docs/backlog.md")
    for reference in re.findall(r"`((?:src|tests|docs|scripts|benchmarks)/[\w/.-]+)`", page):
        assert (ROOT / reference).exists(), reference
