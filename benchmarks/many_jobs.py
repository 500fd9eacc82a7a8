"""A database with thousands of finished jobs and all that is recorded of each."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from hypecut.jobs.engine.durable import DurableEngine
from hypecut.jobs.pipeline import CheckedJob
from hypecut.jobs.store.database import open_database
from hypecut.jobs.store.tables import asset, clip, job, output, step
from hypecut.models import JobKind
from hypecut.settings import Settings

KIND = JobKind.VOD_HIGHLIGHTS
STEPS = ("resolve", "chat", "detect", "choose", "fetch", "plan", "cut", "montage", "export")
# In every job's title, folder and arguments.
WORD = "friday"
CLIPS_MADE = 16
CLIPS_SEEN = 40
_LOT = 500
_SHA256 = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"


def fill(settings: Settings, count: int) -> int:
    """Record so many finished jobs; the number of rows they take.

    One is submitted as usual; the others are written beside it.
    """
    engine = DurableEngine(settings)
    engine.submit(KIND, _checked(0))
    engine.close()
    database = open_database(settings)
    rows = 0
    with database.begin() as connection:
        pattern = connection.execute(sa.select(job)).one()._mapping
        known = connection.execute(sa.text("SELECT * FROM workflow_status")).one()._mapping
        names = [str(name) for name in known]
        status = sa.text(f"INSERT INTO workflow_status ({', '.join(names)}) VALUES (:{', :'.join(names)})")
        connection.execute(job.delete())
        connection.execute(sa.text("DELETE FROM workflow_status"))
        for first in range(0, count, _LOT):
            numbers = range(first, min(count, first + _LOT))
            finished = {"status": "SUCCESS", "queue_name": None}
            connection.execute(job.insert(), [_job(pattern, n) for n in numbers])
            connection.execute(status, [{**known, **finished, "workflow_uuid": _id(n)} for n in numbers])
            for table, of_job in ((step, _steps), (output, _outputs), (asset, _assets), (clip, _clips)):
                details = [{"job_id": _id(n), **row} for n in numbers for row in of_job(n)]
                connection.execute(table.insert(), details)
                rows += len(details)
            rows += 2 * len(numbers)
    database.dispose()
    return rows


def _id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def _folder(number: int) -> str:
    return f"/videos/output/{WORD}-{number}-highlights"


def _checked(number: int) -> CheckedJob:
    params = {"vod": f"/videos/media/{WORD}-{number}.mp4", "chat": f"/videos/media/{number}.json"}
    folder = _folder(number)
    return CheckedJob(params=params, folder=folder, name=f"job {number}", title=f"{WORD}-{number}")


def _job(pattern: Any, number: int) -> dict[str, Any]:
    checked = _checked(number)
    params = json.dumps(dict(checked.params))
    at_ms = pattern["created_ms"] + number
    return {
        **pattern,
        "number": number + 1,
        "id": _id(number),
        "name": checked.name,
        "title": checked.title,
        "folder": checked.folder,
        "params": params,
        "words": f"{_id(number)}\n{checked.title}\n{checked.folder}\n{params}".lower(),
        "created_ms": at_ms,
        "started_ms": at_ms + 20,
        "finished_ms": at_ms + 90_000,
        "result": json.dumps(_result(number)),
    }


def _result(number: int) -> dict[str, Any]:
    reasons = ["60 chatters in 20 s, 8x usual", "KEKW x41"]
    return {
        "status": "done",
        "montage_path": f"{_folder(number)}/montage.mp4",
        "durations_s": {"vod_total": 7200.0, "montage_total": 570.5},
        "picks": [
            {"start_s": 300.0 * n, "end_s": 300.0 * n + 30.0, "score": 0.8, "reasons": reasons}
            for n in range(CLIPS_MADE)
        ],
    }


def _steps(number: int) -> list[dict[str, Any]]:
    at = {"attempts": 1, "started_ms": number, "finished_ms": number + 10}
    return [{"name": name, **at, "task": name, "done": 1.0, "total": 1.0, "unit": "s"} for name in STEPS]


def _outputs(number: int) -> list[dict[str, Any]]:
    made = [("cut", n, "clip", f"clips/{n:03}_0h{n:02}m00s.mp4") for n in range(CLIPS_MADE)]
    made += [("plan", 0, "plan", "plan.json"), ("montage", 0, "montage", "montage.mp4")]
    return [
        {
            "step": name,
            "position": place,
            "kind": kind,
            "path": f"{_folder(number)}/{file}",
            "size": 9_000_000,
            "sha256": _SHA256,
            "meta": '{"duration_s": 30.0}',
        }
        for name, place, kind, file in made
    ]


def _assets(number: int) -> list[dict[str, Any]]:
    known = {"position": 0, "url": "", "duration_s": 7200.0, "size": 1, "sha256": "", "meta": "{}"}
    return [
        {"step": name, "kind": kind, "path": f"/videos/media/{WORD}-{number}.{kind}", **known}
        for name, kind in (("resolve", "recording"), ("chat", "chat"))
    ]


def _clips(number: int) -> list[dict[str, Any]]:
    return [
        {
            "position": n,
            "id": f"Clip{number}x{n}",
            "streamer": "alpha",
            "title": "What a play",
            "url": f"https://clips.twitch.tv/Clip{number}x{n}",
            "views": 1000 - n,
            "created_ms": number,
            "duration_s": 28.5,
            "game": "chess",
            "vod_id": "2500000001",
            "vod_offset_s": 12.5,
            "chosen": n < CLIPS_MADE,
            "why_not": "" if n < CLIPS_MADE else "others are better",
        }
        for n in range(CLIPS_SEEN)
    ]
