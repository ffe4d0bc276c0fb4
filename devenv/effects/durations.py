"""How long moving data took on this machine beside what was estimated, so that the next estimate is a better one."""

from __future__ import annotations

import json
from pathlib import Path

from devenv.effects.files import write
from devenv.model.file import File

_FILE = "durations.json"


def pace(state: Path, way: str) -> float:
    """How many times the estimate the last move of this sort took; 1 where there was none.

    A file that cannot be read only costs a better estimate.
    """
    found = _read(state).get(way)
    return float(found) if isinstance(found, int | float) and found > 0 else 1.0


def remember(state: Path, way: str, found: float) -> None:
    """Keep the pace of a move that has just ended."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(_read(state) | {way: round(found, 2)}, indent=1, sort_keys=True)
    write(state, File(_FILE, text + "\n", mode=0o600))


def _read(state: Path) -> dict[str, object]:
    try:
        value = json.loads((state / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
