from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from hypecut.api.context import ApiContext
from hypecut.api.roots import Roots
from hypecut.api.submitting import check_job
from hypecut.errors import UsageError
from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.models import JobKind
from hypecut.settings import Settings
from hypecut.web.forms import chat_files, job_body, recording_files, summary

FORM: dict[str, Any] = {
    "kind": "vod_highlights",
    "source": " stream.mp4 ",
    "chat": "chat.json",
    "keywords": ["KEKW"],
    "min": "8m",
    "max": "10:00",
    "review": True,
    "from": "",
    "offset": "-2s",
    "transition": "",
}


@pytest.fixture
def context(tmp_path: Path) -> ApiContext:
    settings = Settings(data_dir=tmp_path, media_dir=tmp_path / "media", output_dir=tmp_path / "out")
    context = ApiContext(engine=MemoryEngine(settings), settings=settings, roots=Roots.of(settings))
    context.roots.make()
    for name in ("stream.mp4", "chat.json", ".hidden.mp4", "notes.pdf"):
        (context.roots.media / name).write_bytes(b"x")
    (context.roots.media / "deep").mkdir()
    (context.roots.media / "deep" / "other.TS").write_bytes(b"x")
    return context


def test_a_filled_form_is_a_body_of_the_api() -> None:
    body = job_body(FORM)
    assert body is not None
    assert body.type is JobKind.VOD_HIGHLIGHTS
    assert body.params == {
        "vod_url": "stream.mp4",
        "chat_path": "chat.json",
        "keywords": ["KEKW"],
        "exact": False,
        "titles": False,
        "allow_partial_chat": False,
        "chat_offset_s": -2.0,
        "min_duration_s": 480.0,
        "max_duration_s": 600.0,
        "plan_only": True,
    }


def test_a_number_is_a_vod_on_twitch() -> None:
    body = job_body(FORM | {"source": "2345678901"})
    assert body is not None
    assert body.params["vod_url"] == "https://www.twitch.tv/videos/2345678901"


def test_streamers_are_a_montage() -> None:
    form = {
        "kind": "clip_montage",
        "streamers": ["alpha", "bravo"],
        "period": "week",
        "k": 3,
        "overlay": True,
        "opening": " Week 47 ",
        "intro": "hello.mp4",
        "outro": "",
    }
    body = job_body(form)
    assert body is not None
    assert body.type is JobKind.CLIP_MONTAGE
    assert body.params["streamer_names"] == ["alpha", "bravo"]
    assert (body.params["per_streamer_k"], body.params["apply_overlay"]) == (3, True)
    assert (body.params["opening"], body.params["intro"]) == ("Week 47", "hello.mp4")
    assert "outro" not in body.params


@pytest.mark.parametrize("form", [{}, {"kind": "clip_montage", "streamers": []}, {"source": "  "}])
def test_an_empty_form_is_nothing_yet(form: dict[str, Any]) -> None:
    assert job_body(form) is None


def test_a_wrong_time_is_told() -> None:
    with pytest.raises(UsageError, match="is not a time"):
        job_body(FORM | {"min": "soon"})


def test_the_summary_says_what_will_be_done(context: ApiContext) -> None:
    body = job_body(FORM)
    assert body is not None
    text = summary(check_job(body, context), body, context.roots)
    assert text.startswith("Finds the moments of stream that chat.json points at, KEKW counting more")
    assert "a montage of 8:00 to 10:00 of them, in stream-highlights." in text
    assert not list(context.roots.output.iterdir())


def test_what_leads_out_of_the_folders_is_refused(context: ApiContext) -> None:
    body = job_body(FORM | {"source": "../../etc/passwd"})
    assert body is not None
    with pytest.raises(RequestValidationError, match="leads out of the folders"):
        check_job(body, context)


def test_recordings_and_chats_are_offered_by_their_endings(context: ApiContext) -> None:
    assert recording_files(context.roots) == ["deep/other.TS", "stream.mp4"]
    assert chat_files(context.roots) == ["chat.json"]
