"""Text and numbers from plans, made safe to show and to hand to other programs."""

from __future__ import annotations

import unicodedata

from hypecut.models import Cut

_LABEL_LENGTH = 60


def one_line(text: str) -> str:
    """`text` on one line: white space folded, control characters and broken halves of characters dropped."""
    folded = " ".join(text.split())
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cc", "Cs"))


def shortened(text: str, length: int) -> str:
    """`text` cut to `length` characters at most, at a word if one ends late enough, with an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    space = head.rfind(" ")
    return (head[:space] if space > length // 2 else head).rstrip() + "…"


def label(cut: Cut, number: int) -> str:
    """What to call a cut, on one line: its title, else its first reason shortened, else its number."""
    title = one_line(cut.title)
    reason = one_line(cut.reasons[0]) if cut.reasons else ""
    return title or shortened(reason, _LABEL_LENGTH) or f"Highlight {number}"


def plain(number: float) -> str:
    """A number as people write it: no exponent where it can be helped, no trailing zeros."""
    if abs(number) >= 1e15:
        return f"{number:g}"
    return f"{number:.6f}".rstrip("0").rstrip(".")


def timecode(time_s: float) -> str:
    """`time_s` seconds as `h:mm:ss.mmm`, rounded to milliseconds."""
    seconds, milliseconds = divmod(round(time_s * 1000), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
