"""Encoded parts of montages out of a store of pieces, and into it."""

from __future__ import annotations

import msgspec

from hypecut.media.encoder import CodedPicture
from hypecut.media.parts import EncodedPart, Span
from hypecut.media.pieces import PieceStore, piece_key, source_mark
from hypecut.media.runs import EncodedRun, RunTools, SpanTally


class _Piece(msgspec.Struct, frozen=True, array_like=True):
    """A finished run as it is kept; ticks are counted from its start, so that it fits in elsewhere."""

    ticks: list[int]
    data: list[bytes]
    keyframes: list[bool]
    frames: list[int]


class KeptRuns:
    """Finds and keeps the encoded parts of one montage.

    Args:
        store: where they are.
        tools: what makes those that are not there.
    """

    def __init__(self, store: PieceStore, tools: RunTools) -> None:
        self._store, self._tools = store, tools
        # By the part's start: a source that changes under way must not give its new name to old pictures.
        self._keys: dict[int, str] = {}

    def has(self, part: EncodedPart) -> bool:
        """Whether the part was made before."""
        try:
            key = self._keys[part.start_tick] = self._key(part)
        except OSError:  # the source is gone: reading it will tell
            return False
        return self._store.has(key)

    def find(self, part: EncodedPart) -> EncodedRun | None:
        """The part as it was made before; None when it must be made after all."""
        data = self._store.get(self._keys[part.start_tick])
        if data is None:
            return None
        piece = msgspec.msgpack.decode(data, type=_Piece)
        start = part.start_tick
        pictures = [
            CodedPicture(start + tick, bytes_, key)
            for tick, bytes_, key in zip(piece.ticks, piece.data, piece.keyframes, strict=True)
        ]
        tallies = [
            SpanTally(span.placed.cut.number, frames)
            for span, frames in zip(part.spans, piece.frames, strict=True)
        ]
        return EncodedRun(pictures, tallies)

    def keep(self, part: EncodedPart, run: EncodedRun) -> None:
        """Keep a part, unless its source was damaged: another time it may be whole."""
        key = self._keys.get(part.start_tick)
        if key is None or any(tally.damaged or tally.reason for tally in run.tallies):
            return
        piece = _Piece(
            ticks=[picture.tick - part.start_tick for picture in run.pictures],
            data=[picture.data for picture in run.pictures],
            keyframes=[picture.is_keyframe for picture in run.pictures],
            frames=[tally.frames for tally in run.tallies],
        )
        self._store.put(key, msgspec.msgpack.encode(piece))

    def _key(self, part: EncodedPart) -> str:
        tools = self._tools
        spans = [self._facts(span, part.start_tick) for span in part.spans]
        return piece_key("run", tools.encoder, tools.overlap, tools.rotation, spans)

    def _facts(self, span: Span, start: int) -> tuple[object, ...]:
        """What a span's pictures come from, and where they go."""
        cut, place, grid = span.placed.cut, span.placed.place, span.placed.grid
        from_s = (span.start_tick - place.out_start) / place.scale
        # Where frames don't last whole ticks, or are put on a grid, it matters where the cut begins.
        rounded = grid is not None or (place.scale / cut.clock.rate).denominator != 1
        return (
            source_mark(cut.path),
            cut.clock,
            (span.first, span.end, cut.first if rounded else None),
            (span.start_tick - start, span.end_tick - start, place.scale),
            # So many ticks on, the same number of its frames has passed, and the grid begins anew.
            (grid, start % (grid.scale / grid.fps).numerator if grid is not None else 0),
            self._tools.dresser(span).facts(from_s),
        )
