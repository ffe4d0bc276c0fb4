"""Asking RabbitMQ's management API, as the tag ``monitoring`` may; never for definitions, which hold hashes."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_http import Forbidden, get
from devenv.effects.live_line import Endpoint, NoAnswer


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    overview = get(way, "/api/overview?columns=rabbitmq_version,product_name,product_version")
    if not isinstance(overview, dict):
        raise NoAnswer("does not answer as RabbitMQ's management API does")
    found = {
        name: overview[name] for name in ("rabbitmq_version", "product_name", "product_version") if name in overview
    }
    who = _table(_get(way, "/api/whoami"))
    return found | {
        "administrator": "administrator" in _words(who.get("tags")),
        "nodes": _kept(_get(way, "/api/nodes?columns=running,enabled_plugins"), "running", "enabled_plugins"),
        "vhosts": _kept(_get(way, "/api/vhosts?columns=default_queue_type"), "default_queue_type"),
    }


def _get(way: Endpoint, path: str) -> Any:
    """None where the login may not ask."""
    try:
        return get(way, path)
    except Forbidden:
        return None


def _kept(rows: Any, *names: str) -> list[dict[str, Any]] | None:
    """These columns alone, whatever else was sent."""
    if not isinstance(rows, list):
        return None
    return [{name: row[name] for name in names if name in row} for row in rows if isinstance(row, dict)]


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(tags: Any) -> list[str]:
    """A list since 3.9, before that a text with commas."""
    return tags.split(",") if isinstance(tags, str) else [str(tag) for tag in tags] if isinstance(tags, list) else []
