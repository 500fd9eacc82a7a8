"""The steps of the highlights job: each safe to run twice, each in a process of its own if need be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hypecut.errors import BadInputError, FolderInUseError, HypecutError, UsageError
from hypecut.jobs.highlights import HIGHLIGHTS, check, run_highlights
from hypecut.jobs.pipeline import CheckedJob, StepContext
from hypecut.jobs.pipelines import PIPELINES
from hypecut.jobs.requests import HighlightsResult, read_request
from hypecut.models import JobKind
from hypecut.progress import SilentProgress
from hypecut.settings import Settings
from tests.jobs.conftest import Stream


def params_of(stream: Stream, folder: Path, **changes: Any) -> dict[str, Any]:
    usual = {"vod": str(stream.vod), "chat": str(stream.chat), "out": str(folder)}
    return {**usual, "min_duration_s": 60.0, "max_duration_s": 120.0, **changes}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".hypecut-job.json"
    }


def context_of(job: CheckedJob, settings: Settings, done: Mapping[str, Any]) -> StepContext:
    """What a process that just started has: the arguments, the folder, and JSON of the finished steps."""
    stored = msgspec.json.decode(msgspec.json.encode(done))
    return StepContext(
        params=msgspec.json.decode(msgspec.json.encode(job.params)),
        settings=settings,
        folder=Path(job.folder),
        done=stored,
        progress=SilentProgress(),
    )


def test_every_step_may_run_twice_and_in_another_process(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    whole = run_highlights(read_request(params_of(stream, tmp_path / "a")), settings, SilentProgress())
    job = check(params_of(stream, tmp_path / "b"), settings)
    assert HIGHLIGHTS.claim(job, False) is None
    done: dict[str, Any] = {}
    for step in HIGHLIGHTS.steps:
        for _ in range(2):
            context = context_of(job, settings, done)
            result = step.run(context)
            context.cache.close()
        assert len(msgspec.json.encode(result.data)) < 10_000
        assert all(Path(output.path).is_file() for output in result.outputs)
        done[step.name] = result.data
        assert HIGHLIGHTS.claim(job, True) is None
    made = msgspec.convert(HIGHLIGHTS.result(context_of(job, settings, done)), HighlightsResult)
    assert made.picks == whole.picks
    assert contents(tmp_path / "b") == contents(tmp_path / "a")
    finished = HIGHLIGHTS.claim(job, True)
    assert finished is not None
    assert finished["montage_path"] == made.montage_path


def test_a_job_that_goes_on_keeps_what_it_made_although_it_may_overwrite(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    job = check(params_of(stream, tmp_path / "out", overwrite=True), settings)
    HIGHLIGHTS.claim(job, False)
    (tmp_path / "out" / "chat.jsonl").write_text("made")
    HIGHLIGHTS.claim(job, True)
    assert (tmp_path / "out" / "chat.jsonl").exists()
    HIGHLIGHTS.claim(job, False)
    assert not (tmp_path / "out" / "chat.jsonl").exists()


def test_a_job_does_not_go_on_in_a_folder_that_lost_its_work(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    job = check(params_of(stream, tmp_path / "out"), settings)
    with pytest.raises(FolderInUseError, match="no longer holds"):
        HIGHLIGHTS.claim(job, True)
    HIGHLIGHTS.claim(job, False)
    done = {"resolve": {"parts": [[str(stream.vod), 0.0, 420.0]], "duration_s": 420.0}}
    choose = next(step for step in HIGHLIGHTS.steps if step.name == "choose")
    with pytest.raises(HypecutError, match=r"detected\.json.*--overwrite"):
        choose.run(context_of(job, settings, done))


def test_a_chat_that_was_wrong_does_not_keep_the_folder(
    stream: Stream, tmp_path: Path, settings: Settings
) -> None:
    thin = tmp_path / "thin.jsonl"
    thin.write_text("".join(f'{{"time_s": {i * 40}, "user": "a", "text": "b"}}\n' for i in range(10)))
    out = tmp_path / "out"
    with pytest.raises(HypecutError, match="messages"):
        run_highlights(read_request(params_of(stream, out, chat=str(thin))), settings, SilentProgress())
    asked = read_request(params_of(stream, out, plan_only=True))
    assert run_highlights(asked, settings, SilentProgress()).picks


def test_the_arguments_are_filled_in_and_name_the_job(
    stream: Stream, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stream.vod.parent)
    job = check(params_of(stream, tmp_path / "out", vod=stream.vod.name), settings)
    assert job.params["vod"] == str(stream.vod)
    assert job.params["lag_s"] == settings.lag_s
    assert check(job.params, settings) == job
    assert (job.title, job.folder) == (stream.vod.stem, str(tmp_path / "out"))
    others = ({"keywords": ["gg"]}, {"lag_s": 3.0}, {"out": str(tmp_path / "b")}, {"plan_only": True})
    names = {check(params_of(stream, tmp_path / "out", **other), settings).name for other in others}
    assert len({job.name, *names}) == 5
    assert check(params_of(stream, tmp_path / "out", overwrite=True), settings).name == job.name


def test_a_bound_given_alone_moves_the_other(stream: Stream, tmp_path: Path, settings: Settings) -> None:
    asked = {"vod": str(stream.vod), "chat": str(stream.chat), "max_duration_s": 100.0}
    params = check(asked, settings).params
    assert (params["min_duration_s"], params["max_duration_s"]) == (80.0, 100.0)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"vods": "x"}, UsageError, "vods"),
        ({"vod": 7}, UsageError, "str"),
        ({"lag_s": -1.0}, UsageError, "lag_s"),
        ({"from_s": float("nan")}, UsageError, "finite"),
        ({"exclude": [[1.0, float("inf")]]}, UsageError, "finite"),
        ({"transition": "wipe"}, UsageError, "wipe"),
        ({"chat": "absent.json"}, BadInputError, "absent.json"),
    ],
)
def test_arguments_of_any_origin_are_checked(
    stream: Stream, tmp_path: Path, settings: Settings, changes: dict[str, Any], error: type, words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        check(params_of(stream, tmp_path / "out", **changes), settings)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_every_pipeline_goes_by_its_kind() -> None:
    assert all(pipeline.kind is kind for kind, pipeline in PIPELINES.items())
    assert PIPELINES[JobKind.VOD_HIGHLIGHTS] is HIGHLIGHTS
