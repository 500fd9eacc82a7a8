"""From a plan to a montage: copied where it can be, encoded where it must be, always to the frame.

A cut that begins at an IDR picture and ends where decoding and display order agree is copied bit for bit. Of
any other one the pictures at its ends, and those that wear a title or a transition, are decoded and encoded;
what can't be copied at all is encoded whole. All cuts lie on one output time line (`timeline`), so nothing
drifts.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import msgspec

from hypecut.errors import MediaError
from hypecut.files import written_aside
from hypecut.media.assembly import Assembly, CutTally, DisorderError, OtherSetsError
from hypecut.media.bodies import Body, find_body, keyframe_units
from hypecut.media.dressing import CutDresser, Dressing, LoudnessGains, titles_complaint
from hypecut.media.encoder import ENCODER, EncoderOptions
from hypecut.media.inspect import InspectedCut, SourcePool, inspect_cut
from hypecut.media.kept_runs import KeptRuns
from hypecut.media.memory import return_freed_memory
from hypecut.media.mixing import cuts_to_pace, main_format, montage_picture, most_alike
from hypecut.media.parts import PART_S, EncodedPart, PlacedCut, Span, montage_parts, placed_cuts
from hypecut.media.pieces import PieceStore
from hypecut.media.runs import EncoderError, Runs, RunTools
from hypecut.media.sound import SoundCut
from hypecut.media.source import MAX_REORDER, SourceReader
from hypecut.media.timeline import output_scale
from hypecut.media.titles import USUAL_STYLE, TitleStyle
from hypecut.media.writer import Encodes, MontageLayout, MontageWriter
from hypecut.models import Plan
from hypecut.progress import Progress

log = logging.getLogger(__name__)

# What the encoder needs for its own B-frames, and more.
_MIN_DELAY = 2


class CutReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one cut.

    Attributes:
        cut: its place in the plan, from 1.
        source: as the plan names it.
        mode: copied, joined (encoded at its ends only), encoded or skipped.
        frames: how many pictures of it are in the montage.
        copied_frames: how many of them are the source's, bit for bit.
        reason: why it is incomplete or skipped; '' if it is neither.
    """

    cut: int
    source: str
    mode: str
    frames: int = 0
    copied_frames: int = 0
    reason: str = ""


class RenderResult(msgspec.Struct, frozen=True, kw_only=True):
    """A finished montage, what became of each cut of its plan, and what is not as one might expect."""

    montage_path: str
    duration_s: float
    cuts: tuple[CutReport, ...]
    warnings: tuple[str, ...] = ()

    @property
    def skipped(self) -> tuple[CutReport, ...]:
        """The cuts that are missing from the montage."""
        return tuple(report for report in self.cuts if report.mode == "skipped")


class _LostCutsError(Exception):
    """Some cuts had no picture after all: the montage must be laid out without them."""

    def __init__(self, reports: list[CutReport]) -> None:
        super().__init__(f"{len(reports)} cuts are lost")
        self.reports = reports


@dataclass(frozen=True)
class _Task:
    """What is to be rendered, and how."""

    plan: Plan
    out: Path
    gains: LoudnessGains
    options: EncoderOptions
    pool: SourcePool
    progress: Progress
    strict: bool
    title_style: TitleStyle
    pieces: PieceStore | None


def render(
    plan: Plan,
    folder: Path,
    out: Path,
    progress: Progress,
    options: EncoderOptions | None = None,
    strict: bool = False,
    pool: SourcePool | None = None,
    title_style: TitleStyle = USUAL_STYLE,
    pieces: PieceStore | None = None,
) -> RenderResult:
    """Render a plan to an mp4 file.

    Args:
        plan: what to show; already checked against its sources' lengths.
        folder: what relative sources are relative to.
        out: the file to make; written aside and renamed.
        progress: told in seconds of montage.
        options: how pictures that can't be copied are encoded.
        strict: a cut that can't be used is an error instead of being left out.
        pool: sources to share with other renderings; opening a long recording takes time.
        title_style: how titles look.
        pieces: where encoded parts are found again, and kept for the next time; None for nowhere.

    Raises:
        MediaError: no cut can be used, or with `strict`, one can't; the message names it.
        DiskFullError, BadInputError: the montage can't be written.
    """
    return_freed_memory()
    with SourcePool() if pool is None else contextlib.nullcontext(pool) as pool:
        cuts, skipped = _inspect_all(plan, folder, pool, strict)
        complaint = titles_complaint(plan, title_style)
        remarks = dict.fromkeys(remark for cut in cuts for remark in cut.remarks)
        warnings = (*([complaint] if complaint else []), *remarks)
        for warning in warnings:
            log.warning("%s", warning)
        gains = LoudnessGains(plan.loudness, pool, pieces)
        options = options or EncoderOptions()
        task = _Task(plan, out, gains, options, pool, progress, strict, title_style, pieces)
        duration_s, reports = _write_what_can_be(task, cuts, skipped)
        progress.finish()
    reports.sort(key=lambda report: report.cut)
    return RenderResult(
        montage_path=str(out),
        duration_s=duration_s,
        cuts=tuple(reports),
        warnings=warnings,
    )


def _write_what_can_be(
    task: _Task, cuts: list[InspectedCut], skipped: list[CutReport]
) -> tuple[float, list[CutReport]]:
    """Write the montage, and again where what was found on the way asks for another layout."""
    delay = _MIN_DELAY
    while cuts:
        try:
            duration_s, reports = _write(task, cuts, delay)
        except DisorderError as error:
            log.info("the montage is written again: %s", error)
            if delay == MAX_REORDER:  # times that no stream has: damage
                cuts = [c.encoded() if c.number == error.cut else c for c in cuts]
            delay = MAX_REORDER
        except OtherSetsError as error:
            log.info("the montage is written again: %s", error)
            cuts = [c.encoded() if c.number == error.cut else c for c in cuts]
        except EncoderError as error:
            if error.codec == ENCODER:
                raise
            log.warning("an encoder in hardware failed, x264 is used: %s", error)
            task = replace(task, options=replace(task.options, encoder="x264"))
        except _LostCutsError as error:
            log.info("the montage is written again: %s", error)
            skipped = skipped + error.reports
            lost = {report.cut for report in error.reports}
            cuts = [cut for cut in cuts if cut.number not in lost]
        else:
            return duration_s, reports + skipped
    first = min(skipped, key=lambda report: report.cut)
    raise MediaError(f"no cut of the plan can be used; cut {first.cut} ({first.source}): {first.reason}")


def _write(task: _Task, cuts: Sequence[InspectedCut], delay: int) -> tuple[float, list[CutReport]]:
    """Write the montage; gives its length and what became of the cuts."""
    dressing = Dressing.of(task.plan, len(cuts), task.title_style)
    layout = _layout(cuts, dressing, task, delay)
    overlap = dressing.overlap_frames(layout.picture.fps) * layout.frame_ticks
    placed = placed_cuts(cuts, layout.scale, overlap, layout.grids)
    _check_overlaps(task, placed, overlap)
    parts = montage_parts(placed, layout.bodies, _breaks(cuts, layout, task.pool), overlap)
    length_s = placed[-1].end_tick / layout.scale
    task.progress.start("montage", length_s)
    with (
        written_aside(task.out) as part,
        MontageWriter(part, layout, task.options, task.pool, task.pieces) as writer,
    ):
        tools = RunTools(writer.encoder, overlap, _dresser(dressing, layout), layout.rotation)
        encoded = [part for part in parts if isinstance(part, EncodedPart)]
        keeper = KeptRuns(task.pieces, tools) if task.pieces is not None else None
        with Runs(encoded, task.pool, tools, keeper) as runs:
            sound = _sound_placer(task, dressing, layout.scale, overlap)
            assembly = Assembly(writer, parts, runs, task.pool, sound, task.progress)
            for one in placed:
                _add(assembly, one, task)
            assembly.finish()
            reports = [_report(task, cut, assembly.tallies[cut.number]) for cut in cuts]
        lost = [report for report in reports if not report.frames]
        if lost:
            raise _LostCutsError(lost)
    return length_s, reports


def _check_overlaps(task: _Task, placed: Iterable[PlacedCut], overlap: int) -> None:
    """Make sure that each cut is as long as it overlaps its neighbours."""
    lost: list[CutReport] = []
    for one in placed:
        if one.end_tick - one.place.out_start < overlap:
            reason = f"{one.cut.path} ends before a crossfade into this cut would be over."
            lost.append(_report(task, one.cut, CutTally(reason=reason)))
    if lost:
        raise _LostCutsError(lost)


def _add(assembly: Assembly, placed: PlacedCut, task: _Task) -> None:
    try:
        assembly.add(placed)
    except MediaError as error:
        raise _LostCutsError([_report(task, placed.cut, CutTally(reason=str(error)))]) from error


def _inspect_all(
    plan: Plan, folder: Path, pool: SourcePool, strict: bool
) -> tuple[list[InspectedCut], list[CutReport]]:
    usable: list[InspectedCut] = []
    skipped: list[CutReport] = []
    for number, cut in enumerate(plan.cuts, 1):
        try:
            found = inspect_cut(pool.get(folder / cut.source), number, cut)
            if strict and found.shortened:
                raise MediaError(found.shortened)
            usable.append(found)
        except MediaError as error:
            if strict:
                raise MediaError(f"cut {number}: {error}") from error
            log.warning("cut %d is left out: %s", number, error)
            skipped.append(CutReport(cut=number, source=cut.source, mode="skipped", reason=str(error)))
    return usable, skipped


def _layout(cuts: Sequence[InspectedCut], dressing: Dressing, task: _Task, delay: int) -> MontageLayout:
    """Copy what it can of the format that most of the time has; everything else is encoded to match it."""
    pool = task.pool
    usual = main_format(cuts) if task.options.copies else []
    copyable = [c for c in usual if c.joinable or (c.copyable and not dressing.covers_pictures(c))]
    main = most_alike(copyable)
    like = main[0] if main else montage_picture(cuts)
    bodies: dict[int, Body] = {}
    for cut in main:
        first, last, fps = cut is cuts[0], cut is cuts[-1], like.picture.fps
        body = find_body(pool, cut, dressing.head_s(cut, first, fps), dressing.tail_s(last, fps))
        bodies |= {cut.number: body} if body else {}
    encodes = _encodes(cuts, bodies)
    # Titles drawn on pictures that the track turns would be turned with them.
    upright = not like.rotation or not dressing.titles_s
    if encodes != "nothing" and not (like.encoder_matches and upright):
        bodies = {}
    configs = {c.audio_config for c in cuts if c.has_sound}
    sound = "none" if not configs else "copied" if _sound_copyable(cuts, dressing) else "encoded"
    paced = cuts_to_pace(cuts, like, bodies, every=task.options.draft)
    return MontageLayout(
        picture=(like.picture.turned(like.rotation) if bodies else like.picture).within(
            task.options.most_lines
        ),
        rotation=like.rotation if bodies else 0,
        scale=output_scale(c.clock for c in cuts),
        delay=max(delay, *(c.depth for c in cuts)),
        template=like.path if bodies else None,
        bodies=bodies,
        steady=all(c.clock.constant or c.number in paced for c in cuts),
        paced=paced,
        encodes=encodes,
        sound=sound,
        limited=dressing.changes_loudness or any(c.cut.gain_db > 0 for c in cuts),
        sound_template=next(c.path for c in cuts if c.has_sound) if sound == "copied" else None,
    )


def _sound_copyable(cuts: Sequence[InspectedCut], dressing: Dressing) -> bool:
    """Whether all sound is AAC of one kind and none is to be changed."""
    if dressing.changes_sound:
        return False
    configs = {c.audio_config for c in cuts if c.has_sound}
    return len(configs) == 1 and None not in configs and all(c.cut.gain_db == 0 for c in cuts)


def _encodes(cuts: Sequence[InspectedCut], bodies: Mapping[int, Body]) -> Encodes:
    """What is encoded beside what is copied."""
    if len(bodies) < len(cuts):
        return "cuts"
    whole = all((bodies[c.number].first, bodies[c.number].end) == (c.first, c.end) for c in cuts)
    return "nothing" if whole else "joins"


def _breaks(
    cuts: Sequence[InspectedCut], layout: MontageLayout, pool: SourcePool
) -> dict[int, Sequence[int]]:
    """Where cuts that are encoded whole may be parted."""
    return {c.number: keyframe_units(pool, c, PART_S) for c in cuts if c.number not in layout.bodies}


def _dresser(dressing: Dressing, layout: MontageLayout) -> Callable[[Span], CutDresser]:
    def dresser(span: Span) -> CutDresser:
        placed = span.placed
        return CutDresser(dressing, placed.cut, layout.picture, placed.is_first, placed.is_last)

    return dresser


def _sound_placer(
    task: _Task, dressing: Dressing, scale: int, overlap: int
) -> Callable[[PlacedCut, SourceReader], SoundCut]:
    fade_s = dressing.sound_fade_s

    def sound_cut(placed: PlacedCut, source: SourceReader) -> SoundCut:
        cut, clock = placed.cut, placed.cut.clock
        return SoundCut(
            source=source,
            source_start_s=clock.origin * clock.time_base + clock.seconds(cut.first),
            out_start_s=Fraction(placed.place.out_start, scale),
            out_end_s=Fraction(placed.end_tick, scale),
            # Measured now, while pictures are encoded.
            gain_db=cut.cut.gain_db + task.gains.of(cut),
            fade_in_s=0.0 if placed.is_first else fade_s,
            fade_out_s=0.0 if placed.is_last else fade_s,
            overlap_s=Fraction(0) if placed.is_last else Fraction(overlap, scale),
        )

    return sound_cut


def _report(task: _Task, cut: InspectedCut, tally: CutTally) -> CutReport:
    """Tell what became of a cut; with `strict`, a loss is an error."""
    frames, copied, reason = tally.frames, tally.copied, cut.shortened or tally.reason
    if frames and not reason and tally.damaged:
        reason = f"{tally.damaged} damaged packets of {cut.path} were passed over."
    if not reason and not frames:
        reason = f"no picture of {cut.path} could be decoded there."
    if reason and task.strict:
        raise MediaError(f"cut {cut.number}: {reason}")
    if reason:
        log.warning("cut %d is %s: %s", cut.number, "incomplete" if frames else "left out", reason)
    mode = "skipped" if not frames else "copied" if copied == frames else "joined" if copied else "encoded"
    return CutReport(
        cut=cut.number,
        source=cut.cut.source,
        mode=mode,
        frames=frames,
        copied_frames=copied,
        reason=reason,
    )
