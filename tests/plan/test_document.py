"""Plan files: what is read, what is refused and in which words, and that writing reads back equal."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypecut.errors import BadInputError, PlanError
from hypecut.models import Cut, CutScore, JobKind, Loudness, Plan, Titles, Transition, TransitionKind
from hypecut.plan.document import (
    MAX_BYTES,
    check_sources,
    decode_plan,
    encode_plan,
    read_plan,
    rounded,
    write_plan,
)
from hypecut.plan.schema import plan_schema

SCHEMA = jsonschema_rs.validator_for(plan_schema())
EXAMPLE = {
    "version": 1,
    "kind": "vod_highlights",
    "cuts": [
        {
            "source": "vod.mp4",
            "start_s": 1223.5,
            "end_s": 1251.0,
            "title": "alpha",
            "gain_db": 0.0,
            "score": {"total": 0.83, "components": {"activity": 0.9, "keywords": 0.4}},
            "reasons": ["60 chatters in 20 s, 8x usual", "KEKW x41"],
        }
    ],
    "transition": {"kind": "crossfade", "duration_s": 0.5},
    "titles": {"duration_s": 3.0},
    "loudness": {"target_lufs": -14.0},
}


def cut(**fields: Any) -> dict[str, Any]:
    return {"source": "vod.mp4", "start_s": 10, "end_s": 20} | fields


def decode(document: Any) -> Plan:
    return decode_plan(json.dumps(document).encode(), "plan.json")


def plan_of(*cuts: Any, **fields: Any) -> dict[str, Any]:
    return {"version": 1, "cuts": list(cuts)} | fields


def test_the_full_example_is_read() -> None:
    plan = decode(EXAMPLE)
    assert plan.kind is JobKind.VOD_HIGHLIGHTS
    assert plan.cuts == (
        Cut(
            source="vod.mp4",
            start_s=1223.5,
            end_s=1251.0,
            title="alpha",
            score=CutScore(0.83, {"activity": 0.9, "keywords": 0.4}),
            reasons=("60 chatters in 20 s, 8x usual", "KEKW x41"),
        ),
    )
    assert plan.transition == Transition(kind=TransitionKind.CROSSFADE, duration_s=0.5)
    assert (plan.titles, plan.loudness) == (Titles(duration_s=3.0), Loudness(target_lufs=-14.0))


def test_only_version_and_places_are_required() -> None:
    plan = decode(plan_of(cut()))
    assert plan == Plan(version=1, cuts=(Cut(source="vod.mp4", start_s=10.0, end_s=20.0),))
    assert (plan.titles, plan.loudness, plan.transition) == (None, None, None)


def test_the_same_moment_may_appear_twice() -> None:
    assert decode(plan_of(cut(start_s=12, end_s=15), cut())).duration_s == 13.0


def test_a_byte_order_mark_from_an_editor_does_no_harm() -> None:
    assert decode_plan(b"\xef\xbb\xbf" + json.dumps(plan_of(cut())).encode()).version == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (plan_of(cut(), cut(), cut(start_s=20, end_s=10)), "cut 3 (vod.mp4): end_s 10 is before start_s 20"),
        (plan_of(cut(end_s=10)), "cut 1 (vod.mp4): end_s 10 is the same as start_s 10"),
        (plan_of(cut(), cut(start_s=-1)), "cut 2 (vod.mp4): start_s -1 is no time in a video"),
        (plan_of(cut(end_s=1e300)), "cut 1 (vod.mp4): end_s 1e+300 is no time in a video"),
        (plan_of(cut(source="  ")), "cut 1: source is empty"),
        (plan_of(cut(source="a\0b")), "cut 1 (ab): source is empty or no path"),
        (plan_of(cut(gain_db=61)), "cut 1 (vod.mp4): gain_db is 61; it must be from -60 to 60"),
        (plan_of(cut(), cut(speed=2)), "cut 2 (vod.mp4): 'speed' is not a key that belongs here; remove it"),
        (plan_of(cut(), {"source": "b.mp4", "start_s": 0}), "cut 2 (b.mp4): end_s is missing; add it"),
        (plan_of(cut(start_s="0:10")), "cut 1 (vod.mp4): start_s: a number is needed here, not"),
        (plan_of(cut(reasons=["a", 1])), "cut 1 (vod.mp4): reasons 2: a text in quotes is needed"),
        (plan_of(cut(score={"total": 1, "components": {"a": "b"}})), "cut 1 (vod.mp4): score.components: a"),
        (plan_of(cut(reasons=["x"] * 1001)), "cut 1 (vod.mp4): it has 1,001 reasons; give 1,000 at most"),
        (
            plan_of(cut(score={"total": 1, "components": {str(i): 1 for i in range(1001)}})),
            "cut 1 (vod.mp4): its score has 1,001 components; give 1,000 at most",
        ),
        (plan_of(3), "cut 1: a group in { } is needed here, not a whole number"),
        (plan_of(), "it has no cuts; list at least one"),
        ({"version": 1}, "cuts is missing; add it"),
        (plan_of(cut(), version=2), "version 2 is not known, only version 1 is; update hypecut"),
        (plan_of(cut(), version=10**40), "version 1000000000000000000… is not known"),
        (plan_of(cut(), version=0), "version 0 is not known, only version 1 is."),
        (plan_of(cut(), music="a.mp3"), "'music' is not a key that belongs here"),
        (plan_of(cut(), kind="film"), "kind: 'film' is not one of the values it can have; take vod"),
        (
            plan_of(cut(), transition={"kind": "wipe"}),
            "transition.kind: 'wipe' is not one of the values it can have; take none, fade or crossfade.",
        ),
        (plan_of(cut(), transition={"kind": 3}), "transition.kind: a text in quotes is needed here"),
        (plan_of(cut(), transition="fade"), "transition: a group in { } or null is needed here, not a text"),
        (plan_of(cut(), transition={"length_s": 3}), "transition: 'length_s' is not a key that belongs here"),
        (plan_of(cut(start_s=True)), "cut 1 (vod.mp4): start_s: a number is needed here, not true or false"),
        (plan_of(cut(source=None)), "cut 1: source: a text in quotes is needed here, not null"),
        (plan_of(cut(), version="1"), "version: a whole number is needed here, not a text in quotes"),
        (plan_of(cut(), version=None), "version: a whole number is needed here, not null"),
        ({"version": 1, "cuts": cut()}, "cuts: a list in [ ] is needed here, not a group in { }"),
        (None, "a group in { } is needed here, not null"),
        (plan_of(cut(), transition={"duration_s": 0}), "transition: duration_s is 0; it must be above 0"),
        (plan_of(cut(), transition={"duration_s": 10.5}), "transition: duration_s is 10.5; it"),
        (plan_of(cut(), titles={"duration_s": -3}), "titles: duration_s is -3; it must be above 0"),
        (plan_of(cut(), loudness={"target_lufs": 1}), "loudness: target_lufs is 1; it must be from -70 to 0"),
        (plan_of(cut(), loudness={"target_lufs": -71}), "loudness: target_lufs is -71; it must"),
        (
            plan_of(cut(), cut(end_s=10.9), transition={"kind": "crossfade", "duration_s": 0.5}),
            "cut 2 (vod.mp4): the crossfade of 0.5 s is longer than half of this cut (0.9 s)",
        ),
        ([], "a group in { } is needed here, not a list in [ ]"),
    ],
)  # fmt: skip
def test_complaints_name_the_entry_and_the_cure(document: Any, message: str) -> None:
    with pytest.raises(PlanError) as error:
        decode(document)
    assert str(error.value).startswith("plan.json: " + message)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is not valid JSON"),
        (b'{"version": 1, ', "it is not valid JSON (input data was truncated)"),
        (b"caf\xe9", "it is not UTF-8 text (byte 3); save it as UTF-8."),
        (b'{"version": 1, "cuts": [{"source": "a", "start_s": NaN, "end_s": 1}]}', "it is not valid JSON"),
        (b'{"version": 1, "cuts": [{"source": "a", "start_s": 1e999, "end_s": 1}]}', "cut 1 (a): start_s"),
        (b'{"version": 1, "cuts": [{"source": "a", "start_s": 0, "end_s": ' + b"9" * 5000 + b"}]}", "cut 1"),
        (b'{"version": 1, "cuts": ' + b"[" * 100_000, "cut 1: a group in { } is needed here"),
        (b'{"version": 1, "x": ' + b"[" * 100_000, "'x' is not a key"),
        (b" " * (16 * 1024 * 1024 + 1), "it is larger than 16 MiB"),
        (b'{"version": 1, "cuts": [{"source": "a", "start_s": 0, "end_s": -Infinity}]}', "it is not valid"),
        (b'{"version": 1, "cuts": [{"source": ' * 100_000, "cut 1: source: a text in quotes is needed here"),
        (b'{"version": 1, "cuts": [{"source": "\\ud800", "start_s": 1}]}', "it holds half of a character"),
        (b'{"version": 1, "cuts": [{"source": "a\\udcff"}]}', "it holds half of a character"),
        (b'{"version": 1, "cuts": []} {}', "it is not valid JSON (JSON is malformed: trailing characters"),
        (b"\xff\xfe{\0", "it is not UTF-8 text (byte 0); save it as UTF-8."),
    ],
)  # fmt: skip
def test_files_that_are_no_plans_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(PlanError) as error:
        decode_plan(data, "plan.json")
    assert str(error.value).startswith("plan.json: " + message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 1, "cuts": [CUT], "version": 1}', "'version' is given twice; keep one of them."),
        ('{"version": 1, "cuts": [CUT], "cuts": [CUT]}', "'cuts' is given twice"),
        (
            '{"version": 1, "cuts": [CUT, {"source": "b", "start_s": 0, "end_s": 1, "end_s": 2}]}',
            "cut 2 (b): 'end_s' is given twice",
        ),
        (
            '{"version": 1, "cuts": [CUT, {"source": "b", "score": {"total": 1, "total": 2}, "start_s": 0,'
            ' "end_s": 1}, CUT]}',
            "cut 2 (b): 'total' is given twice",
        ),
        (
            '{"version": 1, "cuts": [CUT], "titles": {"duration_s": 1, "duration_s": 2}}',
            "'duration_s' is given",
        ),
    ],
)
def test_a_key_that_is_given_twice_is_a_slip_of_the_pen(text: str, message: str) -> None:
    with pytest.raises(PlanError) as error:
        decode_plan(text.replace("CUT", '{"source": "a", "start_s": 0, "end_s": 1}').encode(), "plan.json")
    assert str(error.value).startswith("plan.json: " + message)


def largest(worst: str) -> str:
    """A plan that nearly fills the file's limit with what takes the most memory."""
    last = '"source":"a","start_s":0,"end_s":1}]}'
    if worst == "components":
        entries = ",".join(f'"{i:06x}":1' for i in range(MAX_BYTES // 12))
        last = '"score":{"total":1,"components":{' + entries + "}}," + last
    elif worst == "reasons":
        last = '"reasons":[' + ",".join(['""'] * (MAX_BYTES // 4)) + "]," + last
    elif worst == "title":
        last = '"title":"' + "\\u4e00" * (MAX_BYTES // 7) + '",' + last
    else:
        last = '"source":"a","start_s":0,"end_s":1},{' * (MAX_BYTES // 40) + last
    return '{"version":1,"cuts":[{' + last


@pytest.mark.parametrize("worst", ["components", "reasons", "cuts", "title"])
def test_the_largest_plans_are_read_within_bounds(worst: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(largest(worst))
    assert 0.7 * MAX_BYTES < (tmp_path / "plan.json").stat().st_size < MAX_BYTES
    code = """
import pathlib, re, sys
from hypecut.errors import PlanError
from hypecut.plan.document import read_plan
try:
    read_plan(pathlib.Path(sys.argv[1]))
except PlanError as error:
    print(error)
# Not by `getrusage`, which counts the memory of the process that started this one.
peak_kib = re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())
assert int(peak_kib[1]) < 500_000
"""
    command = [sys.executable, "-c", code, str(tmp_path / "plan.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("split it into plans" in done.stdout) == (worst == "cuts")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.json")
    with pytest.raises(PlanError, match="it is no file"):
        read_plan(tmp_path / "plan.json")


def test_nothing_too_large_to_be_read_is_written(tmp_path: Path) -> None:
    cut = Cut(source="a", start_s=0.0, end_s=1.0, title="x" * (17 * 1024 * 1024))
    with pytest.raises(PlanError, match="larger than 16 MiB"):
        write_plan(Plan(version=1, cuts=(cut,)), tmp_path / "plan.json")
    assert list(tmp_path.iterdir()) == []


def test_too_many_cuts_are_refused() -> None:
    with pytest.raises(PlanError, match=r"it has 100,001 cuts; split it"):
        decode(plan_of(*[{"source": "a", "start_s": 0, "end_s": 1}] * 100_001))


def test_a_crossfade_does_not_matter_to_a_single_cut() -> None:
    assert decode(plan_of(cut(end_s=10.1), transition={"kind": "crossfade"})).duration_s == pytest.approx(0.1)


def test_long_and_hostile_names_are_shown_short_and_clean() -> None:
    with pytest.raises(PlanError) as error:
        decode(plan_of(cut(source="\x1b[31m" + "x" * 5000, end_s=1)))
    assert len(str(error.value)) < 300
    assert "\x1b" not in str(error.value)


def test_missing_files_and_folders_are_plain_errors(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, tmp_path / ("x" * 5000), tmp_path / "a\0b"):
        with pytest.raises(PlanError, match="can't read the plan"):
            read_plan(path)


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20).filter(
    str.strip
)
cuts = st.builds(
    lambda source, start_s, length_s, title, gain_db, score, reasons: Cut(
        source=source,
        start_s=start_s,
        end_s=start_s + length_s,
        title=title,
        gain_db=gain_db,
        score=score,
        reasons=tuple(reasons),
    ),
    names,
    st.floats(0, 9e5),
    st.floats(21, 9e4),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.floats(-60, 60),
    st.none() | st.builds(CutScore, st.floats(0, 1), st.dictionaries(names, st.floats(0, 1), max_size=3)),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=3),
)
plans = st.builds(
    Plan,
    version=st.just(1),
    cuts=st.lists(cuts, min_size=1, max_size=4).map(tuple),
    kind=st.none() | st.sampled_from(JobKind),
    transition=st.none()
    | st.builds(Transition, kind=st.sampled_from(TransitionKind), duration_s=st.floats(0.01, 10)),
    titles=st.none() | st.builds(Titles, duration_s=st.floats(0.1, 60)),
    loudness=st.none() | st.builds(Loudness, target_lufs=st.floats(-70, 0)),
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(plans)
def test_what_is_written_reads_back_equal(plan: Plan) -> None:
    data = encode_plan(plan)
    assert decode_plan(data) == rounded(plan)
    assert encode_plan(decode_plan(data)) == data
    for before, after in zip(plan.cuts, rounded(plan).cuts, strict=True):
        assert after.start_s == pytest.approx(before.start_s, abs=6e-7)
        assert after.end_s == pytest.approx(before.end_s, abs=6e-7)


def test_the_file_is_pretty_and_its_keys_are_in_order(tmp_path: Path) -> None:
    path = tmp_path / "made" / "plan.json"
    write_plan(decode(EXAMPLE), path)
    text = path.read_text("utf-8")
    assert text.startswith('{\n  "version": 1,\n  "kind": "vod_highlights",\n  "cuts": [\n')
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["version", "kind", "cuts", "transition", "titles", "loudness"]
    assert list(json.loads(text)["cuts"][0])[:3] == ["source", "start_s", "end_s"]
    assert read_plan(path) == decode(EXAMPLE)
    assert [p.name for p in path.parent.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    "bad",
    [
        Cut(source="a", start_s=float("nan"), end_s=1.0),
        Cut(source="a", start_s=0.0, end_s=1e-9),
        Cut(source="a", start_s=0.0, end_s=1.0, score=CutScore(float("nan"))),
        Cut(source="a\udcff", start_s=0.0, end_s=1.0),
    ],
)
def test_nothing_is_written_that_could_not_be_read(bad: Cut, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cut 1"):
        write_plan(Plan(version=1, cuts=(bad,)), tmp_path / "plan.json")
    assert list(tmp_path.iterdir()) == []


def outcome_of(data: bytes) -> Plan | str:
    """The plan, or what is said against it; any other exception fails the test."""
    try:
        return decode_plan(data)
    except BadInputError as error:
        return str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
keys = ["version", "kind", "cuts", "transition", "titles", "loudness"]
cut_keys = ["source", "start_s", "end_s", "title", "gain_db", "score", "reasons", "speed"]
almost_cuts = st.lists(st.dictionaries(st.sampled_from(cut_keys), json_values) | json_values, max_size=3)
almost_plans = st.dictionaries(st.sampled_from(keys), json_values | almost_cuts | st.just(1))


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.binary(max_size=60) | almost_plans.map(lambda document: json.dumps(document).encode()))
def test_whatever_is_read_is_a_plan_or_a_plain_error(data: bytes) -> None:
    outcome = outcome_of(data)
    assert isinstance(outcome, str) or outcome.cuts


extremes: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        0.5,
        1e308,
        10**400,
        float("nan"),
        float("inf"),
        "",
        "\ud800",
        "\0",
        [],
        {},
        [[]],
        {"": {}},
    ]
)


def mutated(data: st.DataObject, node: Any) -> Any:
    """`node` with one of its values, however deep, replaced, removed, doubled or joined by another."""
    if not isinstance(node, (dict, list)) or not node or data.draw(st.integers(0, 5)) == 0:
        return data.draw(extremes | json_values)
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    copied, key = node.copy(), data.draw(st.sampled_from(keys))
    match data.draw(st.sampled_from(["into", "into", "into", "remove", "add"])):
        case "into":
            copied[key] = mutated(data, node[key])
        case "remove":
            del copied[key]
        case _ if isinstance(copied, dict):
            copied[data.draw(st.sampled_from([*cut_keys, *keys]))] = data.draw(extremes | json_values)
        case _:
            copied.append(mutated(data, node[key]))
    return copied


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.data())
def test_mutated_plans_are_plans_that_can_be_written_or_plain_errors(data: st.DataObject) -> None:
    document: Any = plan_of(EXAMPLE["cuts"][0], cut(), **{k: v for k, v in EXAMPLE.items() if k != "cuts"})  # type: ignore[index]
    for _ in range(data.draw(st.integers(1, 3))):
        document = mutated(data, document)
    outcome = outcome_of(json.dumps(document).encode())
    if isinstance(outcome, Plan):
        assert decode_plan(encode_plan(outcome)) == rounded(outcome)
        assert SCHEMA.is_valid(json.loads(encode_plan(outcome)))
    else:
        assert "\n" not in outcome
        assert len(outcome) < 600


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.data())
def test_damaged_plans_are_plans_or_plain_errors(data: st.DataObject) -> None:
    damaged = bytearray(json.dumps(EXAMPLE).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcome = outcome_of(bytes(damaged))
    assert isinstance(outcome, Plan) or "\n" not in outcome


def test_cuts_must_lie_within_their_sources() -> None:
    plan = decode(plan_of(cut(source="a.mp4"), cut(source="b.mp4", end_s=30.001)))
    check_sources(plan, {"a.mp4": 20.0, "b.mp4": 30.0})
    check_sources(plan, {"a.mp4": None})
    message = r"plan.json: cut 2 \(b.mp4\): end_s 30.001 is beyond the source, which is 29.99 s long; give"
    with pytest.raises(PlanError, match=message):
        check_sources(plan, {"a.mp4": 20.0, "b.mp4": 29.99}, "plan.json")
    with pytest.raises(PlanError, match=r"cut 1 \(a.mp4\): start_s 10 is beyond the source"):
        check_sources(plan, {"a.mp4": 5.0})
