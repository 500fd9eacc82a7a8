"""The example in docs/ranking.md is what the code does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypecut.models import Clip
from hypecut.rank.clip_options import ClipOptions
from hypecut.rank.clip_scoring import CLIP_WEIGHTS
from hypecut.rank.clips import choose_clips
from hypecut.rank.selection import Window

PAGE = (Path(__file__).parents[2] / "docs" / "ranking.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def rows(head: str) -> list[list[str]]:
    """The cells of the table whose first line begins so."""
    table = PAGE[PAGE.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def listed() -> list[Clip]:
    clips = []
    for name, streamer, title, views, made, length, place in rows("| clip | streamer"):
        hours, _, creator = made.partition(" h ago by ")
        clips.append(
            Clip(
                id=name,
                streamer=streamer,
                title=title,
                views=int(views.replace(",", "")),
                created_at=NOW - timedelta(hours=int(hours)),
                creator=creator,
                duration_s=float(length.removesuffix(" s")),
                vod_id="1" if place else "",
                vod_offset_s=float(place.split()[3]) if place else None,
            )
        )
    return clips


def test_the_example_is_computed_as_it_says() -> None:
    choice = choose_clips(listed(), Window(60.0, 120.0), ClipOptions(), NOW)
    told = rows("| clip | views |")
    assert [v.clip.id for v in choice.verdicts] == [row[0] for row in told]
    for v, row in zip(choice.verdicts, told, strict=True):
        assert [f"{v.clip.score.components[name]:.2f}" for name in CLIP_WEIGHTS] == row[1:7]
        assert f"{v.clip.score.total:.2f}" == row[7]
        assert v.why_not in ("", row[8])
    assert [clip.id for clip in choice.picks] == ["A1", "B2", "B1"]
    assert choice.total_s == 82.0


def test_the_weights_are_as_told() -> None:
    told = {row[0].strip("`"): float(row[1]) for row in rows("| component | weight")}
    assert told == dict(CLIP_WEIGHTS)
