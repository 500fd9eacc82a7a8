"""Rendering a plan file: checked, room on the disk made sure of, then cut."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from hypecut.errors import DiskFullError, MediaError, UsageError
from hypecut.files import check_output
from hypecut.jobs.bookends import bookends, check_bookend
from hypecut.jobs.exporting import plan_files, source_facts
from hypecut.jobs.folder import MONTAGE
from hypecut.jobs.requests import Forecast
from hypecut.media.dressing import Dressing
from hypecut.media.encoder import EncoderOptions
from hypecut.media.inspect import SourcePool, inspect_cut
from hypecut.media.pieces import PieceStore
from hypecut.media.preview import PREVIEW
from hypecut.media.render import RenderResult, render
from hypecut.media.sparse import source_bytes
from hypecut.models import Plan
from hypecut.plan.checks import check_plan
from hypecut.plan.document import check_sources, read_plan
from hypecut.progress import Progress
from hypecut.settings import Settings

# The montage is written once more when its index moves to the front; encoded parts may outgrow their source.
_ROOM_FACTOR = 1.2
# What a montage shows is written twice: in it, and as clips.
COPIES = 2
SUFFIX = ".mp4"
PREVIEW_FILE = "preview.mp4"


def render_plan(
    plan_path: Path,
    out: Path | None,
    settings: Settings,
    progress: Progress,
    *,
    overwrite: bool = False,
    strict: bool = False,
    intro: str | None = None,
    outro: str | None = None,
    preview: bool = False,
) -> RenderResult:
    """Render a plan file to a montage.

    Args:
        plan_path: the plan.
        out: the montage to make; None makes `montage.mp4`, or `preview.mp4`, beside the plan.
        settings: the encoder's quality and speed.
        progress: told in seconds of montage.
        overwrite: replace a montage that is there.
        strict: a cut whose source is missing or damaged is an error instead of being left out.
        intro: a video to show before the plan's cuts; it is numbered as the first of them.
        outro: a video to show after them.
        preview: make a small montage with the same frames at the same times, fast rather than well.

    Raises:
        PlanError: the plan is malformed, or one of its times is beyond its source.
        UsageError: the montage is there already, would replace the plan or a source, or isn't named as MP4.
        MediaError, DiskFullError, BadInputError: as `hypecut.media.render.render`.
    """
    folder = plan_path.parent
    files = [check_bookend(option, file) for option, file in (("--intro", intro), ("--outro", outro))]
    plan = bookends(files[0], files[1], folder).around(read_plan(plan_path))
    check_plan(plan, str(plan_path))
    out = out or folder / (PREVIEW_FILE if preview else MONTAGE)
    check_output(out, overwrite, plan_files(plan, plan_path))
    if out.suffix.lower() != SUFFIX:
        raise UsageError(f"the montage is an MP4 file; give --out a name in {SUFFIX}, not {out.name}.")
    # Opening a long recording takes time: its index is read whole.
    with SourcePool() as pool:
        durations = source_facts(plan, folder, pool).durations
        check_sources(plan, durations, str(plan_path))
        check_room(plan, folder, durations, out.parent)
        options = PREVIEW if preview else encoder_options(settings)
        pieces = kept_pieces(settings)
        return render(plan, folder, out, progress, options, strict, pool, pieces=pieces)


def encoder_options(settings: Settings) -> EncoderOptions:
    """How pictures that can't be copied are encoded, by the settings."""
    return EncoderOptions(
        crf=settings.crf, preset=settings.preset, encoder=settings.encoder, copies=not settings.reencode
    )


def kept_pieces(settings: Settings) -> PieceStore | None:
    """Where encoded pieces are kept for the next rendering, by the settings; None for nowhere."""
    limit = int(settings.pieces_max_gb * 1e9)
    return PieceStore(settings.cache_dir / "pieces", limit) if limit else None


def check_room(
    plan: Plan, folder: Path, durations: Mapping[str, float | None], out_folder: Path, copies: int = 1
) -> None:
    """Make sure that the disk has room for `copies` times the plan's cuts.

    Args:
        plan: the plan.
        folder: what its relative sources are relative to.
        durations: the length of each source in seconds; one that is not known counts nothing.
        out_folder: where the cuts go.
        copies: how many times they are written.

    Raises:
        DiskFullError: it has not.
    """
    needed = int(_estimated_bytes(plan, folder, durations) * copies * _ROOM_FACTOR)
    free = free_bytes(out_folder)
    if needed > free:
        raise DiskFullError(
            f"the montage needs about {needed / 1e6:.0f} MB but {out_folder} has {free / 1e6:.0f} MB free;"
            " free some space or choose another place with --out."
        )


def forecast(plan: Plan, folder: Path, durations: Mapping[str, float | None], out_folder: Path) -> Forecast:
    """What rendering a plan and its clips into `out_folder` would take; unreadable sources count nothing."""
    copied = encoded = 0
    dressing = Dressing.of(plan, len(plan.cuts))
    with SourcePool() as pool:
        for number, cut in enumerate(plan.cuts, 1):
            try:
                found = inspect_cut(pool.get(folder / cut.source), number, cut)
            except MediaError:
                continue
            whole = found.copyable and not dressing.covers_pictures(found)
            copied, encoded = copied + whole, encoded + (not whole)
    size = int(_estimated_bytes(plan, folder, durations) * COPIES)
    return Forecast(size, free_bytes(out_folder), copied, encoded)


def free_bytes(folder: Path) -> int:
    """The room on the disk that a folder, which need not be there, is on."""
    place = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path())
    return shutil.disk_usage(place).free


def _estimated_bytes(plan: Plan, folder: Path, durations: Mapping[str, float | None]) -> float:
    """About how large the cuts are: their share of their sources' size."""
    total = 0.0
    for cut in plan.cuts:
        duration_s = durations.get(cut.source)
        if duration_s is not None:
            total += cut.duration_s / max(1.0, duration_s) * source_bytes(folder / cut.source)
    return total
