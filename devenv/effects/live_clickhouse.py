"""Asking ClickHouse over HTTP; a GET may not change anything there."""

from __future__ import annotations

from typing import Any

from devenv.effects.live_address import Address
from devenv.effects.live_http import Forbidden, get
from devenv.effects.live_line import Endpoint, NoAnswer
from devenv.model.promise import Promise


def ask(way: Endpoint) -> dict[str, Any]:
    """Raises NoAnswer, OSError."""
    told = get(way, "/?query=SELECT%20version()%20AS%20version%20FORMAT%20JSON")
    rows = told.get("data") if isinstance(told, dict) else None
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        raise NoAnswer("does not answer as ClickHouse does")
    return {"version": rows[0].get("version")}


def lacking(promise: Promise) -> tuple[str, ...]:
    """What is not there as promised: logins, then databases. Raises NoAnswer, OSError."""
    found = []
    for user, password in promise.logins.items():
        try:
            names = _databases(promise, user, password)
        except Forbidden:
            found.append(f"login of user {user}")
            continue
        found += [f"database {name}" for name in promise.names if name not in names]
    return tuple(found)


def _databases(promise: Promise, user: str, password: str) -> set[str]:
    hosts = ((promise.host, promise.port),)
    address = Address("clickhouse+http", "clickhouse", hosts, tls=False, user=user, password=password)
    told = get(Endpoint(address, plaintext=True), "/?query=SELECT%20name%20FROM%20system.databases%20FORMAT%20JSON")
    rows = told.get("data") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise NoAnswer("does not answer as ClickHouse does")
    return {str(row["name"]) for row in rows if isinstance(row, dict) and "name" in row}
