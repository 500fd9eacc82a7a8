"""How long work tells how far it is: one small protocol that every front end implements."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of one step at a time.

    Calls come often (each packet's worth of work may make one); an implementation that shows or stores them
    must limit its own rate.
    """

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """A step begins: `total` units of work, e.g. seconds of video (`s`), messages or bytes."""

    def update(self, done: float) -> None:
        """So much of the current step is done, in the units of its total."""

    def finish(self) -> None:
        """The current step is done."""


class SilentProgress:
    """Tells nobody."""

    def start(self, step: str, total: float, unit: str = "s") -> None:
        """Nothing is shown."""

    def update(self, done: float) -> None:
        """Nothing is shown."""

    def finish(self) -> None:
        """Nothing is shown."""
