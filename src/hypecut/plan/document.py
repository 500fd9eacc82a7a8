"""Plan files: read strictly, written so that they read back equal.

docs/plan.md describes the file for people.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from hypecut.errors import PlanError
from hypecut.files import written_aside
from hypecut.models import Cut, CutScore, Plan
from hypecut.plan.checks import check_plan, check_sources, entry
from hypecut.plan.mismatch import plainly, unreadable
from hypecut.plan.repeats import repeated_key
from hypecut.plan.text import one_line

__all__ = [
    "check_sources",
    "decode_plan",
    "encode_plan",
    "read_plan",
    "rounded",
    "write_plan",
]

# Decoded, the worst of so many bytes take twenty times as many.
MAX_BYTES = 16 * 1024 * 1024

_DECIMALS = 6


def read_plan(path: Path) -> Plan:
    """The plan in the file at `path`.

    Raises:
        PlanError: it can't be read, is not a plan, or one of its entries can't be used; the message names the
            file and the entry.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError(0, "it is no file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PlanError(f"can't read the plan {one_line(str(path))} ({reason}); check the path.") from error
    return decode_plan(data, one_line(str(path)))


def decode_plan(data: bytes, name: str = "the plan") -> Plan:
    """The plan in the JSON text `data`; `name` is what messages call it.

    Raises:
        PlanError: as `read_plan`.
    """
    if len(data) > MAX_BYTES:
        raise PlanError(f"{name}: it is larger than {MAX_BYTES // 2**20} MiB; no plan is, so check the path.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"{name}: it is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    try:
        plan = msgspec.json.decode(text, type=Plan)
    except msgspec.ValidationError as error:
        raise PlanError(f"{name}: {plainly(str(error), text)}.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise PlanError(f"{name}: {unreadable(str(error))}.") from error
    check_plan(plan, name)
    # The decoder takes the last of several values, so that a slip of the pen would go unseen.
    if repeated := repeated_key(text, plan):
        raise PlanError(f"{name}: {repeated}.")
    return plan


def rounded(plan: Plan) -> Plan:
    """The plan as its file holds it: times, gains and scores rounded to 6 decimals (microseconds)."""
    return msgspec.structs.replace(plan, cuts=tuple(_rounded_cut(cut) for cut in plan.cuts))


def encode_plan(plan: Plan, name: str = "the plan") -> bytes:
    """The text of the plan's file: JSON, indented, keys in a fixed order, numbers as `rounded` leaves them.

    Raises:
        PlanError: the plan could not be read back: `read_plan` would refuse it.
    """
    plan = rounded(plan)
    check_plan(plan, name)
    fields = msgspec.to_builtins(plan)
    head = {key: fields.pop(key) for key in ("version", "kind") if key in fields}
    try:
        data = msgspec.json.format(msgspec.json.encode(head | fields), indent=2) + b"\n"
    except UnicodeEncodeError as error:
        raise PlanError(f"{name}: {_unwritable(plan)} holds what is no Unicode text; rename it.") from error
    if len(data) > MAX_BYTES:
        raise PlanError(f"{name}: it would be larger than {MAX_BYTES // 2**20} MiB; make it of fewer cuts.")
    return data


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan to `path`, aside and renamed; what `read_plan` reads back equals `rounded(plan)`.

    Raises:
        PlanError: as `encode_plan`.
        BadInputError: the place can't be written to.
        DiskFullError: no room was left.
    """
    data = encode_plan(plan, one_line(str(path)))
    with written_aside(path) as part:
        part.write_bytes(data)


def _rounded_cut(cut: Cut) -> Cut:
    score = cut.score and CutScore(
        round(cut.score.total, _DECIMALS),
        {name: round(value, _DECIMALS) for name, value in cut.score.components.items()},
    )
    return msgspec.structs.replace(
        cut,
        start_s=round(cut.start_s, _DECIMALS),
        end_s=round(cut.end_s, _DECIMALS),
        gain_db=round(cut.gain_db, _DECIMALS),
        score=score,
    )


def _unwritable(plan: Plan) -> str:
    """The first cut with text that can't be written as UTF-8."""
    for number, cut in enumerate(plan.cuts, 1):
        try:
            msgspec.json.encode(cut)
        except UnicodeEncodeError:
            return entry(number, cut.source)
    return "an entry"
