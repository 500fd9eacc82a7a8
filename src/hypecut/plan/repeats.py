"""Finds keys that a plan file gives more than once, which JSON allows and people don't mean."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from hypecut.models import Plan
from hypecut.plan.checks import entry
from hypecut.plan.text import one_line, shortened

_SHOWN = 60
_CUT = {"source", "start_s", "end_s"}


class _Repeats:
    """Looks at each object of a document as it ends, and keeps nothing of it."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.cut: int | None = None
        self._cuts = 0

    def __call__(self, pairs: Sequence[tuple[str, object]]) -> None:
        keys = {key for key, _ in pairs}
        if len(keys) < len(pairs) and self.key is None:
            self.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
        if keys >= _CUT:
            self._cuts += 1
            # What lies within a cut ends before it.
            if self.key is not None and self.cut is None:
                self.cut = self._cuts


def repeated_key(text: str, plan: Plan) -> str:
    """Which key comes twice, with its entry and the cure; '' when none does.

    Args:
        text: the JSON text of a plan that can be read.
        plan: what was read of it.
    """
    found = _Repeats()
    # Numbers stay text: what they are does not matter here.
    json.loads(text, object_pairs_hook=found, parse_int=str, parse_float=str, strict=False)
    if found.key is None:
        return ""
    told = f"{shortened(one_line(found.key), _SHOWN)!r} is given twice; keep one of them"
    if found.cut is None or found.cut > len(plan.cuts):
        return told
    return f"{entry(found.cut, plan.cuts[found.cut - 1].source)}: {told}"
