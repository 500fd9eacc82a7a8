"""Handing a plan over to an editor's format, with what its sources tell of themselves."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import msgspec

from hypecut.errors import MediaError
from hypecut.files import check_output, write_text
from hypecut.media.source import SourceReader
from hypecut.models import Plan
from hypecut.plan.document import check_sources, read_plan
from hypecut.plan.export import export_plan
from hypecut.plan.export_chapters import chapter_problems
from hypecut.progress import Progress

log = logging.getLogger(__name__)


class SourceFacts(msgspec.Struct, frozen=True):
    """Frames per second and length in seconds of each source of a plan; None where it can't be opened."""

    rates: dict[str, Fraction | None]
    durations: dict[str, float | None]


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """An exported plan: its file, or its text when no file was asked for, and what its reader may dislike."""

    path: str | None
    text: str | None
    warnings: tuple[str, ...] = ()


def plan_files(plan: Plan, plan_path: Path) -> list[Path]:
    """The plan's own file and its sources: what no output may replace."""
    sources = dict.fromkeys(cut.source for cut in plan.cuts)
    return [plan_path, *(plan_path.parent / source for source in sources)]


def source_facts(plan: Plan, folder: Path) -> SourceFacts:
    """What the sources of a plan tell of themselves."""
    rates: dict[str, Fraction | None] = {}
    durations: dict[str, float | None] = {}
    for name in dict.fromkeys(cut.source for cut in plan.cuts):
        try:
            with SourceReader(folder / name) as source:
                rates[name], durations[name] = source.fps, source.duration_s
        except MediaError as error:
            log.debug("%s", error)
            rates[name] = durations[name] = None
    return SourceFacts(rates, durations)


def export_file(
    plan_path: Path, format_name: str, out: Path | None, *, overwrite: bool = False
) -> ExportResult:
    """Write a plan file in another program's format.

    Args:
        plan_path: the plan.
        format_name: one of `hypecut.plan.export.EXPORT_FORMATS`.
        out: the file to write; None gives the text back.
        overwrite: replace a file that is there.

    Raises:
        PlanError: the plan is malformed, or one of its times is beyond its source.
        UsageError: there is no such format, or the file is there already, or is the plan or a source.
        BadInputError, DiskFullError: the file can't be written.
    """
    plan = read_plan(plan_path)
    if out is not None:
        check_output(out, overwrite, plan_files(plan, plan_path))
    facts = source_facts(plan, plan_path.parent)
    check_sources(plan, facts.durations, str(plan_path))
    text = export_plan(
        plan, plan_path.parent, format_name, rates=facts.rates, durations=facts.durations, name=plan_path.stem
    )
    unknown = [name for name, rate in facts.rates.items() if rate is None]
    warnings = [f"{name} can't be opened; its frame rate is taken to be 60." for name in unknown]
    if format_name == "chapters":
        warnings += chapter_problems(plan)
    if out is None:
        return ExportResult(path=None, text=text, warnings=tuple(warnings))
    write_text(out, text)
    return ExportResult(path=str(out), text=None, warnings=tuple(warnings))


def export_beside(
    plan: Plan, folder: Path, facts: SourceFacts, files: dict[str, str], progress: Progress
) -> None:
    """Write a plan into its own folder in several formats.

    Args:
        plan: the plan.
        folder: where it is, and where the files go.
        facts: what its sources tell of themselves.
        files: format by file name.
        progress: told in files.

    Raises:
        BadInputError, DiskFullError: a file can't be written.
    """
    progress.start("export", len(files), "files")
    for done, (name, format_name) in enumerate(files.items(), 1):
        text = export_plan(plan, folder, format_name, rates=facts.rates, durations=facts.durations)
        write_text(folder / name, text)
        progress.update(done)
    progress.finish()
