"""How services stand, a row each."""

from __future__ import annotations

from collections.abc import Iterable

from devenv.console import Console
from devenv.errors import DriftFound
from devenv.model.problem import Problem
from devenv.model.record import record


@record
class StatusRow:
    """How one service stands: ``running`` is the version it was started as, ``drift`` what 'up' would change."""

    name: str
    kind: str
    wanted: str
    running: str
    state: str
    address: str
    drift: str


def entry(row: StatusRow) -> dict[str, object]:
    """A service for programs; what is not known is null."""
    return {
        "service": row.name,
        "kind": row.kind,
        "wanted": row.wanted or None,
        "running": row.running or None,
        "state": row.state,
        "address": row.address or None,
        "drift": [row.drift] if row.drift else [],
        "in_sync": not row.drift,
    }


def drift_found(rows: Iterable[StatusRow], general: Iterable[str]) -> DriftFound:
    """What differs, for the document of a check; ``general`` is what differs besides single services."""
    problems = [Problem(line) for line in general]
    problems += [Problem(row.drift, key=f"services.{row.name}") for row in rows if row.drift]
    return DriftFound(problems)


def table(console: Console, rows: list[StatusRow]) -> None:
    shown = [(r.name, r.kind, r.wanted, r.running or "-", r.state, r.address or "-") for r in rows]
    console.table(("SERVICE", "KIND", "WANTED", "RUNNING", "STATE", "ADDRESS"), shown)
