"""`hypecut highlights`: a recording and its chat become a montage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import say, table, tell
from hypecut.cli.render import tell_incomplete
from hypecut.cli.running import Ways
from hypecut.cli.start import start
from hypecut.times import format_time

if TYPE_CHECKING:
    from hypecut.cli.jobs import Delivery
    from hypecut.jobs.requests import Forecast, HighlightsResult


def highlights(
    context: typer.Context,
    vod: Annotated[
        list[str],
        typer.Argument(
            metavar="VOD...",
            help="The recording: a video file, its parts in order, or a VOD's address on Twitch.",
        ),
    ],
    chat: Annotated[
        Path | None,
        typer.Option(
            "--chat",
            metavar="FILE",
            help="Its chat: a file of any known format; a VOD by its address has its own.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The output folder.  [default: the VOD's name + -highlights]"
        ),
    ] = None,
    keyword: options.Keywords = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Show nothing before this time of the VOD.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="T", help="Show nothing after this time of the VOD.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="T-T", help="Show nothing of this range of the VOD; give it again for more."),
    ] = None,
    chat_offset: options.ChatOffset = "0",
    vod_start: options.VodStart = None,
    allow_partial_chat: options.AllowPartialChat = False,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Keep boundaries to the frame instead of moving them to where they copy."
        ),
    ] = False,
    full: Annotated[
        bool,
        typer.Option("--full", help="Fetch the whole VOD, not only what is shown; a file is always whole."),
    ] = False,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Stop at the plan: write no video.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say what would be downloaded and made, how long and how large; write nothing.",
        ),
    ] = False,
    min_duration: options.MinDuration = None,
    max_duration: options.MaxDuration = None,
    title: options.Title = False,
    transition: options.TransitionOption = "none",
    loudness: options.LoudnessOption = None,
    intro: options.Intro = None,
    outro: options.Outro = None,
    overwrite: options.Overwrite = False,
    ephemeral: options.Ephemeral = False,
    json: options.Json = False,
) -> None:
    """Turn a recording and its chat into a montage."""
    loaded = start(keywords=keyword or None, min_duration_s=min_duration, max_duration_s=max_duration)
    settings = loaded.settings
    delivery: Delivery | None = context.obj
    if delivery is None or not delivery.remote:
        vod = [options.recording(part) for part in vod]
        chat = options.input_file(chat, "chat") if chat else None

    from hypecut.jobs.highlights import forecast_highlights, run_highlights, run_highlights_durably
    from hypecut.jobs.requests import HighlightsRequest
    from hypecut.models import JobKind, TransitionKind

    request = HighlightsRequest(
        vod=vod[0],
        more_parts=tuple(vod[1:]),
        chat=str(chat) if chat else None,
        out=str(out) if out else None,
        keywords=settings.keywords,
        from_s=options.time_option_s("--from", from_),
        to_s=options.time_option_s("--to", to),
        exclude=tuple(options.range_option_s("--exclude", text) for text in exclude or ()),
        chat_offset_s=options.time_option_s("--chat-offset", chat_offset, signed=True) or 0.0,
        vod_start=options.datetime_option("--vod-start", vod_start),
        allow_partial_chat=allow_partial_chat,
        exact=exact,
        full=full,
        plan_only=plan_only,
        overwrite=overwrite,
        min_duration_s=settings.min_duration_s,
        max_duration_s=settings.max_duration_s,
        titles=title,
        transition=TransitionKind(transition),
        loudness_lufs=loudness,
        intro=intro,
        outro=outro,
    )
    ways = Ways(JobKind.VOD_HIGHLIGHTS, forecast_highlights, run_highlights, run_highlights_durably, report)
    ways.carry_out(request, settings, delivery, dry_run=dry_run, ephemeral=ephemeral, json=json)


def report(result: HighlightsResult) -> None:
    """Tell people what was made, what was picked and why, and what was left out."""
    if result.note:
        tell(result.note)
    tell_incomplete(result.incomplete)
    if result.picks:
        rows = [
            (
                str(number),
                format_time(pick.start_s),
                format_time(pick.end_s),
                f"{pick.score:.2f}",
                "; ".join(pick.reasons),
            )
            for number, pick in enumerate(result.picks, 1)
        ]
        say(table(("#", "from", "to", "score", "why"), rows, numbers=4))
    if result.forecast is not None:
        say(_forecast_line(result, result.forecast))
        return
    made = result.montage_path or result.plan_path
    length = format_time(result.durations_s.montage_total)
    before = "already done: " if result.status == "already done" else ""
    cuts = result.clips_count if result.montage_path else len(result.picks)
    say(f"{before}{made} ({length}, cuts: {cuts})")


def _forecast_line(result: HighlightsResult, forecast: Forecast) -> str:
    """What a dry run found out, in a sentence."""
    length = format_time(result.durations_s.montage_total)
    montage = f"{Path(result.out) / 'montage.mp4'} ({length}, cuts: {len(result.picks)}"
    size = (
        f"and each cut as a clip: about {forecast.output_bytes / 1e6:,.0f} MB"
        f" ({forecast.free_bytes / 1e6:,.0f} MB are free)"
    )
    if forecast.copied_cuts is None:
        return (
            f"would download about {forecast.download_bytes / 1e6:,.0f} MB of the VOD in"
            f" {forecast.download_segments} segments and make {montage}) {size}; boundaries may still move to"
            " keyframes; nothing of the video was downloaded and nothing written but the chat in the cache"
        )
    return (
        f"would make {montage}, of which {forecast.copied_cuts} copied and {forecast.encoded_cuts} encoded)"
        f" {size}; nothing was written"
    )
