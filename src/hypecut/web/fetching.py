"""Progress told in words, for who waits at a page for what is being fetched."""

from __future__ import annotations

from collections.abc import Callable


class ToldInWords:
    """Passes on how much of one step is done.

    Args:
        words: what is going on.
        tell: gets those words with the share that is done.
    """

    def __init__(self, words: str, tell: Callable[[str], None]) -> None:
        self._words, self._tell = words, tell
        self._total = 0.0

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A step begins."""
        del step, unit
        self._total = total
        self.update(0.0)

    def update(self, done: float) -> None:
        """So much of it is done."""
        share = min(1.0, done / self._total) if self._total > 0 else 0.0
        self._tell(f"{self._words}: {share * 100:.0f} %")

    def finish(self) -> None:
        """It is done."""
        self.update(self._total)
