"""Measures `hypecut detect` on a big chat against `json.load` of the same file.

usage: chat_import.py [--messages N] [--runs N] [--work DIR]

The chat is invented: 300,000 messages in ten hours, in TwitchDownloader's JSON. Each run times both, one
after the other, as whole processes; the ratios are of the medians.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from hypecut.chat.sample import planted_moments, sample_chat
from hypecut.chat.sample_file import write_twitchdownloader
from hypecut.models import ChatMessage
from measured import Usage, median_wall_s, run

DURATION_S = 36_000.0
SEED = 5
_LOAD = "import json, sys; json.load(open(sys.argv[1], encoding='utf-8'))"


def big_chat(count: int) -> list[ChatMessage]:
    """An hour's invented chat, said by ever new people until there are `count` messages in ten hours."""
    rng = random.Random(SEED)
    hour = sample_chat(3600.0, planted_moments(3600.0, SEED), SEED)
    messages = [
        ChatMessage(
            min(DURATION_S - 1, (i // len(hour) % 10) * 3600.0 + message.time_s),
            f"{message.user}{rng.randrange(9)}",
            message.text,
        )
        for i, message in ((i, hour[i % len(hour)]) for i in range(count))
    ]
    return sorted(messages, key=lambda message: message.time_s)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hypecut-bench")
    args = parser.parse_args()
    chat = args.work / f"chat-{args.messages}.json"
    if not chat.is_file():
        write_twitchdownloader(big_chat(args.messages), chat, "bench", "alpha", DURATION_S)
    size_mib = chat.stat().st_size / 2**20
    python = Path(sys.executable)
    ours: list[Usage] = []
    loads: list[Usage] = []
    for _ in range(args.runs):
        loads.append(run([python, "-c", _LOAD, chat]))
        ours.append(run([python.with_name("hypecut"), "detect", chat, "--json"]))
    result = {
        "messages": args.messages,
        "size_mib": round(size_mib),
        "json_load_s": round(median_wall_s(loads), 2),
        "detect_s": round(median_wall_s(ours), 2),
        "ratio_wall": round(median_wall_s(loads) / median_wall_s(ours), 2),
        "ratio_cpu": round(min(u.cpu_s for u in loads) / min(u.cpu_s for u in ours), 2),
        "json_load_peak_mib": round(max(u.peak_mib for u in loads)),
        "detect_peak_mib": round(max(u.peak_mib for u in ours)),
    }
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
