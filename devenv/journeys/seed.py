"""Services that begin with what somebody exported, before anything else of them is decided."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.console import Progress
from devenv.data import archiving, keeping, remembering, restoring, seeding
from devenv.effects.engine import look
from devenv.effects.world import World
from devenv.project import open_project
from devenv.stages.seeds import is_archive
from devenv.standing import narrowed


def take_in(world: World, services: Sequence[str], progress: Progress, *, claiming: bool = False) -> bool:
    """Of these services, give those that have no data yet and are to begin with an exported snapshot what is in it.
    Whether there were any. Before anything else of them is decided.

    ``claiming``: another checkout's containers are about to be made again as this one's.
    """
    project = open_project(world)
    seeds = project.manifest.seed
    wanted = [name for name in services if seeds.get(name) and is_archive(seeds[name][0].path)]
    if not wanted:
        return False
    machine, observed = narrowed(project, look(world).result(), claiming=claiming)
    remembering.complete(project, observed)
    fresh = seeding.fresh(project, machine, observed, wanted)
    for name in fresh:
        place = keeping.Place(world, project, *narrowed(project, look(world).result(), claiming=claiming))
        path = project.root / seeds[name][0].path
        (item,) = archiving.take_in(place, path, name=f"{name}-seed", only=name, progress=progress)
        place = keeping.Place(world, project, *narrowed(project, look(world).result(), claiming=claiming))
        restoring.adopt(place, item)
        if seeding.state(project, project.machine(), name) != seeding.BEGUN:
            seeding.owe(project, project.machine(), [name])
    return bool(fresh)
