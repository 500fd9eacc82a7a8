"""Handing a plan over to an editor's format, with what its sources tell of themselves."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import msgspec

from hypecut.errors import MediaError
from hypecut.files import check_output, write_text
from hypecut.media.inspect import SourcePool
from hypecut.media.source import SourceReader
from hypecut.models import Plan
from hypecut.plan.document import check_sources, read_plan
from hypecut.plan.export import export_plan
from hypecut.plan.export_rates import sequence_rate
from hypecut.plan.placement import SourceInfo
from hypecut.progress import Progress

log = logging.getLogger(__name__)


class SourceFacts(msgspec.Struct, frozen=True):
    """What each source of a plan tells of itself; None where it can't be opened."""

    sources: dict[str, SourceInfo | None]

    @property
    def durations(self) -> dict[str, float | None]:
        """Length in seconds of each source."""
        return {name: source.duration_s if source else None for name, source in self.sources.items()}


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """An exported plan: its file, or its text when no file was asked for, and what its reader may dislike."""

    path: str | None
    text: str | None
    warnings: tuple[str, ...] = ()


def plan_files(plan: Plan, plan_path: Path) -> list[Path]:
    """The plan's own file and its sources: what no output may replace."""
    sources = dict.fromkeys(cut.source for cut in plan.cuts)
    return [plan_path, *(plan_path.parent / source for source in sources)]


def source_facts(plan: Plan, folder: Path, pool: SourcePool | None = None) -> SourceFacts:
    """What the sources of a plan tell of themselves; those in `pool` are not opened once more."""
    sources: dict[str, SourceInfo | None] = {}
    with SourcePool() if pool is None else contextlib.nullcontext(pool) as pool:
        for name in dict.fromkeys(cut.source for cut in plan.cuts):
            try:
                sources[name] = _source_info(pool.get(folder / name))
            except MediaError as error:
                log.debug("%s", error)
                sources[name] = None
    return SourceFacts(sources)


def _source_info(source: SourceReader) -> SourceInfo:
    """What an open source tells that editing programs want to know."""
    picture, sound = source.video, source.audio
    return SourceInfo(
        rate=source.fps if source.clock.constant else sequence_rate(source.fps),
        duration_s=source.duration_s,
        width=picture.codec_context.width,
        height=picture.codec_context.height,
        channels=sound.codec_context.layout.nb_channels if sound else 0,
        sample_rate=sound.codec_context.sample_rate if sound else SourceInfo.sample_rate,
        timecode=picture.metadata.get("timecode", ""),
    )


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
        UsageError: there is no such format, it can't hold this plan, or the file is there already, or is the
            plan or a source.
        BadInputError, DiskFullError: the file can't be written.
    """
    plan = read_plan(plan_path)
    if out is not None:
        check_output(out, overwrite, plan_files(plan, plan_path))
    facts = source_facts(plan, plan_path.parent)
    check_sources(plan, facts.durations, str(plan_path))
    name = plan_path.stem or "hypecut montage"
    made = export_plan(plan, plan_path.parent.resolve(), format_name, sources=facts.sources, name=name)
    unknown = [name for name, source in facts.sources.items() if source is None]
    warnings = [f"{name} can't be opened; its frame rate is taken to be 60." for name in unknown]
    warnings += made.problems
    if out is None:
        return ExportResult(path=None, text=made.text, warnings=tuple(warnings))
    write_text(out, made.text)
    return ExportResult(path=str(out), text=None, warnings=tuple(warnings))


def export_beside(
    plan: Plan, folder: Path, facts: SourceFacts, files: dict[str, str], progress: Progress
) -> tuple[str, ...]:
    """Write a plan into its own folder in several formats.

    Returns:
        What readers of these files may dislike, each with the file's name.

    Args:
        plan: the plan.
        folder: where it is, and where the files go.
        facts: what its sources tell of themselves.
        files: format by file name.
        progress: told in files.

    Raises:
        BadInputError, DiskFullError: a file can't be written.
    """
    problems: list[str] = []
    progress.start("export", len(files), "files")
    for done, (name, format_name) in enumerate(files.items(), 1):
        made = export_plan(plan, folder.resolve(), format_name, sources=facts.sources)
        problems += [f"{name}: {problem}" for problem in made.problems]
        write_text(folder / name, made.text)
        progress.update(done)
    progress.finish()
    return tuple(problems)
