"""How services stand, a row each."""

from __future__ import annotations

from devenv.console import Console
from devenv.model.record import record


@record
class Row:
    """How one service stands: ``running`` is the version it was started as, ``drift`` what 'up' would change."""

    name: str
    kind: str
    wanted: str
    running: str
    state: str
    address: str
    drift: str


def entry(row: Row) -> dict[str, object]:
    values = {name: getattr(row, name) or None for name in Row.__match_args__}
    return values | {"in_sync": not row.drift}


def table(console: Console, rows: list[Row]) -> None:
    shown = [(r.name, r.kind, r.wanted, r.running or "-", r.state, r.address or "-") for r in rows]
    console.table(("SERVICE", "KIND", "WANTED", "RUNNING", "STATE", "ADDRESS"), shown)
