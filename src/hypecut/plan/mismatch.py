"""What the JSON decoder says of a plan that does not fit its types, turned into sentences for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from hypecut.models import JobKind, TransitionKind
from hypecut.plan.checks import entry
from hypecut.plan.text import one_line, shortened

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_CUT = re.compile(r"\.cuts\[(\d+)\]")
_QUOTED = re.compile(r"[`'](.*?)[`']", re.DOTALL)
_SHOWN = 60
_CHOICES: Mapping[str, type[StrEnum]] = {"kind": JobKind, "transition.kind": TransitionKind}
_KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "a text in quotes",
    "array": "a list in [ ]",
    "object": "a group in { }",
    "null": "null",
    "bool": "true or false",
}


class _LoosePlan(msgspec.Struct):
    """As much of a plan as can be read although something in it is wrong."""

    cuts: list[msgspec.Raw]


class _LooseCut(msgspec.Struct):
    source: str


def plainly(message: str, text: str) -> str:
    """The decoder's `message` about the plan `text`, naming the entry and the cure; without a full stop."""
    match = _PLACE.fullmatch(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    cut = _CUT.match(path)
    key = (path[cut.end() :] if cut else path).lstrip(".").replace("[...]", "")
    where = entry(int(cut[1]) + 1, _source(text, int(cut[1]))) if cut else ""
    return ": ".join(part for part in (where, _counted(key), _what(what, key)) if part)


def lower_first(message: str) -> str:
    """`message` with a small first letter, so that it can stand within a sentence."""
    return message if message.startswith("JSON") else message[:1].lower() + message[1:]


def _either(choices: type[StrEnum]) -> str:
    """The values of an enumeration as a choice in words: `a, b or c`."""
    *first, last = choices
    return f"{', '.join(first)} or {last}"


def unreadable(message: str) -> str:
    """What the decoder says of text that is not JSON, with the cure; without a full stop."""
    if "surrogate" in message:
        place = message[message.rfind("(") :] if "(" in message else ""
        return f"it holds half of a character, a \\u escape without its other half {place}; correct it there"
    return f"it is not valid JSON ({lower_first(message)}); correct it there"


def _counted(key: str) -> str:
    """`key` with list places counted from 1, as people count: `reasons[0]` becomes `reasons 1`."""
    return re.sub(r"\[(\d+)\]", lambda match: f" {int(match[1]) + 1}", key)


def _what(message: str, key: str) -> str:
    """The cure for one kind of mismatch of `key`; `message` is the decoder's, without the place."""
    quoted = [shortened(one_line(found), _SHOWN) for found in _QUOTED.findall(message)]
    if message.startswith("Object missing") and quoted:
        return f"{quoted[0]} is missing; add it"
    if message.startswith("Object contains unknown") and quoted:
        return f"{quoted[0]!r} is not a key that belongs here; remove it or correct its spelling"
    if message.startswith("Invalid enum") and quoted:
        return f"{quoted[0]!r} is not one of the values it can have; take {_either(_CHOICES[key])}"
    if message.startswith("Expected") and len(quoted) == 2:
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in quoted[0].split(" | "))
        return f"{wanted} is needed here, not {_KINDS.get(quoted[1], quoted[1])}; correct it"
    return f"{lower_first(shortened(one_line(message), 2 * _SHOWN))}; correct it"


def _source(text: str, index: int) -> object:
    """The source that the cut at `index` names, if it names one."""
    try:
        cuts = msgspec.json.decode(text, type=_LoosePlan).cuts
        return msgspec.json.decode(cuts[index], type=_LooseCut).source
    except (msgspec.DecodeError, RecursionError, IndexError):
        return None
