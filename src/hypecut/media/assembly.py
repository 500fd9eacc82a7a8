"""Putting a montage together: its parts in order, and the sound of its cuts beside them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from hypecut.errors import MediaError
from hypecut.media.inspect import SourcePool
from hypecut.media.parts import CopiedPart, EncodedPart, Part, PlacedCut
from hypecut.media.runs import Runs
from hypecut.media.sound import SoundCut
from hypecut.media.source import SOUND_LATE_S, AnyPacket, SourceReader
from hypecut.media.timeline import ReorderError
from hypecut.media.writer import MontageWriter
from hypecut.progress import Progress


class OtherSetsError(Exception):
    """Among the pictures that were to be copied of a cut some have other parameter sets than the first."""

    def __init__(self, cut: int) -> None:
        super().__init__(f"the parameter sets change inside cut {cut}")
        self.cut = cut


class DisorderError(Exception):
    """The pictures of a cut can't be put in order as they were laid out."""

    def __init__(self, cut: int, error: ReorderError) -> None:
        super().__init__(f"cut {cut}: {error}")
        self.cut = cut


@dataclass
class CutTally:
    """What came of one cut.

    Attributes:
        copied: pictures copied.
        encoded: pictures encoded.
        damaged: packets that could not be decoded.
        reason: why it could not be read to its end; '' if it could.
    """

    copied: int = 0
    encoded: int = 0
    damaged: int = 0
    reason: str = ""

    @property
    def frames(self) -> int:
        """All its pictures."""
        return self.copied + self.encoded


class Assembly:
    """Writes a montage, cut by cut.

    Args:
        writer: the montage.
        parts: its pictures.
        runs: where those of encoded parts come from, in order.
        pool: where the sources are.
        sound_cut: says where a cut's sound goes.
        progress: told in seconds of montage.

    Attributes:
        tallies: what came of each cut, by its number.
    """

    def __init__(
        self,
        writer: MontageWriter,
        parts: Iterable[Part],
        runs: Runs,
        pool: SourcePool,
        sound_cut: Callable[[PlacedCut, SourceReader], SoundCut],
        progress: Progress,
    ) -> None:
        self._writer, self._runs, self._pool = writer, runs, pool
        self._parts = deque(parts)
        self._sound_cut, self._progress = sound_cut, progress
        self._copying = False
        self.tallies: dict[int, CutTally] = {}

    def add(self, placed: PlacedCut) -> None:
        """Write a cut's sound and copied pictures, and the encoded ones whose time has come.

        Raises:
            MediaError: its source can't be opened any more.
            DisorderError: its pictures can't be put in order.
            OtherSetsError: its pictures can't be copied into one track.
        """
        self._runs.read_ahead()
        cut, sound = placed.cut, self._writer.sound
        source = self._pool.get(cut.path)
        tally = self._tally(cut.number)
        if sound is not None:
            sound.begin(self._sound_cut(placed, source))
        try:
            self._read(placed, source, tally)
        except MediaError as error:
            tally.reason = str(error)
        except ReorderError as error:
            raise DisorderError(cut.number, error) from error
        if self._front_copied(placed) is not None:  # it broke off
            self._end_copying()
        if sound is not None:
            self._writer.write_sound(sound.end_cut())

    def finish(self) -> None:
        """Write what is left."""
        while self._parts:
            self._write_encoded()
        if self._writer.sound is not None:
            self._writer.write_sound(self._writer.sound.finish())

    def _read(self, placed: PlacedCut, source: SourceReader, tally: CutTally) -> None:
        """Pass the cut's packets on until its copied pictures and its sound are complete."""
        sound = self._writer.sound if source.audio is not None else None
        clock = placed.cut.clock
        if sound is None and not any(
            isinstance(p, CopiedPart) and p.span.placed is placed for p in self._parts
        ):
            return
        latest = placed.cut.end + SOUND_LATE_S * clock.rate
        for packet in source.packets_from(clock.seconds(placed.cut.first), sound is not None):
            if packet.stream is not source.video:
                if sound is not None:
                    self._writer.write_sound(sound.feed(packet))
                continue
            at = clock.place(cast(int, packet.pts))
            self._write_due(placed, placed.place.tick(at))
            self._copy(placed, packet, at, source, tally)
            sound_ends = sound is None or sound.satisfied or at > latest
            if at >= placed.cut.end and sound_ends and self._front_copied(placed) is None:
                return

    def _write_due(self, placed: PlacedCut, tick: int) -> None:
        """Write the encoded parts that come before the picture at `tick`; the cut's source is being read."""
        while self._parts and isinstance(self._parts[0], EncodedPart) and self._parts[0].start_tick <= tick:
            self._write_encoded(placed)

    def _write_encoded(self, during: PlacedCut | None = None) -> None:
        part = self._parts.popleft()
        run = self._runs.next(during)
        for picture in run.pictures:
            self._writer.write_picture(picture)
        for one in run.tallies:
            tally = self._tally(one.cut)
            tally.encoded += one.frames
            tally.damaged += one.damaged
            tally.reason = tally.reason or one.reason
        self._progress.update(part.end_tick / self._writer.layout.scale)

    def _copy(
        self, placed: PlacedCut, packet: AnyPacket, at: int | Fraction, source: SourceReader, tally: CutTally
    ) -> None:
        """Copy the packet if it belongs to what is to be copied; the first one past the end closes that."""
        part = self._front_copied(placed)
        if part is None:
            return
        self._copying = self._copying or at == part.span.first
        if not self._copying:
            return
        if at >= part.span.end:
            self._end_copying()
            return
        place = placed.place
        tick = place.tick(at)
        duration = place.tick(place.clock.end_of(at, packet.duration)) - tick
        if packet.is_keyframe:
            if source.has_other_sets(packet):
                raise OtherSetsError(placed.cut.number)
            self._progress.update(tick / place.scale)
        self._writer.copy_picture(packet, source.copyable_sets.length_prefixed, tick, duration)
        tally.copied += 1

    def _end_copying(self) -> None:
        self._parts.popleft()
        self._copying = False

    def _front_copied(self, placed: PlacedCut) -> CopiedPart | None:
        """The part that is next, if it is copied from this cut."""
        part = self._parts[0] if self._parts else None
        return part if isinstance(part, CopiedPart) and _is_copied_from(placed, part) else None

    def _tally(self, cut: int) -> CutTally:
        return self.tallies.setdefault(cut, CutTally())


def _is_copied_from(placed: PlacedCut, part: Part) -> bool:
    return isinstance(part, CopiedPart) and part.span.placed is placed
