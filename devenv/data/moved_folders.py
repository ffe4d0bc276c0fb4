"""Live data whose folder was moved, or copied, with the engine's data folder: looked at before anything is decided."""

from __future__ import annotations

from dataclasses import replace

from devenv.effects.store import Store
from devenv.effects.volume_folders import Former, former
from devenv.model.observed import Observed
from devenv.stages.generations import volumes_of


def looked_at(store: Store, observed: Observed) -> Observed:
    """The same with what the engine's machine has of the folders that live volumes are bound to."""
    if not any(volume.bound_to for volume in observed.volumes):
        return observed
    live = _live_names(store, observed)
    doubled = set()
    volumes = []
    for volume in observed.volumes:
        if volume.bound_to and volume.name in live:
            what = former(volume.folder, volume.bound_to)
            if what is Former.ANOTHER:
                doubled.add(volume.name)
            if what is Former.SAME:
                volume = replace(volume, bound_to="")
        volumes.append(volume)
    return replace(observed, volumes=tuple(volumes), doubled=frozenset(doubled))


def _live_names(store: Store, observed: Observed) -> set[str]:
    """The names of all volumes of live data, of every version."""
    pointers = store.read("generations")
    names: set[str] = set()
    for volume in observed.volumes:
        if volume.generation() == pointers.get(volume.data, ""):
            names.update(volumes_of(volume, observed.volumes).values())
    return names
