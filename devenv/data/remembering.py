"""What this checkout remembers of its data: which generations are live, and which are kept.

Some of that can be lost: a damaged or deleted record, a lost state folder. Then it is completed from ``.devenv/.env``,
from containers and from the stamps on volumes. It is written down whole before any part of it changes, so that no part
is ever taken for the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from devenv.effects import snapshots
from devenv.model.machine import Machine
from devenv.model.observed import ExistingVolume, Observed
from devenv.model.record import record
from devenv.model.snapshot import Snapshot
from devenv.project import Project
from devenv.stages import pointers
from devenv.stages.generations import own_live, snapshot_of


@record
class Memory:
    """``pointers``: by data, which generation is live; ``undecided``: data of which that is not certain. ``snapshots``
    are all kept generations, ``found`` those of them that the index lacks, and ``moved`` live data that becomes one,
    since no server can open it where the engine keeps it now."""

    pointers: Mapping[str, str]
    undecided: frozenset[str]
    snapshots: tuple[Snapshot, ...]
    found: tuple[Snapshot, ...]
    moved: tuple[Snapshot, ...]


def memory(project: Project, observed: Observed, *, claiming: bool = False) -> Memory:
    """What is remembered, completed. ``claiming``: the data is being taken over from another checkout."""
    store = project.store
    remembered: dict[str, str] = store.read("generations")
    indexed = tuple(snapshots.entries(store))
    listed = {name for item in indexed for name in item.volumes.values()}
    written = project.written_pointers(volume.data for volume in observed.volumes)
    recovered = pointers.NOTHING
    if claiming or not store.has("generations"):
        recovered = pointers.recovered(observed, remembered, written, listed)
    undecided = recovered.undecided | (store.read("undecided").keys() - remembered.keys())
    known = {**written, **remembered, **recovered.pointers}
    live = {data: generation for data, generation in known.items() if data not in undecided}
    found: tuple[Snapshot, ...] = ()
    if claiming or recovered.undecided or not store.has("snapshots"):
        found = pointers.unlisted(observed, live, listed, project.resolved.services, recovered)
    kept = listed | {name for item in found for name in item.volumes.values()}
    moved = tuple(_moved(project, volume, observed) for volume in _moved_volumes(project, observed, live, kept))
    return Memory(live, undecided, (*indexed, *found, *moved), found, moved)


def _moved_volumes(
    project: Project, observed: Observed, pointers: Mapping[str, str], kept: Collection[str]
) -> list[ExistingVolume]:
    """The first volumes of live data that services want and that is bound to where its folder was before. Data of other
    versions stays as it is: it is copied when it is moved."""
    wanted = {service.data for service in project.resolved.services.values()}
    volumes = []
    for volume in observed.volumes:
        is_live = volume.data in wanted and volume.generation() == pointers.get(volume.data, "")
        if is_live and volume.bound_to and volume.name not in kept:
            volumes.append(volume)
    return volumes


def _moved(project: Project, volume: ExistingVolume, observed: Observed) -> Snapshot:
    how = observed.served.get(volume.name)
    entry = how["entry"] if how else {}
    why = "was the data when the engine's data folder was moved"
    return replace(
        snapshot_of(volume, observed.volumes, why=why),
        name=snapshots.free_name(project.store, f"{volume.service}-before-the-move"),
        version=str(entry.get("version", volume.format)),
        at=snapshots.now(),
        served=how,
    )


def complete(project: Project, observed: Observed, *, claiming: bool = False) -> None:
    """Write down what was lost of it, and say which snapshots were found again."""
    store = project.store
    now = memory(project, observed, claiming=claiming)
    if now.found:
        snapshots.add(store, now.found)
        names = ", ".join(item.name for item in now.found)
        store.report(f"snapshots that were in no list: {names}; 'devenv snapshot list' shows them")
    if now.moved:
        snapshots.add(store, now.moved)
    there = {volume.data for volume in observed.volumes}
    pointed = {data: generation for data, generation in now.pointers.items() if data in there}
    remembered = store.read("generations")
    left = {data: generation for data, generation in remembered.items() if data not in now.undecided}
    if remembered != left | pointed:
        store.write("generations", left | pointed)
    undecided = {volume.data: volume.service for volume in observed.volumes if volume.data in now.undecided}
    if undecided != store.read("undecided"):
        store.write("undecided", undecided)


def found_here(project: Project, machine: Machine, observed: Observed, services: Iterable[str]) -> list[str]:
    """What to know of data that is about to be used here for the first time and that no checkout marked as its own: a
    sentence each."""
    remembered = project.store.read("generations")
    sentences = []
    for name in services:
        volume = own_live(project.resolved.services[name], observed, machine)
        if volume is not None and not volume.owner and volume.data not in remembered:
            made_by = "which an IDE, plain Compose or an earlier devenv made"
            sentences.append(f"{name}: uses the data in volume {volume.name}, {made_by}")
    return sentences
