"""What the commands that stand for a job do at their end: hand it over, foretell it, or run it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from hypecut.cli.console import progress_on_stderr, say_json
from hypecut.progress import Progress

if TYPE_CHECKING:
    from hypecut.cli.jobs import Delivery
    from hypecut.jobs.clip_requests import MontageRequest
    from hypecut.jobs.requests import HighlightsRequest
    from hypecut.models import JobKind
    from hypecut.settings import Settings

Asked = TypeVar("Asked", "HighlightsRequest", "MontageRequest")
Told = TypeVar("Told")
Work: TypeAlias = "Callable[[Asked, Settings, Progress], Told]"


@dataclass(frozen=True)
class Ways(Generic[Asked, Told]):
    """How a kind of job is done.

    Attributes:
        kind: which.
        forecast: says what would come of it.
        run: runs it here and keeps no record.
        run_durably: runs it here, on record.
        report: tells people what came of it.
    """

    kind: JobKind
    forecast: Work[Asked, Told]
    run: Work[Asked, Told]
    run_durably: Work[Asked, Told]
    report: Callable[[Told], None]

    def carry_out(
        self,
        request: Asked,
        settings: Settings,
        delivery: Delivery | None,
        *,
        dry_run: bool,
        ephemeral: bool,
        json: bool,
    ) -> None:
        """Do what is asked, in the way that the command's options name, and tell what came of it.

        Args:
            request: the job.
            settings: the settings in force.
            delivery: where to hand it over instead; None for nowhere.
            dry_run: only say what would be made.
            ephemeral: keep no record of it.
            json: tell it to programs.
        """
        if delivery is not None:
            delivery.submit(self.kind, request, settings)
            return
        work = self.forecast if dry_run else self.run if ephemeral else self.run_durably
        with progress_on_stderr() as progress:
            result = work(request, settings, progress)
        if json:
            say_json(result)
        else:
            self.report(result)
