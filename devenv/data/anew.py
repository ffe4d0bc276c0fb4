"""Starting empty beside data that a service would open: the old data becomes a kept copy, a new generation the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from devenv.data import served
from devenv.effects import snapshots
from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.project import Project
from devenv.stages.frozen import frozen
from devenv.stages.plan_upgrade import next_generation, volumes_of


def set_aside(
    services: Mapping[str, ResolvedService], observed: Observed, machine: Machine, fresh: Iterable[str]
) -> Machine:
    """The machine with a new generation of what was asked to begin fresh because its data was made otherwise."""
    changed = {
        services[name].data: next_generation(services[name].data, observed.volumes)
        for name in fresh
        if frozen(services[name], observed, machine)
    }
    return replace(machine, generations={**machine.generations, **changed})


def keep(project: Project, observed: Observed, machine: Machine) -> None:
    """Remember which generations are live now, and the data that was until now as a kept copy."""
    before = project.generations()
    changed = {data: now for data, now in machine.generations.items() if before.get(data, "") != now}
    if not changed:
        return
    kept = []
    for volume in observed.volumes:
        if volume.data in changed and volume.generation() == before.get(volume.data, ""):
            said = served.known(project, volume.name)
            kept.append(
                Snapshot(
                    name=snapshots.free_name(project.store, f"{volume.service}-set-aside"),
                    service=volume.service,
                    kind=volume.kind,
                    format=volume.format,
                    version=str(said["entry"].get("version", volume.format)) if said else volume.format,
                    at=snapshots.now(),
                    why="another one was begun empty, with what acts only on new data",
                    volumes=volumes_of(volume, observed.volumes),
                    served=said,
                )
            )
    snapshots.add(project.store, kept)
    project.store.write("generations", project.store.read("generations") | changed)
