"""Measures detection with its defaults on labelled chats kept outside the project.

usage: chat_detection.py [DATA] [--out DIR]

DATA is a folder with `evaluate.py` and `dev/*.json` (default: ../shared/chat_highlights beside the project);
without it there is nothing to do. Prints the table of `evaluate.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hypecut.chat import ChatLogBuilder
from hypecut.detect import DetectOptions, detect
from hypecut.models import ChatLog
from hypecut.rank.scoring import ranked
from hypecut.rank.segments import segment_scorer

DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "chat_highlights"


def log_of(video: dict[str, Any]) -> ChatLog:
    builder = ChatLogBuilder()
    for time_s, user, text in video["messages"]:
        builder.append(time_s, user, text)
    return builder.build()


def prediction(video: dict[str, Any], options: DetectOptions) -> dict[str, Any]:
    detection = detect(log_of(video), video["duration_s"], options)
    segments = [
        {"start_s": segment.start_s, "end_s": segment.end_s, "score": segment.score.total}
        for segment in ranked(detection.segments, segment_scorer())
    ]
    return {"video": video["video"], "segments": segments, "score_1hz": detection.curve.tolist()}


def predict_all(data: Path, out: Path, options: DetectOptions) -> float:
    """Write a prediction for each video of `data` into `out`; the seconds detection took."""
    taken_s = 0.0
    for path in sorted(data.glob("*.json")):
        video = json.loads(path.read_text(encoding="utf-8"))
        began = time.perf_counter()
        result = prediction(video, options)
        taken_s += time.perf_counter() - began
        (out / f"{video['video']}.json").write_text(json.dumps(result), encoding="utf-8")
    return taken_s


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--lag", type=float, default=DetectOptions().lag_s)
    arguments = parser.parse_args()
    evaluate = arguments.data / "evaluate.py"
    if not evaluate.is_file() or not (arguments.data / "dev").is_dir():
        print(f"skipped: no labelled chats under {arguments.data}")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        taken_s = predict_all(arguments.data / "dev", out, DetectOptions(lag_s=arguments.lag))
        print(f"detected and ranked in {taken_s:.2f} s")
        for truth in ("highlights", "highlights_fu"):
            print(f"truth: {truth}", flush=True)
            command = [sys.executable, str(evaluate), str(out), "--data", "dev", "--gt", truth]
            status = subprocess.run(command, check=False).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
