"""All settings in one place, and where each value came from.

Precedence: command-line flag > environment variable `HYPECUT_<NAME>` > `hypecut.toml` > default. The file is looked
for in the working folder, then in the user's configuration folder; `HYPECUT_CONFIG` names another one.
"""

from __future__ import annotations
