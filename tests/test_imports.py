"""What holds for every module: it imports, its promised names exist, and the house rules are kept."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import hypecut

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(hypecut.__path__, "hypecut.")
    if module.name != "hypecut.__main__"  # importing it would be running it, almost
)
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MAX_LINES = 400

PUBLIC = {
    "hypecut": ["__version__"],
    "hypecut.api.access": ["Access", "AccessMiddleware", "check_exposure"],
    "hypecut.api.app": ["create_app", "openapi_document"],
    "hypecut.chat": ["ChatImport", "check_coverage", "read_chat", "write_chat"],
    "hypecut.cli.main": ["app", "main", "run"],
    "hypecut.detect": ["DetectOptions", "detect"],
    "hypecut.files": ["write_text", "written_aside"],
    "hypecut.jobs.demo": ["run_demo"],
    "hypecut.jobs.detection": ["detect_chat"],
    "hypecut.jobs.doctor": ["examine"],
    "hypecut.jobs.exporting": ["export_file"],
    "hypecut.jobs.highlights": ["HIGHLIGHTS", "forecast_highlights", "run_highlights"],
    "hypecut.jobs.pipelines": ["PIPELINES"],
    "hypecut.jobs.rendering": ["render_plan"],
    "hypecut.jobs.requests": ["HighlightsRequest", "HighlightsResult"],
    "hypecut.models": ["ChatLog", "Clip", "Cut", "Job", "Plan", "Score", "Segment", "Vod"],
    "hypecut.plan.export": ["EXPORT_FORMATS"],
    "hypecut.progress": ["Progress", "SilentProgress"],
    "hypecut.rank.scoring": ["Scorer", "ranked"],
    "hypecut.rank.selection": ["select"],
    "hypecut.settings": ["Settings", "load_settings"],
    "hypecut.times": ["format_time", "parse_time_s"],
}

# Written in pieces, so that this file passes its own check.
PRIVATE = [
    re.compile(r"(?<![\w.])/" + "(?:root|home|Users|work)" + r"/\w"),
    re.compile(r"https?://[^\s/]*(?:pypi|pythonhosted|artifactory|devpi|nexus|" + "registry" + r")[^\s/]*"),
    re.compile("--(?:extra-)?" + "index-url"),
]


@pytest.mark.parametrize("name", MODULES)
def test_module_imports(name: str) -> None:
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_exist(name: str) -> None:
    module = importlib.import_module(name)
    assert [public for public in PUBLIC[name] if not hasattr(module, public)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_source_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    calls = (node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    assert not any(isinstance(func, ast.Name) and func.id == "print" for func in calls)


def test_no_tracked_file_names_a_machine_or_a_registry() -> None:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, or a file about to be deleted
        found += [f"{name}: {match.group()}" for pattern in PRIVATE for match in pattern.finditer(text)]
    assert found == []


def test_the_lock_holds_names_and_versions_only() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.+!]+", line) for line in lines)
