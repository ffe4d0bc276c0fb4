"""Asking NATS: it introduces itself with a line of JSON to whoever connects."""

from __future__ import annotations

import json
from typing import Any

from devenv.effects.live_line import Endpoint, NoAnswer

_KEPT = ("version", "jetstream", "headers", "max_payload", "tls_required", "tls_available")


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError. Nobody logs in; TLS only proves that it was the right server that spoke."""
    with way.line(tls=False) as line:
        verb, _, text = line.text().decode("utf-8", "replace").partition(" ")
        try:
            told = json.loads(text) if verb.upper() == "INFO" else None
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise NoAnswer("does not answer as NATS does")
        if told.get("tls_required") or told.get("tls_available"):
            line.start_tls()
        elif way.strict:
            raise NoAnswer("speaks no TLS: say plaintext = true where the way to the server can be trusted")
    return {name: told[name] for name in _KEPT if isinstance(told.get(name), str | int)}
