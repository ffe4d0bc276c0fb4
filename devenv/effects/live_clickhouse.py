"""Asking ClickHouse over HTTP; a GET may not change anything there."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_http import get
from devenv.effects.live_line import NoAnswer, Way


def ask(way: Way) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    told = get(way, "/?query=SELECT%20version()%20AS%20version%20FORMAT%20JSON")
    rows = told.get("data") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise NoAnswer("does not answer as ClickHouse does")
    return {"version": rows[0].get("version")}
