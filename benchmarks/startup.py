"""Times `hypecut --help` and `hypecut --version`, which load nothing heavy.

python benchmarks/startup.py [--runs N]
"""

from __future__ import annotations

import argparse
import sys

from measured import best, machine, median_wall_s, run


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print(f"{runs} runs; {machine()}")
    for option in ("--help", "--version"):
        usages = [run([sys.executable, "-m", "hypecut", option]) for _ in range(runs)]
        print(f"hypecut {option}: best {best(usages).wall_s:.2f} s, median {median_wall_s(usages):.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
