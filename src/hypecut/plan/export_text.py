"""Text and addresses from plans, fit for the formats of editing programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from hypecut.plan.placement import PlacedCut
from hypecut.plan.text import one_line

# What an XML 1.0 document can't hold, not even as a reference (production 2, Char).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_line(text: str) -> str:
    """`text` on one line, without what XML can't hold."""
    return one_line(_NOT_XML.sub("", one_line(text)))


def file_name(path: Path) -> str:
    """The name of a file on one line, never empty."""
    return xml_line(path.name) or "source"


def reasons_of(placed: PlacedCut) -> list[str]:
    """Why a cut was picked, each reason on one line."""
    return [line for line in map(xml_line, placed.cut.reasons) if line]


def plainly_valued(value: object) -> object:
    """`value`, made of JSON's types, with all text fit for UTF-8, which broken file names are not."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {plainly_valued(key): plainly_valued(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plainly_valued(item) for item in value]
    return value
