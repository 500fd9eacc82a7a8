"""Write requirements.lock: the versions installed now, as constraints for pip, without addresses.

    python scripts/lock.py

Only what hypecut and its development tools need is written, directly or not; hypecut itself, the installers
and whatever else this environment happens to have are left out.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements.lock"
_LEFT_OUT = {"pip", "setuptools", "wheel", "hypecut"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def normal(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(root: str) -> dict[str, str]:
    """The versions of all installed distributions that `root` needs, by name, itself included."""
    versions: dict[str, str] = {}
    waiting = [root]
    while waiting:
        name = normal(waiting.pop())
        if name in versions:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on other platforms or for an extra that isn't used
        versions[name] = distribution.version
        for requirement in distribution.requires or ():
            match = _NAME.match(requirement)
            if match and (name == root or "extra ==" not in requirement):
                waiting.append(match.group())
    return versions


def main() -> None:
    """Write the lock."""
    lines = [
        f"{name}=={version}" for name, version in sorted(needed("hypecut").items()) if name not in _LEFT_OUT
    ]
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{LOCK.name}: {len(lines)} versions")


if __name__ == "__main__":
    main()
