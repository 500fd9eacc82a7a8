"""What is submitted over HTTP, and what becomes of it: bounds, places and the arguments of the pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from hypecut.jobs.engine.memory import MemoryEngine
from hypecut.jobs.engine.protocol import JobFilter
from hypecut.settings import Settings
from tests.api.conftest import HIGHLIGHTS, submit


def params_of(client: httpx.Client, job_id: str) -> dict[str, Any]:
    params: dict[str, Any] = client.get(f"/jobs/{job_id}").json()["params"]
    return params


def test_names_of_the_older_client_become_settings_of_detection(client: httpx.Client) -> None:
    job_id = submit(
        client,
        min_count=3,
        spike_window_seconds=45,
        segment_padding_seconds=12,
        max_segment_seconds=90,
        diversity_windows=8,
    )
    params = params_of(client, job_id)
    assert (params["spike_messages"], params["spike_window_s"]) == (3, 45.0)
    assert params["min_peak_distance_s"] == 45.0
    assert params["sections"] == 8
    assert (params["lead_in_s"], params["tail_s"]) == (12.0, 12.0)
    assert params["max_segment_s"] == 90.0


def test_what_is_not_given_is_the_settings(client: httpx.Client, settings: Settings) -> None:
    params = params_of(client, submit(client, max_segment_seconds=None, min_count=None))
    assert params["max_segment_s"] == settings.max_segment_s
    assert params["lead_in_s"] == settings.lead_in_s


def test_every_option_of_the_pipeline_can_be_given(client: httpx.Client) -> None:
    options: dict[str, Any] = {
        "from_s": 1.0,
        "to_s": 300.0,
        "exclude": [[10.0, 20.0]],
        "chat_offset_s": -2.5,
        "vod_start": "2026-11-19T18:00:00Z",
        "allow_partial_chat": True,
        "exact": True,
        "full": True,
        "titles": True,
        "lag_s": 9.0,
        "lead_in_s": 4.0,
        "tail_s": 8.0,
        "min_segment_s": 10.0,
        "max_segment_s": 30.0,
        "min_peak_distance_s": 50.0,
        "snap_max_s": 2.0,
        "min_duration_s": 60.0,
        "max_duration_s": 90.0,
        "transition": "crossfade",
        "loudness_lufs": -14.0,
        "plan_only": True,
        "overwrite": True,
    }
    params = params_of(client, submit(client, **options))
    assert {name: params[name] for name in options} == options


def test_every_option_of_the_montage_can_be_given(client: httpx.Client, media: Path) -> None:
    options: dict[str, Any] = {
        "period": "month",
        "start": "2026-11-01T00:00:00Z",
        "end": "2026-11-19T18:00:00Z",
        "keywords": ["clutch"],
        "max_clips": 12,
        "scrape_pool_size": 30,
        "per_streamer_k": 4,
        "min_clip_s": 6.0,
        "max_clip_s": 50.0,
        "clip_half_life_s": 86_400.0,
        "skip_used": True,
        "opening": "加藤 week 47",
        "apply_overlay": False,
        "min_duration_s": 60.0,
        "max_duration_s": 90.0,
        "transition": "crossfade",
        "loudness_lufs": -16.0,
        "plan_only": True,
    }
    named = {
        "streamer_names": ["@Alpha", "https://www.twitch.tv/bravo"],
        "clips": ["https://clips.twitch.tv/Funny-Slug"],
        "files": ["stream.mp4"],
    }
    response = client.post("/jobs/clip-montage", json={**named, **options, "current_videos_dir": "mine"})
    assert response.status_code == 200, response.text
    params = params_of(client, response.json()["job_id"])
    assert {name: params[name] for name in options} == options
    assert (params["streamer_names"], params["clips"]) == (["alpha", "bravo"], ["Funny-Slug"])
    assert params["files"] == [str((media / "stream.mp4").resolve())]
    assert Path(params["out"]).name == "mine"


@pytest.mark.parametrize("nothing", [0, None])
def test_zero_and_null_leave_numbers_to_the_settings(
    client: httpx.Client, settings: Settings, nothing: int | None
) -> None:
    numbers = dict.fromkeys(("max_clips", "scrape_pool_size", "per_streamer_k"), nothing)
    response = client.post("/jobs/clip-montage", json={"streamer_names": ["alpha"], **numbers})
    params = params_of(client, response.json()["job_id"])
    assert {name: params[name] for name in numbers} == {name: getattr(settings, name) for name in numbers}


def test_the_general_path_takes_the_bodies_of_the_others(client: httpx.Client) -> None:
    body = {"type": "vod_highlights", "params": {**HIGHLIGHTS, "output_dir": "one"}}
    first = client.post("/jobs", json=body)
    assert first.status_code == 200
    by_pipeline_names = {"vod": "stream.mp4", "chat": "chat.json", "out": "one"}
    again = client.post("/jobs", json={"type": "vod_highlights", "params": by_pipeline_names})
    assert again.json() == first.json()


def test_the_same_request_twice_is_one_job(client: httpx.Client) -> None:
    assert submit(client) == submit(client)
    assert client.get("/jobs").headers["x-total-count"] == "1"


def test_relative_paths_are_taken_in_the_servers_folders(
    client: httpx.Client, settings: Settings, media: Path
) -> None:
    params = params_of(client, submit(client, output_dir="friday/night"))
    assert params["vod"] == str(media.resolve() / "stream.mp4")
    assert params["chat"] == str(media.resolve() / "chat.json")
    assert params["out"] == str(settings.output_root.resolve() / "friday" / "night")


@pytest.mark.parametrize("output_dir", [None, "", " ", ".", "./"])
def test_without_a_folder_the_job_gets_one_named_after_the_recording(
    client: httpx.Client, settings: Settings, output_dir: str | None
) -> None:
    params = params_of(client, submit(client, output_dir=output_dir))
    assert params["out"] == str(settings.output_root.resolve() / "stream-highlights")


def test_a_taken_folder_gets_a_number(client: httpx.Client, engine: MemoryEngine, media: Path) -> None:
    (media / "other.mp4").write_bytes(b"another one")
    first = submit(client, output_dir="vod_output")
    second = submit(client, output_dir="vod_output", vod_url="other.mp4")
    assert first != second
    assert Path(params_of(client, second)["out"]).name == "vod_output-2"
    engine.run_next()
    engine.run_next()
    third = submit(client, output_dir="vod_output", keywords=["KEKW"])
    assert Path(params_of(client, third)["out"]).name == "vod_output-3"
    assert submit(client, output_dir="vod_output") == first
    assert submit(client, output_dir="vod_output", vod_url="other.mp4") == second


@pytest.mark.parametrize(
    "address",
    [
        "https://www.twitch.tv/videos/2345678901",
        "http://m.twitch.tv/videos/2345678901?t=1h2m3s",
        "twitch.tv/alpha/v/2345678901",
        "https://player.twitch.tv/?video=v2345678901&parent=example.org",
        " 2345678901 ",
    ],
)
def test_every_address_of_a_vod_is_that_vod(client: httpx.Client, settings: Settings, address: str) -> None:
    response = client.post("/jobs/vod-highlights", json={"vod_url": address})
    assert response.status_code == 200, response.text
    params = params_of(client, response.json()["job_id"])
    assert params["vod"] == "https://www.twitch.tv/videos/2345678901"
    assert params["out"] == str(settings.output_root.resolve() / "vod-2345678901-highlights")


def test_a_number_may_be_the_name_of_a_file(client: httpx.Client, media: Path) -> None:
    (media / "2345678901").write_bytes(b"a recording")
    params = params_of(client, submit(client, vod_url="2345678901"))
    assert params["vod"] == str((media / "2345678901").resolve())


def test_a_file_needs_its_chat(client: httpx.Client) -> None:
    response = client.post("/jobs/vod-highlights", json={"vod_url": "stream.mp4"})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "chat_path"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"vod_url": ""}, "vod_url"),
        ({"vod_url": "a" * 5000}, "vod_url"),
        ({"vod_url": 7}, "vod_url"),
        ({"vod_url": None}, "vod_url"),
        ({"vod_url": "missing.mp4"}, "vod_url"),
        ({"chat_path": "missing.json"}, "chat_path"),
        ({"keywords": ["a"] * 101}, "keywords"),
        ({"keywords": ["a" * 101]}, "keywords"),
        ({"keywords": [""]}, "keywords"),
        ({"keywords": "KEKW"}, "keywords"),
        ({"min_count": 0}, "min_count"),
        ({"min_count": 1.5}, "min_count"),
        ({"min_count": "3"}, "min_count"),
        ({"min_count": True}, "min_count"),
        ({"min_count": 10**30}, "min_count"),
        ({"spike_window_seconds": 0}, "spike_window_seconds"),
        ({"spike_window_seconds": 3601}, "spike_window_seconds"),
        ({"segment_padding_seconds": -1}, "segment_padding_seconds"),
        ({"max_segment_seconds": 0}, "max_segment_seconds"),
        ({"diversity_windows": 0}, "diversity_windows"),
        ({"diversity_windows": 101}, "diversity_windows"),
        ({"from_s": -1}, "from_s"),
        ({"exclude": [[1]]}, "exclude"),
        ({"vod_start": "2026-11-19T18:00:00"}, "vod_start"),
        ({"transition": "wipe"}, "transition"),
        ({"loudness_lufs": 3}, "loudness_lufs"),
        ({"plan_only": "yes"}, "plan_only"),
        ({"priority": -1}, "priority"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_value_is_told_in_the_usual_form(
    client: httpx.Client, changes: dict[str, Any], field: str
) -> None:
    body = {**HIGHLIGHTS, **changes}
    for path, sent, before in (
        ("/jobs/vod-highlights", body, ["body"]),
        ("/jobs", {"type": "vod_highlights", "params": body}, ["body"]),
    ):
        response = client.post(path, json=sent)
        assert response.status_code == 422, path
        detail = response.json()["detail"][0]
        assert {"loc", "msg", "type", "input"} <= set(detail)
        assert detail["loc"][: len(before)] == before
        assert field in detail["loc"]


@pytest.mark.parametrize(
    "body",
    [
        '{"vod_url": "a", "from_s": NaN}',
        '{"vod_url": "a", "from_s": Infinity}',
        '{"vod_url": "a", "from_s": -Infinity}',
        '{"vod_url": "a", "from_s": 1e999}',
        '{"vod_url": "a", "priority": ' + "9" * 5000 + "}",
        '{"vod_url": "\\ud800"}',
        '{"keywords": ' + "[" * 100_000 + "}",
        '{"vod_url": "a"',
        "[]",
        "null",
        '"text"',
        "",
    ],
)
def test_what_is_no_good_json_is_refused(client: httpx.Client, body: str) -> None:
    for path in ("/jobs/vod-highlights", "/jobs/clip-montage", "/jobs"):
        headers = {"content-type": "application/json"}
        response = client.post(path, content=body.encode(), headers=headers)
        assert response.status_code == 422
        assert isinstance(response.json()["detail"], list)


def test_a_body_that_is_no_text_is_refused(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    response = client.post("/jobs", content=b"\xff\xfe{}", headers=headers)
    assert response.status_code == 422


def test_what_was_sent_comes_back_shortened(client: httpx.Client) -> None:
    response = client.post("/jobs/vod-highlights", json={"vod_url": "a" * 500_000})
    assert response.status_code == 422
    assert len(response.content) < 5000


def test_an_input_that_the_job_would_overwrite_is_refused_and_no_job(
    client: httpx.Client, engine: MemoryEngine, settings: Settings
) -> None:
    chat = settings.output_root / "friday" / "chat.jsonl"
    chat.parent.mkdir(parents=True)
    chat.write_text("{}\n")
    body = {**HIGHLIGHTS, "chat_path": str(chat), "output_dir": "friday", "overwrite": True}
    refused = client.post("/jobs/vod-highlights", json=body)
    assert refused.status_code == 422
    assert "would be overwritten" in refused.text
    assert engine.list(JobFilter()).total == 0


def test_contradictions_are_told_in_one_sentence(client: httpx.Client) -> None:
    response = client.post("/jobs/vod-highlights", json={**HIGHLIGHTS, "from_s": 20, "to_s": 10})
    assert response.status_code == 422
    assert json.loads(response.content)["detail"][0]["msg"].count("\n") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"streamer_names": []}, "streamer_names"),
        ({"streamer_names": ["https://evil.example/alpha"]}, "streamer_names"),
        ({"clips": ["https://evil.example/clip/Abc-def"]}, "clips"),
        ({"files": ["missing.mp4"]}, "files"),
        ({"files": ["../secret.mp4"]}, "files"),
        ({"intro": "/etc/passwd"}, "intro"),
        ({"start": "2026-11-19"}, "start"),
        ({"min_clip_s": -1}, "min_clip_s"),
        ({"streamer_names": ["a b"]}, "streamer_names"),
        ({"streamer_names": [" "]}, "streamer_names"),
        ({"streamer_names": ["x"] * 101}, "streamer_names"),
        ({"streamer_names": ["../../etc"]}, "streamer_names"),
        ({"max_clips": -1}, "max_clips"),
        ({"scrape_pool_size": 1001}, "scrape_pool_size"),
        ({"per_streamer_k": 1.5}, "per_streamer_k"),
        ({"apply_overlay": "no"}, "apply_overlay"),
        ({"period": "year"}, "period"),
    ],
)
def test_a_wrong_montage_is_told_by_field(client: httpx.Client, changes: dict[str, Any], field: str) -> None:
    response = client.post("/jobs/clip-montage", json={"streamer_names": ["alpha"], **changes})
    assert response.status_code == 422
    assert field in response.json()["detail"][0]["loc"]
