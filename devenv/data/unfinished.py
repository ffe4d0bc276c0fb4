"""What a killed run left half done, as the journals have it. The next run that changes something puts an end to it."""

from __future__ import annotations

from typing import Any

from devenv.effects.store import Store

#: The journals of runs that change data.
UPGRADES, SNAPSHOTS, AROUND = "upgrade", "snapshot", "around"


def is_anything_left(store: Store) -> bool:
    """Whether there is a journal of a run that did not come to its end."""
    return any(store.unfinished(of=journal) for journal in (UPGRADES, SNAPSHOTS, AROUND))


def sentences(store: Store) -> list[str]:
    """What is left, in words; [] if there is nothing, and while somebody is at work."""
    if store.holder():
        return []
    left = [f"the upgrade of {service}" for run in _begun(store, UPGRADES) for service in run]
    left += [f"'{run['words']}'" for journal in (SNAPSHOTS, AROUND) for run in _begun(store, journal)]
    return [f"{words} was interrupted; what it left, containers too, is still there" for words in dict.fromkeys(left)]


def _begun(store: Store, journal: str) -> list[dict[str, Any]]:
    """What the runs in a journal set out to do. Their single steps begin too, with a number."""
    begun = [entry.get("begin") for entry in store.unfinished(of=journal)]
    return [run for run in begun if isinstance(run, dict)]
