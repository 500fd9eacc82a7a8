"""The explanation of a choice as one page to send to others: nothing but the file is needed to read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from hypecut.detect.envelope import Envelope
from hypecut.jobs.explained import Moment
from hypecut.times import format_time

_WIDTH, _HEIGHT = 1000, 160
_MENTION = re.compile(r"@\w{2,}")
_WORD = re.compile(r"\w{3,}")
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem}
svg{width:100%;height:auto;border:1px solid #8888;border-radius:8px}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #8885}
td.n{white-space:nowrap;font-variant-numeric:tabular-nums}
blockquote{margin:.2rem 0;padding-left:.6rem;border-left:3px solid #8888}
.curve{fill:#6b5bd2}.pick{fill:#f2994a;opacity:.4}p.q{opacity:.8}"""


class Pseudonyms:
    """Names of people, replaced by numbered viewers: the same name by the same number.

    Args:
        names: the names to replace, wherever they stand as a word; whatever is addressed with @ is one too.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._known = {name.casefold() for name in names if name}
        self._numbers: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        """The text with names replaced."""
        addressed = _MENTION.sub(lambda found: "@" + self._viewer(found[0][1:]), text)
        return _WORD.sub(self._replaced, addressed)

    def _replaced(self, found: re.Match[str]) -> str:
        return self._viewer(found[0]) if found[0].casefold() in self._known else found[0]

    def _viewer(self, name: str) -> str:
        number = self._numbers.setdefault(name.casefold(), len(self._numbers) + 1)
        return f"viewer {number}"


def explanation_page(
    title: str,
    moments: Sequence[Moment],
    shown: Callable[[Moment], bool],
    drawing: str = "",
    renamed: Callable[[str], str] = str,
) -> str:
    """The page.

    Args:
        title: the job's.
        moments: all candidates, the best first.
        shown: whether one is in the montage.
        drawing: the activity of chat, from `activity_drawing`.
        renamed: what is done to texts of chat, and to reasons made of them.
    """
    inside = [moment for moment in moments if shown(moment)]
    outside = [moment for moment in moments if not shown(moment)]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: why these moments</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}: why these moments</h1>{drawing}"
        f"<h2>In the montage</h2>{_table(inside, renamed)}"
        f"<h2>Not in it</h2>{_table(outside, renamed, why_not=True)}"
        f"</body></html>"
    )


def is_within(moment: Moment, spans: Sequence[tuple[float, float]]) -> bool:
    """Whether half of a moment or more lies within one of the spans."""
    half_s = moment.duration_s / 2
    return any(min(end_s, moment.end_s) - max(start_s, moment.start_s) >= half_s for start_s, end_s in spans)


def activity_drawing(curve: Envelope, shown: Sequence[tuple[float, float]], duration_s: float) -> str:
    """The activity over a recording with what is shown marked, and a sentence about it, as HTML.

    Args:
        curve: the chat's activity.
        shown: start and end of each cut, in seconds of the recording.
        duration_s: the recording's length.
    """
    scale = _WIDTH / max(duration_s, 1e-9)
    top = max(curve.high, default=0.0) or 1.0
    bands = "".join(
        f'<rect class="pick" x="{start_s * scale:.1f}" y="0" height="{_HEIGHT}"'
        f' width="{max(1.0, (end_s - start_s) * scale):.1f}"><title>{format_time(start_s)}</title></rect>'
        for start_s, end_s in shown
    )
    points = " ".join(
        f"{(curve.start_s + i * curve.step_s) * scale:.1f},{_HEIGHT * (1 - high / top):.1f}"
        for i, high in enumerate(curve.high)
    )
    total_s = sum(end_s - start_s for start_s, end_s in shown)
    return (
        f"<p>{len(shown)} cuts, {format_time(total_s)} of {format_time(duration_s)}, chosen by how many"
        f" people wrote in chat, and what. The activity of chat over the recording, the cuts marked:</p>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Activity of chat, cuts marked">'
        f'{bands}<polygon class="curve" points="0,{_HEIGHT} {points} {_WIDTH},{_HEIGHT}"/></svg>'
    )


def _table(moments: Sequence[Moment], renamed: Callable[[str], str], *, why_not: bool = False) -> str:
    last = "Why not" if why_not else "What people wrote"
    rows = "".join(_row(moment, renamed, why_not) for moment in moments)
    head = f"<tr><th>What</th><th>Length</th><th>Score</th><th>Reasons</th><th>{last}</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _row(moment: Moment, renamed: Callable[[str], str], why_not: bool) -> str:
    reasons = "<br>".join(escape(renamed(reason)) for reason in moment.reasons)
    quotes = "".join(f"<blockquote>{escape(renamed(text))}</blockquote>" for text in moment.messages)
    last = escape(moment.why_not or "set aside by hand") if why_not else quotes
    clip = " · ".join(filter(None, (moment.streamer, moment.title)))
    place = f"<td>{escape(clip)}</td>" if clip else f'<td class="n">{format_time(moment.start_s)}</td>'
    return (
        f"<tr>{place}"
        f'<td class="n">{moment.duration_s:.0f} s</td>'
        f'<td class="n">{moment.score:.0%}</td><td>{reasons}</td><td>{last}</td></tr>'
    )
