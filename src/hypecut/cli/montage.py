"""`hypecut montage`: the recent clips of several streamers become a montage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hypecut.cli import options
from hypecut.cli.console import say, table, tell
from hypecut.cli.render import tell_incomplete
from hypecut.cli.running import Ways
from hypecut.cli.start import start
from hypecut.errors import UsageError
from hypecut.times import format_time

if TYPE_CHECKING:
    from hypecut.jobs.clip_requests import MontageResult

PeriodName = Literal["day", "week", "month", "all"]
_QUIET = "none"


def montage(
    context: typer.Context,
    named: Annotated[
        list[str],
        typer.Argument(
            metavar="STREAMER/CLIP/FILE...",
            help="Names of streamers; addresses of clips and clips that are here as files come first.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The output folder.  [default: the streamers' names + -montage]"
        ),
    ] = None,
    period: Annotated[PeriodName, typer.Option(help="How old clips may be.")] = "week",
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Instead: no clip made before, e.g. 2026-11-19T18:00:00Z."
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Instead: no clip made after this moment.")
    ] = None,
    max_clips: Annotated[
        int | None, typer.Option(metavar="N", help="The most clips in the montage.  [default: 40]")
    ] = None,
    per_streamer_k: Annotated[
        int | None,
        typer.Option(
            "--per-streamer-k",
            metavar="K",
            help="Rank only the best K clips of each streamer.  [default: 5, and more where needed]",
        ),
    ] = None,
    scrape_pool_size: Annotated[
        int | None,
        typer.Option(metavar="N", help="Look at so many of each streamer's clips.  [default: 100]"),
    ] = None,
    keyword: Annotated[
        list[str] | None,
        typer.Option(
            "--keyword",
            metavar="WORD",
            help="A word in a clip's title that raises its score; give it again for more.",
        ),
    ] = None,
    skip_used: Annotated[
        bool, typer.Option("--skip-used", help="Leave out what earlier montages showed.")
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Stop at the plan: fetch the clips, write no montage.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be shown; download and write nothing.")
    ] = False,
    min_duration: options.MinDuration = None,
    max_duration: options.MaxDuration = None,
    title: Annotated[
        bool, typer.Option("--title/--no-title", help="Show the streamer's name over each clip's begin.")
    ] = True,
    transition: options.TransitionOption = "fade",
    loudness: Annotated[
        str,
        typer.Option(
            metavar="LUFS", help="Bring each clip to this loudness; 'none' leaves them as they are."
        ),
    ] = "-14",
    opening: Annotated[
        str, typer.Option(metavar="TEXT", help="Begin with a title card that says this.")
    ] = "",
    intro: options.Intro = None,
    outro: options.Outro = None,
    overwrite: options.Overwrite = False,
    ephemeral: options.Ephemeral = False,
    json: options.Json = False,
) -> None:
    """Turn the recent clips of streamers into a montage."""
    settings = start(
        keywords=keyword or None,
        min_duration_s=min_duration,
        max_duration_s=max_duration,
        max_clips=max_clips,
        per_streamer_k=per_streamer_k,
        scrape_pool_size=scrape_pool_size,
    ).settings

    from hypecut.jobs.clip_montage import forecast_montage, run_montage, run_montage_durably
    from hypecut.jobs.clip_requests import MontageRequest
    from hypecut.models import JobKind, TransitionKind
    from hypecut.sources.clips.protocol import Period

    streamers, clips, files = _sorted_out(named)
    request = MontageRequest(
        streamer_names=streamers,
        clips=clips,
        files=files,
        out=str(out) if out else None,
        period=Period(period),
        start=options.datetime_option("--from", from_),
        end=options.datetime_option("--to", to),
        keywords=settings.keywords,
        apply_overlay=title,
        transition=TransitionKind(transition),
        loudness_lufs=_lufs(loudness),
        skip_used=skip_used,
        plan_only=plan_only,
        overwrite=overwrite,
        min_duration_s=settings.min_duration_s,
        max_duration_s=settings.max_duration_s,
        intro=intro,
        outro=outro,
        opening=opening,
    )
    ways = Ways(JobKind.CLIP_MONTAGE, forecast_montage, run_montage, run_montage_durably, report)
    ways.carry_out(request, settings, context.obj, dry_run=dry_run, ephemeral=ephemeral, json=json)


def _sorted_out(named: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The streamers, the clips on Twitch and the files among what was named.

    A file is what is one, or looks like a path and so must be one.
    """
    from hypecut.sources.clips.addresses import clip_slug, is_address

    streamers: list[str] = []
    clips: list[str] = []
    files: list[str] = []
    for text in named:
        if is_address(text.strip()):
            (clips if clip_slug(text) else streamers).append(text)
        elif "/" in text or "\\" in text or Path(text).suffix or Path(text).is_file():
            files.append(text)
        else:
            streamers.append(text)
    return tuple(streamers), tuple(clips), tuple(files)


def _lufs(text: str) -> float | None:
    """The loudness that was asked for; None for none.

    Raises:
        UsageError: it is no number from -70 to -5.
    """
    if text.strip().lower() == _QUIET:
        return None
    try:
        loudness = float(text)
    except ValueError:
        loudness = 0.0
    if not -70 <= loudness <= -5:
        raise UsageError(f"--loudness {text!r} is not a number from -70 to -5, nor 'none'; correct it.")
    return loudness


def report(result: MontageResult) -> None:
    """Tell people what was made, what was picked and why, and what was left out."""
    for listing in result.listings:
        for failure in listing.failures:
            tell(f"{listing.streamer}: {failure.source} could not answer: {failure.reason}")
    if result.note:
        tell(result.note)
    for lost in result.left_out:
        tell(f"left out: {lost.id} {lost.title!r}: {lost.reason}")
    tell_incomplete(result.incomplete)
    rows = [
        (
            str(number),
            format_time(pick.duration_s),
            f"{pick.score:.2f}",
            pick.streamer,
            pick.title or Path(pick.id).name,
            "; ".join(pick.reasons),
        )
        for number, pick in enumerate(result.picks, 1)
    ]
    if rows:
        say(table(("#", "length", "score", "streamer", "title", "why"), rows, numbers=3))
    length = format_time(result.durations_s.montage_total)
    if result.status == "dry run":
        made = Path(result.out) / "montage.mp4"
        say(f"would make {made} ({length}, clips: {result.count}); nothing was downloaded or written")
        return
    before = "already done (--overwrite makes it anew): " if result.status == "already done" else ""
    say(f"{before}{result.montage_path or result.plan_path} ({length}, clips: {result.count})")
