"""`hypecut detect`: the moments a chat points at, without touching a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hypecut.cli import options
from hypecut.cli.console import say, say_json, table, tell
from hypecut.cli.start import start
from hypecut.errors import NothingFoundError
from hypecut.times import format_time

if TYPE_CHECKING:
    from hypecut.jobs.detection import DetectionReport

_SHOWN = 20


def detect(
    chat: Annotated[Path, typer.Argument(metavar="CHAT", help="The chat: a file of any known format.")],
    duration: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="How long the VOD is.  [default: until the last message]"),
    ] = None,
    keyword: options.Keywords = None,
    chat_offset: options.ChatOffset = "0",
    vod_start: options.VodStart = None,
    allow_partial_chat: options.AllowPartialChat = False,
    json: options.Json = False,
) -> None:
    """List the moments that a chat points at, and why."""
    settings = start(keywords=keyword or None).settings
    duration_s = options.time_option_s("--duration", duration)
    offset_s = options.time_option_s("--chat-offset", chat_offset, signed=True) or 0.0
    began = options.datetime_option("--vod-start", vod_start)
    options.input_file(chat, "chat")

    from hypecut.jobs.detection import ChatTimes, detect_chat

    times = ChatTimes(offset_s, began, allow_partial_chat)
    report = detect_chat(chat, duration_s, settings.keywords, settings, times)
    if report.imported.unreadable:
        tell(f"{report.imported.unreadable} of {report.imported.total} messages could not be read.")
    if json:
        say_json(_machine(report))
    else:
        _people(report)
    if not report.segments:
        raise NothingFoundError(
            f"no moment stands out in {chat}; give the chat of the whole VOD, or a livelier one."
        )


def _machine(report: DetectionReport) -> dict[str, object]:
    segments = [
        {
            "start_s": segment.start_s,
            "end_s": segment.end_s,
            "score": segment.score.total,
            "components": segment.score.components,
            "reasons": segment.score.reasons,
        }
        for segment in report.segments
    ]
    return {"segments": segments, "curve": {"step_s": report.step_s, "score": report.curve}}


def _people(report: DetectionReport) -> None:
    if not report.segments:
        return
    rows = [
        (
            str(number),
            format_time(segment.start_s),
            format_time(segment.end_s),
            f"{segment.score.total:.2f}",
            "; ".join(segment.score.reasons),
        )
        for number, segment in enumerate(report.segments[:_SHOWN], 1)
    ]
    say(table(("#", "from", "to", "score", "why"), rows, numbers=4))
    if len(report.segments) > _SHOWN:
        say(f"and {len(report.segments) - _SHOWN} more; --json lists them all")
