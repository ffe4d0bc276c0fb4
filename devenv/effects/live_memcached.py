"""Asking memcached: two questions of its text protocol, which nobody logs in for."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_line import Endpoint, NoAnswer

_KEPT = frozenset(["item_size_max"])
_LINES = 500


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    with way.plain_line() as line:
        line.send(b"version\r\n")
        word, _, version = line.text().decode("latin-1").partition(" ")
        if word != "VERSION":
            raise NoAnswer("does not answer as memcached does: one that wants a login cannot be asked")
        line.send(b"stats settings\r\n")
        settings = {}
        for _ in range(_LINES):
            parts = line.text().decode("latin-1").split(" ", 2)
            if parts[0] != "STAT" or len(parts) != 3:
                break
            if parts[1] in _KEPT:
                settings[parts[1]] = parts[2]
    return {"version": version, "settings": settings}
