"""From a plan to a montage: copied where it can be, encoded where it must be, always to the frame.

A cut that begins at an IDR picture and ends where decoding and display order agree is copied bit for bit. Of
any other one the pictures at its ends, and those that wear a title or a transition, are decoded and encoded;
what can't be copied at all is encoded whole. All cuts lie on one output time line (`timeline`), so nothing
drifts.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import msgspec

from hypecut.errors import MediaError
from hypecut.files import written_aside
from hypecut.media.bodies import Body, find_body
from hypecut.media.dressing import CutDresser, Dressing, Joiner, loudness_gains, titles_complaint
from hypecut.media.encoder import EncoderOptions
from hypecut.media.fitting import Fitter
from hypecut.media.inspect import InspectedCut, SourcePool, inspect_cut
from hypecut.media.pictures import CopiedPictures, EncodedPictures, JoinedPictures, Pictures
from hypecut.media.sound import SoundCut
from hypecut.media.source import MAX_REORDER, SOUND_LATE_S, AnyPacket, SourceReader
from hypecut.media.timeline import Placement, ReorderError, output_scale
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
    """A finished montage and what became of each cut of its plan."""

    montage_path: str
    duration_s: float
    cuts: tuple[CutReport, ...]

    @property
    def skipped(self) -> tuple[CutReport, ...]:
        """The cuts that are missing from the montage."""
        return tuple(report for report in self.cuts if report.mode == "skipped")


class _LostCutsError(Exception):
    """Some cuts had no picture after all: the montage must be laid out without them."""

    def __init__(self, reports: list[CutReport]) -> None:
        super().__init__(f"{len(reports)} cuts are lost")
        self.reports = reports


class _DisorderError(Exception):
    """The pictures of a cut can't be put in order as they were laid out."""

    def __init__(self, cut: int, error: ReorderError) -> None:
        super().__init__(f"cut {cut}: {error}")
        self.cut = cut


@dataclass(frozen=True)
class _Task:
    """What is to be rendered, and how."""

    plan: Plan
    out: Path
    gains: Mapping[int, float]
    options: EncoderOptions
    pool: SourcePool
    progress: Progress
    strict: bool


@dataclass
class _Run:
    """One writing of the montage; `at` is the output tick at which the next cut begins."""

    task: _Task
    cuts: Sequence[InspectedCut]
    dressing: Dressing
    writer: MontageWriter
    layout: MontageLayout
    fitter: Fitter
    joiner: Joiner
    overlap: int
    at: int = 0


def render(
    plan: Plan,
    folder: Path,
    out: Path,
    progress: Progress,
    options: EncoderOptions | None = None,
    strict: bool = False,
    pool: SourcePool | None = None,
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

    Raises:
        MediaError: no cut can be used, or with `strict`, one can't; the message names it.
        DiskFullError, BadInputError: the montage can't be written.
    """
    with SourcePool() if pool is None else contextlib.nullcontext(pool) as pool:
        cuts, skipped = _inspect_all(plan, folder, pool, strict)
        complaint = titles_complaint(plan)
        if complaint:
            log.warning("%s", complaint)
        gains = loudness_gains(plan.loudness, cuts, pool, progress)
        task = _Task(plan, out, gains, options or EncoderOptions(), pool, progress, strict)
        duration_s, reports = _write_what_can_be(task, cuts, skipped)
        progress.finish()
    reports.sort(key=lambda report: report.cut)
    return RenderResult(montage_path=str(out), duration_s=duration_s, cuts=tuple(reports))


def _write_what_can_be(
    task: _Task, cuts: list[InspectedCut], skipped: list[CutReport]
) -> tuple[float, list[CutReport]]:
    """Write the montage, and again where what was found on the way asks for another layout."""
    delay = _MIN_DELAY
    while cuts:
        try:
            duration_s, reports = _write(task, cuts, delay)
        except _DisorderError as error:
            log.info("the montage is written again: %s", error)
            if delay == MAX_REORDER:  # times that no stream has: damage
                cuts = [c.encoded() if c.number == error.cut else c for c in cuts]
            delay = MAX_REORDER
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
    dressing = Dressing.of(task.plan, len(cuts))
    layout = _layout(cuts, dressing, task.pool, delay)
    overlap = dressing.overlap_frames(layout.picture.fps) * layout.frame_ticks
    shared_s = Fraction(overlap * (len(cuts) - 1), layout.scale)
    task.progress.start("montage", float(sum(cut.length_s for cut in cuts) - shared_s))
    with written_aside(task.out) as part, MontageWriter(part, layout, task.options) as writer:
        joiner = Joiner(writer.encode_picture, overlap)
        run = _Run(task, cuts, dressing, writer, layout, Fitter(layout.picture), joiner, overlap)
        reports = [_render_cut(run, cut) for cut in cuts]
        lost = [report for report in reports if not report.frames]
        if lost:
            raise _LostCutsError(lost)
        writer.end_run()
        if writer.sound is not None:
            writer.write_sound(writer.sound.finish())
    return run.at / layout.scale, reports


def _inspect_all(
    plan: Plan, folder: Path, pool: SourcePool, strict: bool
) -> tuple[list[InspectedCut], list[CutReport]]:
    usable: list[InspectedCut] = []
    skipped: list[CutReport] = []
    for number, cut in enumerate(plan.cuts, 1):
        try:
            usable.append(inspect_cut(pool.get(folder / cut.source), number, cut))
        except MediaError as error:
            if strict:
                raise MediaError(f"cut {number}: {error}") from error
            log.warning("cut %d is left out: %s", number, error)
            skipped.append(CutReport(cut=number, source=cut.source, mode="skipped", reason=str(error)))
    return usable, skipped


def _layout(cuts: Sequence[InspectedCut], dressing: Dressing, pool: SourcePool, delay: int) -> MontageLayout:
    """Copy the kind of picture that most of the copyable time has; everything else is encoded to match it."""
    main = _main_kind(cuts, dressing)
    like = main[0] if main else max(cuts, key=lambda c: c.length_s)
    bodies: dict[int, Body | None] = {}
    for cut in main:
        if cut.copyable and not dressing.covers_pictures(cut):
            bodies[cut.number] = None
        elif cut.joinable:
            first, last, fps = cut is cuts[0], cut is cuts[-1], like.picture.fps
            body = find_body(pool, cut, dressing.head_s(cut, first, fps), dressing.tail_s(last, fps))
            bodies |= {cut.number: body} if body else {}
    whole = len(bodies) < len(cuts)
    encodes: Encodes = "cuts" if whole else "joins" if any(bodies.values()) else "nothing"
    if encodes != "nothing" and not like.encoder_matches:
        bodies = {}
    configs = {c.audio_config for c in cuts if c.has_sound}
    sound = "none" if not configs else "copied" if _sound_copyable(cuts, dressing) else "encoded"
    return MontageLayout(
        picture=like.picture,
        scale=output_scale(c.clock for c in cuts),
        delay=max(delay, *(c.depth for c in cuts)),
        template=pool.get(like.path) if bodies else None,
        bodies=bodies,
        encodes=encodes,
        sound=sound,
        sound_template=pool.get(next(c.path for c in cuts if c.has_sound)) if sound == "copied" else None,
    )


def _main_kind(cuts: Sequence[InspectedCut], dressing: Dressing) -> list[InspectedCut]:
    """The cuts of which pictures can be copied into one track, of the kind that has most of the time."""
    time: dict[tuple[object, ...], Fraction] = {}
    found = [c for c in cuts if c.joinable or (c.copyable and not dressing.covers_pictures(c))]
    for cut in found:
        time[cut.fingerprint] = time.get(cut.fingerprint, Fraction(0)) + cut.length_s
    if not time:
        return []
    main = max(time, key=lambda kind: time[kind])
    return [c for c in found if c.fingerprint == main]


def _sound_copyable(cuts: Sequence[InspectedCut], dressing: Dressing) -> bool:
    """Whether all sound is AAC of one kind and none is to be changed."""
    if dressing.changes_sound:
        return False
    configs = {c.audio_config for c in cuts if c.has_sound}
    return len(configs) == 1 and None not in configs and all(c.cut.gain_db == 0 for c in cuts)


def _render_cut(run: _Run, cut: InspectedCut) -> CutReport:
    try:
        source = run.task.pool.get(cut.path)
    except MediaError as error:
        return _report(run, cut, None, str(error))
    place = Placement(cut.clock, cut.first, run.at, run.layout.scale)
    end_tick = place.tick(cut.end)
    if end_tick - run.at < run.overlap:
        return _report(run, cut, None, f"{cut.path} ends before a crossfade into this cut would be over.")
    last = cut is run.cuts[-1]
    if run.writer.sound is not None:
        run.writer.sound.begin(_sound_cut(run, source, cut, place))
    run.joiner.begin(run.at, end_tick, last)
    pictures = _pictures(run, source, cut, place)
    reason = ""
    try:
        _feed(run, source, cut, pictures, end_tick)
        pictures.end()
    except MediaError as error:
        reason = str(error)
        pictures.end()
    except ReorderError as error:
        raise _DisorderError(cut.number, error) from error
    if run.writer.sound is not None:
        run.writer.write_sound(run.writer.sound.end_cut())
    run.at = end_tick if last else end_tick - run.overlap
    return _report(run, cut, pictures, reason)


def _pictures(run: _Run, source: SourceReader, cut: InspectedCut, place: Placement) -> Pictures:
    """What brings the cut's pictures into the montage."""
    span, bodies = (cut.first, cut.end), run.layout.bodies
    if cut.number in bodies and bodies[cut.number] is None:
        return CopiedPictures(run.writer, source, place, span)
    tools = (run.writer, run.fitter, source, place, _dresser(run, cut), run.joiner, span)
    body = bodies.get(cut.number)
    return EncodedPictures(*tools) if body is None else JoinedPictures(*tools, body)


def _feed(run: _Run, source: SourceReader, cut: InspectedCut, pictures: Pictures, end_tick: int) -> None:
    """Pass the cut's packets on until its pictures and its sound are complete."""
    sound, scale = run.writer.sound, run.layout.scale
    for packet in source.packets_from(cut.clock.seconds(cut.first)):
        if packet.stream is source.video:
            pictures.feed(packet)
            run.task.progress.update(min(pictures.reached, end_tick) / scale)
            if pictures.done and (sound is None or sound.satisfied or _is_past(cut, packet)):
                return
        elif sound is not None:
            run.writer.write_sound(sound.feed(packet))


def _dresser(run: _Run, cut: InspectedCut) -> CutDresser:
    cuts = run.cuts
    return CutDresser(run.dressing, cut, run.layout.picture, cut is cuts[0], cut is cuts[-1])


def _sound_cut(run: _Run, source: SourceReader, cut: InspectedCut, place: Placement) -> SoundCut:
    clock, scale, fade_s = cut.clock, place.scale, run.dressing.sound_fade_s
    first, last = cut is run.cuts[0], cut is run.cuts[-1]
    return SoundCut(
        source=source,
        source_start_s=clock.origin * clock.time_base + clock.seconds(cut.first),
        out_start_s=Fraction(place.out_start, scale),
        out_end_s=Fraction(place.tick(cut.end), scale),
        gain_db=cut.cut.gain_db + run.task.gains.get(cut.number, 0.0),
        fade_in_s=0.0 if first else fade_s,
        fade_out_s=0.0 if last else fade_s,
        overlap_s=Fraction(0) if last else Fraction(run.overlap, scale),
    )


def _is_past(cut: InspectedCut, packet: AnyPacket) -> bool:
    """Whether the file was read so far past the cut that no sound of it can follow."""
    clock = cut.clock
    return clock.seconds(clock.unit(cast(int, packet.pts)) - cut.end) > SOUND_LATE_S


def _report(run: _Run, cut: InspectedCut, pictures: Pictures | None, reason: str) -> CutReport:
    """Tell what became of a cut; with `strict`, a loss is an error."""
    frames = pictures.frames if pictures else 0
    if pictures and not reason and pictures.damaged:
        reason = f"{pictures.damaged} damaged packets of {cut.path} were passed over."
    if not reason and not frames:
        reason = f"no picture of {cut.path} could be decoded there."
    if reason and run.task.strict:
        raise MediaError(f"cut {cut.number}: {reason}")
    if reason:
        log.warning("cut %d is %s: %s", cut.number, "incomplete" if frames else "left out", reason)
    copied = pictures.copied if pictures else 0
    mode = "skipped" if not frames else "copied" if copied == frames else "joined" if copied else "encoded"
    return CutReport(
        cut=cut.number,
        source=cut.cut.source,
        mode=mode,
        frames=frames,
        copied_frames=copied,
        reason=reason,
    )
