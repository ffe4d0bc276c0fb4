"""Starting empty beside data that a service would open: the old data becomes a kept copy, a new generation the data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from devenv.data import remembering, served
from devenv.effects import snapshots
from devenv.model.machine import Machine
from devenv.model.observed import ExistingVolume, Observed, Use
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.project import Project
from devenv.stages.generations import next_generation, own_live, volumes_of


def set_aside(
    services: Mapping[str, ResolvedService], observed: Observed, machine: Machine, fresh: Iterable[str]
) -> Machine:
    """The machine with a new generation of the data that services would open that were asked to begin fresh."""
    changed = {}
    for name in fresh:
        if volume := own_live(services[name], observed, machine):
            changed[volume.data] = next_generation(volume.data, observed.volumes, machine.generations)
    return replace(machine, generations={**machine.generations, **changed})


def keep(
    project: Project, observed: Observed, machine: Machine, names: Sequence[str], *, copied: Collection[str] = ()
) -> None:
    """Remember which generations of these services' data are live now, and the data that was until now as a kept
    copy. ``copied``: services whose data is yet to be copied; it becomes the live data when that is done."""
    store = project.store
    remembering.complete(project, observed)
    before = store.read("generations")
    made = [name for name in names if name not in copied]
    chosen = {data for name in made if (data := project.resolved.services[name].data)}
    now = {data: machine.generations.get(data, "") for data in sorted(chosen)}
    changed = {data for data, generation in now.items() if before.get(data, "") != generation}
    kept = [
        taken_out(project, volume, observed, name="set-aside", why=BEGUN_EMPTY)
        for volume in observed.volumes
        if volume.data in changed and volume.generation() == before.get(volume.data, "")
    ]
    snapshots.add(store, [item for item in kept if not observed.kept.intersection(item.volumes.values())])
    if before != before | now:
        store.write("generations", before | now)
    empty = store.read("empty")
    served_now = set(names)
    if served_now & empty.keys():
        store.write("empty", {name: data for name, data in empty.items() if name not in served_now})


BEGUN_EMPTY = "another one was begun empty by 'devenv up --fresh'"


def taken_out(
    project: Project, volume: ExistingVolume, observed: Observed, *, name: str, why: str, taken: Iterable[str] = ()
) -> Snapshot:
    """A service's live data, as the kept copy that it becomes; ``name`` follows the service's, and is none of
    ``taken``."""
    how = served.known(project, volume.name)
    return Snapshot(
        name=snapshots.free_name(project.store, f"{volume.service}-{name}", taken=taken),
        service=volume.service,
        kind=volume.kind,
        format=volume.format,
        version=str(how["entry"].get("version", volume.format)) if how else volume.format,
        at=snapshots.now(),
        why=why,
        volumes=volumes_of(volume, observed.volumes),
        served=how,
    )


def remember_use(project: Project, machine: Machine, names: Iterable[str]) -> None:
    """Note which data these services are served from now, and what they were served from before."""
    uses = project.store.read("uses")
    current, previous = dict(uses.get("current", {})), dict(uses.get("previous", {}))
    left = dict(uses.get("left", {}))
    for service in (project.resolved.services[name] for name in names):
        if not service.volumes:
            continue
        volume = machine.volume(service.volumes[0])
        before = current.get(service.name)
        if before and before["volume"] == volume:
            continue
        if before:
            previous[service.name] = before
        left.pop(service.name, None)
        now = Use(volume, service.kind.name, service.volumes[0].format, snapshots.now())
        current[service.name] = asdict(now)
    _write_uses(project, {"current": current, "previous": previous, "left": left})


def _write_uses(project: Project, uses: Mapping[str, Mapping[str, Any]]) -> None:
    """Note which data services are and were served from, as far as there is something to note."""
    filled = {name: entries for name, entries in uses.items() if entries}
    if filled != project.store.read("uses"):
        project.store.write("uses", filled)


def keep_left_behind(project: Project, observed: Observed, uses: Mapping[str, Use]) -> list[Snapshot]:
    """Make kept copies of data of another version that services leave behind (by service)."""
    kept = []
    for use in uses.values():
        volume = next(item for item in observed.volumes if item.name == use.volume)
        why = "was in use after the data that its service went back to"
        kept.append(taken_out(project, volume, observed, name=f"left-at-{use.format}", why=why))
    snapshots.add(project.store, kept)
    remembered = project.store.read("uses")
    left = remembered.get("left", {}) | {service: asdict(use) for service, use in uses.items()}
    _write_uses(project, {**remembered, "left": left})
    return kept


def begin_empty(project: Project, service: ResolvedService) -> None:
    """Have a service begin without data when it starts next, also where there is data of other versions."""
    project.store.write("empty", project.store.read("empty") | {service.name: service.data})
