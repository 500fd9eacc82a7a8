"""highlights.json and activity.png."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hypecut.errors import BadInputError
from hypecut.models import Score, Segment
from hypecut.plan.activity_plot import plot_activity
from hypecut.plan.explanation import explain, write_explanation
from hypecut.rank.selection import Window, select


def segment(start_s: float, score: float) -> Segment:
    return Segment(
        start_s=start_s,
        end_s=start_s + 30,
        peak_s=start_s + 12.3456789,
        score=Score(total=score, components={"activity": score}, reasons=(f"activity {score}",)),
        messages=("KEKW", "日本"),
    )


SEGMENTS = [segment(300.0, 0.4), segment(100.0, 0.9), segment(110.0, 0.3), segment(200.0, 0.6)]


def test_the_explanation_tells_of_every_candidate_best_first(tmp_path: Path) -> None:
    window = Window(50.0, 60.0)
    selection = select(SEGMENTS, window, source_duration_s=400.0, sections=1)
    explanation = explain(
        SEGMENTS,
        selection,
        window,
        vod={"source": Path("vod.mp4"), "created_at": datetime(2025, 1, 2, tzinfo=UTC)},
        chat={"messages": 1000},
        options={"keywords": ["gg"]},
        montage={"duration_s": selection.total_s},
    )
    path = tmp_path / "highlights.json"
    write_explanation(explanation, path)
    read = json.loads(path.read_text("utf-8"))
    assert list(read) == ["version", "vod", "chat", "options", "window", "note", "montage", "candidates"]
    assert read["version"] == 1
    assert read["vod"] == {"source": "vod.mp4", "created_at": "2025-01-02T00:00:00Z"}
    assert read["window"] == {"min_s": 50.0, "max_s": 60.0, "section_cap_s": None}
    assert [(c["rank"], c["start_s"], c["picked"], c["cut"]) for c in read["candidates"]] == [
        (1, 100.0, True, 1),
        (2, 200.0, True, 2),
        (3, 300.0, False, None),
        (4, 110.0, False, None),
    ]
    assert [c["why_not"] for c in read["candidates"]] == [
        None,
        None,
        "did not fit in the 1:00 with the better picks (0.0 s left)",
        "overlaps a better pick at 1:40",
    ]
    assert read["candidates"][0] | {} == {
        "rank": 1,
        "start_s": 100.0,
        "end_s": 130.0,
        "peak_s": 112.345679,
        "score": 0.9,
        "components": {"activity": 0.9},
        "reasons": ["activity 0.9"],
        "messages": ["KEKW", "日本"],
        "picked": True,
        "cut": 1,
        "why_not": None,
    }


def test_a_broken_file_name_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no Unicode text"):
        write_explanation({"vod": "a\udcff"}, tmp_path / "highlights.json")
    assert list(tmp_path.iterdir()) == []


def pixels(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(path) as image:
        assert image.size == (1600, 500)
        return np.asarray(image.convert("RGB"))


def orange(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], time_s: float, duration_s: float
) -> bool:
    """Whether the picture shows a band at `time_s`, looked at above the curve."""
    left, width = 1600 * 0.035, 1600 * 0.945
    red, green, blue = picture[115, round(left + width * time_s / duration_s)]
    return bool(red > 240 and green < 230 and blue < 210)


def test_the_plot_marks_the_picks_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "activity.png"
    curve = np.abs(np.sin(np.arange(7200) / 300.0))
    plot_activity(
        curve, 1.0, SEGMENTS, [(1000.0, 1500.0), (6000.0, 6400.0)], 7200.0, path, "alpha $1 & $2 配信 🎉"
    )
    picture = pixels(path)
    shown = [orange(picture, time_s, 7200.0) for time_s in (500, 1100, 1400, 3000, 6100, 6300, 7000)]
    assert shown == [False, True, True, False, True, True, False]
    assert [p.name for p in tmp_path.iterdir()] == ["activity.png"]


def test_the_same_plot_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        plot_activity(np.ones(50), 1.0, SEGMENTS, [], 50.0, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("curve", [np.zeros(0), np.zeros(10), np.full(10, np.nan), np.full(100_000, -1.0)])
def test_odd_curves_are_drawn(curve: np.ndarray[tuple[int], np.dtype[np.float64]], tmp_path: Path) -> None:
    plot_activity(curve, 1.0, SEGMENTS, [(2.0, 4.0)], float(len(curve)), tmp_path / "activity.png")
    pixels(tmp_path / "activity.png")
