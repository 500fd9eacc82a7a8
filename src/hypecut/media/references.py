"""Which H.264 pictures a picture refers to: the decoder's buffer, without decoding.

After ITU-T H.264: order of pictures (8.2.1.1), reference lists (8.2.4), marking (8.2.5). The buffer is that
of whole frames from an IDR picture on, without long-term pictures; anything else raises `UnusualStreamError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypecut.media.bits import UnusualStreamError
from hypecut.media.slices import SequenceSet, Slice


@dataclass(eq=False, slots=True)
class Picture:
    """A coded picture.

    Attributes:
        head: its first slice's header.
        poc: when it is shown, in relation to others (PicOrderCnt).
        refers_to: the pictures that its slices may refer to.
        in_order: no picture decoded before it is shown after it.
        intra: it has a slice that refers to none.
    """

    head: Slice
    poc: int
    refers_to: set[Picture] = field(default_factory=set)
    in_order: bool = True
    intra: bool = False


class ReferenceBuffer:
    """The pictures that are kept for reference while a stream is read from an IDR picture on.

    Args:
        sequence: the stream's sequence parameter set.
    """

    def __init__(self, sequence: SequenceSet) -> None:
        self._sequence = sequence
        self._max_frame_num = 1 << sequence.frame_num_bits
        self._last: Picture | None = None  # in decoding order, of those kept for reference
        self._msb = 0
        self._highest = 0
        self.kept: list[Picture] = []

    def enter(self, slices: Sequence[Slice]) -> Picture:
        """Take the next picture in decoding order.

        Args:
            slices: the headers of all of its slices.

        Raises:
            UnusualStreamError: it doesn't follow on the one before, or refers to what isn't there.
        """
        head = slices[0]
        if any(_of_picture(each) != _of_picture(head) for each in slices) or head.first:
            raise UnusualStreamError("slices of several pictures, or not all of one")
        if head.idr:
            self.kept, self._last = [], None
        elif self._last is None:
            raise UnusualStreamError("no IDR picture at the start")
        follows = 0 if self._last is None else (self._last.head.frame_num + 1) % self._max_frame_num
        if head.frame_num != follows:
            raise UnusualStreamError("a picture is missing")
        msb = self._poc_msb(head)
        top = msb + head.poc_lsb
        picture = Picture(head, min(top, top + head.poc_bottom))
        if any(each.poc == picture.poc for each in self.kept):
            raise UnusualStreamError("two pictures at one time")
        self._highest = picture.poc if head.idr else max(picture.poc, self._highest)
        picture.in_order = picture.poc == self._highest
        for each in slices:
            picture.intra |= not each.predicted
            picture.refers_to.update(*self._lists(each, picture.poc))
        if head.reference:
            self._mark(picture)
            self._msb, self._last = msb, picture
        return picture

    def _poc_msb(self, head: Slice) -> int:
        """PicOrderCntMsb (8.2.1.1)."""
        if self._last is None:
            return 0
        half = 1 << (self._sequence.poc_bits - 1)
        before, now = self._last.head.poc_lsb, head.poc_lsb
        if before - now >= half:
            return self._msb + 2 * half
        return self._msb - 2 * half if now - before > half else self._msb

    def _lists(self, head: Slice, poc: int) -> list[list[Picture]]:
        """The reference lists of a slice, each as long as it may be referred to."""
        if not head.predicted:
            return []
        lists = [self._by_number(head)] if head.predicted == 1 else self._by_order(poc)
        for entries, active, changes in zip(lists, head.active, head.changes, strict=True):
            del entries[active:]
            self._change(entries, head, active, changes)
            if len(entries) < active:
                raise UnusualStreamError("a list with fewer pictures than it may have")
        return lists

    def _picture_number(self, picture: Picture, frame_num: int) -> int:
        """PicNum (8.2.4.1), seen from a picture with this frame_num."""
        number = picture.head.frame_num
        return number - self._max_frame_num if number > frame_num else number

    def _by_number(self, head: Slice) -> list[Picture]:
        """The initial list of P slices (8.2.4.2.1)."""
        return sorted(self.kept, key=lambda p: self._picture_number(p, head.frame_num), reverse=True)

    def _by_order(self, poc: int) -> list[list[Picture]]:
        """The initial lists of B slices (8.2.4.2.3)."""
        before = sorted((p for p in self.kept if p.poc < poc), key=lambda p: p.poc, reverse=True)
        after = sorted((p for p in self.kept if p.poc > poc), key=lambda p: p.poc)
        first, second = before + after, after + before
        if len(second) > 1 and first == second:
            second[:2] = second[1::-1]
        return [first, second]

    def _change(
        self, entries: list[Picture], head: Slice, active: int, changes: Sequence[tuple[int, int]]
    ) -> None:
        """Move pictures to the front of a list (8.2.4.3.1)."""
        number = head.frame_num
        for at, (kind, difference) in enumerate(changes):
            step = difference + 1
            if step > self._max_frame_num:
                raise UnusualStreamError("a number out of its range")
            number = (number + (step if kind else -step)) % self._max_frame_num
            picture = self._numbered(
                number if number <= head.frame_num else number - self._max_frame_num, head
            )
            entries[at:] = [picture, *(each for each in entries[at:] if each is not picture)]
            del entries[active:]

    def _numbered(self, number: int, head: Slice) -> Picture:
        for picture in self.kept:
            if self._picture_number(picture, head.frame_num) == number:
                return picture
        raise UnusualStreamError("a picture referred to is not there")

    def _mark(self, picture: Picture) -> None:
        """Keep a picture, and others no more (8.2.5)."""
        head = picture.head
        if head.dropped is None:
            # The window slides (8.2.5.3).
            if len(self.kept) == self._sequence.references:
                del self.kept[0]
        else:
            for difference in head.dropped:
                self.kept.remove(self._numbered(head.frame_num - difference - 1, head))
        if any(each.head.frame_num == head.frame_num for each in self.kept):
            raise UnusualStreamError("two pictures of one number")
        self.kept.append(picture)
        if len(self.kept) > self._sequence.references:
            raise UnusualStreamError("more pictures are kept than may be")


def _of_picture(head: Slice) -> tuple[object, ...]:
    """What is the same in all slices of a picture (7.4.1.2.4)."""
    return head.idr, head.reference, head.frame_num, head.poc_lsb, head.poc_bottom, head.dropped


def needed(pictures: Sequence[Picture], wanted: Sequence[bool]) -> set[Picture]:
    """The pictures without which those wanted can't be decoded, these among them.

    Args:
        pictures: in decoding order.
        wanted: for each, whether it is wanted.
    """
    found = {picture for picture, is_wanted in zip(pictures, wanted, strict=True) if is_wanted}
    for picture in reversed(pictures):
        if picture in found:
            found |= picture.refers_to
    return found
