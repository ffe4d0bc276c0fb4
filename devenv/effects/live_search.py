"""Asking Elasticsearch and OpenSearch, with the privilege ``monitor``."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_http import Forbidden, get
from devenv.effects.live_line import Endpoint, NoAnswer

#: Settings that change how an application behaves; a filter of the question itself.
SETTINGS = ("action.auto_create_index", "indices.query.bool.max_clause_count")
_FILTER = ",".join(f"*.{name}" for name in SETTINGS)


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    told = get(way, "/")
    version = told.get("version") if isinstance(told, dict) else None
    if not isinstance(version, dict):
        raise NoAnswer("does not answer as a search engine does; RabbitMQ's API is rabbitmq+http(s)://")
    return {
        "number": version.get("number"),
        "distribution": version.get("distribution"),
        "settings": _get(way, f"/_cluster/settings?filter_path={_FILTER}"),
        "plugins": _names(_get(way, "/_cat/plugins?format=json&h=component")),
    }


def _get(way: Endpoint, path: str) -> Any:
    """None where the login may not ask."""
    try:
        return get(way, path)
    except Forbidden:
        return None


def _names(rows: Any) -> list[str] | None:
    if not isinstance(rows, list):
        return None
    return [str(row["component"]) for row in rows if isinstance(row, dict) and "component" in row]
