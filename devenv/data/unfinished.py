"""What a killed run left half done, as the journals have it. The next run that changes something puts an end to it."""

from __future__ import annotations

from devenv.effects.store import Store

#: The journals of runs that change data.
UPGRADES, SNAPSHOTS, AROUND = "upgrade", "snapshot", "around"


def sentences(store: Store) -> list[str]:
    """What is left, in words; [] if there is nothing, and while somebody is at work."""
    if store.holder():
        return []
    upgrades = [entry["begin"] for entry in store.unfinished(of=UPGRADES) if "begin" in entry]
    copies = [entry["begin"] for of in (SNAPSHOTS, AROUND) for entry in store.unfinished(of=of) if "begin" in entry]
    left = [f"the upgrade of {service}" for begun in upgrades for service in begun]
    left += [f"'{begun['words']}'" for begun in copies]
    return [f"{words} was interrupted; what it left, containers too, is still there" for words in dict.fromkeys(left)]
